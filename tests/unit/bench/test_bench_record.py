"""Records survive the trip to a file and back, and a damaged file says where."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from pathlib import Path

import pytest

from relume.bench.record import Origin, Record, Store, digest, from_json, machine, to_json
from relume.errors import ContractError, UnreadableError, UnwritableError

RECORD = Record(
    dataset="nights",
    row="gamma:gamma=0.4",
    key="a/1 – é",
    origin=Origin("method", "gamma", {"gamma": 0.4}, source="ab"),
    low="12",
    high="34",
    width=600,
    height=400,
    values={"psnr[plain]": inf, "ssim-gauss11[plain]": 0.1 + 0.2},
    faults={"loe-100[plain]": "no"},
    seconds=0.25,
    mebibytes=None,
    note="",
    versions={"relume": "0"},
    machine="a machine",
)


def test_json_and_back() -> None:
    line = to_json(RECORD)
    assert "\n" not in line
    assert '"inf"' in line
    assert from_json(line) == RECORD


@pytest.mark.parametrize("line", ["", "{", "[]", "{}", '{"dataset": 1}', "null"])
def test_what_is_no_record(line: str) -> None:
    with pytest.raises(ContractError, match="not a record"):
        from_json(line)


def test_a_key_must_be_text() -> None:
    with pytest.raises(ContractError, match="no text"):
        from_json(to_json(RECORD).replace('"nights"', "7"))


def test_a_store_grows_and_the_newest_counts(tmp_path: Path) -> None:
    path = tmp_path / "deep/records.jsonl"
    better = replace(RECORD, values={**RECORD.values, "mae[plain]": 3.0})
    with Store(path) as store:
        assert store.find(RECORD) is None
        store.add(RECORD)
        store.add(better)
        assert store.find(RECORD) == better
    assert len(path.read_text().splitlines()) == 2
    with Store(path) as store:
        assert store.find(RECORD) == better
    assert path.read_text().splitlines() == [to_json(better)]


@pytest.mark.parametrize(
    "change",
    [{"low": "13"}, {"high": "35"}, {"origin": Origin("method", "gamma", {"gamma": 0.5})}],
)
def test_another_picture_is_not_reused(tmp_path: Path, change: dict[str, object]) -> None:
    with Store(tmp_path / "records.jsonl") as store:
        store.add(RECORD)
        assert store.find(RECORD) == RECORD
        assert store.find(replace(RECORD, **change)) is None  # pyright: ignore


def test_an_unfinished_last_line_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    path.write_text(to_json(RECORD) + "\n" + to_json(RECORD)[:70])
    with Store(path) as store:
        store.add(replace(RECORD, key="2"))
    with Store(path) as store:
        assert store.find(RECORD) == RECORD
        assert store.find(replace(RECORD, key="2")) is not None


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    path.write_text(to_json(RECORD) + "\nwhat is this\n")
    with pytest.raises(ContractError, match=r"line 2.*--overwrite"), Store(path):
        pass
    assert "what is this" in path.read_text()


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnwritableError, match="cannot write"), Store(tmp_path / "file/records"):
        pass


def test_hash_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert digest(tmp_path / "a").startswith("ba7816bf")
    with pytest.raises(UnreadableError, match="cannot be read"):
        digest(tmp_path / "b")


def test_the_machine_is_described_without_its_name() -> None:
    import platform

    assert "cores" in machine()
    assert platform.node() not in machine().split()
