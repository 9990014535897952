"""What a worker does to one upload: read, enhance, write, and say how it went."""

from __future__ import annotations

import base64
import io
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np

from relume import __version__
from relume.arrays import Pixels
from relume.auto import choose
from relume.auto.stated_light import words
from relume.io import encode, read, write
from relume.io.copying import copied
from relume.io.formats import codecs
from relume.photo import Format, Photo, Want
from relume.render import reduce
from relume.runs.batch import LEFT_ALONE
from relume.runs.map_pictures import as_pictures
from relume.runtime import Enhancer, Method, load
from relume.runtime.working import working
from relume.serve.task import Task

Admit = Callable[[int, int], None]

MOST_NOTES = 32
"""Notes of one picture that are told; a hostile file could have thousands."""


class Upload(io.BytesIO):
    """An upload, called so in what is said about it."""

    name = "the upload"


class Studio:
    """The methods of one worker, loaded when first asked for and kept."""

    def __init__(self, engine: str) -> None:
        self._engine = engine
        self._loaded: dict[str, Method] = {}
        self._auto = Enhancer(engine=engine)

    def enhancer(self, task: Task) -> Enhancer:
        """Return what does a task's work; it is valid until the next one is asked for."""
        if task.method == "auto":
            self._auto.strength = task.strength
            self._auto.ev = task.ev
            return self._auto
        if task.method not in self._loaded:
            self._loaded[task.method] = load(task.method, engine=self._engine)
        return Enhancer(
            self._loaded[task.method], knobs=task.knobs, strength=task.strength, ev=task.ev
        )


def _read(data: bytes, admit: Admit, *, want: Want = "developed", ev: float = 0.0) -> Photo:
    # The service has counted the bytes, and `admit` asks it about the pixels.
    unlimited = sys.maxsize - 1
    return read(
        Upload(data), max_pixels=unlimited, max_bytes=unlimited, want=want, ev=ev, admit=admit
    )


def inspect(data: bytes, admit: Admit) -> dict[str, Any]:
    """Say what a picture is and what `auto` would make of it."""
    photo = _read(data, admit)
    seen = working(photo).seen
    choice = choose(seen)
    told = words(seen, photo.exif)
    return {
        "format": photo.format,
        "width": photo.width,
        "height": photo.height,
        "channels": 3 if photo.pixels.ndim == 3 else 1,
        "bits": photo.bits,
        "transparency": photo.alpha is not None,
        "quality": photo.quality,
        "subsampling": photo.subsampling,
        "dpi": photo.dpi,
        "profile": len(photo.icc or b""),
        "exif": len(photo.exif or b""),
        "xmp": len(photo.xmp or b""),
        "notes": list(photo.notes[:MOST_NOTES]),
        "auto": {
            "method": choice.method,
            "reason": f"{choice.reason}; {told}" if told else choice.reason,
        },
    }


def enhance(
    data: bytes, task: Task, studio: Studio, admit: Admit
) -> tuple[bytes, str, dict[str, Any]]:
    """Return the answer's bytes, their media type, and an account of the work."""
    start = perf_counter()
    enhancer = studio.enhancer(task)
    photo = _read(data, admit, want=enhancer.wants, ev=task.ev)
    original = (photo.width, photo.height)
    if task.side is not None and photo.mosaic is None:
        photo = reduced(photo, task.side)
    read_at = perf_counter()
    enhanced = enhancer.photo(photo)
    enhanced_at = perf_counter()
    format = task.format or _written_as(photo)
    coded, notes = _left_alone(data, photo, task, enhanced.method, format) or _encoded(
        enhanced.photo, task, format
    )
    account: dict[str, Any] = {
        "method": enhanced.method,
        "reason": enhanced.reason,
        "knobs": dict(enhanced.knobs),
        "strength": task.strength,
        "format": format,
        "width": enhanced.photo.width,
        "height": enhanced.photo.height,
        "original": original,
        "notes": list(notes[:MOST_NOTES]),
        "seconds": {
            "read": read_at - start,
            "enhance": enhanced_at - read_at,
            "write": perf_counter() - enhanced_at,
        },
    }
    if task.answer == "picture":
        return coded, f"image/{format}", account
    answer = {**account, "picture": _text(coded)}
    if task.answer == "maps":
        maps = as_pictures(enhancer.maps(photo))
        answer["maps"] = {name: _text(encode(Photo(m, format="png"))) for name, m in maps.items()}
    return json.dumps(answer).encode(), "application/json", account


def reduced(photo: Photo, side: int) -> Photo:
    """Return a photo whose longest side is at most `side`, by area averages; its EXIF goes."""
    longest = max(photo.width, photo.height)
    if longest <= side:
        return photo
    height, width = (max(1, round(size * side / longest)) for size in (photo.height, photo.width))

    def small(pixels: Pixels) -> Pixels:
        scale = float(np.iinfo(pixels.dtype).max)
        levels = reduce(pixels, height=height, width=width) * np.float32(scale)
        result: Any = np.rint(levels).astype(pixels.dtype)
        return result if pixels.ndim == 3 else result.reshape(height, width, -1)[..., 0]

    alpha = small(photo.alpha) if photo.alpha is not None else None
    return replace(photo, pixels=small(photo.pixels), alpha=alpha, exif=None, dpi=None)


def _written_as(photo: Photo) -> Format:
    """What can be read but not written becomes what it does on the command line."""
    if photo.format in ("raw", "dng"):
        return "tiff"
    if photo.format == "heic":
        return "jpeg"
    return photo.format or "png"


def _left_alone(
    data: bytes, photo: Photo, task: Task, method: str, format: Format
) -> tuple[bytes, tuple[str, ...]] | None:
    """What nothing was done to is not encoded again, as on the command line."""
    is_same = format == photo.format and task.side is None and task.quality is None
    if method != LEFT_ALONE or not is_same:
        return None
    assert photo.format is not None  # it was read from a file
    named = f"result{codecs()[photo.format].suffixes[0]}"
    return copied(photo, data, named, metadata=task.metadata)


def _encoded(photo: Photo, task: Task, format: Format) -> tuple[bytes, tuple[str, ...]]:
    target = io.BytesIO()
    notes = write(
        photo,
        target,
        format=format,
        quality=task.quality,
        metadata=task.metadata,
        software=None if task.metadata == "strip" else f"relume {__version__}",
    )
    return target.getvalue(), (*photo.notes, *notes)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def warm(studio: Studio) -> None:
    """Enhance a tiny picture through everything, so that the first client waits for nothing."""
    codecs()
    ramp = np.arange(16 * 16 * 3, dtype=np.uint8).reshape(16, 16, 3) // 8
    data = encode(Photo(ramp), format="jpeg")
    enhance(data, Task(method="relume"), studio, lambda width, height: None)
