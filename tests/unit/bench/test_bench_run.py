"""Whatever a row does, the run goes on and nothing is dropped silently."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from e2e.command import put_photo
from relume.bench.record import Origin, Store
from relume.bench.rows import Product
from relume.bench.run import Step, run
from relume.bench.scoring import scorers
from relume.bench.sets import PictureSet
from relume.data import Pair
from relume.errors import ContractError
from relume.photo import Photo


@dataclass
class FakeRow:
    """A row that makes what it is told to and remembers what it was asked for."""

    make: Callable[[Photo], NDArray[Any]]
    name: str = "fake"
    asked: list[str] = field(default_factory=list[str])

    def origin(self, pair: Pair) -> Origin:
        return Origin("method", self.name)

    def start(self, first: Photo) -> None:
        self.asked.append("start")

    def produce(self, pair: Pair, low: Photo) -> Product:
        self.asked.append(pair.key)
        return Product(self.make(low), 0.1)

    def stop(self) -> None:
        self.asked.append("stop")


@pytest.fixture
def pictures(tmp_path: Path) -> PictureSet:
    pairs: list[Pair] = []
    for key in ("1", "2"):
        low, high = tmp_path / f"low{key}.png", tmp_path / f"high{key}.png"
        put_photo(low)
        put_photo(high, seed=9)
        pairs.append(Pair(key, low, high, key))
    return PictureSet("nights", pairs)


def steps(pictures: PictureSet, row: FakeRow, store: Path, metrics: str = "psnr") -> list[Step]:
    with Store(store) as records:
        return list(run(pictures, [row], scorers(metrics), store=records, show=lambda *_: None))


def not_a_number(low: Photo) -> NDArray[Any]:
    return np.full(low.pixels.shape, np.nan, np.float32)


def broken(low: Photo) -> NDArray[Any]:
    raise ZeroDivisionError("of a plugin")


def refused(low: Photo) -> NDArray[Any]:
    raise ContractError("not this one")


@pytest.mark.parametrize(
    ("make", "part"),
    [
        (not_a_number, "NaN"),
        (broken, "ZeroDivisionError: of a plugin"),
        (refused, "not this one"),
        (lambda low: low.pixels[1:], "nothing is resized"),
    ],
)
def test_a_row_that_fails(
    pictures: PictureSet, tmp_path: Path, make: Callable[[Photo], NDArray[Any]], part: str
) -> None:
    found = steps(pictures, FakeRow(make), tmp_path / "records.jsonl")
    assert [step.record.key for step in found] == ["1", "2"]
    for step in found:
        assert not step.record.values
        assert part in step.record.faults["psnr[plain]"]


def test_only_what_is_missing_is_measured(pictures: PictureSet, tmp_path: Path) -> None:
    store = tmp_path / "records.jsonl"
    row = FakeRow(lambda low: low.pixels)
    first = steps(pictures, row, store)
    assert row.asked == ["start", "1", "2", "stop"]
    row.asked.clear()
    again = steps(pictures, row, store)
    assert row.asked == ["stop"]
    assert [step.record for step in again] == [step.record for step in first]
    assert all(step.reused for step in again)
    both = steps(pictures, row, store, "mae,psnr")
    assert [set(step.record.values) for step in both] == [{"psnr[plain]", "mae[plain]"}] * 2
    row.asked.clear()
    assert all(step.reused for step in steps(pictures, row, store))
    assert row.asked == ["stop"]


def test_a_failure_is_tried_again_and_keeps_what_was_known(
    pictures: PictureSet, tmp_path: Path
) -> None:
    store = tmp_path / "records.jsonl"
    steps(pictures, FakeRow(lambda low: low.pixels), store)
    failed = steps(pictures, FakeRow(broken), store, "psnr,mae")
    assert [set(step.record.values) for step in failed] == [{"psnr[plain]"}] * 2
    assert [set(step.record.faults) for step in failed] == [{"mae[plain]"}] * 2
    mended = steps(pictures, FakeRow(lambda low: low.pixels), store, "psnr,mae")
    assert all(len(step.record.values) == 2 and not step.record.faults for step in mended)


def test_a_result_is_rounded_to_eight_bits(pictures: PictureSet, tmp_path: Path) -> None:
    def between(low: Photo) -> NDArray[Any]:
        return ((low.pixels + 0.4) / 255.0).clip(0, 1).astype(np.float32)

    rounded = steps(pictures, FakeRow(between), tmp_path / "a.jsonl")
    plain = steps(pictures, FakeRow(lambda low: low.pixels), tmp_path / "b.jsonl")
    assert [s.record.values for s in rounded] == [s.record.values for s in plain]
