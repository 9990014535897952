"""Speeds: what is counted, measured in another process, and written."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from relume import methods
from relume.bench.operations import count
from relume.bench.speed import Case, Speed, measure, measure_here
from relume.bench.speed_tables import to_json, to_markdown, to_svg
from relume.cli import main


def test_counts_the_operations_of_pairlie_as_published() -> None:
    card = methods.card("pairlie")
    # 3·(3·64 + 3·64²) + 64·(3 + 1 + 3) kernels of 9, twice, at 240,000 pixels: 163.5 GFLOP, and
    # the rectifiers, sigmoids and the power.
    kernels = 3 * (3 * 64 + 3 * 64**2) + 64 * (3 + 1 + 3)
    products = 2 * 9 * kernels * 400 * 600
    found = count("pairlie", card, 600, 400)
    assert found is not None
    assert products < found < 1.01 * products


@pytest.mark.parametrize("name", [c.name for c in methods.cards() if c.kind == "neural"])
def test_every_network_can_be_counted_and_a_larger_picture_costs_no_less(name: str) -> None:
    card = methods.card(name)
    small, large = count(name, card, 96, 64), count(name, card, 192, 128)
    assert small is not None
    assert large is not None
    assert small <= large


def test_measures_in_a_process_of_its_own() -> None:
    found = measure(Case("gamma", 60, 40, "auto", "fp32"), repeats=3)
    assert found.fault == ""
    assert found.median is not None
    assert found.p95 is not None
    assert 0 < found.median <= found.p95
    assert found.throughput == pytest.approx(2400 / found.median / 1e6)
    assert found.parameters is None


def test_a_case_that_fails_says_why() -> None:
    found = measure_here(Case("gama", 60, 40, "auto", "fp32"), repeats=3, threads=None)
    assert "did you mean gamma" in found["fault"]


RESULTS = [
    Speed(Case("sgz", 600, 400, "onnxruntime", "fp32"), 0.2, 0.0101, 0.02, 30.0, 10_561, 3.5e7),
    Speed(Case("a<b", 600, 400, "openvino", "int8"), fault="no | engine"),
]


def test_tables_and_drawing() -> None:
    lines = to_markdown(RESULTS).splitlines()
    assert lines[2] == (
        "| sgz | 600×400 | onnxruntime | fp32 | 10.1 | 20.0 | 200.0 | 23.8 | 30 | 0.04 | 10,561 |"
    )
    assert "no / engine" in lines[3]
    assert {line.count("|") for line in lines} == {12}
    rows = json.loads(to_json(RESULTS))["speeds"]
    assert rows[0]["median"] == 0.0101
    assert rows[1]["fault"] == "no | engine"
    assert "sgz 600x400" in "".join(ElementTree.fromstring(to_svg(RESULTS)).itertext())
    assert to_svg([RESULTS[1]]).startswith("<svg")


def test_the_verb_refuses_what_it_cannot_measure(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["speed", "gamma", "--size", "big"]) == 2
    assert "expected WIDTHxHEIGHT" in capsys.readouterr().err
    assert main(["speed", "gamma", "--engine", "onnxrun"]) == 2
    assert main(["speed", "gamma", "--precision", "fp8"]) == 2
