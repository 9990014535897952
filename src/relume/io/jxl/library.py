"""Find libjxl, the reference implementation (BSD-3-Clause), and declare what is called of it.

imagecodecs (BSD-3-Clause) brings it as a shared library in its wheels; its own functions keep
neither profiles nor boxes, so only the library in it is used. Else it is the system's.
"""

from __future__ import annotations

import sys
from ctypes import CDLL, POINTER, c_char_p, c_float, c_int, c_int64, c_size_t, c_uint32, c_void_p
from ctypes.util import find_library
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from relume.errors import MissingExtraError
from relume.extras import pip_line
from relume.io.jxl.structures import (
    BasicInfo,
    ColourEncoding,
    ColourManagement,
    ExtraChannel,
    PixelFormat,
)

OLDEST = 7000
"""Version 0.7.0: the first whose interface writes boxes and profiles as it does today."""
WITHOUT_FORMAT = 9000
"""From here on, questions about profiles take no pixel format."""

_SIZE, _POINTER = POINTER(c_size_t), c_void_p
_SIGNATURES = {
    "JxlDecoderCreate": (_POINTER, (_POINTER,)),
    "JxlDecoderDestroy": (None, (_POINTER,)),
    "JxlDecoderSubscribeEvents": (c_int, (_POINTER, c_int)),
    "JxlDecoderSetParallelRunner": (c_int, (_POINTER, _POINTER, _POINTER)),
    "JxlDecoderSetInput": (c_int, (_POINTER, c_char_p, c_size_t)),
    "JxlDecoderCloseInput": (None, (_POINTER,)),
    "JxlDecoderProcessInput": (c_int, (_POINTER,)),
    "JxlDecoderGetBasicInfo": (c_int, (_POINTER, POINTER(BasicInfo))),
    "JxlDecoderGetExtraChannelInfo": (c_int, (_POINTER, c_size_t, POINTER(ExtraChannel))),
    "JxlDecoderSetPreferredColorProfile": (c_int, (_POINTER, POINTER(ColourEncoding))),
    "JxlDecoderImageOutBufferSize": (c_int, (_POINTER, POINTER(PixelFormat), _SIZE)),
    "JxlDecoderSetImageOutBuffer": (
        c_int,
        (_POINTER, POINTER(PixelFormat), _POINTER, c_size_t),
    ),
    "JxlDecoderSkipCurrentFrame": (c_int, (_POINTER,)),
    "JxlDecoderSetDecompressBoxes": (c_int, (_POINTER, c_int)),
    "JxlDecoderGetBoxType": (c_int, (_POINTER, c_char_p, c_int)),
    "JxlDecoderSetBoxBuffer": (c_int, (_POINTER, _POINTER, c_size_t)),
    "JxlDecoderReleaseBoxBuffer": (c_size_t, (_POINTER,)),
    "JxlEncoderCreate": (_POINTER, (_POINTER,)),
    "JxlEncoderDestroy": (None, (_POINTER,)),
    "JxlEncoderSetParallelRunner": (c_int, (_POINTER, _POINTER, _POINTER)),
    "JxlEncoderInitBasicInfo": (None, (POINTER(BasicInfo),)),
    "JxlEncoderSetBasicInfo": (c_int, (_POINTER, POINTER(BasicInfo))),
    "JxlEncoderGetRequiredCodestreamLevel": (c_int, (_POINTER,)),
    "JxlEncoderSetCodestreamLevel": (c_int, (_POINTER, c_int)),
    "JxlEncoderUseContainer": (c_int, (_POINTER, c_int)),
    "JxlEncoderUseBoxes": (c_int, (_POINTER,)),
    "JxlEncoderAddBox": (c_int, (_POINTER, c_char_p, c_char_p, c_size_t, c_int)),
    "JxlEncoderCloseBoxes": (None, (_POINTER,)),
    "JxlEncoderSetICCProfile": (c_int, (_POINTER, c_char_p, c_size_t)),
    "JxlEncoderSetColorEncoding": (c_int, (_POINTER, POINTER(ColourEncoding))),
    "JxlEncoderFrameSettingsCreate": (_POINTER, (_POINTER, _POINTER)),
    "JxlEncoderFrameSettingsSetOption": (c_int, (_POINTER, c_int, c_int64)),
    "JxlEncoderSetFrameLossless": (c_int, (_POINTER, c_int)),
    "JxlEncoderSetFrameDistance": (c_int, (_POINTER, c_float)),
    "JxlEncoderAddImageFrame": (
        c_int,
        (_POINTER, POINTER(PixelFormat), _POINTER, c_size_t),
    ),
    "JxlEncoderCloseInput": (None, (_POINTER,)),
    "JxlEncoderProcessOutput": (c_int, (_POINTER, POINTER(_POINTER), _SIZE)),
    "JxlEncoderGetError": (c_int, (_POINTER,)),
}
_QUESTIONS = {
    "JxlDecoderGetColorAsEncodedProfile": (c_int, POINTER(ColourEncoding)),
    "JxlDecoderGetICCProfileSize": (c_int, _SIZE),
    "JxlDecoderGetColorAsICCProfile": (c_int, c_char_p, c_size_t),
}
"""Of a decoder, and below 0.9 of a pixel format: the rest of their arguments."""
_RUNNERS = {
    "JxlThreadParallelRunnerCreate": (_POINTER, (_POINTER, c_size_t)),
    "JxlThreadParallelRunnerDestroy": (None, (_POINTER,)),
}


@dataclass(frozen=True)
class Library:
    """libjxl, loaded: what is called of it, and of its threads."""

    calls: CDLL
    threads: CDLL
    version: int
    """Major · 1,000,000 + minor · 1,000 + patch."""
    colour_management: CDLL | None = None
    """What converts to any profile, from 0.9 on."""

    @property
    def place(self) -> tuple[None, ...]:
        """What stands before the arguments of a question about profiles."""
        return (None,) if self.version < WITHOUT_FORMAT else ()


@cache
def library() -> Library:
    """Load libjxl, once.

    Raises: MissingExtraError where there is none.
    """
    for before, main, threads in _places():
        try:
            # Loaded and kept: the loader knows them by their names then.
            loaded = [CDLL(needed) for needed in before]
            found = _declared(CDLL(main), CDLL(threads), loaded[-1] if loaded else None)
        except (OSError, AttributeError):  # of another architecture; before the interface was whole
            continue
        if found.version >= OLDEST:
            return found
    raise MissingExtraError(
        "JPEG XL needs libjxl 0.7 or newer, which is not installed; "
        f"{pip_line('jxl')}, or install libjxl of your system"
    )


def is_there() -> bool:
    """Whether there is a libjxl."""
    try:
        return library().version >= OLDEST
    except MissingExtraError:
        return False


_Place = tuple[list[str], str, str]
"""What has to be loaded before, libjxl, its threads."""
_NEEDED = ("libbrotlicommon", "libbrotlidec", "libbrotlienc", "liblcms2", "libjxl_cms")
"""Beside it in a wheel, and not found from there by the loader; the last manages colours."""


def _places() -> list[_Place]:
    """Return where libraries may be, the ones to prefer first."""
    main, threads, cms = map(find_library, ("jxl", "jxl_threads", "jxl_cms"))
    of_system: list[_Place] = [([cms] if cms else [], main, threads)] if main and threads else []
    return _brought() + of_system


def _brought() -> list[_Place]:
    from importlib.metadata import PackageNotFoundError, files

    try:
        listed = files("imagecodecs") or []
    except PackageNotFoundError:
        return []
    ending = ".dylib" if sys.platform == "darwin" else ".so"
    paths = [Path(str(one.locate())) for one in listed if ending in one.name]

    def named(*beginnings: str) -> list[str]:
        return [str(path) for path in paths if path.name.startswith(beginnings)]

    before = [path for name in _NEEDED for path in named(name)]
    found = zip(named("libjxl-", "libjxl."), named("libjxl_threads"), strict=False)
    return [(before, main, threads) for main, threads in found]


def _declared(calls: CDLL, threads: CDLL, cms: CDLL | None) -> Library:
    calls.JxlDecoderVersion.restype = c_uint32
    version = int(calls.JxlDecoderVersion())
    if cms is not None and version >= WITHOUT_FORMAT:
        cms.JxlGetDefaultCms.restype = POINTER(ColourManagement)
        calls.JxlDecoderSetCms.restype = c_int
        calls.JxlDecoderSetCms.argtypes = (_POINTER, ColourManagement)
        calls.JxlDecoderSetOutputColorProfile.restype = c_int
        calls.JxlDecoderSetOutputColorProfile.argtypes = (_POINTER, _POINTER, c_char_p, c_size_t)
    else:
        cms = None
    found = Library(calls, threads, version, cms)
    for where, signatures in ((calls, _SIGNATURES), (threads, _RUNNERS)):
        for name, (result, arguments) in signatures.items():
            function = getattr(where, name)
            function.restype, function.argtypes = result, arguments
    before = (_POINTER,) * len(found.place)
    for name, rest in _QUESTIONS.items():
        function = getattr(calls, name)
        function.restype, function.argtypes = c_int, (_POINTER, *before, *rest)
    return found
