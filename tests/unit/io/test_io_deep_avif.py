"""AVIF of 10 and 12 bits, HDR, and what its container says, in and out."""

from __future__ import annotations

import struct
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
import pyvips
from PIL import Image

from fake import pictures
from relume.colour_statement import Colour, known
from relume.colour_statement.icc_writer import profile
from relume.io import encode, read, write
from relume.io.metadata import heif
from relume.photo import Photo

RAMP = np.linspace(2000, 60000, 48 * 64 * 3).reshape(48, 64, 3).astype(np.uint16)
P3 = Colour(known.P3_D65, known.SRGB_CURVE, "ICC profile")
PQ = Colour(known.BT2020, known.PQ, "nclx")
HLG = Colour(known.BT2020, known.HLG, "nclx")


@pytest.mark.parametrize("depth", [10, 12])
@pytest.mark.parametrize("alpha", [True, False])
def test_depth_and_metadata_stay(depth, alpha):
    cover = np.full((48, 64), 40000, np.uint16) if alpha else None
    before = Photo(
        RAMP,
        alpha=cover,
        icc=profile(P3),
        exif=pictures.exif(),
        xmp=pictures.xmp(),
        depth=depth,
    )
    stream = BytesIO()
    notes = write(before, stream, format="avif", quality=95)
    data = stream.getvalue()
    assert notes == ()
    after = read(data)
    assert (after.depth, after.bits) == (depth, 16)
    assert np.abs(after.pixels.astype(int) - RAMP).mean() < 65535 / 500
    assert (after.alpha is not None) == alpha
    assert after.icc == before.icc
    assert after.xmp == before.xmp
    assert b"Dark Optics" in after.exif
    assert after.exif.index(pictures.MAKER_NOTE) == before.exif.index(pictures.MAKER_NOTE)
    # By other readers
    theirs = Image.open(BytesIO(data))
    assert theirs.info["icc_profile"] == before.icc
    assert theirs.getexif()[0x010F] == "Dark Optics"
    assert np.abs(np.asarray(theirs.convert("RGB")).astype(int) - RAMP / 257).mean() < 2
    image = pyvips.Image.heifload_buffer(data)
    assert image.get("bits-per-sample") == depth
    assert image.get("xmp-data") == before.xmp


def test_sixteen_bits_become_ten_and_that_is_said():
    stream = BytesIO()
    (note,) = write(Photo(RAMP), stream, format="avif")
    assert "16 bits rounded to 10" in note
    assert read(stream.getvalue()).depth == 10


@pytest.mark.parametrize("depth", [10, 12])
def test_a_note_says_how_many_bits_the_file_held(depth):
    photo = Photo(RAMP, format="avif", depth=depth)
    deep = BytesIO()
    assert write(photo, deep, format="avif") == ()
    notes = write(read(deep.getvalue()), BytesIO(), format="jpeg")
    assert any(note.startswith(f"{depth} bits rounded to 8") for note in notes)


@pytest.mark.parametrize("stated", [PQ, HLG], ids=["PQ", "HLG"])
@pytest.mark.parametrize("depth", [8, 10, 12])
def test_hdr_keeps_its_numbers(depth, stated):
    pixels = RAMP if depth > 8 else (RAMP >> 8).astype(np.uint8)
    data = encode(Photo(pixels, stated=stated, depth=depth), format="avif", quality=95)
    after = read(data)
    assert (after.colour.name, after.colour.by) == (stated.name, "nclx")
    assert after.depth == depth
    top = np.iinfo(pixels.dtype).max
    assert np.abs(after.pixels / top - pixels / top).mean() < 0.005
    matrix, spread = heif.main(data).stated.matrix, heif.main(data).stated.range
    assert (matrix, spread) == (6, "full")


def test_what_does_not_change_says_the_same_when_written_again():
    once = read(encode(Photo(RAMP, stated=PQ, depth=10), format="avif", quality=100))
    again = read(encode(once, format="avif", quality=100))
    assert again.colour.name == once.colour.name
    assert np.abs(again.pixels.astype(int) - once.pixels).mean() < 200


def cropped(data: bytes, *, width: int, height: int) -> bytes:
    """Add a clean aperture about the middle. ISO/IEC 14496-12, section 12.1.4.1."""
    from relume.io.metadata import heif_writer

    clap = struct.pack(">4s8I", b"clap", width, 1, height, 1, 0, 1, 0, 1)
    box = struct.pack(">I", len(clap) + 4) + clap
    meta = next(one for one in heif.boxes(data) if one.kind == b"meta")
    properties = heif.inside(data, meta, b"iprp", skip=4)
    written = heif_writer._properties(data, properties, 1, [box])
    written = written[:-1] + bytes([written[-1] | 0x80])  # a reader must know it
    grown = len(written) - (properties.end - properties.at)
    places = heif_writer._locations(data, heif.inside(data, meta, b"iloc", skip=4))
    iloc = heif.inside(data, meta, b"iloc", skip=4)
    new_iloc = heif_writer._iloc(
        [(n, [(at + grown, size) for at, size in parts]) for n, parts in places]
    )
    longer = len(new_iloc) - (iloc.end - iloc.at)
    new_iloc = heif_writer._iloc(
        [(n, [(at + grown + longer, size) for at, size in parts]) for n, parts in places]
    )
    pieces = []
    for one in heif.boxes(data, meta.start + 4, meta.end):
        changed = {b"iprp": written, b"iloc": new_iloc}
        pieces.append(changed.get(one.kind, data[one.at : one.end]))
    body = data[meta.start : meta.start + 4] + b"".join(pieces)
    whole = struct.pack(">I4s", 8 + len(body), b"meta") + body
    return data[: meta.at] + whole + data[meta.end :]


@pytest.mark.parametrize("bits", [8, 16])
def test_the_crop_of_the_container_is_applied(bits):
    pixels = RAMP if bits == 16 else (RAMP >> 8).astype(np.uint8)
    data = encode(Photo(pixels), format="avif", quality=95)
    photo = read(cropped(data, width=40, height=20))
    assert photo.pixels.shape == (20, 40, 3)
    expected = pixels[14:34, 12:52]
    top = np.iinfo(pixels.dtype).max
    assert np.abs(photo.pixels / top - expected / top).mean() < 0.01


def test_gray_stays_readable():
    gray = replace(Photo(RAMP[..., 0].copy()), depth=10)
    after = read(encode(gray, format="avif", quality=95))
    assert np.abs(after.pixels[..., 1].astype(int) - RAMP[..., 0]).mean() < 300
