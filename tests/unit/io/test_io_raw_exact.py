"""What RAW files state of their samples comes out as light: one table, a row for each statement.

The reasons are sections of DNG 1.7.1.0 (2023).
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest

from fake import dng, raw
from relume.colour import decode_srgb
from relume.errors import UnreadableError
from relume.io import encode, read
from relume.io.inspecting import inspect
from relume.io.metadata import ifd
from relume.io.metadata.ifd import BYTE, Field
from relume.io.raw.plain_mosaic import Sensor
from relume.photo import Photo

HEIGHT, WIDTH = 48, 64
LIGHT = np.empty((HEIGHT, WIDTH, 3))
LIGHT[:, :32], LIGHT[:, 32:] = (0.2, 0.25, 0.3), (0.4, 0.5, 0.6)
GRAY = LIGHT[..., 1]
BAYER = dng.filtered(LIGHT, "RGGB")
NOISE = np.random.default_rng(5).normal(0, 0.004, (HEIGHT, WIDTH))
FLAT_HALVES = np.where(np.arange(WIDTH) < 32, 0.1, 0.8) * np.ones((HEIGHT, 1))


def counts(light, black=0.0, white=65535.0):
    return np.round(black + light * (white - black)).astype(np.uint16)


def shown(data, **options):
    return decode_srgb(read(data, **options).pixels / 65535)


def halves(picture):
    """Means of the left and the right half, away from their border and the edges."""
    across = picture.shape[1]
    left, right = slice(6, across // 2 - 6), slice(across // 2 + 6, across - 6)
    return np.array([picture[6:-6, part].mean(axis=(0, 1)) for part in (left, right)])


PERIOD_4 = np.arange(16).reshape(4, 4) * 7.0 + 200
ROWS = np.arange(HEIGHT) * 0.5
FRACTION = counts(LIGHT * 0.02, 64.9, 1023)
D50 = raw.XYZ_TO_LINEAR_SRGB @ (0.9642, 1, 0.8252)
LARGE = np.repeat(np.repeat(LIGHT, 3, axis=0), 3, axis=1)
HALF = BAYER.astype(np.float16)
SQUARE = np.full((516, 516, 3), [0.3, 0.2, 0.1])
QUAD, NONA = "RRGGRRGGGGBBGGBB", "RRRGGG" * 3 + "GGGBBB" * 3

STATEMENTS = {
    "ch 5: white of linear samples, none of which is there": (
        dng.write(counts(LIGHT)), LIGHT, 1e-3),
    "ch 5: black lowers white, linear samples": (
        dng.write(counts(LIGHT, 528, 4095), dng.shorts(dng.BLACK, *[528] * 3),
                  dng.shorts(dng.WHITE, *[4095] * 3)), LIGHT, 1e-3),
    "ch 4 BlackLevel: one level for all samples of a pixel": (
        dng.write(counts(LIGHT, 528, 4095), dng.shorts(dng.BLACK, 528),
                  dng.shorts(dng.WHITE, 4095)), LIGHT, 1e-3),
    "ch 4 BlackLevel: a fraction": (
        dng.write(dng.filtered(FRACTION, "RGGB"), dng.ratios(dng.BLACK, 64.9),
                  dng.shorts(dng.WHITE, 1023), cfa="RGGB"), (FRACTION - 64.9) / 958.1, 1e-4),
    "ch 4 BlackLevelRepeatDim: 4 × 4 sites": (
        dng.write(counts(BAYER * 60000 / 65535 + np.tile(PERIOD_4, (12, 16)) / 65535),
                  dng.shorts(dng.BLACK_PERIOD, 4, 4), dng.ratios(dng.BLACK, *PERIOD_4.ravel()),
                  dng.shorts(dng.WHITE, round(60000 + PERIOD_4.max())), cfa="RGGB"), LIGHT, 1e-3),
    "ch 4 BlackLevelDeltaV": (
        dng.write(counts(BAYER * 0.9 + (100 + ROWS[:, None]) / 65535),
                  dng.shorts(dng.BLACK, 100), dng.signed(dng.BLACK_ROWS, *ROWS),
                  dng.shorts(dng.WHITE, round(100 + ROWS.max() + 0.9 * 65535)), cfa="RGGB"),
        LIGHT, 1e-3),
    "ch 4 BaselineExposure": (
        dng.write(counts(BAYER / 4), dng.signed(dng.BASELINE_EXPOSURE, 2), cfa="RGGB"),
        LIGHT, 1e-3),
    "ch 4 BaselineExposure, darker": (
        dng.write(counts(LIGHT), dng.signed(dng.BASELINE_EXPOSURE, -1)), LIGHT / 2, 1e-3),
    "ch 6 AsShotNeutral": (
        dng.write(counts(dng.filtered(LIGHT * (0.5, 1, 0.8), "GRBG")),
                  dng.ratios(dng.NEUTRAL, 0.5, 1, 0.8), cfa="GRBG"), LIGHT, 2e-3),
    "ch 6 AsShotWhiteXY: D65, which the camera sees as equal": (
        dng.write(counts(LIGHT), dng.without(dng.NEUTRAL),
                  dng.ratios(dng.WHITE_XY, 0.3127, 0.3290)), LIGHT, 2e-3),
    "ch 6 AsShotWhiteXY: D50": (
        dng.write(counts(LIGHT * D50 / D50.max()),
                  dng.without(dng.NEUTRAL), dng.ratios(dng.WHITE_XY, 0.3457, 0.3585)),
        LIGHT, 4e-3),
    "ch 4 LinearRaw of one sample": (
        dng.write(counts(GRAY, 100, 4095), dng.shorts(dng.BLACK, 100), dng.shorts(dng.WHITE, 4095)),
        GRAY, 1e-3),
    "ch 3 half floats, white is 1": (
        dng.write(HALF, cfa="RGGB"), LIGHT, 1e-3),
    "ch 3 floats, linear, white is stated": (
        dng.write((LIGHT * 7).astype(np.float32), dng.shorts(dng.WHITE, *[7] * 3)), LIGHT, 1e-3),
    "ch 3 floats, far below white": (
        dng.write((BAYER / 32).astype(np.float32), dng.signed(dng.BASELINE_EXPOSURE, 5),
                  cfa="RGGB"), LIGHT, 2e-3),
    "ch 3 floats, deflated with predictor": (
        dng.write(LIGHT.astype(np.float32), dng.shorts(dng.COMPRESSION, 8),
                  dng.shorts(dng.PREDICTOR, 3), coded=dng.predicted(LIGHT.astype(np.float32))),
        LIGHT, 1e-3),
    "ch 3 half floats, deflated with predictor of every second sample": (
        dng.write(HALF, dng.shorts(dng.COMPRESSION, 8), dng.shorts(dng.PREDICTOR, 34894),
                  cfa="RGGB", coded=dng.predicted(HALF, apart=2)), LIGHT, 1e-3),
    "ch 3 floats of 24 bits": (
        dng.write(LIGHT.astype(np.float32), dng.shorts(258, 24, 24, 24),
                  coded=dng.of_24_bits(LIGHT.astype(np.float32))), LIGHT, 1e-3),
    "ch 4 CFAPattern: each colour in blocks of 2 × 2": (
        dng.write(counts(dng.filtered(LIGHT, QUAD)), cfa=QUAD), LIGHT[::2, ::2], 2e-3),
    "ch 4 CFAPattern: each colour in blocks of 3 × 3": (
        dng.write(counts(dng.filtered(LARGE, NONA)), cfa=NONA), LIGHT, 2e-3),
    "ch 4 CFAPattern: a Bayer filter stated as 4 × 4": (
        dng.write(counts(dng.filtered(LIGHT, "BGGR")), cfa="BGBGGRGRBGBGGRGR"), LIGHT, 2e-3),
    "ch 5: a bright wall is no saturation": (
        dng.write(counts(FLAT_HALVES + NOISE), cfa="RGGB"),
        FLAT_HALVES[..., None] * np.ones(3), 2e-3),
    "ch 5: nor is one without noise": (
        dng.write(counts(FLAT_HALVES), cfa="RGGB"), FLAT_HALVES[..., None] * np.ones(3), 2e-3),
    "ch 5: X-Trans, brightest at 0.8": (
        dng.write(counts(dng.filtered(SQUARE / 0.3 * 0.8, dng.X_TRANS)), cfa=dng.X_TRANS),
        SQUARE / 0.3 * 0.8, 2e-3),
}  # fmt: skip


@pytest.mark.parametrize("statement", STATEMENTS)
def test_light_is_as_stated(statement):
    data, light, off = STATEMENTS[statement]
    found = shown(data)
    assert found.shape == light.shape
    assert halves(found) == pytest.approx(halves(light), abs=off)


@pytest.mark.parametrize("exponent", [0.3, 1.0])
@pytest.mark.parametrize("peak", [0.5, 0.76, 0.8, 0.95])
def test_the_brightest_pixel_decides_nothing(peak, exponent):
    ramp = np.linspace(0, 1, WIDTH) ** exponent * peak * np.ones((HEIGHT, 1))
    for data in (
        dng.write(counts(ramp[..., None] * np.ones(3))),
        dng.write(counts(ramp)),
        dng.write(counts(ramp), cfa="RGGB"),
        dng.write(ramp.astype(np.float16), cfa="RGGB"),
        dng.write((ramp[..., None] * np.ones(3)).astype(np.float32)),
    ):
        found = shown(data)
        found = found[..., 1] if found.ndim == 3 else found
        assert found[24, 8:-8] == pytest.approx(ramp[24, 8:-8], abs=0.004)


@pytest.mark.parametrize("gains", [(1, 1, 1), (2, 1, 1.6)])
@pytest.mark.parametrize("spread", [0, 3e-4])
def test_saturation_below_the_stated_level_is_white(gains, spread):
    """Cut off at 0.9 of the level: all sites alike, whatever their colour."""
    light = np.linspace(0, 4, WIDTH)[None, :, None] * np.ones((120, 1, 3))
    seen = np.minimum(dng.filtered(light / np.array(gains), "RGGB"), 0.9)
    seen *= 1 + np.random.default_rng(1).normal(0, 1, seen.shape) * spread
    data = dng.write(
        counts(seen), dng.ratios(dng.NEUTRAL, *(1 / gain for gain in gains)), cfa="RGGB"
    )
    found = shown(data)
    assert found[20, -8:].min() > 0.985
    assert np.ptp(found[20, -8:], axis=1).max() < 0.01


def test_levels_that_were_given_are_believed():
    """A pile at 0.8 in a plain mosaic whose white the user states."""
    light = np.minimum(np.linspace(0, 2, WIDTH), 0.8) * np.ones((HEIGHT, 1))
    sensor = Sensor("RGGB", (64.9,) * 4, 1023)
    stream = np.lib.format.magic(1, 0)
    header = repr({"descr": "<u2", "fortran_order": False, "shape": light.shape}).ljust(117) + "\n"
    data = (
        stream
        + struct.pack("<H", len(header))
        + header.encode()
        + counts(light, 64.9, 1023).tobytes()
    )
    found = shown(data, sensor=sensor, white_balance=(1, 1, 1))
    assert found[20, -8:, 1].mean() == pytest.approx(0.8, abs=0.002)


CROPS = {
    "whole": ((0, 0), (WIDTH, HEIGHT)),
    "even": ((8, 4), (40, 32)),
    "odd": ((7, 5), (41, 33)),
    "fractions": ((7.6, 4.8), (40.2, 32.1)),
}


@pytest.mark.parametrize("crop", CROPS)
@pytest.mark.parametrize("orientation", [1, 6, 3])
@pytest.mark.parametrize("margin", [(0, 0), (4, 2)])
def test_default_crop(crop, orientation, margin):
    """DNG 1.7, chapter 4: DefaultCropOrigin counts from the active area, columns first."""
    (left, top), (width, height) = CROPS[crop]
    down, across = np.indices((HEIGHT, WIDTH))
    light = np.stack([0.1 + down / 200, 0.1 + across / 200, 0.5 - down / 200], -1)
    frame = np.zeros((HEIGHT + margin[0], WIDTH + margin[1]))
    frame[margin[0] :, margin[1] :] = dng.filtered(light, "RGGB")
    data = dng.write(
        counts(frame),
        dng.ratios(dng.CROP_ORIGIN, left, top),
        dng.ratios(dng.CROP_SIZE, width, height),
        dng.shorts(dng.ACTIVE_AREA, *margin, *frame.shape),
        dng.shorts(274, orientation),
        cfa="RGGB",
    )
    top, left, height, width = (round(one) for one in (top, left, height, width))
    wanted = light[top : top + height, left : left + width]
    wanted = {1: wanted, 3: wanted[::-1, ::-1], 6: wanted.swapaxes(0, 1)[:, ::-1]}[orientation]
    facts = inspect(data).facts["raw"]
    whole = (height, width) == (HEIGHT, WIDTH)
    assert facts["crop"] == (None if whole else [top, left, height, width])
    found = shown(data)
    assert found.shape == wanted.shape
    assert np.abs(found - wanted)[4:-4, 4:-4].max() < 4e-3
    mosaic = read(data, want="mosaic").mosaic
    assert mosaic is not None
    assert mosaic.samples.shape == wanted.shape[:2]
    assert np.abs(raw.developed(mosaic) - wanted)[4:-4, 4:-4].max() < 4e-3


FILTERED = [name for name, row in STATEMENTS.items() if struct.pack("<HHI", 33421, 3, 2) in row[0]]


@pytest.mark.parametrize("name", [name for name in FILTERED if "X-Trans" not in name])
def test_the_mosaic_means_the_same(name):
    data, light, off = STATEMENTS[name]
    mosaic = read(data, want="mosaic").mosaic
    assert mosaic is not None
    found = raw.developed(mosaic) * 2**mosaic.baseline_exposure
    assert halves(found) == pytest.approx(halves(light), abs=off)


def test_the_mosaic_carries_the_exposure():
    mosaic = read(STATEMENTS["ch 4 BaselineExposure"][0], want="mosaic").mosaic
    assert mosaic is not None
    assert mosaic.baseline_exposure == 2.0


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_picture_stored_as_dng_has_the_same_light(dtype):
    scale = np.iinfo(dtype).max
    pixels = np.round(np.linspace(0.05, 0.9, 32 * 40 * 3).reshape(32, 40, 3) * scale).astype(dtype)
    found = read(encode(Photo(pixels), format="dng")).pixels / 65535
    assert decode_srgb(found) == pytest.approx(decode_srgb(pixels / scale), abs=1e-4)


def nef(compression: int, note: bytes = b"", first: bytes = bytes(8)) -> bytes:
    inner_at = 8
    inner = ifd.pack("<", [Field(0x927C, 7, len(note), note)], at=inner_at)
    strip_at = inner_at + len(inner)
    table = [
        Field(271, 2, 18, b"NIKON CORPORATION\0"), ifd.field("<", 0x8769, 4, inner_at),
        ifd.field("<", 254, 4, 0), dng.shorts(256, 64), dng.shorts(257, 48), dng.shorts(258, 14),
        dng.shorts(259, compression), dng.shorts(262, 32803), dng.shorts(277, 1),
        ifd.field("<", 273, 4, strip_at), ifd.field("<", 279, 4, 5000),
    ]  # fmt: skip
    strip = first.ljust(5000, b"\7")
    at = strip_at + len(strip)
    return ifd.header("<", at) + inner + strip + ifd.pack("<", table, at=at)


def note(number: int) -> bytes:
    table = ifd.pack("<", [dng.shorts(0x93, number)], at=8)
    return b"Nikon\0\2\x11\0\0" + ifd.header("<", 8) + table


REFUSED = {
    "JPEG XL": (dng.write(counts(LIGHT), dng.shorts(dng.COMPRESSION, 52546)), "JPEG XL"),
    "VC-5": (dng.write(counts(BAYER), dng.shorts(dng.COMPRESSION, 9), cfa="RGGB"), "VC-5"),
    "a filter of no Bayer": (
        dng.write(counts(BAYER), cfa="RGBGGRGBBGRGGBGR"), "repeats every 4 × 4 sites"),
    "Nikon by its maker note": (nef(34713, note(13)), "High Efficiency"),
    "Nikon, smaller": (nef(34713, note(14)), "High Efficiency"),
    "Nikon by its pixels": (nef(34713, first=b"\xff\x10\xff\x50"), "High Efficiency"),
    "floats in another compression": (
        dng.write(BAYER.astype(np.float32), dng.shorts(dng.COMPRESSION, 8),
                  dng.shorts(dng.PREDICTOR, 7), cfa="RGGB",
                  coded=zlib.compress(BAYER.astype(np.float32).tobytes())), "predictor 7"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_refused_with_the_true_reason(kind, tmp_path):
    data, words = REFUSED[kind]
    path = tmp_path / "night.dng"
    path.write_bytes(data)
    with pytest.raises(UnreadableError, match=words):
        read(path)


PACKET = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="5"/></rdf:RDF></x:xmpmeta>"""


@pytest.mark.parametrize(("opcode", "told"), [(9, True), (1, True), (8, False), (4, False)])
def test_lens_corrections_that_are_not_made_are_told(opcode, told):
    opcodes = struct.pack(">5I", 1, opcode, 0x01030000, 1, 4) + bytes(4)
    data = dng.write(counts(BAYER), Field(51009, 7, len(opcodes), opcodes), cfa="RGGB")
    assert any("lens corrections" in note for note in read(data).notes) == told


def test_xmp_and_colour_space_of_a_dng():
    """Exif 3.0, ColorSpace: developed pixels are sRGB whatever the camera was set to."""
    inner = ifd.pack("<", [dng.shorts(0xA001, 2)], at=8)
    data = dng.write(counts(BAYER), Field(dng.XMP, BYTE, len(PACKET), PACKET), cfa="RGGB")
    with_exif = dng.write(
        counts(BAYER),
        ifd.field("<", 0x8769, 4, 8),
        cfa="RGGB",
        coded=inner + counts(BAYER).tobytes(),
    )
    assert b'xmp:Rating="5"' in (read(data).xmp or b"")
    written = ifd.layout(blob := read(with_exif).exif or b"")
    first = ifd.directory(blob, written, written.first)
    (at,) = ifd.numbers(blob, written, first.get(0x8769))
    assert ifd.numbers(blob, written, ifd.directory(blob, written, at).get(0xA001)) == (1,)
