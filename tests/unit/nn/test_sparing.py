"""Where a picture is not to be lifted: what holds nothing, and what is lit in a night."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch

from relume.methods.relume.network import luma, relight
from relume.nn.sparing import MIDDLE, STANDING, WHOLLY, nothing, toned


@pytest.mark.parametrize(("level", "expected"), [(0, 1.0), (1, 0.94), (2, 0.17), (3, 0.0)])
def test_where_all_is_black_there_is_nothing_to_lift(level, expected):
    """At the floor of 2 half of a place is empty, and so are its surroundings."""
    even = torch.full((1, 1, 48, 48), level / 255)
    assert torch.allclose(nothing(even, floor=2.0), torch.tensor(expected), atol=0.01)
    assert nothing(even, floor=0.0).max() == 0


def test_black_among_what_is_lit_is_a_shadow():
    lit = torch.full((1, 1, 48, 48), 40 / 255)
    lit[..., 10:26, 20:36] = 0  # a ninth
    assert nothing(lit, floor=2.0).max() == 0
    lit[..., 6:, :] = 0
    assert nothing(lit, floor=2.0)[..., 20:, :].min() > 0.99


def lit_in_black(level: float, *, share: float = 0.25) -> torch.Tensor:
    """A frame of level 1 with a ramp up to `level` on a share of it."""
    image = torch.full((1, 3, 48, 48), 1 / 255)
    rows = round(48 * share)
    image[..., :rows, :] = torch.linspace(level / 4, level, 48)
    return image


LIFT = torch.tensor([0.6, 0.6, 0.6, 0.5, -0.8]).reshape(1, 5, 1, 1).expand(1, 5, 48, 48)
"""Maps as the estimate gives for a frame that is mostly black."""


def made_of(image: torch.Tensor, **knobs: float) -> torch.Tensor:
    maps = toned(LIFT, image, highlights=knobs.get("highlights", 0.8), relit=relight)
    return luma(relight(image, maps))


def test_what_is_lit_in_a_night_keeps_its_tone():
    image = lit_in_black(0.7)
    lit = image[:, :1] > 0.1
    plain, found = luma(relight(image, LIFT)), made_of(image)
    assert plain[lit].mean() > 0.75
    assert image[:, :1][lit].mean() < found[lit].mean() < 0.64
    assert (found[0, 0, 0].diff() > 0).all()  # the order of its levels is kept
    assert (made_of(image, highlights=0.0) == plain).all()


@pytest.mark.parametrize("lift", [LIFT, LIFT / 2])
def test_what_is_lit_in_a_night_comes_to_the_middle_however_far_it_was_lifted(lift):
    image = lit_in_black(0.7)
    lit = image[:, :1] > 0.1
    assert luma(relight(image, lift))[lit].mean() > 0.7
    found = luma(relight(image, toned(lift, image, highlights=1.0, relit=relight)))
    # The black around it counts by a seventeenth.
    assert MIDDLE < found[lit].mean() < MIDDLE + 0.09


@pytest.mark.parametrize(
    "image",
    [lit_in_black(0.25), lit_in_black(0.7, share=0.9), torch.full((1, 3, 48, 48), 0.3)],
    ids=["dark everywhere", "hardly any black", "no black"],
)
def test_what_is_no_night_is_lifted_as_before(image):
    assert (made_of(image) == luma(relight(image, LIFT))).all()


def test_a_picture_that_holds_white_is_lifted_less_where_it_is_lit():
    image = torch.full((1, 3, 48, 48), 0.1)
    image[..., :24] = 0.6
    assert (made_of(image) == luma(relight(image, LIFT))).all()
    image[..., :4, :4] = 1.0  # a hundred and forty-fourth of it
    maps = toned(LIFT, image, highlights=0.8, relit=relight)
    assert maps[..., 40, 8] == pytest.approx(LIFT[..., 0, 0] * (1 - 0.8 * STANDING))
    part = 0.8 * STANDING * 0.1 / WHOLLY
    assert maps[..., 40, 40] == pytest.approx(LIFT[..., 0, 0] * (1 - part))


def test_a_wholly_black_frame_has_no_tone_to_keep():
    assert torch.isfinite(made_of(torch.zeros(1, 3, 48, 48))).all()
