"""JPEG XL: depth, colours, transparency, metadata, HDR stay; limits come first."""

from __future__ import annotations

from ctypes import POINTER, byref, c_size_t, c_void_p
from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
import pytest

from fake import pictures
from relume.colour_statement import Colour, known
from relume.colour_statement.curves import Parametric
from relume.colour_statement.icc_writer import gray_profile, profile
from relume.errors import MissingExtraError, TooLargeError, UnreadableError
from relume.io import encode, read, sniff, write
from relume.io.formats import jxl
from relume.io.inspecting import inspect
from relume.io.jxl import decoder, encoder, library
from relume.io.jxl.structures import ExtraChannel
from relume.photo import Photo

if not library.is_there():
    pytest.skip("needs the extra jxl or a libjxl of the system", allow_module_level=True)

SMOOTH = pictures.smooth(40, 60)
DEEP = np.linspace(2000, 60000, 48 * 64 * 3).reshape(48, 64, 3).astype(np.uint16)


def gamma(exponent: float) -> known.Transfer:
    return known.Transfer(f"gamma {exponent}", (Parametric(exponent),))


ROMM = known.Transfer("ROMM", (Parametric(1.8, c=1 / 16, d=1 / 32),))
COLOURS = {
    "sRGB": Colour(known.BT709, known.SRGB_CURVE, "ICC profile"),
    "Display P3": Colour(known.P3_D65, known.SRGB_CURVE, "ICC profile"),
    "Adobe RGB": Colour(known.ADOBE, gamma(563 / 256), "ICC profile"),
    "ProPhoto": Colour(known.PROPHOTO, gamma(1.8), "ICC profile"),
    "ProPhoto with its toe": Colour(known.PROPHOTO, ROMM, "ICC profile"),
    "linear": Colour(known.BT2020, known.LINEAR, "ICC profile"),
}
HDR = {
    "PQ": Colour(known.BT2020, known.PQ, "cICP"),
    "HLG": Colour(known.BT2020, known.HLG, "nclx"),
    "PQ of P3": Colour(known.P3_D65, known.PQ, "nclx"),
}


@pytest.mark.parametrize("alpha", [True, False], ids=["alpha", "opaque"])
@pytest.mark.parametrize("gray", [True, False], ids=["gray", "colour"])
@pytest.mark.parametrize("bits", [8, 16])
def test_quality_100_is_lossless(bits, gray, alpha):
    cover = pictures.pixels(40, 60, channels=1, bits=bits, seed=1) if alpha else None
    before = Photo(
        pictures.pixels(40, 60, channels=1 if gray else 3, bits=bits),
        alpha=cover,
        icc=(gray_profile if gray else profile)(COLOURS["Display P3"]),
        exif=pictures.exif(),
        xmp=pictures.xmp(),
    )
    stream = BytesIO()
    assert write(before, stream, format="jxl", quality=100) == ()
    after = read(stream.getvalue())
    assert np.array_equal(after.pixels, before.pixels)
    assert after.pixels.dtype == before.pixels.dtype
    assert (after.alpha is None) == (cover is None)
    assert after.alpha is None or np.array_equal(after.alpha, cover)
    assert (after.icc, after.xmp) == (before.icc, before.xmp)
    assert after.exif.index(pictures.MAKER_NOTE) == before.exif.index(pictures.MAKER_NOTE)
    assert (after.format, after.depth, after.quality, after.notes) == ("jxl", bits, 100, ())
    # So it is lossless when it is written again.
    assert np.array_equal(read(encode(after)).pixels, before.pixels)


@pytest.mark.parametrize("quality", [None, 95], ids=["default", "95"])
@pytest.mark.parametrize("gray", [True, False], ids=["gray", "colour"])
@pytest.mark.parametrize("bits", [8, 16])
def test_lossy_stays_near_and_keeps_alpha(bits, gray, quality):
    smooth: Any = pictures.smooth(40, 60, channels=1 if gray else 3)
    smooth = smooth if bits == 8 else smooth.astype(np.uint16) * 257
    cover = np.linspace(0, (1 << bits) - 1, 2400).reshape(40, 60).astype(smooth.dtype)
    after = read(encode(Photo(smooth, alpha=cover), format="jxl", quality=quality))
    top = (1 << bits) - 1
    assert (after.bits, after.quality) == (bits, None)
    assert np.abs(after.pixels / top - smooth / top).mean() < 0.01
    assert np.abs(after.alpha / top - cover / top).max() < 0.03
    small, large = (len(encode(Photo(smooth), format="jxl", quality=q)) for q in (40, 97))
    assert small < large


@pytest.mark.parametrize("name", COLOURS)
@pytest.mark.parametrize("quality", [90, 100])
def test_colours_stay(name, quality):
    colour = COLOURS[name]
    before = Photo(DEEP, icc=profile(colour))
    after = read(encode(before, format="jxl", quality=quality))
    if not (quality == 100 or library.library().colour_management or ROMM is not colour.transfer):
        # Numbers cannot say it, and this libjxl takes nothing else.
        assert "BT.2020" in after.colour.name
        assert "converted from the profile" in after.notes[0]
        return
    assert after.colour.primaries.near(colour.primaries)
    assert after.colour.transfer.near(colour.transfer)
    assert after.notes == ()
    # A hundredth at most on the smooth ramp: the numbers mean what they did.
    assert np.abs(after.pixels.astype(int) - DEEP).mean() < 65535 * 0.002
    if quality == 100:
        assert after.icc == before.icc


def test_a_lossy_gray_picture_keeps_its_curve():
    gray = Photo(SMOOTH[..., 0].copy(), icc=gray_profile(COLOURS["sRGB"]))
    after = read(encode(gray, format="jxl"))
    assert after.pixels.ndim == 2
    assert np.abs(after.pixels.astype(int) - SMOOTH[..., 0]).max() <= 6


@pytest.mark.parametrize("name", HDR)
@pytest.mark.parametrize("depth", [10, 12, 16])
def test_light_beyond_white_keeps_its_numbers(name, depth):
    before = Photo(DEEP >> (16 - depth) << (16 - depth), stated=HDR[name], depth=depth)
    stream = BytesIO()
    assert write(before, stream, format="jxl", quality=100) == ()
    after = read(stream.getvalue())
    assert (after.colour.name, after.colour.by) == (HDR[name].name, "JPEG XL")
    assert (after.colour.is_hdr, after.depth) == (True, depth)
    assert np.abs(after.pixels.astype(int) - before.pixels).max() <= 65535 // (1 << depth) + 1
    lossy = read(encode(before, format="jxl", quality=95))
    assert lossy.colour.name == HDR[name].name
    assert np.abs(lossy.pixels.astype(int) - before.pixels).mean() < 65535 * 0.005


class Made:
    """A file by the library's own calls, with what relume never writes."""

    def __init__(self, **fields: int) -> None:
        self.fields = fields

    def __call__(self, *frames: Any, boxes: tuple[tuple[bytes, bytes, int], ...] = ()) -> bytes:
        found = library.library()
        with encoder._encoder(found) as handle:
            call = encoder._Calls(found, handle)
            info = call.clean()
            info.height, info.width = frames[0].shape[:2]
            info.bits, info.colour_channels, info.uses_original_profile = 8, 3, 1
            for name, value in self.fields.items():
                setattr(info, name, value)
            if info.has_animation:
                info.animation[:] = (10, 1, 0, 0)
            call("SetBasicInfo", byref(info))
            if info.alpha_premultiplied:
                extra = ExtraChannel()
                found.calls.JxlEncoderInitExtraChannelInfo(0, byref(extra))
                extra.alpha_premultiplied = 1
                put = found.calls.JxlEncoderSetExtraChannelInfo
                put.argtypes = (c_void_p, c_size_t, POINTER(ExtraChannel))
                assert put(handle, 0, byref(extra)) == 0
            encoding = encoder.encoding_of(COLOURS["sRGB"], gray=False)
            call("SetColorEncoding", byref(encoding))
            call("UseContainer", 1)
            call("UseBoxes")
            for kind, content, compressed in boxes:
                call("AddBox", kind, content, len(content), compressed)
            found.calls.JxlEncoderCloseBoxes(handle)
            for frame in frames:
                encoder._add(found, handle, frame, distance=0, effort=1)
            found.calls.JxlEncoderCloseInput(handle)
            return b"".join(encoder._pieces(found, handle))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_picture_is_turned_once(orientation):
    exif = bytes(4) + pictures.exif(6)
    data = Made(orientation=orientation)(SMOOTH, boxes=((b"Exif", exif, 0),))
    photo = read(data)
    from relume.io.pixels import turned

    assert np.array_equal(photo.pixels, turned(SMOOTH, orientation))
    assert read(encode(photo)).pixels.shape == photo.pixels.shape


def test_compressed_boxes_are_read():
    packet = pictures.xmp()
    data = Made()(
        SMOOTH,
        boxes=((b"Exif", bytes(4) + pictures.exif(), 1), (b"xml ", packet, 1), (b"jumb", b"c2", 0)),
    )
    photo = read(data)
    assert b"brob" in data
    assert photo.xmp == packet
    assert pictures.MAKER_NOTE in photo.exif
    assert photo.notes == ("left out: JUMBF data",)


def test_layers_without_a_duration_are_one_picture():
    photo = read(Made(has_animation=1)(SMOOTH, SMOOTH, 255 - SMOOTH))
    assert np.array_equal(photo.pixels, 255 - SMOOTH)
    assert (photo.pages, photo.notes) == (1, ())


def test_the_first_frame_of_an_animation():
    imagecodecs = pytest.importorskip("imagecodecs", reason="needs the extra jxl")
    frames = np.stack([SMOOTH, 255 - SMOOTH, SMOOTH])
    photo = read(imagecodecs.jpegxl_encode(frames, lossless=True))
    assert np.array_equal(photo.pixels, SMOOTH)
    assert photo.pages == 3
    assert photo.notes == ("only the first frame of the animation was read",)


@pytest.mark.skipif(
    library.library().version < library.WITHOUT_FORMAT,
    reason="the encoder of libjxl 0.7 takes no premultiplied colours, so no file can be made",
)
def test_premultiplied_alpha_is_divided():
    whole = np.dstack([SMOOTH, np.full((40, 60), 128, np.uint8)])
    whole[..., :3] = whole[..., :3] // 2
    data = Made(extra_channels=1, alpha_bits=8, alpha_premultiplied=1)(whole)
    photo = read(data)
    assert np.abs(photo.pixels.astype(int) - SMOOTH).max() <= 2


def test_what_its_metadata_unfold_to_is_bounded(monkeypatch):
    monkeypatch.setattr(decoder, "LARGEST", 1 << 17)
    data = Made()(SMOOTH, boxes=((b"xml ", b" " * 300_000, 1),))
    assert len(data) < 10_000
    with pytest.raises(UnreadableError, match="a box unfolds to more than 131072 bytes"):
        read(data)


def test_limits_come_before_memory():
    data = encode(Photo(SMOOTH), format="jxl")
    with pytest.raises(TooLargeError, match="60 × 40 is 2400 pixels"):
        read(data, max_pixels=2399)
    seen: list[tuple[int, int]] = []

    def admit(width: int, height: int) -> None:
        seen.append((width, height))
        raise TooLargeError("enough")

    with pytest.raises(TooLargeError, match="enough"):
        read(data, admit=admit)
    assert seen == [(60, 40)]


@pytest.mark.parametrize("keep", [12, 40, 0.5, 0.9])
def test_cut_files_are_refused_in_one_line(keep):
    data = encode(Photo(pictures.pixels(40, 60)), format="jxl", quality=100)
    data = data[: keep if isinstance(keep, int) else int(len(data) * keep)]
    with pytest.raises(UnreadableError, match="JPEG XL file: ") as caught:
        read(data)
    assert "\n" not in str(caught.value)


def test_by_another_reader_and_from_another_writer():
    imagecodecs = pytest.importorskip("imagecodecs", reason="needs the extra jxl")
    data = encode(Photo(DEEP, exif=pictures.exif()), format="jxl", quality=100)
    assert np.array_equal(imagecodecs.jpegxl_decode(data), DEEP)
    for array in (SMOOTH, SMOOTH[..., 0].copy(), DEEP):
        theirs = read(imagecodecs.jpegxl_encode(array, lossless=True))
        assert np.array_equal(theirs.pixels, array)
        # Its 16 bits are stated to be linear light, and so they are read.
        assert theirs.colour.transfer.code == (13 if array.dtype == np.uint8 else 8)
    jpeg = pictures.saved(SMOOTH, "JPEG", quality=95)
    packed = read(imagecodecs.jpegxl_encode_jpeg(jpeg))
    assert packed.quality is None  # it was never lossless
    assert np.abs(packed.pixels.astype(int) - read(jpeg).pixels).mean() < 1
    floats = read(imagecodecs.jpegxl_encode((SMOOTH / 255).astype(np.float32), lossless=True))
    assert floats.bits == 16
    assert "floats rounded" in floats.notes[0]


def test_inspect_and_losses(tmp_path):
    path = tmp_path / "a.jxl"
    write(Photo(DEEP, stated=HDR["PQ"], exif=pictures.exif()), path, quality=100)
    facts = inspect(path).facts
    assert (facts["format"], facts["depth"], facts["colour"]["hdr"]) == ("jxl", 16, True)
    assert facts["colour"]["by"] == "JPEG XL"
    assert facts["losses"]["jxl"] == []
    assert "HDR" in facts["losses"]["jpeg"][0]
    kept = replace(read(path), beside=replace(read(path).beside, texts=(("Author", "A"),)))
    (note,) = write(kept, BytesIO(), format="jxl")
    assert note == "left out, JPEG XL has no place for it: Author"


@pytest.mark.parametrize(("quality", "distance"), [(100, 0.0), (90, 1.0), (30, 6.4), (1, 23.87)])
def test_quality_means_what_cjxl_means(quality, distance):
    assert jxl.distance(quality) == pytest.approx(distance, abs=0.005)


def test_without_a_library_the_way_out_is_told(monkeypatch):
    data = encode(Photo(SMOOTH), format="jxl")
    assert sniff(data) == "jxl"
    library.library.cache_clear()
    monkeypatch.setattr(library, "_places", list)
    try:
        with pytest.raises(MissingExtraError, match=r"pip install 'relume\[jxl\]'"):
            read(data)
    finally:
        library.library.cache_clear()
