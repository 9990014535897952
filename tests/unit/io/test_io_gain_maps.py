"""HDR gain maps: read as each maker states them, kept right for the new picture, or gone."""

from __future__ import annotations

import struct
from io import BytesIO
from typing import ClassVar

import numpy as np
import pytest
import pyvips

from fake import gain_maps, pictures
from relume.colour import decode_srgb
from relume.gain_map import GainMap, for_picture
from relume.io import encode, jpeg_parts, read
from relume.io.gain_maps import apple, auxiliary
from relume.io.metadata import ifd
from relume.io.metadata.ifd import Field
from relume.io.writing import write
from relume.runtime import Enhancer

TRACES = (b"hdrgm", b"Container", b"HDRGainMap", b"MPF\0", b"GainMap", b"21496", b"GCamera")
WINDOW, DARK = (slice(4, 28), slice(54, 92)), (slice(36, 60), slice(4, 92))
"""Of the base, away from borders."""
SEEN = float(decode_srgb(np.array(215 / 255)))
"""Light of the window in the base."""
COLOUR = np.repeat(gain_maps.samples()[..., None], 3, axis=2)
FILES = {
    "Adobe's attributes": gain_maps.ultra_hdr(),
    "Adobe's elements, three channels": gain_maps.ultra_hdr(
        gain_maps.adobe_of_three(), gain=COLOUR),
    "ISO": gain_maps.ultra_hdr(gain_maps.iso(), by="iso"),
    "ISO, three channels": gain_maps.ultra_hdr(
        gain_maps.iso(channels=3), by="iso", gain=COLOUR),
    "ISO, one denominator": gain_maps.ultra_hdr(gain_maps.iso(common=True), by="iso"),
    "padding between": gain_maps.ultra_hdr(padding=40),
    "Apple": gain_maps.apple(2.0),
}  # fmt: skip


def hdr(data: bytes) -> np.ndarray:
    """Its rendering at full headroom, by libultrahdr: linear light, 1 is diffuse white."""
    image = pyvips.Image.uhdrload_buffer(data)
    found = read(data)
    if found.gain_map.gains.shape[2] == 1:
        return image.uhdr2scRGB().numpy()
    # libvips takes samples of three channels for sRGB and decodes them: by the formula instead.
    gains = found.gain_map.gains.repeat(2, axis=0).repeat(2, axis=1)
    offset = image.get("gainmap-offset-sdr")[0]
    return (decode_srgb(found.pixels / 255) + offset) * 2**gains - offset


@pytest.mark.parametrize("kind", FILES)
def test_read_as_stated(kind):
    found = read(FILES[kind]).gain_map
    assert found is not None
    assert found.headroom == pytest.approx(2.0)
    assert found.gains[4:12, 28:44].mean() == pytest.approx(2.0, abs=0.02)
    assert found.gains[20:].mean() == pytest.approx(0.0, abs=0.02)
    assert found.base is not None
    assert found.base[4:12, 28:44].mean() == pytest.approx(SEEN, abs=0.01)


def test_gamma_of_a_map():
    """G = least + (most − least) · m^(1/γ)."""
    half = np.full((32, 48, 3), 128, np.uint8)
    found = read(gain_maps.ultra_hdr(gain_maps.adobe_of_three(2.0), gain=half)).gain_map
    assert found is not None
    assert found.gains.mean() == pytest.approx(2.0 * (128 / 255) ** 0.5, abs=0.01)


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize(
    ("method", "knobs"), [("identity", {}), ("gamma", {"gamma": 0.5}), ("exposure", {"ev": 2.0})]
)
def test_enhanced_with_the_old_highlights(kind, method, knobs):
    """ISO 21496-1, clause 6: by another reader, on a display with all the headroom."""
    photo = Enhancer(method, knobs=knobs).photo(read(FILES[kind])).photo
    data = encode(photo)
    rendered = hdr(data)
    base = decode_srgb(read(data).pixels / 255)
    old = (SEEN + gain_maps.OFFSET) * 4 - gain_maps.OFFSET
    if kind == "Apple":
        old = SEEN * 4
    assert rendered[WINDOW].mean() == pytest.approx(old, rel=0.04)
    assert rendered[DARK] == pytest.approx(base[DARK], abs=0.01, rel=0.03)
    assert rendered.max() <= 4.0 * 1.01
    assert read(data).gain_map.headroom == pytest.approx(2.0, abs=1e-5)


def test_darkened_is_darkened_in_both():
    photo = Enhancer("gamma", knobs={"gamma": 2.0}).photo(read(FILES["ISO"])).photo
    rendered = hdr(encode(photo))
    assert rendered[WINDOW].mean() < 0.85 * hdr(FILES["ISO"])[WINDOW].mean()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turned_with_its_picture(orientation):
    before = (gain_maps.segment(0xE1, b"Exif\0\0" + pictures.exif(orientation)),)
    data = encode(read(gain_maps.ultra_hdr(before=before)))
    photo = read(data)
    assert photo.gain_map is not None
    bright = photo.pixels[::2, ::2, 1] > 150
    assert np.mean((photo.gain_map.gains[..., 0] > 1) == bright) > 0.97
    assert hdr(data).max() > 2.5


def test_the_index_points_to_the_map():
    """CIPA DC-007-2021, section 5.2.3: offsets count from the index's byte order mark."""
    data = encode(read(FILES["ISO"]))
    (at,) = [
        start for marker, start, _ in jpeg_parts.segments(data)
        if marker == 0xE2 and data[start : start + 4] == b"MPF\0"
    ]  # fmt: skip
    entries = at + 4 + 50
    size, offset = struct.unpack_from("<II", data, entries + 4)
    assert (size, offset) == (jpeg_parts.end(data), 0)
    size, offset = struct.unpack_from("<II", data, entries + 16 + 4)
    assert data[at + 4 + offset :][:3] == b"\xff\xd8\xff"
    assert at + 4 + offset + size == len(data)


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("format", ["png", "webp", "tiff", "avif", "dng"])
def test_no_trace_where_none_is_held(kind, format):
    photo = read(FILES[kind])
    stream = BytesIO()
    notes = write(photo, stream, format=format)
    assert any(note.startswith("HDR gain map left out") for note in notes)
    assert not [trace for trace in TRACES if trace in stream.getvalue()]


BROKEN = {
    "cut off": FILES["ISO"][: jpeg_parts.end(FILES["ISO"]) + 300],
    "gone": FILES["ISO"][: jpeg_parts.end(FILES["ISO"])],
    "no numbers": gain_maps.ultra_hdr(gain_maps.ADOBE.replace(b'Max="2.0"', b'Max="nan"')),
    "alternate first": gain_maps.ultra_hdr(
        gain_maps.ADOBE.replace(b"hdrgm:V", b'hdrgm:BaseRenditionIsHDR="True" hdrgm:V')
    ),
    "version of another world": gain_maps.ultra_hdr(b"\0\7" + gain_maps.iso()[2:], by="iso"),
    "divided by 0": gain_maps.ultra_hdr(
        gain_maps.iso()[:9] + bytes(4) + gain_maps.iso()[13:], by="iso"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BROKEN)
def test_what_cannot_be_read_leaves_no_promise(kind):
    photo = read(BROKEN[kind])
    assert photo.gain_map is None
    assert any("gain map" in note for note in photo.notes)
    assert not [trace for trace in TRACES if trace in encode(photo)]


def test_other_metadata_stay():
    extra = 'xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="a lamp"'
    data = encode(read(gain_maps.ultra_hdr(extra=extra)))
    assert b'dc:source="a lamp"' in data
    assert data.count(b"GainMapMax") == 1
    assert data.count(b"Semantic=") == 2


CASES = [  # S, G, S′ → H′; offsets 0
    (0.1, 0.0, 0.3, 0.3),  # no gain: as the base
    (0.5, 2.0, 0.9, 2.0),  # a highlight stays
    (0.1, 1.0, 0.4, 0.4),  # lifted over what it was
    (0.5, 1.0, 0.25, 0.5),  # darkened: in both
    (0.5, -1.0, 0.5, 0.25),  # unchanged
    (1.0, 2.0, 1.0, 4.0),
]


@pytest.mark.parametrize(("base", "stops", "new", "wanted"), CASES)
def test_formula(base, stops, new, wanted):
    def flat(number: float, channels: int) -> np.ndarray:
        return np.full((1, 1, channels), number, np.float32)

    nothing = (0.0,) * 3
    found = GainMap(flat(stops, 1), flat(base, 3), (-2.0,) * 3, (2.0,) * 3, nothing, nothing, 0, 2)
    gains = for_picture(found, flat(new, 3)).gains
    assert new * 2 ** gains[0, 0, 0] == pytest.approx(wanted, rel=1e-5)


class Sized(np.ndarray):
    """An array whose size is (width, height), as pi_heif has it."""

    @property
    def size(self):
        return self.shape[1], self.shape[0]


class Heic:
    """What pi_heif says of a picture with an auxiliary image."""

    size = (96, 64)
    info: ClassVar = {"aux": {apple.AUXILIARY: [7]}, "exif": None}

    def get_aux_image(self, number: int) -> Sized:
        assert number == 7
        return gain_maps.samples().view(Sized)


def test_a_map_of_heic():
    found = auxiliary.found(Heic(), gain_maps.apple(3.0), lambda width, height: None)
    assert found is not None
    assert found.headroom == pytest.approx(3.0)
    assert found.gains[4:12, 28:44].mean() == pytest.approx(3.0, abs=0.01)


NOTES = [(0.8, 0.005, 1.7), (0.8, 1.0, 1.5), (1.2, 0.005, 2.65), (1.2, 1.0, 2.0)]


@pytest.mark.parametrize(("headroom", "gain", "stops"), NOTES)
def test_headroom_in_apples_maker_note(headroom, gain, stops):
    def ratio(tag: int, number: float) -> Field:
        return Field(tag, 10, 1, struct.pack(">ii", round(number * 10000), 10000))

    table = ifd.pack(">", [ratio(0x21, headroom), ratio(0x30, gain)], at=14)
    note = b"Apple iOS\0\0\1MM" + table
    blob = pictures.exif(1, note=note)
    assert apple.headroom(blob, None) == pytest.approx(stops, abs=1e-3)
