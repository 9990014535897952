"""Looks as values: blended number by number, kept as bytes, never as code."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest

from fake.night import night
from relume.card import Card
from relume.errors import ContractError
from relume.looks.look import Look
from relume.looks.several import MAGIC, blend, can_blend, from_bytes, mean, to_bytes
from relume.render import Tone
from relume.runtime import Enhancer, load
from relume.runtime.method import ModuleMethod


def look(method: str = "exposure", *, seed: int = 1) -> Look:
    return load(method).look(night(30, 40, seed=seed))


def test_a_blend_lies_between() -> None:
    method, dark = load("gamma"), night(30, 40)
    first, second = method.look(dark, gamma=0.4), method.look(dark, gamma=0.8)
    assert blend(first, second, 0.25).scalars["transfer.exponent"] == pytest.approx(0.5)
    assert np.array_equal(method.paint(blend(first, second, 0.0), dark), method(dark, gamma=0.4))
    assert np.array_equal(method.paint(blend(first, second, 1.0), dark), method(dark, gamma=0.8))


def test_maps_are_blended_too() -> None:
    first, second = look("relume"), look("relume", seed=2)
    between = mean([first, second, second], [1.0, 2.0, 1.0])
    expected = 0.25 * first.maps["slope"] + 0.75 * second.maps["slope"]
    assert np.allclose(between.maps["slope"], expected, atol=1e-6)
    assert between.maps["slope"].dtype == np.float32


def test_only_looks_of_a_kind_are_blended() -> None:
    assert not can_blend(look("gamma"), look("exposure"))
    assert not can_blend(look("lime"), load("lime").look(night(30, 41)))
    with pytest.raises(ContractError, match="one method, kind and size"):
        blend(look("gamma"), look("he"), 0.5)


@pytest.mark.parametrize("weights", [[], [1.0], [0.0, 0.0], [1.0, -0.5], [float("nan"), 1.0]])
def test_weights_that_make_no_mean(weights: list[float]) -> None:
    with pytest.raises(ContractError, match="weights"):
        mean([look(), look()], weights)


def test_a_changed_look_changes_the_picture() -> None:
    method, dark = load("relume"), night(60, 80)
    seen = method.look(dark, denoise=0.0)
    less = seen.maps["offset"] - np.array([0.2, 0.2, 0.2, 0.0, 0.0], np.float32)  # of the gains
    darker = replace(seen, maps={**seen.maps, "offset": less})
    assert method.paint(darker, dark).mean() < method.paint(seen, dark).mean()


def test_a_network_without_a_rendering_follows_the_line_of_another_look() -> None:
    method, dark = load("pairlie"), night(40, 56)
    seen = method.look(dark)
    brighter = replace(seen, maps={**seen.maps, "offset": seen.maps["offset"] + 0.05})
    out = method.paint(brighter, dark)
    assert float((out - method.paint(seen, dark)).mean()) == pytest.approx(0.05, abs=0.01)
    half = method.paint(brighter, dark, strength=0.5)
    assert np.allclose(half, (dark + out) / 2, atol=0.01)


def test_the_enhancer_looks_and_paints_what_auto_chooses() -> None:
    enhancer, dark = Enhancer(), np.rint(night(60, 80) * 255).astype(np.uint8)
    seen = enhancer.look(dark)
    assert np.array_equal(enhancer.paint(seen, dark), enhancer.array(dark))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no look",
        MAGIC,
        MAGIC + b"{}\n",
        MAGIC + b"[]\n",
        MAGIC + b"{" * 70_000,
    ],
    ids=["empty", "other", "no head", "no fields", "a list", "no end"],
)
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ContractError, match="look"):
        from_bytes(data)


def test_a_look_that_is_cut_off_is_refused() -> None:
    with pytest.raises(ContractError, match="cut off"):
        from_bytes(to_bytes(look("relume"))[:-1])


@pytest.mark.parametrize(
    "function", ["os:getcwd", "relume.io.atomic:replacing", "relume.colour:np"]
)
def test_a_function_of_elsewhere_is_refused(function: str) -> None:
    data = to_bytes(look("gamma")).replace(b"relume.filters.histogram:power", function.encode())
    with pytest.raises(ContractError, match="no function of gamma"):
        from_bytes(data)


def test_a_function_without_a_name_is_painted_and_not_kept() -> None:
    module = ModuleType("nameless")
    module.CARD = Card("nameless", "Nameless", "A closure.", "classical", reach=0)
    module.estimate = lambda picture: Tone(lambda encoded: encoded**0.5)
    method, dark = ModuleMethod(module), night(20, 30)
    seen = method.look(dark)
    assert np.array_equal(method.paint(seen, dark), method(dark))
    with pytest.raises(ContractError, match="partial"):
        to_bytes(seen)
