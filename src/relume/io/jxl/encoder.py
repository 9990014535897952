"""Pixels, profile, boxes → JPEG XL.

Source: libjxl, `jxl/encode.h`; its documentation for distances; ISO/IEC 18181-2 (2024), section 9.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from ctypes import byref, c_size_t, c_void_p, cast
from typing import Any

import numpy as np

from relume.arrays import Pixels
from relume.colour_statement import Colour
from relume.io.jxl.colours import NITS, SDR_NITS, encoding_of
from relume.io.jxl.library import Library, library
from relume.io.jxl.structures import (
    EFFORT,
    ENCODED,
    KEEP_INVISIBLE,
    MORE_OUTPUT,
    SAMPLES,
    BasicInfo,
    PixelFormat,
)
from relume.io.jxl.workers import workers

_PIECE = 1 << 20


def encode(
    pixels: Pixels,
    *,
    depth: int,
    colour: Colour,
    icc: bytes | None,
    boxes: dict[bytes, bytes],
    distance: float,
    effort: int,
) -> tuple[bytes, ...]:
    """Encode (H, W) or (H, W, 2–4), with alpha behind the colours, to a file in pieces.

    `distance` is in units of just noticeable difference, 0 for lossless; `effort` is 1–9.

    Raises: MissingExtraError; ValueError for what libjxl refuses.
    """
    found = library()
    with _encoder(found) as encoder, workers(found) as (runner, pool):
        call = _Calls(found, encoder)
        call("SetParallelRunner", runner, pool)
        # What is not lossless has libjxl's own colours, XYB, which need that it knows the profile.
        _start(call, pixels, depth, colour, icc, is_lossless=distance == 0)
        if boxes:
            call("UseContainer", 1)
            call("UseBoxes")
            for kind, content in boxes.items():
                call("AddBox", kind, content, len(content), 0)
            found.calls.JxlEncoderCloseBoxes(encoder)
        _add(found, encoder, pixels, distance=distance, effort=effort)
        found.calls.JxlEncoderCloseInput(encoder)
        return tuple(_pieces(found, encoder))


@contextmanager
def _encoder(found: Library) -> Generator[int]:
    encoder = found.calls.JxlEncoderCreate(None)
    if not encoder:
        raise MemoryError
    try:
        yield encoder
    finally:
        found.calls.JxlEncoderDestroy(encoder)


class _Calls:
    """Calls of one encoder by their names, checked."""

    def __init__(self, found: Library, encoder: int) -> None:
        self._found, self._encoder = found, encoder

    def __call__(self, name: str, *arguments: Any) -> None:
        answer = getattr(self._found.calls, f"JxlEncoder{name}")(self._encoder, *arguments)
        if answer != ENCODED:
            code = self._found.calls.JxlEncoderGetError(self._encoder)
            raise ValueError(f"libjxl refuses it ({name}, error {code:#x})")

    def level(self) -> int:
        return self._found.calls.JxlEncoderGetRequiredCodestreamLevel(self._encoder)

    def clean(self) -> BasicInfo:
        info = BasicInfo()
        self._found.calls.JxlEncoderInitBasicInfo(byref(info))
        return info


def _start(
    call: _Calls,
    pixels: Pixels,
    depth: int,
    colour: Colour,
    icc: bytes | None,
    *,
    is_lossless: bool,
) -> None:
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    has_alpha = channels in (2, 4)
    info = call.clean()
    info.height, info.width = pixels.shape[:2]
    info.bits = depth
    info.colour_channels = channels - has_alpha
    info.uses_original_profile = int(is_lossless)
    info.extra_channels, info.alpha_bits = int(has_alpha), depth * has_alpha
    info.intensity_target = NITS.get(colour.transfer.code, SDR_NITS) if colour.transfer else 0.0
    call("SetBasicInfo", byref(info))
    if (level := call.level()) > 0:
        call("SetCodestreamLevel", level)
    # A lossless file keeps the profile to the byte. In others libjxl puts numbers in its place if
    # it finds some; those it finds for gray profiles mean another curve, so they are given here.
    encoding = encoding_of(colour, gray=channels < 3)
    if icc is not None and (is_lossless or encoding is None):
        call("SetICCProfile", icc, len(icc))
    elif encoding is None:
        raise ValueError(f"{colour.name} has no numbers there")
    else:
        call("SetColorEncoding", byref(encoding))


def _add(found: Library, encoder: int, pixels: Pixels, *, distance: float, effort: int) -> None:
    settings = found.calls.JxlEncoderFrameSettingsCreate(encoder, None)
    call = _Calls(found, settings)  # only names of functions that take the settings
    call("FrameSettingsSetOption", EFFORT, effort)
    call("FrameSettingsSetOption", KEEP_INVISIBLE, 1)
    if distance == 0:
        call("SetFrameLossless", 1)
    else:
        call("SetFrameDistance", distance)
    whole = np.ascontiguousarray(pixels)
    channels = 1 if whole.ndim == 2 else whole.shape[2]
    layout = PixelFormat(channels, SAMPLES[whole.itemsize], 0, 0)
    call("AddImageFrame", byref(layout), whole.ctypes.data, whole.nbytes)


def _pieces(found: Library, encoder: int) -> Generator[bytes]:
    answer = MORE_OUTPUT
    buffer: Any = np.empty(_PIECE, np.uint8)
    while answer == MORE_OUTPUT:
        place, room = cast(buffer.ctypes.data, c_void_p), c_size_t(_PIECE)
        answer = found.calls.JxlEncoderProcessOutput(encoder, byref(place), byref(room))
        yield buffer[: _PIECE - room.value].tobytes()
    if answer != ENCODED:
        code = found.calls.JxlEncoderGetError(encoder)
        raise ValueError(f"libjxl cannot encode it (error {code:#x})")
