"""The same scene stored in any numbers gives the same result, in the numbers it was stored in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fake import profiles
from fake.night import night
from relume.colour_statement import ASSUMED, Colour, known
from relume.colour_statement.icc_writer import gray_profile, profile
from relume.filters.recolour import Bridge, compiled
from relume.photo import Photo
from relume.runtime import Enhancer
from relume.runtime.working import working

GAMMA_18 = known.named_transfer((known.Parametric(1.8),))
GAMMA_22 = known.named_transfer((known.Parametric(563 / 256),))
WAYS = {
    "sRGB": ASSUMED,
    "Adobe RGB": Colour(known.ADOBE, GAMMA_22, "test"),
    "P3": Colour(known.P3_D65, known.SRGB_CURVE, "test"),
    "ProPhoto": Colour(known.PROPHOTO, GAMMA_18, "test"),
    "linear": Colour(known.BT709, known.LINEAR, "test"),
    "PQ": Colour(known.BT2020, known.PQ, "test"),
    "HLG": Colour(known.BT2020, known.HLG, "test"),
}


def stored(light: np.ndarray, colour: Colour, *, bits: int = 16) -> Photo:
    """Store linear sRGB light, 1 being diffuse white, in the numbers of a colour."""
    own = light @ (np.linalg.inv(colour.primaries.to_pcs()) @ known.BT709.to_pcs()).T
    numbers = colour.transfer.curves[0].encode(np.clip(own, 0.0, colour.transfer.peak))
    dtype = np.uint16 if bits == 16 else np.uint8
    pixels = np.rint(numbers * ((1 << bits) - 1)).astype(dtype)
    icc = None if colour.is_hdr else profile(colour)
    return Photo(pixels, icc=icc, stated=colour)


def light_of(photo: Photo) -> np.ndarray:
    own = photo.colour.transfer.curves[0].decode(photo.pixels / ((1 << photo.bits) - 1))
    return own @ (np.linalg.inv(known.BT709.to_pcs()) @ photo.colour.primaries.to_pcs()).T


def scene() -> np.ndarray:
    return known.SRGB_CURVE.curves[0].decode(night(60, 80).astype(np.float64))


@pytest.mark.parametrize("method", ["gamma", "fusion", "exposure", "lime", "auto"])
@pytest.mark.parametrize("way", WAYS)
def test_one_scene_stored_many_ways_gives_one_result(way, method):
    enhancer = Enhancer(method)
    expected = light_of(enhancer.photo(stored(scene(), ASSUMED)).photo)
    found = light_of(enhancer.photo(stored(scene(), WAYS[way])).photo)
    assert np.abs(found - expected).max() < 0.01
    assert found.mean() == pytest.approx(expected.mean(), rel=0.01)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("way", WAYS)
def test_what_does_not_change_stays_bit_for_bit(way, bits):
    photo = stored(scene(), WAYS[way], bits=bits)
    assert np.array_equal(Enhancer("identity").photo(photo).photo.pixels, photo.pixels)


def test_srgb_costs_nothing():
    photo = stored(scene(), ASSUMED)
    seen = working(photo)
    assert seen.seen is photo.pixels
    assert seen.back(photo.pixels) is photo.pixels


def test_colours_beyond_srgb_stay_as_strong():
    """A saturated P3 red, twice as bright, is the same red: same chromaticity, twice the light."""
    red = np.full((8, 8, 3), (0.30, 0.02, 0.02))  # linear P3, far outside of sRGB
    wide = WAYS["P3"]
    pixels = np.rint(wide.transfer.curves[0].encode(red) * 65535).astype(np.uint16)
    photo = Photo(pixels, icc=profile(wide))
    found = Enhancer("exposure", knobs={"target": 0.0, "ev": 1.0}).photo(photo).photo
    light = wide.transfer.curves[0].decode(found.pixels / 65535)
    assert light == pytest.approx(2 * red, rel=0.03)


@pytest.mark.parametrize("way", ["PQ", "HLG"])
def test_light_above_diffuse_white_stays(way):
    light = scene()
    light[:10] = 3.0  # a lamp of 609 cd/m²
    found = light_of(Enhancer("gamma").photo(stored(light, WAYS[way])).photo)
    assert found[:10] == pytest.approx(3.0, rel=0.01)
    assert found[30:].mean() > 1.5 * light[30:].mean()


def test_gray_pictures_follow_their_curve():
    light = scene()[..., 1]
    wide = WAYS["ProPhoto"]
    enhanced = []
    for colour in (ASSUMED, wide):
        pixels = np.rint(colour.transfer.curves[0].encode(light) * 65535).astype(np.uint16)
        result = Enhancer("gamma").photo(Photo(pixels, icc=gray_profile(colour))).photo
        enhanced.append(colour.transfer.curves[0].decode(result.pixels / 65535))
    assert enhanced[1] == pytest.approx(enhanced[0], abs=0.002)


def test_profiles_of_tables_are_gone_through():
    photo = Photo((scene() ** 0.5 * 255).astype(np.uint8))
    swapped = replace(photo, pixels=photo.pixels[..., ::-1].copy(), icc=profiles.swapped())
    assert swapped.colour.primaries is None
    assert np.abs(working(swapped).seen / 257.0 - photo.pixels).mean() < 3
    bright = Enhancer("gamma").photo(photo).photo.pixels
    found = Enhancer("gamma").photo(swapped).photo.pixels[..., ::-1]
    assert np.abs(found.astype(int) - bright).mean() < 3


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("way", WAYS)
def test_compiled_passes_are_those_of_numpy(way, bits, monkeypatch):
    own = stored(scene(), WAYS[way], bits=bits).pixels
    monkeypatch.delenv("RELUME_KERNEL", raising=False)
    compiled = Bridge(WAYS[way], bits=bits)
    if compiled._code is None:
        pytest.skip("no compiler here")
    monkeypatch.setenv("RELUME_KERNEL", "numpy")
    portable = Bridge(WAYS[way], bits=bits)
    assert portable._code is None
    for given in (own, own[..., 1]):
        seen = portable.seen(given)
        # Single precision may leave a step of the table to one side or the other.
        assert np.abs(compiled.seen(given).astype(int) - seen).max() <= 2
        result = np.minimum(seen.astype(int) * 3 // 2, 65535).astype(np.uint16)
        result[:5] = seen[:5]
        expected = portable.back(given, seen, result)
        found = compiled.back(given, seen, result)
        assert np.array_equal(found[:5], given[:5])
        top = (1 << bits) - 1
        assert np.abs(found.astype(int) - expected).max() <= max(1, top // 4000)
        # What is looked up as whole numbers is what is rounded where something is added.
        nothing = np.zeros(given.shape[:2], np.float32)
        assert np.array_equal(compiled.back(given, seen, result, added=nothing), found)


@pytest.mark.parametrize("call", ["see", "back"])
def test_compiled_passes_refuse_other_buffers(call):
    code = compiled()
    if code is None:
        pytest.skip("no compiler here")
    few, many = np.zeros(5, np.uint8), np.zeros(300, np.uint16)
    given = {
        "see": (few, 1, 3, many, few, many, many),
        "back": (few, many, many, 1, 3, many, few, many, few, many, many, 1.0, few, few),
    }
    with pytest.raises(ValueError, match="expected"):
        getattr(code, call)(*given[call])
