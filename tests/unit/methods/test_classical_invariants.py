"""What holds for every classical method: the table of invariants of their specification."""

from __future__ import annotations

import numpy as np
import pytest
from classical import NAMES, SIZES, TOP, night, run
from hypothesis import example, given, settings
from hypothesis import strategies as st

from relume.methods import clahe
from relume.render import Grid, Tiles, apply

seeds = st.integers(0, 2**32 - 1)
sizes = st.sampled_from(SIZES)
dtypes = st.sampled_from(sorted(TOP))

CLIPPED = 7 / 255
"""CLAHE spreads clipped counts over all levels, which moves the level of a constant picture."""
BLACK = {"clahe": CLIPPED}
WHITE = {"clahe": CLIPPED, "dual": 1e-5, "fusion": 1e-5, "lecarm": 1e-6}
"""The rest is rounding: pyramids and quotients of single precision."""

IDENTITIES = {
    "gamma": {"gamma": 1},
    "exposure": {"target": 0, "ev": 0},
    "lime": {"exponent": 1},
    "dual": {"exponent": 1},
    "bimef": {"ratio": 1},
    "lecarm": {"most": 1},
    "fusion": {"stops": 0},
}
GLOBAL_CURVES = ("gamma", "exposure", "he", "auto_gamma", "agcwd", "iagcwd")
NEVER_DARKER = {"gamma": 0, "exposure": 0, "agcwd": 0, "lime": 0, "lecarm": 0, "bimef": 0.0101}
FLIPS = {"lime": 0.02, "bimef": 0.02, "lecarm": 0.02, "fusion": 0.04, "dual": 0.15}
"""Windows of forward differences are centred half a pixel off, and lines run one way first;
pyramids keep every other pixel from the first. Of dual it is single pixels, where the shares of the
fused pictures are quotients of tiny contrasts."""
FLIPS_ON_AVERAGE = 6e-3
TURNS = ((np.flipud, (1, 0)), (np.fliplr, (0, 1)), (lambda x: x.transpose(1, 0, 2), (0, 0)))
"""Turns of a picture, and along which sides each mirrors."""
SAME_CURVE = {"clahe": 1.1, "msrcr": 3, "dual": 3, "bimef": 2}
"""8-bit levels between bytes and floats of the same picture. The default is 1, rounding; entropy
and ranks of differences take steps."""


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=10, deadline=None)
@given(seed=seeds, size=sizes, dtype=dtypes, gray=st.booleans())
def test_keeps_the_frame(name, seed, size, dtype, gray):
    picture = night(seed, size, dtype, gray=gray)
    before = picture.copy()
    result = run(name, picture)
    assert result.shape == picture.shape
    assert result.dtype == picture.dtype
    assert np.isfinite(result).all()
    assert 0 <= result.min() <= result.max() <= TOP[dtype]
    assert np.array_equal(result, run(name, picture))
    assert np.array_equal(picture, before)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (31, 40)])
def test_black_stays_black(name, size):
    assert run(name, np.zeros((*size, 3), np.float32)).max() <= BLACK.get(name, 0)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (31, 40)])
def test_white_stays_white(name, size):
    assert run(name, np.ones((*size, 3), np.float32)).min() >= 1 - WHITE.get(name, 0)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("level", [0.02, 0.3, 0.9])
def test_constant_stays_constant(name, level):
    result = run(name, np.full((31, 40, 3), level, np.float32))
    assert result.max() - result.min() <= (CLIPPED if name == "clahe" else 1e-5)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=8, deadline=None)
@given(seed=seeds, size=sizes)
def test_gray_stays_gray(name, seed, size):
    gray = night(seed, size, gray=True)
    result = run(name, np.repeat(gray[..., None], 3, axis=2))
    assert np.ptp(result, axis=2).max() < 1e-5
    assert np.abs(result[..., 0] - run(name, gray)).max() < 2e-3


@pytest.mark.parametrize("name", IDENTITIES)
@settings(max_examples=10, deadline=None)
@given(seed=seeds, size=sizes)
def test_neutral_knobs_keep_the_picture(name, seed, size):
    picture = night(seed, size)
    assert np.abs(run(name, picture, **IDENTITIES[name]) - picture).max() < 2e-3


@pytest.mark.parametrize("name", GLOBAL_CURVES)
@settings(max_examples=20, deadline=None)
@given(seed=seeds)
def test_one_curve_is_monotone(name, seed):
    levels = np.sort(np.random.default_rng(seed).random((1, 500), np.float32) ** 3)
    assert np.diff(run(name, levels)).min() >= -1e-6  # rounding of single precision


@pytest.mark.parametrize("name", NEVER_DARKER)
@settings(max_examples=15, deadline=None)
@given(seed=seeds, size=sizes)
def test_never_darkens(name, seed, size):
    picture = night(seed, size)
    assert (run(name, picture) - picture).min() >= -NEVER_DARKER[name] - 2e-3


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=3, deadline=None)
@given(seed=seeds)
def test_mirrors_and_turns_with_the_picture(name, seed):
    # Cut into tiles of CLAHE without a rest and not too small, so that these mirror too.
    picture = night(seed, (80, 88))
    result = run(name, picture)
    for turn, mirrored in TURNS:
        turned = np.ascontiguousarray(turn(picture))
        off = np.abs(
            (mirrored_tiles(turned, mirrored) if name == "clahe" else run(name, turned))
            - turn(result)
        )
        assert off.max() <= FLIPS.get(name, 1e-3)
        assert off.mean() <= FLIPS_ON_AVERAGE


def mirrored_tiles(picture: np.ndarray, mirrored: tuple[int, int]) -> np.ndarray:
    """Return CLAHE with tiles that lie half a pixel off the other way: OpenCV lays them so that
    mirroring a picture moves them by a pixel."""
    knobs = {knob.name: knob.default for knob in clahe.CARD.knobs}
    tiles = clahe.estimate(picture, **knobs)
    offset = tuple(
        start + step * turned
        for start, step, turned in zip(tiles.grid.offset, tiles.grid.scale, mirrored, strict=True)
    )
    return apply(Tiles(tiles.tables, Grid(tiles.grid.scale, offset)), picture)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=8, deadline=None)
@given(seed=seeds)
@example(seed=3446918916)  # a luma that lies on half a level
def test_bytes_and_floats_agree(name, seed):
    picture = night(seed, (24, 31), "uint8")
    floats = run(name, picture.astype(np.float32) / np.float32(255))
    off = np.abs(run(name, picture) - 255.0 * floats)
    assert off.max() <= SAME_CURVE.get(name, 1) + 0.5


@pytest.mark.parametrize("name", ["exposure", "auto_gamma", "agcwd", "lime", "msrcp"])
@settings(max_examples=10, deadline=None)
@given(seed=seeds)
def test_keeps_the_hue_away_from_clipping(name, seed):
    """The order of the channels and, for proportional methods, their ratios."""
    picture = night(seed, (16, 16)) * np.float32(0.3) + np.float32(0.05)
    result = run(name, picture)
    inside = result.max(axis=2) < 0.99
    order = np.take_along_axis(result, picture.argsort(axis=2), axis=2)
    assert np.diff(order[inside], axis=1).min() >= -1e-5
