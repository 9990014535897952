"""What the service answers to, as an OpenAPI 3.1 document; methods and knobs are the cards'."""

from __future__ import annotations

from functools import cache
from typing import Any

from relume import __version__, methods
from relume.serve.problems import KINDS, MEDIA
from relume.serve.task import FORMATS, SMALLEST_SIDE
from relume.serve.task import MEDIA as PICTURES

Json = dict[str, Any]

REFUSALS = (400, 401, 403, 404, 405, 408, 413, 415, 421, 422, 503, 504)
_NUMBER: Json = {"type": "number"}
_TEXT: Json = {"type": "string"}
_WHOLE: Json = {"type": "integer"}
_OBJECT: Json = {"type": "object"}


@cache
def document() -> Json:
    """Return the document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "relume",
            "version": __version__,
            "summary": "Turns dark pictures into good ones.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "security": [{}, {"token": []}],
        "paths": {
            "/v1/enhance": {"post": _enhance()},
            "/v1/inspect": {"post": _inspect()},
            "/v1/methods": {"get": _get("listMethods", "The methods and their knobs", _cards())},
            "/v1/health": {"get": _get("health", "Whether the service is alive", _OBJECT)},
            "/v1/ready": {"get": _get("ready", "Whether a picture comes through", _OBJECT)},
        },
        "components": {
            "schemas": {"Problem": _problem(), "Enhanced": _enhanced()},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _enhance() -> Json:
    pictures = {media: {} for media in PICTURES.values()}
    ready = {
        "description": "The enhanced picture; its headers say how it came about.",
        "headers": {
            name: {"schema": _TEXT, "description": meaning}
            for name, meaning in {
                "Relume-Method": "The method that was applied",
                "Relume-Reason": "Why `auto` chose it",
                "Relume-Knobs": "Its knobs, as JSON",
                "Relume-Notes": "What was changed or could not be kept, as JSON",
                "Relume-Size": "WIDTHxHEIGHT",
                "Relume-Original": "The same before it was reduced to `side`",
                "Server-Timing": "queue, read, enhance and write, in milliseconds",
            }.items()
        },
        "content": {
            **pictures,
            "application/json": {"schema": {"$ref": "#/components/schemas/Enhanced"}},
        },
    }
    return {
        "operationId": "enhance",
        "summary": "Enhance a picture",
        "description": "The body is the picture, recognised by its bytes, or a form with a part "
        "`picture`; what follows may then be fields of the form.",
        "parameters": [_parameter(name, schema) for name, schema in _fields().items()],
        "requestBody": _body(_fields()),
        "responses": {"200": ready, **_refusals()},
    }


def _inspect() -> Json:
    found = {"description": "What it is", "content": {"application/json": {"schema": _OBJECT}}}
    return {
        "operationId": "inspect",
        "summary": "Say what a picture is and what `auto` would make of it",
        "requestBody": _body({}),
        "responses": {"200": found, **_refusals()},
    }


def _fields() -> dict[str, Json]:
    names = ["auto", *methods.names()]
    return {
        "method": {**_TEXT, "default": "auto", "examples": names,
                   "description": f"One of {', '.join(names)}, or METHOD@WEIGHTS; relume where "
                   "knobs are given without it"},
        "knob": {"type": "array", "items": {**_TEXT, "examples": ["exposure=1"]},
                 "description": "NAME=VALUE, once for each knob of the method"},
        "strength": {**_NUMBER, "minimum": 0, "maximum": 1, "default": 1,
                     "description": "How far to go from the input to the method's result"},
        "format": {**_TEXT, "enum": list(FORMATS),
                   "description": "As the upload unless set; TIFF for camera RAW, JPEG for HEIC"},
        "quality": {**_WHOLE, "minimum": 1, "maximum": 100,
                    "description": "Of JPEG, WebP and AVIF"},
        "metadata": {**_TEXT, "enum": ["keep", "strip"], "default": "keep"},
        "side": {**_WHOLE, "minimum": SMALLEST_SIDE, "maximum": 65535,
                 "description": "Reduce the picture to this longest side first"},
        "ev": {**_NUMBER, "minimum": -8, "maximum": 8, "default": 0,
               "description": "Stops on top, for camera RAW"},
        "answer": {**_TEXT, "enum": ["picture", "json", "maps"], "default": "picture",
                   "description": "The picture, JSON that holds it, or JSON with maps as well"},
    }  # fmt: skip


def _parameter(name: str, schema: Json) -> Json:
    said = {key: value for key, value in schema.items() if key != "description"}
    parameter = {"name": name, "in": "query", "schema": said}
    if "description" in schema:
        parameter["description"] = schema["description"]
    return parameter


def _body(fields: dict[str, Json]) -> Json:
    form = {
        "type": "object",
        "properties": {"picture": {**_TEXT, "format": "binary"}, **fields},
        "required": ["picture"],
    }
    whole = {"schema": {**_TEXT, "format": "binary"}}
    encoding = {"knob": {"style": "form", "explode": True}} if "knob" in fields else {}
    return {
        "required": True,
        "content": {
            "image/*": whole,
            "application/octet-stream": whole,
            "multipart/form-data": {"schema": form, "encoding": encoding},
        },
    }


def _get(name: str, summary: str, schema: Json) -> Json:
    answer = {"description": summary, "content": {"application/json": {"schema": schema}}}
    return {
        "operationId": name,
        "summary": summary,
        "responses": {"200": answer, **_refusals()},
    }


def _refusals() -> Json:
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    titles = {
        status: "; ".join(kind.title for kind in KINDS.values() if kind.status == status)
        for status in REFUSALS
    }
    return {
        str(status): {"description": title, "content": {MEDIA: schema}}
        for status, title in titles.items()
    }


def _problem() -> Json:
    return {
        "type": "object",
        "description": "Problem details (RFC 9457)",
        "properties": {
            "type": {**_TEXT, "enum": [f"urn:relume:problem:{name}" for name in KINDS]},
            "title": _TEXT,
            "status": _WHOLE,
            "detail": _TEXT,
        },
        "required": ["type", "title", "status", "detail"],
    }


def _enhanced() -> Json:
    return {
        "type": "object",
        "properties": {
            "method": _TEXT,
            "reason": _TEXT,
            "knobs": {**_OBJECT, "additionalProperties": _NUMBER},
            "strength": _NUMBER,
            "format": _TEXT,
            "width": _WHOLE,
            "height": _WHOLE,
            "original": {"type": "array", "items": _WHOLE},
            "notes": {"type": "array", "items": _TEXT},
            "seconds": {**_OBJECT, "additionalProperties": _NUMBER},
            "picture": {**_TEXT, "contentEncoding": "base64"},
            "maps": {**_OBJECT, "additionalProperties": {**_TEXT, "contentEncoding": "base64"}},
        },
        "required": ["method", "knobs", "width", "height", "format", "picture"],
    }


def _cards() -> Json:
    card = {
        "type": "object",
        "properties": {"name": _TEXT, "title": _TEXT, "summary": _TEXT, "kind": _TEXT},
        "required": ["name", "title", "summary", "kind", "knobs"],
    }
    return {"type": "array", "items": card}
