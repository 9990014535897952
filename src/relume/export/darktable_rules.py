"""What a package for darktable must be: `.dtmodel`, a zip of `config.json` and one graph.

darktable takes what it finds without a word, and fails when the package is run; so each rule is
checked here, when the package is written.

Source: darktable 5.6, `src/ai/README.md`, `src/common/ai_models.c` and `src/ai/backend_onnx.c`;
darktable-ai, README.
"""

from __future__ import annotations

import json
import re
import zipfile
from io import BytesIO
from typing import Any

import onnx
from onnx import TensorProto

from relume.errors import WeightsError
from relume.export.request import NEWEST_FOR_DARKTABLE

TASK = "relight"
"""Not `denoise` or another of darktable's own, which would cut the picture into tiles, each with a
light of its own."""
GRAPH, CONFIG = "model.onnx", "config.json"
IMAGE, ENHANCED = "image", "enhanced"
MOST_BYTES = 256 * 2**20
"""Of a package that is checked."""
NEWEST_FORMAT = 10
"""Version of the file format of ONNX that ONNX Runtime 1.18 reads, the oldest in use."""
_ASKED = ("id", "name", "description", "task", "backend", "version")
_OF_CARD = (
    "long_description",
    "scope",
    "author",
    "source",
    "paper",
    "license",
    "training_data",
    "training_data_license",
    "notes",
)


def check_package(data: bytes) -> None:
    """Raise WeightsError unless darktable would take a package and run it."""
    if len(data) > MOST_BYTES:
        raise WeightsError(f"package: {len(data)} bytes are too many")
    try:
        top, known, content = _opened(data)
        _check_config(top, known)
        _check_graph(content, known)
    except WeightsError:
        raise
    except Exception as error:  # zipfile, zlib, json and protobuf each have several of their own
        reason = str(error).partition("\n")[0]
        raise WeightsError(f"package: it is damaged, export it again: {reason}") from error


def _opened(data: bytes) -> tuple[str, dict[str, Any], bytes]:
    """Return the folder of a package, its config and its graph."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        names = archive.namelist()
        top = names[0].split("/")[0] if names else ""
        if top in ("", ".", "..") or sorted(names) != sorted((f"{top}/{CONFIG}", f"{top}/{GRAPH}")):
            raise WeightsError(f"package: expected one folder with {CONFIG} and {GRAPH}: {names}")
        if sum(entry.file_size for entry in archive.infolist()) > MOST_BYTES:
            raise WeightsError("package: unpacked it is too large")
        known: Any = json.loads(archive.read(f"{top}/{CONFIG}"))
        if not isinstance(known, dict):
            raise WeightsError(f"package: {CONFIG} holds no fields")
        return top, known, archive.read(f"{top}/{GRAPH}")


def _check_config(top: str, known: dict[str, Any]) -> None:
    card, attributes = known.get("model_card"), known.get("attributes")
    answers: Any = card if isinstance(card, dict) else {}
    lines = [(name, known.get(name)) for name in _ASKED]
    lines += [(f"model_card.{name}", answers.get(name)) for name in _OF_CARD]
    wrong = [name for name, line in lines if not isinstance(line, str) or not line.isprintable()]
    wrong += [name for name, line in lines if line == ""]
    if wrong:
        raise WeightsError(f"package: {CONFIG} lacks a line of text for {', '.join(wrong)}")
    if known["id"] != top or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", top):
        raise WeightsError(f"package: its id is {known['id']}, its folder {top}")
    if not isinstance(attributes, dict) or not isinstance(known.get("num_inputs"), int):
        raise WeightsError(f"package: {CONFIG} lacks attributes or num_inputs")
    stated: dict[str, tuple[Any, Any]] = {
        "backend": (known["backend"], "onnx"),
        "task": (known["task"], TASK),
        "tiling": (known.get("tiling"), False),
        "input_colorspace": (attributes.get("input_colorspace"), "srgb"),
    }
    for name, (found, wanted) in stated.items():
        if found != wanted:
            raise WeightsError(f"package: {name}: expected {wanted}, got {found}")
    if not re.fullmatch(r"\d+\.\d+", known["version"]):
        raise WeightsError(f"package: version: expected X.Y, got {known['version']}")
    for knob in attributes["knobs"]:
        if not knob["low"] <= knob["default"] <= knob["high"]:
            raise WeightsError(f"package: knob {knob['name']}: its default lies out of its range")


def _check_graph(content: bytes, known: dict[str, Any]) -> None:
    model: Any = onnx.load_from_string(content)
    if any(entry.domain not in ("", "ai.onnx") for entry in model.opset_import):
        raise WeightsError("package: its graph has operators that are not ONNX's own")
    opset = max(entry.version for entry in model.opset_import)
    if opset > NEWEST_FOR_DARKTABLE or model.ir_version > NEWEST_FORMAT:
        raise WeightsError(
            f"package: opset {opset} in format {model.ir_version}, darktable reads "
            f"{NEWEST_FOR_DARKTABLE} in {NEWEST_FORMAT} and older"
        )
    if any(each.data_location == TensorProto.EXTERNAL for each in model.graph.initializer):
        raise WeightsError("package: its graph has parameters in another file")
    inputs = [port.name for port in model.graph.input]
    wanted = [IMAGE, *(knob["name"] for knob in known["attributes"]["knobs"])]
    if inputs != wanted or known["num_inputs"] != len(inputs):
        raise WeightsError(f"package: inputs {inputs}, described as {wanted}")
    if [port.name for port in model.graph.output] != [ENHANCED]:
        raise WeightsError("package: expected one output, the enhanced picture")
    picture = [1, 3, *known.get("spatial_dims", ("height", "width"))]
    for port in (*model.graph.input, *model.graph.output):
        tensor = port.type.tensor_type
        shape = [each.dim_param or each.dim_value for each in tensor.shape.dim]
        expected = picture if port.name in (IMAGE, ENHANCED) else [1]
        if tensor.elem_type != TensorProto.FLOAT or shape != expected:
            raise WeightsError(f"package: {port.name}: expected float32 {expected}, got {shape}")
    onnx.checker.check_model(model, full_check=True)
