"""Tables as text: for the terminal, as Markdown, as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from pathlib import Path

from relume.bench.statistics import LEVEL
from relume.bench.table import FEW, SIGNIFICANT, TOO_FEW, Column, Line, Table
from relume.io.atomic import replacing
from relume.words import counted

Sheet = list[list[str]]

LEGEND = (
    f"Mean over pictures with its {LEVEL:.0%} bootstrap interval; * is the best row that has all "
    "pictures, ≈ cannot be told from it (Wilcoxon signed-rank test on the pictures both have, "
    f"Holm's correction for the rows, {SIGNIFICANT:.0%}). s is the median time and MiB the peak "
    "memory of one picture: for a method what it adds to the process, for a command its whole "
    "process with reading and writing."
)
"""How tables are read."""


def headings(table: Table) -> list[str]:
    """Return the titles of a table's columns."""
    return ["row", "n", *(column.title for column in table.columns), "s", "MiB"]


def cells(table: Table, line: Line) -> list[str]:
    """Return a row as text: mean and interval of each metric."""
    return [
        line.name,
        _count(table, line),
        *(_cell(line, column) for column in table.columns),
        f"{line.seconds:.3f}" if line.seconds is not None else "–",
        f"{line.mebibytes:.0f}" if line.mebibytes is not None else "–",
    ]


def _count(table: Table, line: Line) -> str:
    fewest = min(
        (line.cells[column.name].n if column.name in line.cells else 0) for column in table.columns
    )
    return str(table.of) if fewest == table.of else f"{fewest} of {table.of}"


def _cell(line: Line, column: Column) -> str:
    found = line.cells.get(column.name)
    if found is None:
        return "–"
    low, high = column.write(found.low), column.write(found.high)
    mark = "*" if column.name in line.best else "≈" if column.name in line.equal else ""
    return f"{column.write(found.mean)}{mark} [{low}, {high}]"


def notes(table: Table) -> Iterator[str]:
    """Yield what a reader must know about a table, and everything that was left out."""
    if table.protocol.oracle:
        yield (
            "These numbers are an oracle's: each result's brightness was set with the help of the "
            "reference. They must not stand beside numbers of another protocol."
        )
    if table.of < TOO_FEW:
        yield "The set is too small: nothing can be concluded from it."
    elif table.of < FEW:
        yield f"{table.of} pictures are few: read the intervals, not the last digits."
    if 0 < table.scenes < table.of:
        yield (
            f"{table.of} pictures of {counted(table.scenes, 'scene')}: intervals and tests are "
            "over scenes, as pictures of one (of one reference) are alike."
        )
    for problem in table.problems:
        yield f"not measured: {problem}"
    for line in table.lines:
        reasons: dict[str, list[str]] = {}
        for column in table.columns:
            for key, why in line.excluded(column).items():
                keys = reasons.setdefault(why, [])
                if key not in keys:
                    keys.append(key)
        for why, keys in reasons.items():
            yield f"{line.name}: {len(keys)} excluded, {_some(keys)}: {why}"
        if (missing := table.of - len(line.records)) > 0:
            yield f"{line.name}: {missing} not measured"


def _some(keys: Sequence[str], most: int = 5) -> str:
    shown = ", ".join(keys[:most])
    return shown if len(keys) <= most else f"{shown} and {len(keys) - most} more"


def markdown(tables: Sequence[Table]) -> str:
    """Write tables as Markdown, one after the other."""
    parts: list[str] = [f"{_plain(LEGEND)}\n"]
    for table in tables:
        parts.append(f"## {_plain(table.title)}\n")
        parts.append(_marked(headings(table)))
        parts.append("|---|--:|" + "--:|" * (len(table.columns) + 2))
        parts.extend(_marked(cells(table, line)) for line in table.lines)
        parts.append("")
        parts.extend(f"{_plain(note)}\n" for note in notes(table))
    return "\n".join(parts)


def _marked(cells: Iterable[str]) -> str:
    return f"| {' | '.join(_plain(cell) for cell in cells)} |"


def _plain(text: str) -> str:
    """Keep names from being read as Markdown."""
    flat = " ".join(text.split())
    for sign in "\\`*_|<>":
        flat = flat.replace(sign, f"\\{sign}")
    return flat


def per_picture(tables: Sequence[Table]) -> Sheet:
    """Return every number of tables of one protocol, a line for each row and picture."""
    columns = list(dict.fromkeys(column for table in tables for column in table.columns))
    sheet = [
        ["dataset", "row", "key", "width", "height"]
        + [column.name for column in columns]
        + ["seconds", "mebibytes", "note", "excluded"]
    ]
    for table in tables:
        for line in table.lines:
            for record in line.records:
                wrong = {
                    record.faults[column.name] for column in columns if column.name in record.faults
                }
                sheet.append(
                    [table.dataset, line.name, record.key, str(record.width), str(record.height)]
                    + [_number(record.values.get(column.name)) for column in columns]
                    + [_number(record.seconds), _number(record.mebibytes), record.note]
                    + ["; ".join(sorted(wrong))]
                )
    return sheet


def summary(tables: Sequence[Table]) -> Sheet:
    """Return mean, median, deviation and interval, a line for each row and metric."""
    head = ["dataset", "protocol", "row", "metric", "n", "of"]
    head += ["mean", "median", "deviation", "low", "high"]
    return [head] + [
        [table.dataset, table.protocol.name, line.name, column.name]
        + [str(found.n), str(table.of)]
        + [
            _number(value)
            for value in (found.mean, found.median, found.deviation, found.low, found.high)
        ]
        for table in tables
        for line in table.lines
        for column in table.columns
        if (found := line.cells.get(column.name)) is not None
    ]


def comparisons(tables: Sequence[Table]) -> Sheet:
    """Return the paired test of every two rows, a line for each pair and metric."""
    head = ["dataset", "protocol", "metric", "first", "second", "n"]
    head += ["difference", "low", "high", "p", "adjusted"]
    return [head] + [
        [table.dataset, table.protocol.name, name, found.first, found.second, str(found.n)]
        + [
            _number(value)
            for value in (found.difference, found.low, found.high, found.p, found.adjusted)
        ]
        for table in tables
        for name, all_found in table.comparisons.items()
        for found in all_found
    ]


def _number(value: float | None) -> str:
    return "" if value is None else repr(value)


def to_csv(sheet: Sheet) -> str:
    """Write a sheet as CSV."""
    stream = StringIO()
    csv.writer(stream, lineterminator="\n").writerows(sheet)
    return stream.getvalue()


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all. Raises: UnwritableError."""
    with replacing(path) as stream:
        stream.write(text.encode())


def write(tables: Sequence[Table], folder: Path) -> None:
    """Write all tables into a folder; those of different protocols never into one CSV file.

    Raises: UnwritableError.
    """
    write_text(folder / "board.md", markdown(tables))
    for protocol in dict.fromkeys(table.protocol.name for table in tables):
        of_one = [table for table in tables if table.protocol.name == protocol]
        for name, sheet in (
            ("pictures", per_picture(of_one)),
            ("summary", summary(of_one)),
            ("comparisons", comparisons(of_one)),
        ):
            write_text(folder / f"{name}.{protocol}.csv", to_csv(sheet))
