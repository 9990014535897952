"""JPEG XL → pixels, profile, boxes.

Source: libjxl, `jxl/decode.h`; ISO/IEC 18181-2 (2024), section 9, for boxes.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from ctypes import byref, c_size_t, c_void_p, cast, create_string_buffer
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from relume.arrays import Pixels
from relume.colour_statement import Colour
from relume.colour_statement.icc import of_profile
from relume.io.jxl.colours import WIDE, encoding_of, of_encoding
from relume.io.jxl.library import Library, library
from relume.io.jxl.structures import (
    BLACK,
    DATA,
    ORIGINAL,
    SAMPLES,
    BasicInfo,
    ColourEncoding,
    Decoding,
    ExtraChannel,
    PixelFormat,
)
from relume.io.jxl.workers import workers
from relume.words import counted

BOXES = (b"Exif", b"xml ", b"jumb", b"jhgm", b"jbrd")
"""Boxes to know of: EXIF, XMP, JUMBF, a gain map, what turns the file back into a JPEG."""
READ = BOXES[:2]
"""Boxes to read."""
LARGEST = 64 << 20
"""Bytes a box may unfold to. Metadata are smaller; bombs are larger."""
_FIRST = 64 << 10
_EVENTS = (
    Decoding.BASIC_INFO | Decoding.COLOUR | Decoding.FRAME | Decoding.FULL_IMAGE | Decoding.BOX
)

Admit = Callable[[int, int], None]


@dataclass
class Decoded:
    """What a file holds; its pixels are upright."""

    info: BasicInfo
    pixels: Pixels | None = None
    """(H, W) or (H, W, 2–4); uint8, or uint16 spanning its whole type."""
    icc: bytes | None = None
    stated: Colour | None = None
    boxes: dict[bytes, bytes] = field(default_factory=dict[bytes, bytes])
    """The first of each kind; empty for kinds that are not read."""
    frames: int = 0
    notes: list[str] = field(default_factory=list[str])

    @property
    def has_alpha(self) -> bool:
        return self.info.alpha_bits > 0

    @property
    def depth(self) -> int:
        return max(self.info.bits, self.info.alpha_bits)


def decode(data: bytes, admit: Admit) -> Decoded:
    """Decode the first picture of a file.

    Raises: MissingExtraError; ValueError for a damaged file; what `admit` raises, before memory
    is taken for pixels.
    """
    found = library()
    with _decoder(found) as decoder, workers(found) as (runner, pool):
        _must(found.calls.JxlDecoderSetParallelRunner(decoder, runner, pool))
        _must(found.calls.JxlDecoderSubscribeEvents(decoder, int(_EVENTS)))
        _must(found.calls.JxlDecoderSetDecompressBoxes(decoder, 1))
        _must(found.calls.JxlDecoderSetInput(decoder, data, len(data)))
        found.calls.JxlDecoderCloseInput(decoder)
        return _Reading(found, decoder, admit).whole()


@contextmanager
def _decoder(found: Library) -> Generator[int]:
    decoder = found.calls.JxlDecoderCreate(None)
    if not decoder:
        raise MemoryError
    try:
        yield decoder
    finally:
        found.calls.JxlDecoderDestroy(decoder)


def _must(answer: int) -> None:
    if answer != Decoding.SUCCESS:
        raise ValueError("libjxl refuses it")


class _Reading:
    """One file, event by event."""

    def __init__(self, found: Library, decoder: int, admit: Admit) -> None:
        self._found, self._calls = found, found.calls
        self._place = found.place
        self._decoder = decoder
        self._admit = admit
        self._result = Decoded(BasicInfo())
        self._kind = b""
        self._box: Any = None
        self._filled = 0

    def whole(self) -> Decoded:
        while True:
            answer = self._calls.JxlDecoderProcessInput(self._decoder)
            if answer == Decoding.SUCCESS:
                break
            if answer == Decoding.NEED_MORE_INPUT:
                raise ValueError("the file is cut off")
            step = self._steps().get(answer)
            if step is None:
                raise ValueError("its data are damaged")
            step()
        self._end_box()
        if self._result.pixels is None or self._result.frames == 0:
            raise ValueError("no picture in it")
        return self._result

    def _steps(self) -> dict[int, Callable[[], None]]:
        return {
            Decoding.BASIC_INFO: self._sized,
            Decoding.COLOUR: self._coloured,
            Decoding.FRAME: self._counted,
            Decoding.FULL_IMAGE: lambda: None,
            Decoding.NEED_PIXELS: self._given_room,
            Decoding.BOX: self._boxed,
            Decoding.NEED_BOX: self._larger_box,
        }

    def _sized(self) -> None:
        info = self._result.info
        _must(self._calls.JxlDecoderGetBasicInfo(self._decoder, byref(info)))
        self._admit(info.width, info.height)
        others = 0
        for index in range(info.extra_channels):
            extra = ExtraChannel()
            _must(self._calls.JxlDecoderGetExtraChannelInfo(self._decoder, index, byref(extra)))
            if extra.type == BLACK:
                raise ValueError("CMYK, which is not read from JPEG XL; convert it to RGB")
            others += 1
        others -= self._result.has_alpha
        if others > 0:
            self._result.notes.append(f"left out: {counted(others, 'channel')} of no colour")
        if info.exponent_bits:
            self._result.notes.append("floats rounded to 16 bits, light above white cut off")

    def _coloured(self) -> None:
        """Ask for pixels in the original's colours, and say which they are."""
        result = self._result
        encoding = ColourEncoding()
        ask = self._calls.JxlDecoderGetColorAsEncodedProfile
        if ask(self._decoder, *self._place, ORIGINAL, byref(encoding)) == Decoding.SUCCESS:
            result.stated = of_encoding(encoding)
            if result.stated is not None:
                return
        result.icc = self._profile(ORIGINAL)
        if result.info.uses_original_profile:
            return
        # Lossy pixels have libjxl's own colours and come in any that numbers can name.
        gray = result.info.colour_channels == 1
        colour = of_profile(result.icc) if result.icc is not None else None
        wanted = encoding_of(colour, gray=gray) if colour is not None else None
        if wanted is None and result.icc is not None and self._converted(result.icc):
            return
        if wanted is None:
            wanted = encoding_of(WIDE, gray=gray)
            result.notes.append(
                f"colours converted from the profile of the file to {WIDE.name}: only numbers "
                "turn lossy JPEG XL into colours"
            )
            result.icc, result.stated = None, WIDE
        assert wanted is not None
        prefer = self._calls.JxlDecoderSetPreferredColorProfile
        if prefer(self._decoder, byref(wanted)) != Decoding.SUCCESS:
            result.icc, result.stated = self._profile(DATA), None

    def _converted(self, icc: bytes) -> bool:
        """Ask for pixels in a profile; False where libjxl cannot."""
        cms = self._found.colour_management
        if cms is None:
            return False
        calls, functions = self._calls, cms.JxlGetDefaultCms().contents
        if calls.JxlDecoderSetCms(self._decoder, functions) != Decoding.SUCCESS:
            return False
        ask = calls.JxlDecoderSetOutputColorProfile
        return ask(self._decoder, None, icc, len(icc)) == Decoding.SUCCESS

    def _profile(self, which: int) -> bytes | None:
        size = c_size_t()
        ask = self._calls.JxlDecoderGetICCProfileSize
        if ask(self._decoder, *self._place, which, byref(size)) != Decoding.SUCCESS:
            return None
        if not 0 < size.value <= LARGEST:
            return None
        buffer = create_string_buffer(size.value)
        get = self._calls.JxlDecoderGetColorAsICCProfile
        if get(self._decoder, *self._place, which, buffer, size) != Decoding.SUCCESS:
            return None
        return buffer.raw

    def _counted(self) -> None:
        self._result.frames += 1

    def _given_room(self) -> None:
        """Take memory for the first picture, and skip others."""
        result, info = self._result, self._result.info
        if result.pixels is not None:
            _must(self._calls.JxlDecoderSkipCurrentFrame(self._decoder))
            return
        channels = info.colour_channels + result.has_alpha
        is_deep = result.depth > 8 or info.exponent_bits
        # Turned by the decoder: what it tells of width and height is upright already.
        shape = (info.height, info.width, channels)
        pixels: Any = np.empty(shape, np.uint16 if is_deep else np.uint8)
        layout = PixelFormat(channels, SAMPLES[pixels.itemsize], 0, 0)
        size = c_size_t()
        ask = self._calls.JxlDecoderImageOutBufferSize
        _must(ask(self._decoder, byref(layout), byref(size)))
        if size.value != pixels.nbytes:
            raise ValueError("its size is another one than it declares")
        give = self._calls.JxlDecoderSetImageOutBuffer
        _must(give(self._decoder, byref(layout), pixels.ctypes.data, pixels.nbytes))
        result.pixels = pixels if channels > 1 else pixels[..., 0]

    def _boxed(self) -> None:
        """A box begins, and the one before it has ended."""
        self._end_box()
        kind = create_string_buffer(4)
        _must(self._calls.JxlDecoderGetBoxType(self._decoder, kind, 1))
        if kind.raw not in BOXES or kind.raw in self._result.boxes:
            return
        self._kind = kind.raw
        if self._kind not in READ:
            self._result.boxes[self._kind] = b""
            return
        self._box, self._filled = np.empty(_FIRST, np.uint8), 0
        self._offer()

    def _offer(self) -> None:
        rest = cast(self._box.ctypes.data + self._filled, c_void_p)
        size = len(self._box) - self._filled
        _must(self._calls.JxlDecoderSetBoxBuffer(self._decoder, rest, size))

    def _larger_box(self) -> None:
        self._filled = len(self._box) - self._calls.JxlDecoderReleaseBoxBuffer(self._decoder)
        if len(self._box) >= LARGEST:
            raise ValueError(f"a box unfolds to more than {LARGEST} bytes")
        self._box = np.concatenate([self._box, np.empty(len(self._box), np.uint8)])
        self._offer()

    def _end_box(self) -> None:
        if self._box is None:
            return
        filled = len(self._box) - self._calls.JxlDecoderReleaseBoxBuffer(self._decoder)
        self._result.boxes[self._kind] = self._box[:filled].tobytes()
        self._box = None
