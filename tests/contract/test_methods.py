"""What every method promises, whatever it is: these tests are parametrised over the registry.

That each gives its golden and verifies is shown by the README's commands, which verify all of them.
"""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fake.night import night
from relume import methods
from relume.card import Card, from_json, settle, to_json
from relume.data.mosaicking import mosaicked
from relume.errors import ContractError, UnknownNameError
from relume.looks.several import blend, from_bytes, mean, to_bytes
from relume.runtime import Method, load
from relume.tiles import fit
from relume.video.small import guide
from relume.video.steady import Sighting, Steady

NAMES = methods.names()
MOSAICS = [name for name in NAMES if methods.card(name).input == "mosaic"]
PICTURES = [name for name in NAMES if name not in MOSAICS]
SIZES = st.sampled_from([1, 2, 3, 5, 7, 8, 13, 16, 31, 64])
TYPES = ["uint8", "uint16", "float32"]


@pytest.fixture(scope="module", params=NAMES)
def method(request: pytest.FixtureRequest) -> Method:
    return load(request.param)


@pytest.fixture(scope="module", params=PICTURES)
def relighter(request: pytest.FixtureRequest) -> Method:
    """A method from picture to picture."""
    return load(request.param)


@pytest.fixture(scope="module", params=MOSAICS)
def developer(request: pytest.FixtureRequest) -> Method:
    """A method from mosaic to picture."""
    return load(request.param)


def scene(method: Method, height: int, width: int) -> np.ndarray:
    """What a method wants to see of a night: the picture, or one sample per site of it."""
    image = night(height, width)
    return mosaicked(image) / 8 if method.card.input == "mosaic" else image


def same(left: np.ndarray, right: np.ndarray, *, within: float) -> None:
    assert left.shape == right.shape
    assert np.abs(left.astype(np.float64) - right.astype(np.float64)).max() <= within


@given(
    height=SIZES,
    width=SIZES,
    dtype=st.sampled_from(TYPES),
    gray=st.booleans(),
)
@settings(max_examples=12, deadline=None)
def test_keeps_the_frame(
    relighter: Method, height: int, width: int, dtype: str, gray: bool
) -> None:
    image = night(height, width)
    if gray:
        image = image[..., 1].copy()
    if dtype != "float32":
        image = np.rint(image * np.iinfo(dtype).max).astype(dtype)
    before = image.copy()
    out = relighter(image)
    assert out.shape == image.shape
    assert out.dtype == image.dtype
    assert np.isfinite(out).all()
    if dtype == "float32":
        assert out.min() >= 0
        assert out.max() <= 1
    assert np.array_equal(image, before), "the input was written to"
    assert np.array_equal(out, relighter(image)), "two runs differ"


@given(height=SIZES, width=SIZES, dtype=st.sampled_from(TYPES))
@settings(max_examples=12, deadline=None)
def test_develops_the_frame(developer: Method, height: int, width: int, dtype: str) -> None:
    plane = scene(developer, height, width)
    if dtype != "float32":
        plane = np.rint(plane * np.iinfo(dtype).max).astype(dtype)
    before = plane.copy()
    out = developer(plane)
    assert out.shape == (height, width, 3)
    assert out.dtype == np.float32
    assert np.isfinite(out).all()
    assert 0 <= out.min() <= out.max() <= 1
    assert np.array_equal(plane, before), "the input was written to"
    assert np.array_equal(out, developer(plane)), "two runs differ"


@pytest.mark.parametrize("dtype", TYPES)
def test_calling_is_looking_and_painting(relighter: Method, dtype: str) -> None:
    image = night(37, 52)
    if dtype != "float32":
        image = np.rint(image * np.iinfo(dtype).max).astype(dtype)
    look = relighter.look(image)
    out = relighter.paint(look, image)
    assert np.array_equal(out, relighter(image))
    kept = from_bytes(to_bytes(look))
    assert np.array_equal(relighter.paint(kept, image), out)
    assert np.array_equal(relighter.paint(blend(look, kept, 0.5), image), out)
    place = image.copy()
    assert relighter.paint(look, place, out=place) is place
    assert np.array_equal(place, out)


def test_a_look_kept_steady_with_itself_is_painted_as_it_is(relighter: Method) -> None:
    image = night(40, 60)
    look, light = relighter.look(image), guide(image)
    steady, seconds = Steady(0.5), [number / 10 for number in range(7)]
    for time in seconds:
        steady.add(Sighting(time, look, light))
    blends = [mean([look] * 7, range(1, 8)), *(steady.at(time, light) for time in seconds)]
    alone = relighter.paint(look, image)
    for blended in blends:
        same(relighter.paint(blended, image), alone, within=1e-3)


def test_a_look_of_a_mosaic_is_its_amplification(developer: Method) -> None:
    plane = scene(developer, 40, 56)
    look = from_bytes(to_bytes(developer.look(plane)))
    same(developer.paint(look, plane), developer(plane), within=1e-5)


def test_a_look_is_painted_over_a_copy_of_another_size(relighter: Method) -> None:
    small = night(40, 60)
    large = np.repeat(np.repeat(small, 2, axis=0), 2, axis=1)
    out = relighter.paint(relighter.look(small), large)
    assert out.shape == large.shape
    near = out.reshape(40, 2, 60, 2, 3).mean(axis=(1, 3))
    # Noise is judged pixel by pixel, and widths of a few pixels mean others there.
    assert np.abs(near - relighter(small)).mean() < 0.03


def test_a_look_of_another_method_is_refused(relighter: Method) -> None:
    image = night(20, 30)
    other = "gamma" if relighter.card.name != "gamma" else "he"
    with pytest.raises(ContractError, match="paints only what it saw"):
        relighter.paint(load(other).look(image), image)


@pytest.mark.parametrize("shape", [(1, 400), (400, 1), (1, 1), (2, 3)])
@pytest.mark.parametrize("level", [0, 60, 255])
def test_flat_pictures_stay_flat(relighter: Method, shape: tuple[int, int], level: int) -> None:
    image = np.full((*shape, 3), level, np.uint8)
    out = relighter(image).astype(int)
    # A network sees the zero padding at the border, so it need not keep a flat picture flat.
    if relighter.card.kind == "classical":
        assert out.max(axis=(0, 1)).tolist() == out.min(axis=(0, 1)).tolist()
    # A network that paints pixels has learned what black and white look like; a map cannot move
    # them. An equaliser with a clip limit spreads clipped counts over all bins: 7 levels of 8 bit.
    maps = relighter.card.kind == "classical" or relighter.card.estimate is not None
    if maps and level == 255:
        assert out.min() >= 255 - 7
    if maps and level == 0:
        assert out.max() <= 7


def test_gray_stays_gray(relighter: Method) -> None:
    if not relighter.card.keeps_gray:
        pytest.skip("its card does not promise it")
    image = np.repeat(night(40, 56)[..., 1:2], 3, axis=2)
    out = relighter(image)
    # Lab and back moves a neutral by up to 2e-3 (classical.md §8).
    assert (out.max(axis=2) - out.min(axis=2)).max() <= 2e-3


def test_float_and_integer_paths_agree(relighter: Method) -> None:
    eight = np.rint(night(50, 70) * 255).astype(np.uint8)
    exact = relighter(eight.astype(np.float32) / np.float32(255)) * 255
    # Rounding the result is half a level; a histogram of 256 bins moves an equaliser by two more.
    same(relighter(eight), exact, within=3.0)
    same(relighter(eight.astype(np.uint16) * 257) / 257.0, exact, within=3.0)


def test_strength_moves_in_proportion(relighter: Method) -> None:
    image = night(30, 40)
    knobs = settle(relighter.card)
    full = relighter.apply(image, knobs=knobs, strength=1.0)
    half = relighter.apply(image, knobs=knobs, strength=0.5)
    same(half, (image + full) / 2, within=2e-6)
    assert np.array_equal(relighter.apply(image, knobs=knobs, strength=0.0), image)


def test_strides_and_read_only_views(method: Method) -> None:
    image = np.rint(scene(method, 33, 45) * 255).astype(np.uint8)
    view = image[::-1, ::-1]
    view.flags.writeable = False
    same(method(view), method(np.ascontiguousarray(view)), within=0)


def test_knobs_work_at_both_ends(method: Method) -> None:
    image = scene(method, 24, 36)
    for knob in method.card.knobs:
        for value in (knob.low, knob.high):
            out = method(image, **{knob.name: value})
            assert np.isfinite(out).all()
            assert 0 <= out.min() <= out.max() <= 1


def test_knobs_out_of_range_are_refused(method: Method) -> None:
    image = scene(method, 4, 4)
    for knob in method.card.knobs:
        for value in (knob.low - 1, knob.high + 1, float("nan")):
            with pytest.raises(ContractError, match=knob.name):
                method(image, **{knob.name: value})
    with pytest.raises(UnknownNameError):
        method(image, **{"no-such-knob": 1.0})


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 4, 3), np.int64),
        np.full((4, 4, 3), np.nan, np.float32),
        np.zeros(4, np.uint8),
    ],
    ids=["two channels", "no rows", "int64", "NaN", "one axis"],
)
def test_other_arrays_are_refused(method: Method, image: np.ndarray) -> None:
    with pytest.raises(ContractError):
        method(image)


def at_full_size(method: Method) -> dict[str, float]:
    """Knobs that make a method run at the picture's own size, where its reach is stated."""
    knobs = settle(method.card)
    if method.card.estimate is not None:
        knobs[method.card.estimate.scale_knob] = 1.0
    if method.card.input == "mosaic":
        knobs["amplification"] = 8.0  # found by itself, it depends on the whole mosaic
    return knobs


def test_influence_ends_at_reach(method: Method) -> None:
    reach = method.card.reach
    if reach is None:
        pytest.skip("sees the whole picture")
    image = scene(method, 2 * reach + 41, 2 * reach + 37)
    poked = image.copy()
    row, column = image.shape[0] // 2, image.shape[1] // 2
    poked[row, column] = 1 - poked[row, column]
    knobs = at_full_size(method)
    changed = np.argwhere((method(poked, **knobs) != method(image, **knobs)).any(axis=2))
    assert np.abs(changed - [row, column]).max(initial=0) <= reach


def test_tiles_equal_whole(relighter: Method) -> None:
    if relighter.card.reach is None:
        pytest.skip("is never tiled")
    image, knobs = night(150, 170), at_full_size(relighter)
    whole = relighter(image, **knobs)
    pieces = fit.run_in_tiles(
        lambda piece: relighter(piece, **knobs),
        image,
        card=relighter.card,
        side=2 * relighter.card.reach + 48,
    )
    # Vector lengths differ between a tile and the whole, and with them the order of sums.
    same(pieces, whole, within=1e-5)


def test_card_survives_json(method: Method) -> None:
    card = method.card
    assert from_json(to_json(card)) == card


def test_card_is_complete(method: Method) -> None:
    card = method.card
    assert card.name in NAMES
    assert card.title
    assert card.summary.endswith(".")
    assert card.cost
    if card.name not in ("identity", "gamma"):
        assert card.year is None or 1980 <= card.year <= 2030
        assert card.paper is None or card.paper.startswith("https://")
    for knob in card.knobs:
        assert knob.low <= knob.default <= knob.high
        assert knob.meaning
    if card.kind == "neural":
        assert card.parameters > 0
        assert card.weights
        assert all(trained.trained_on for trained in card.weights)


def test_knobs_are_the_arguments(method: Method) -> None:
    if method.card.kind != "classical":
        pytest.skip("a graph takes its knobs as inputs")
    module = methods.module(method.card.name)
    work = getattr(module, "estimate", None) or module.enhance
    parameters = list(inspect.signature(work).parameters.values())[1:]
    assert {parameter.name for parameter in parameters} == {knob.name for knob in method.card.knobs}
    assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in parameters)


def test_unknown_method_suggests_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean gamma"):
        load("gama")


def test_cards_are_listed_by_name() -> None:
    cards: tuple[Card, ...] = methods.cards()
    assert [card.name for card in cards] == sorted(card.name for card in cards)
