"""Tables never mix protocols, drop nothing silently, and escape what comes from outside."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from io import StringIO
from math import inf
from pathlib import Path

import numpy as np
import pytest

from relume.bench import board
from relume.bench.page import page
from relume.bench.record import Origin, Record
from relume.bench.table import Table, tables
from relume.bench.thumbnails import LOW, Thumbnails

PSNR, ORACLE, LOE = "psnr[plain]", "psnr[gt-mean]", "loe-100[plain]"


def record(
    row: str, key: str, values: dict[str, float], faults: dict[str, str] | None = None
) -> Record:
    return Record(
        dataset="nights",
        row=row,
        key=key,
        origin=Origin("method", row),
        low="1",
        high=f"{key} high",
        width=4,
        height=3,
        values=values,
        faults=faults or {},
        seconds=0.5,
        mebibytes=2.0,
        note="",
        versions={"relume": "0"},
        machine="a machine",
    )


def made(*, rows: tuple[str, ...] = ("input", "good")) -> list[Record]:
    return [
        record(row, str(key), {PSNR: 10.0 + 5 * place + key / 10, LOE: 7.0 * place, ORACLE: 20.0})
        for place, row in enumerate(rows)
        for key in range(8)
    ]


def test_a_table_for_each_protocol() -> None:
    plain, oracle = tables(made())
    assert [column.name for column in plain.columns] == [PSNR, LOE]
    assert [column.name for column in oracle.columns] == [ORACLE]
    assert "oracle" in oracle.title
    assert "oracle" not in plain.title
    assert any("must not stand beside" in note for note in board.notes(oracle))


def test_files_for_each_protocol(tmp_path: Path) -> None:
    board.write(tables(made()), tmp_path)
    plain = (tmp_path / "pictures.plain.csv").read_text()
    assert "gt-mean" not in plain
    assert "plain" not in (tmp_path / "summary.gt-mean.csv").read_text()
    rows = list(csv.DictReader(StringIO(plain)))
    assert len(rows) == 16
    assert float(rows[-1][PSNR]) == 15.7
    (found,) = csv.DictReader(StringIO((tmp_path / "comparisons.gt-mean.csv").read_text()))
    assert (found["first"], found["second"], float(found["difference"])) == ("input", "good", 0.0)


def marks(table: Table) -> dict[str, list[str]]:
    return {
        line.name: [re.sub(r"[^*≈]", "", cell) for cell in board.cells(table, line)[2:4]]
        for line in table.lines
    }


def test_best_and_equal_are_marked() -> None:
    table = tables(made(rows=("input", "good", "best")))[0]
    # The input is no rival where results are compared with it.
    assert marks(table) == {"input": ["", ""], "good": ["", "*"], "best": ["*", ""]}
    same = [*made(), *(replace(each, row="same") for each in made() if each.row == "good")]
    assert marks(tables(same)[0])["same"] == ["≈", "≈"]


def test_a_row_that_lacks_pictures_is_not_the_best_and_says_so() -> None:
    lucky = [record("lucky", "0", {PSNR: 99.0, LOE: 0.0})]
    lucky += [record("lucky", str(key), {}, {PSNR: "fell over"}) for key in range(1, 8)]
    table = tables([*made(), *lucky])[0]
    line = table.lines[-1]
    assert board.cells(table, line)[1] == "1 of 8"
    assert PSNR not in line.best
    assert any("lucky: 7 excluded" in note and "fell over" in note for note in board.notes(table))


def test_infinity_and_absence_are_shown() -> None:
    table = tables([record("a", "1", {PSNR: inf}), record("b", "1", {}, {PSNR: "no"})])[0]
    assert board.cells(table, table.lines[0])[2].startswith("∞")
    assert board.cells(table, table.lines[1])[2] == "–"
    assert "inf" in board.to_csv(board.summary([table]))
    assert page([table], Thumbnails(Path("none")))


def test_problems_of_the_set_are_notes() -> None:
    table = tables(made(), problems={"nights": ["9.png: no counterpart"]})[0]
    assert "not measured: 9.png: no counterpart" in list(board.notes(table))


def test_markdown_is_a_table_whatever_the_names() -> None:
    text = board.markdown(tables([record("a|b<i>", "1", {PSNR: 1.0})]))
    row = next(line for line in text.splitlines() if line.startswith("| a"))
    assert row.startswith(r"| a\|b\<i\> |")


@pytest.fixture
def thumbnails(tmp_path: Path) -> Thumbnails:
    found = Thumbnails(tmp_path / "thumbnails")
    gray = np.full((30, 500, 3), 90, np.uint8)
    for row in ("good", LOW):
        found.put(gray, dataset="nights", row=row, key="7")
    return found


def test_the_page_is_self_contained(thumbnails: Thumbnails) -> None:
    text = page(tables(made()), thumbnails)
    assert "default-src 'none'" in text
    assert not re.search(r"https?://|<link|<iframe|@import|src=\"(?!data:)", text)
    # The best picture of "good" by each table's first metric that judges, and its dark input.
    assert text.count("data:image/jpeg;base64,") >= 2
    assert text.count("<circle") == 3 * 16
    assert "table class='sortable'" in text


def test_the_page_escapes(thumbnails: Thumbnails) -> None:
    evil = '<script>alert("1")</script>'
    found = replace(
        record(evil, evil, {PSNR: 1.0}, {LOE: evil}), note=evil, dataset=evil, machine=evil
    )
    text = page(tables([found], problems={evil: [evil]}), thumbnails)
    assert "alert(&quot;1&quot;)" in text
    assert "<script>alert" not in text
    assert text.count("<script>") == 1


def test_thumbnails_are_small_and_named_safely(thumbnails: Thumbnails, tmp_path: Path) -> None:
    thumbnails.put(np.zeros((9, 9), np.uint16), dataset="../..", row="/", key="\0")
    assert len(list((tmp_path / "thumbnails").iterdir())) == 3
    assert thumbnails.has(dataset="../..", row="/", key="\0")
    assert thumbnails.uri(dataset="nights", row="good", key="none") == ""
    assert len(thumbnails.uri(dataset="nights", row="good", key="7")) < 8000


def test_pictures_of_one_scene_are_told_and_widen_the_interval() -> None:
    alone = tables(made())[0]
    shared = [replace(each, high=f"scene {int(each.key) // 4}") for each in made()]
    together = tables(shared)[0]
    assert not any("scenes" in note for note in board.notes(alone))
    (told,) = [note for note in board.notes(together) if "scenes" in note]
    assert told.startswith(
        f"{together.of} pictures of {together.scenes} scenes: intervals and tests"
    )
    assert together.scenes < together.of == alone.scenes
