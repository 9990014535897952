"""The page of SGZ beside the classical methods is what the records say."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from relume.bench.record import Origin, Record

pytest.importorskip("onnx")

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))
try:
    import beside_sgz
finally:
    sys.path.pop(0)


def record(name: str, key: str, *, seconds: float, psnr: float, row: str = "") -> Record:
    return Record(
        dataset="lol-v1",
        row=row or name,
        key=key,
        origin=Origin("method", name),
        low="",
        high="",
        width=600,
        height=400,
        values={"psnr[plain]": psnr},
        faults={},
        seconds=seconds,
        mebibytes=20.0,
        note="",
        versions={},
        machine="",
    )


def test_each_method_has_its_means_quickest_first() -> None:
    records = [
        record("lime", "a", seconds=0.075, psnr=16.0),
        record("lime", "b", seconds=0.085, psnr=18.0),
        record("lime", "b", seconds=9.0, psnr=90.0, row="lime:exponent=0.5"),
        record("sgz", "a", seconds=0.002, psnr=17.5),
        record("hvr", "a", seconds=0.001, psnr=99.0),
    ]
    lines = beside_sgz.page(records, {"lime": 0.7}).splitlines()
    sgz, lime = lines[-2:]
    assert sgz.startswith("| **sgz** | 2022 | 2.0 | 20 | – | 17.5 | – |")
    assert "10,561" in sgz
    assert "Gop for 600×400" in sgz
    assert lime.startswith("| lime | 2017 | 80.0 | 20 | 700 | 17 | – |")
    assert "hvr" not in lines[-3]


def test_the_page_is_there_and_names_every_classical_method_that_was_measured() -> None:
    text = beside_sgz.PAGE.read_text(encoding="utf-8")
    assert {"| lime |", "| clahe |", "| **sgz** |"} <= set(_starts(text))


def _starts(text: str) -> list[str]:
    return ["|".join(line.split("|")[:2]) + "|" for line in text.splitlines()]
