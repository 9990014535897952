#!/usr/bin/env bash
# Expected: a gray picture with a gray ICC profile, compressed by libjxl with a loss, comes back as
# it was within a level or two, as it does when the same colour is given by numbers
# (JxlEncoderSetColorEncoding), as a lossless file does, and as RGB with a profile does.
# Found: with libjxl 0.11.2 as the wheels of imagecodecs hold it, built with LittleCMS, level 64
# comes back as 13 and 128 as 55: the numbers of linear light, in a file that states the curve. No
# call fails. The encoder is at fault: Debian's decoder 0.7.0 reads the same from such a file. A
# profile of linear light is right. Debian's encoder 0.7.0 does the same for the curve of sRGB.
# Source: documentation of JxlEncoderSetICCProfile ("sets the original color encoding of the image
# encoded by this encoder as an ICC color profile") and of uses_original_profile, in jxl/encode.h and
# jxl/codestream_header.h.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv environment
environment/bin/pip install --quiet --disable-pip-version-check \
  imagecodecs==2026.3.6 numpy==2.4.6 2>/dev/null

cat > show.py <<'PY'
import ctypes
import struct
import sys
from importlib.metadata import files

import imagecodecs
import numpy as np


def load():
    """The library in the wheel, and before it what it needs from beside it."""
    paths = {file.name: str(file.locate()) for file in files("imagecodecs") if ".so" in file.name}
    for start in ("libbrotlicommon", "libbrotlidec", "libbrotlienc", "liblcms2", "libjxl_cms",
                  "libjxl-"):
        for name, path in paths.items():
            if name.startswith(start):
                library = ctypes.CDLL(path)
    return library


jxl = load()
u32, integer, pointer = ctypes.c_uint32, ctypes.c_int, ctypes.c_void_p


class Info(ctypes.Structure):
    _fields_ = [
        ("container", integer), ("xsize", u32), ("ysize", u32), ("bits", u32), ("exponent", u32),
        ("intensity", ctypes.c_float), ("min_nits", ctypes.c_float), ("relative", integer),
        ("linear_below", ctypes.c_float), ("original_profile", integer), ("preview", integer),
        ("animation", integer), ("orientation", integer), ("colours", u32), ("extras", u32),
        ("rest", ctypes.c_uint8 * 256),
    ]


class Layout(ctypes.Structure):
    _fields_ = [("channels", u32), ("type", integer), ("endian", integer),
                ("align", ctypes.c_size_t)]


class Encoding(ctypes.Structure):
    _fields_ = [
        ("space", integer), ("white", integer), ("white_xy", ctypes.c_double * 2),
        ("primaries", integer), ("xy", ctypes.c_double * 6), ("transfer", integer),
        ("gamma", ctypes.c_double), ("intent", integer),
    ]


def gray_profile(curve):
    """ICC.1:2022: a version 4 profile of one channel under D50; `curve` is a parametric one."""
    numbers = b"".join(struct.pack(">i", round(value * 65536)) for value in curve)
    text = "gray".encode("utf-16-be")
    words = b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(text), 28) + text
    white = b"XYZ \0\0\0\0" + struct.pack(">iii", 63190, 65536, 54061)
    kind = 3 if len(curve) == 5 else 0
    tags = {b"desc": words, b"cprt": words, b"wtpt": white,
            b"kTRC": b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + numbers}
    at = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        content += b"\0" * (-len(content) % 4)
        table += struct.pack(">4sII", name, at + len(body), len(content))
        body += content
    head = bytearray(128)
    struct.pack_into(">I4sI4s4s4s", head, 0, at + len(body), b"\0" * 4, 0x04300000, b"mntr",
                     b"GRAY", b"XYZ ")
    head[36:40] = b"acsp"
    struct.pack_into(">iii", head, 68, 63190, 65536, 54061)
    return bytes(head) + table + body


def call(name, *arguments):
    answer = getattr(jxl, name)(*arguments)
    assert answer == 0, (name, answer)


def encoded(gray, *, icc=None, lossless=False):
    jxl.JxlEncoderCreate.restype = jxl.JxlEncoderFrameSettingsCreate.restype = pointer
    encoder = pointer(jxl.JxlEncoderCreate(None))
    info = Info()
    jxl.JxlEncoderInitBasicInfo(ctypes.byref(info))
    info.xsize, info.ysize, info.bits, info.colours = gray.shape[1], gray.shape[0], 8, 1
    info.original_profile = int(lossless)
    call("JxlEncoderSetBasicInfo", encoder, ctypes.byref(info))
    if icc is not None:
        call("JxlEncoderSetICCProfile", encoder, icc, ctypes.c_size_t(len(icc)))
    else:  # gray, D65, the curve of sRGB
        numbers = Encoding(space=1, white=1, primaries=1, transfer=13, intent=1)
        call("JxlEncoderSetColorEncoding", encoder, ctypes.byref(numbers))
    settings = pointer(jxl.JxlEncoderFrameSettingsCreate(encoder, None))
    if lossless:
        call("JxlEncoderSetFrameLossless", settings, 1)
    else:
        call("JxlEncoderSetFrameDistance", settings, ctypes.c_float(0.5))
    layout = Layout(1, 2, 0, 0)
    call("JxlEncoderAddImageFrame", settings, ctypes.byref(layout),
         pointer(gray.ctypes.data), ctypes.c_size_t(gray.nbytes))
    jxl.JxlEncoderCloseInput(encoder)
    room = ctypes.create_string_buffer(1 << 20)
    place, left = pointer(ctypes.addressof(room)), ctypes.c_size_t(1 << 20)
    call("JxlEncoderProcessOutput", encoder, ctypes.byref(place), ctypes.byref(left))
    jxl.JxlEncoderDestroy(encoder)
    return room.raw[: (1 << 20) - left.value]


SRGB = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
gray = np.ascontiguousarray(np.linspace(0, 255, 64 * 64).reshape(64, 64).astype(np.uint8))
print("libjxl", jxl.JxlDecoderVersion())


def seen(title, **options):
    found = imagecodecs.jpegxl_decode(encoded(gray, **options)).reshape(gray.shape)
    levels = [round(float(found[gray == level].mean())) for level in (64, 128, 192)]
    print(f"{title}: 64, 128 and 192 come back as {levels}")
    return abs(levels[0] - 64) <= 2 and abs(levels[1] - 128) <= 2


right = [
    seen("sRGB's curve by numbers, with a loss"),
    seen("sRGB's curve by a profile, lossless", icc=gray_profile(SRGB), lossless=True),
    seen("linear light by a profile, with a loss", icc=gray_profile((1.0,))),
]
wrong = [
    not seen("sRGB's curve by a profile, with a loss", icc=gray_profile(SRGB)),
    not seen("gamma 2.2 by a profile, with a loss", icc=gray_profile((2.2,))),
]
sys.exit(0 if all(right + wrong) else 1)
PY
environment/bin/python show.py
