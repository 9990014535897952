"""Intervals and tests against known values and brute force."""

from __future__ import annotations

from itertools import product
from math import inf, isnan, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relume.bench import statistics
from relume.bench.statistics import compare, holm, signed_rank, summarise


def test_signed_rank_has_the_published_value() -> None:
    # Darwin's plants, the example of SciPy's documentation of `wilcoxon`.
    heights = [6, 8, 14, 16, 23, 24, 28, 29, 41, -48, 49, 56, 60, -67, 75]
    assert signed_rank(heights) == 0.041259765625


@given(st.lists(st.integers(-4, 4), max_size=9))
def test_signed_rank_equals_counting_all_signs(differences: list[int]) -> None:
    kept = [value for value in differences if value]
    sizes = sorted(abs(value) for value in kept)
    ranks = {size: np.mean([i + 1 for i, s in enumerate(sizes) if s == size]) for size in sizes}

    def smaller(signs: tuple[int, ...]) -> float:
        sums = [
            sum(ranks[abs(v)] for v, s in zip(kept, signs, strict=True) if s == side)
            for side in (-1, 1)
        ]
        return min(sums)

    observed = smaller(tuple(int(np.sign(value)) for value in kept))
    signs = list(product((-1, 1), repeat=len(kept)))
    expected = np.mean([smaller(each) <= observed + 1e-9 for each in signs])
    assert signed_rank(differences) == pytest.approx(min(1.0, float(expected)))


def test_signed_rank_of_many_goes_over_into_the_normal_one(monkeypatch: pytest.MonkeyPatch) -> None:
    differences = np.random.default_rng(3).normal(0.3, 1.0, 80)
    exact = signed_rank(differences)
    monkeypatch.setattr(statistics, "EXACT", 10)
    # No correction for continuity: about 2 % at 80 differences.
    assert signed_rank(differences) == pytest.approx(exact, rel=0.05)
    assert signed_rank(differences) != exact


def test_nothing_differs() -> None:
    assert signed_rank([]) == signed_rank([0.0, 0.0]) == 1.0
    assert signed_rank([1.0, 2.0, 3.0, 4.0, 5.0]) == 1 / 16


def test_an_interval_is_that_of_the_mean() -> None:
    values = np.random.default_rng(5).normal(20.0, 3.0, 60).tolist()
    found = summarise(values)
    half = 1.96 * found.deviation / sqrt(60)
    assert found.mean == pytest.approx(np.mean(values))
    assert found.median == pytest.approx(np.median(values))
    assert found.deviation == pytest.approx(np.std(values, ddof=1))
    # The bootstrap's deviation has n where the sample's has n − 1, and a chance of its own.
    assert found.low == pytest.approx(found.mean - half, abs=0.06 * half)
    assert found.high == pytest.approx(found.mean + half, abs=0.06 * half)
    assert summarise(values) == found


def test_one_value_and_infinite_ones() -> None:
    one = summarise([3.0])
    assert (one.n, one.mean, one.low, one.high) == (1, 3.0, 3.0, 3.0)
    assert isnan(one.deviation)
    endless = summarise([10.0, 20.0, inf])
    assert (endless.mean, endless.median, endless.high) == (inf, 20.0, inf)
    assert endless.low < inf
    assert isnan(endless.deviation)


def test_holm() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_rows_are_compared_on_the_pictures_both_have() -> None:
    rows = {
        "a": {str(i): i + 1.0 for i in range(8)},
        "b": {str(i): float(i) for i in range(6)},
        "c": {"x": 1.0},
    }
    (found,) = compare(rows)
    assert (found.first, found.second, found.n) == ("a", "b", 6)
    # Six shares of a sixth sum to one within rounding.
    assert (found.difference, found.low, found.high) == pytest.approx((1.0, 1.0, 1.0), abs=1e-12)
    assert found.p == found.adjusted == 2 / 2**6


def test_two_equal_infinities_do_not_differ() -> None:
    (found,) = compare({"a": {"1": inf, "2": 5.0}, "b": {"1": inf, "2": 4.0}})
    assert (found.difference, found.p) == (0.5, 1.0)
    (found,) = compare({"a": {"1": inf, "2": 5.0}, "b": {"1": 3.0, "2": inf}})
    assert isnan(found.difference)


def test_exposures_of_a_scene_count_as_one() -> None:
    random = np.random.default_rng(0)
    scenes = [f"scene {n // 5}" for n in range(40)]
    values = [5.0 * random.standard_normal()] * 40  # replaced below, five by five alike
    for first in range(0, 40, 5):
        level = 5.0 * random.standard_normal()
        values[first : first + 5] = (level + 0.1 * random.standard_normal(5)).tolist()
    alone, together = summarise(values), summarise(values, scenes=scenes)
    assert together.mean == alone.mean
    # Forty pictures tell no more than eight scenes: the interval is about √5 times as wide.
    ratio = (together.high - together.low) / (alone.high - alone.low)
    assert 1.8 < ratio < 2.7
    means = [float(np.mean(values[first : first + 5])) for first in range(0, 40, 5)]
    assert together.low == pytest.approx(summarise(means).low)
    assert summarise(values, scenes=[str(n) for n in range(40)]) == alone

    rows = {
        "a": {str(n): value for n, value in enumerate(values)},
        "b": {str(n): 0.0 for n in range(40)},
    }
    (plain,) = compare(rows)
    (over,) = compare(rows, scenes={str(n): scene for n, scene in enumerate(scenes)})
    assert over.p == signed_rank(np.array(means))
    assert plain.p < over.p
    assert (over.low, over.high) == (together.low, together.high)


def test_an_infinite_exposure_makes_its_scene_infinite() -> None:
    rows = {"a": {"1": inf, "2": 5.0, "3": 4.0}, "b": {"1": 3.0, "2": 2.0, "3": 5.0}}
    (found,) = compare(rows, scenes={"1": "x", "2": "x", "3": "y"})
    assert found.p == signed_rank(np.array([inf, -1.0]))
