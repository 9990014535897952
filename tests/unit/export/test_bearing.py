"""Which layers are rounded: as many as a tolerance allows, and as few in float32 as it takes."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pytest

from fake.exports import small_source
from fake.networks import SMALL, Small
from relume.arrays import Floats
from relume.export.agreement import SIZES, apart, largest_difference, probes, run_of
from relume.export.bearing import layers_that_bear, runner_of_rounded, sizes_of
from relume.export.fidelity import Yardstick, keep_what_pays
from relume.export.graphs import parse
from relume.export.half import through_half, to_half_storage
from relume.export.integers import observe, through_bytes
from relume.export.interface import interface
from relume.export.onnx import OPSET, least_opset, runner

ERRORS = {"a": 1.0, "b": 0.2, "c": 0.1, "d": 0.4}
SIZES_OF_LAYERS = {"a": 10, "b": 10, "c": 10, "d": 100}


def error_of(layers: Collection[str]) -> float:
    return sum(ERRORS[name] ** 2 for name in layers) ** 0.5


@pytest.mark.parametrize(
    ("tolerance", "expected"),
    [(2.0, "abcd"), (0.5, "bcd"), (0.41999, "cd"), (0.15, "c"), (0.05, ""), (float("nan"), "")],
)
def test_as_many_are_rounded_as_a_tolerance_allows(tolerance: float, expected: str) -> None:
    found = layers_that_bear(
        SIZES_OF_LAYERS, alone=error_of, together=error_of, tolerance=tolerance
    )
    assert found == set(expected)


def test_as_few_stay_in_float32_as_it_takes() -> None:
    asked: list[set[str]] = []

    def attempt(kept: Collection[str]) -> tuple[float, str]:
        asked.append(set(kept))
        rest = [name for name in ERRORS if name not in kept]
        return -20 * np.log10(max(error_of(rest), 1e-9)), "".join(sorted(kept))

    def alone(name: str) -> float:
        return -error_of((name,))

    # a, d and b hurt most: 20 dB need all of these, 12 dB only two.
    assert keep_what_pays(attempt, ERRORS, [], alone=alone, enough=20.0)[1] == "abd"
    said: list[str] = []
    keep_what_pays(attempt, ERRORS, [], alone=alone, enough=20.0, say=said.append)
    assert said[:2] == ["searching: all layers in 8 bits", f"searching: layer 1 of {len(ERRORS)}"]
    assert keep_what_pays(attempt, ERRORS, [], alone=alone, enough=12.0)[1] == "ad"
    asked.clear()
    assert keep_what_pays(attempt, ERRORS, [], alone=alone, enough=-99.0)[1] == ""
    assert asked == [set()]


@pytest.fixture(scope="module")
def small() -> bytes:
    return small_source().to_onnx(OPSET)


def rounded_to_half(values: Floats, *, axis: int) -> Floats:
    return through_half(values)


def test_one_session_rounds_what_it_is_told(small: bytes) -> None:
    network = Small().eval()
    face = interface(network, SMALL)
    rounding = runner_of_rounded(small, rounded_to_half)
    layers = sizes_of(small)
    stored = runner(to_half_storage(small, layers=layers))
    for feeds, _ in probes(face, sizes=SIZES[-3:]):
        exact, found = runner(small)(feeds)[0], rounding(layers)(feeds)[0]
        assert apart(exact, rounding(())(feeds)[0]) < 1e-6
        assert apart(stored(feeds)[0], found) < 1e-6
        assert apart(exact, found) > 1e-6
    difference = largest_difference(run_of(network), face)
    assert 0 < difference(rounding(list(layers)[:1])) <= difference(stored) * 10
    assert np.isnan(difference(lambda feeds: [each * np.nan for each in stored(feeds)]))


def test_values_next_to_a_rounded_layer_take_256_levels(small: bytes) -> None:
    network = Small().eval()
    face = interface(network, SMALL)
    feeds = [each for each, _ in probes(face, sizes=((64, 96),))]
    ranges = observe(parse(small, where="x"), feeds, "minmax")
    rounding = runner_of_rounded(small, through_bytes, ranges=ranges)
    yardstick = Yardstick(run_of(network), feeds).smaller(multiple_of=1)
    layers = sizes_of(small)
    everything = yardstick.measure(rounding(layers))
    assert 25 < everything < 90
    assert all(yardstick.measure(rounding((each,))) >= everything - 3 for each in layers)
    assert yardstick.measure(rounding(())) > 95


def test_bytes_have_a_scale_for_each_channel() -> None:
    values = np.array([[127.0, 63.4], [0.0127, 0.0]], np.float32)
    rounded = through_bytes(values, axis=0)
    # 85 and 42 steps: the products of two neighbours with a byte fit together into 16 bits.
    step = rounded[0, 0] / 85
    assert rounded[0] == pytest.approx([85 * step, 42 * step], rel=1e-6)
    assert np.abs(rounded[0] - values[0]).max() <= step / 2
    assert rounded[1] == pytest.approx(values[1], abs=1e-6)


def test_a_module_may_need_a_newer_opset() -> None:
    network = Small()
    assert least_opset(network) == 18
    next(network.children()).opset = 23  # pyright: ignore[reportAttributeAccessIssue]
    assert least_opset(network) == 23
