"""Structures and numbers of libjxl's C interface, the same from 0.7 to 0.12.

Source: libjxl, `jxl/types.h`, `codestream_header.h`, `color_encoding.h`, `decode.h`, `encode.h`.
"""

from __future__ import annotations

from ctypes import Structure, c_double, c_float, c_int, c_size_t, c_uint8, c_uint32, c_void_p
from enum import IntEnum

_Place = c_double * 2


class PixelFormat(Structure):
    """How samples lie in a buffer: interleaved, rows without gaps, bytes as the machine's."""

    _fields_ = (
        ("channels", c_uint32),
        ("type", c_int),
        ("endianness", c_int),
        ("align", c_size_t),
    )


SAMPLES = {1: 2, 2: 3}
"""Bytes of a sample → its type; numbers span all of it, whatever the depth of the file."""


class BasicInfo(Structure):
    """What a file says first."""

    _fields_ = (
        ("has_container", c_int),
        ("width", c_uint32),
        ("height", c_uint32),
        ("bits", c_uint32),
        ("exponent_bits", c_uint32),
        ("intensity_target", c_float),
        ("min_nits", c_float),
        ("relative_to_max_display", c_int),
        ("linear_below", c_float),
        ("uses_original_profile", c_int),
        ("has_preview", c_int),
        ("has_animation", c_int),
        ("orientation", c_int),
        ("colour_channels", c_uint32),
        ("extra_channels", c_uint32),
        ("alpha_bits", c_uint32),
        ("alpha_exponent_bits", c_uint32),
        ("alpha_premultiplied", c_int),
        ("preview", c_uint32 * 2),
        ("animation", c_uint32 * 4),
        ("intrinsic_size", c_uint32 * 2),
        ("reserved", c_uint8 * 100),
    )


class ExtraChannel(Structure):
    """What a channel beside colours is."""

    _fields_ = (
        ("type", c_int),
        ("bits", c_uint32),
        ("exponent_bits", c_uint32),
        ("dim_shift", c_uint32),
        ("name_length", c_uint32),
        ("alpha_premultiplied", c_int),
        ("spot_colour", c_float * 4),
        ("cfa_channel", c_uint32),
    )


class ColourEncoding(Structure):
    """Colours by numbers, most of them those of ITU-T H.273."""

    _fields_ = (
        ("space", c_int),
        ("white_point", c_int),
        ("white", _Place),
        ("primaries", c_int),
        ("red", _Place),
        ("green", _Place),
        ("blue", _Place),
        ("transfer", c_int),
        ("gamma", c_double),
        ("intent", c_int),
    )


class ColourManagement(Structure):
    """Functions and data that convert from profile to profile; handed on as they are."""

    _fields_ = (("parts", c_void_p * 8),)


RGB, GRAY = 0, 1
"""Spaces of a colour encoding."""
CUSTOM = 2
"""Primaries and white points given as places."""
GAMMA = 65535
"""A transfer given as the exponent that encodes."""
RELATIVE = 1
"""Rendering intent: relative colorimetric."""
ALPHA, BLACK = 0, 4
"""Types of extra channels."""


class Decoding(IntEnum):
    """What the decoder answers: how it ended, what it needs, or what it found (an event)."""

    SUCCESS = 0
    ERROR = 1
    NEED_MORE_INPUT = 2
    NEED_PIXELS = 5
    NEED_BOX = 7
    BASIC_INFO = 0x40
    COLOUR = 0x100
    FRAME = 0x400
    FULL_IMAGE = 0x1000
    BOX = 0x4000


ORIGINAL, DATA = 0, 1
"""Profiles: of the picture that was encoded, of the pixels that come out."""

ENCODED, MORE_OUTPUT = 0, 2
"""What the encoder answers."""
EFFORT, KEEP_INVISIBLE = 0, 12
"""Settings of a frame."""
