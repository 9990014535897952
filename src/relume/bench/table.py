"""Records become tables: one data set, one protocol, one line for each row."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, isnan

from relume import metrics
from relume.bench.record import INPUT, Record
from relume.bench.statistics import Comparison, Summary, compare, holm, summarise
from relume.metrics.descriptor import Direction
from relume.metrics.label import Label, parse
from relume.metrics.protocol import Protocol, one_protocol
from relume.words import counted

SIGNIFICANT = 0.05
"""Adjusted p under which two rows count as different."""
FEW, TOO_FEW = 30, 10
"""Pictures under which a table says that they are few, or too few."""


@dataclass(frozen=True)
class Column:
    """A metric of a table."""

    label: Label

    @property
    def name(self) -> str:
        return str(self.label)

    @property
    def title(self) -> str:
        """The name without the protocol, which stands above the table."""
        variant = f"-{self.label.variant}" if self.label.variant else ""
        arrow = {"higher": " ↑", "lower": " ↓", "none": ""}[self.direction]
        return f"{self.label.metric}{variant}{arrow}"

    @property
    def direction(self) -> Direction:
        return metrics.metric(self.label.metric).direction

    @property
    def digits(self) -> int:
        """Decimal places: as many as papers print."""
        high = metrics.metric(self.label.metric).high
        if self.label.metric == "psnr":
            return 3
        return 4 if high <= 1.0 or self.label.metric == "lpips" else 2

    def write(self, value: float) -> str:
        """Write a value as the column shows it."""
        return "–" if isnan(value) else f"{value:.{self.digits}f}" if isfinite(value) else "∞"


@dataclass(frozen=True)
class Line:
    """One row of a table."""

    name: str
    records: Sequence[Record]
    cells: dict[str, Summary]
    """Name of the column → summary; absent where no picture has a value."""
    equal: frozenset[str]
    """Columns in which it is the best or cannot be told from the best."""
    best: frozenset[str]
    seconds: float | None
    """Median of a picture."""
    mebibytes: float | None
    """Most of any picture."""

    def excluded(self, column: Column) -> dict[str, str]:
        """Return key → why there is no value."""
        return {
            record.key: record.faults[column.name]
            for record in self.records
            if column.name in record.faults
        }


@dataclass(frozen=True)
class Table:
    """All rows on one data set under one protocol."""

    dataset: str
    protocol: Protocol
    columns: Sequence[Column]
    lines: Sequence[Line]
    comparisons: dict[str, list[Comparison]]
    """Name of the column → every two rows."""
    problems: Sequence[str] = ()
    """Files of the data set that no row was given, a line for each."""
    scenes: int = 0
    """How many there are, where some pictures share one; else as many as pictures."""

    @property
    def of(self) -> int:
        """How many pictures a row has been given."""
        return max(len(line.records) for line in self.lines)

    @property
    def title(self) -> str:
        oracle = ", an oracle: it uses the reference" if self.protocol.oracle else ""
        count = f"{counted(self.of, 'picture')}"
        return f"{self.dataset}, {count}, protocol {self.protocol.name}{oracle}"


def tables(
    records: Iterable[Record],
    *,
    problems: Mapping[str, Sequence[str]] | None = None,
    clean: Mapping[str, Container[str]] | None = None,
) -> list[Table]:
    """Group records by data set and protocol; data sets, rows and metrics keep their order.

    `problems` are files of a data set that became no record; `clean` are the keys of its pictures
    that no training set holds, which get tables of their own.
    """
    unused = problems or {}
    kept = clean or {}
    sets: dict[str, list[Record]] = {}
    for record in records:
        sets.setdefault(record.dataset, []).append(record)
    found: list[Table] = []
    for dataset, members in sets.items():
        names = dict.fromkeys(
            name for record in members for name in (*record.values, *record.faults)
        )
        protocols: dict[str, list[Column]] = {}
        for name in names:
            label = parse(name)
            protocols.setdefault(label.protocol, []).append(Column(label))
        groups = {dataset: members}
        if dataset in kept:
            groups[f"{dataset}, clean"] = [each for each in members if each.key in kept[dataset]]
        found.extend(
            _table(name, columns, group, unused.get(name, ()))
            for columns in protocols.values()
            for name, group in groups.items()
            if group
        )
    return found


def _table(
    dataset: str,
    columns: Sequence[Column],
    records: Sequence[Record],
    problems: Sequence[str],
) -> Table:
    protocol = one_protocol(column.label.protocol for column in columns)
    rows: dict[str, list[Record]] = {}
    for record in records:
        rows.setdefault(record.row, []).append(record)
    # Exposures of one scene share a reference; the pictures of other sets are scenes of their own.
    scenes = {each.key: each.key for each in records}
    scenes |= {each.key: each.high for each in records if each.high}
    comparisons: dict[str, list[Comparison]] = {}
    best: dict[str, str] = {}
    equal: dict[str, set[str]] = {}
    cells: dict[str, dict[str, Summary]] = {row: {} for row in rows}
    for column in columns:
        values = {row: _values(column, members) for row, members in rows.items()}
        values = {row: numbers for row, numbers in values.items() if numbers}
        for row, numbers in values.items():
            of = [scenes[key] for key in numbers]
            cells[row][column.name] = summarise(list(numbers.values()), scenes=of)
        if column.direction == "none" or not values:
            continue
        comparisons[column.name] = compare(values, scenes=scenes)
        best[column.name], equal[column.name] = _first(
            column, values, comparisons[column.name], cells
        )
    lines = [
        Line(
            name=row,
            records=members,
            cells=cells[row],
            equal=frozenset(name for name, alike in equal.items() if row in alike),
            best=frozenset(name for name, first in best.items() if first == row),
            seconds=_median([each.seconds for each in members if each.seconds is not None]),
            mebibytes=max(
                (each.mebibytes for each in members if each.mebibytes is not None), default=None
            ),
        )
        for row, members in rows.items()
    ]
    count = len({*scenes.values()})
    return Table(dataset, protocol, columns, lines, comparisons, problems, scenes=count)


def _first(
    column: Column,
    values: Mapping[str, Mapping[str, float]],
    comparisons: Sequence[Comparison],
    cells: Mapping[str, Mapping[str, Summary]],
) -> tuple[str, set[str]]:
    """Return the best row of a column and those that cannot be told from it."""
    rivals = list(values)
    if metrics.metric(column.label.metric).reference == "input" and len(rivals) > 1:
        rivals = [row for row in rivals if row != INPUT]  # the input equals itself
    most = max(len(values[row]) for row in rivals)
    # A row that lacks pictures may only look good because it lacks the hard ones.
    whole = [row for row in rivals if len(values[row]) == most]
    sign = 1.0 if column.direction == "higher" else -1.0
    best = max(whole, key=lambda row: sign * cells[row][column.name].mean)
    return best, _alike(best, comparisons) & set(rivals)


def _values(column: Column, records: Sequence[Record]) -> dict[str, float]:
    return {each.key: each.values[column.name] for each in records if column.name in each.values}


def _alike(best: str, comparisons: Sequence[Comparison]) -> set[str]:
    """Return the rows that do not differ from the best, corrected for these questions alone."""
    asked = [each for each in comparisons if best in (each.first, each.second)]
    return {
        each.second if each.first == best else each.first
        for each, chance in zip(asked, holm([each.p for each in asked]), strict=True)
        if chance >= SIGNIFICANT
    }


def _median(numbers: Sequence[float]) -> float | None:
    return sorted(numbers)[len(numbers) // 2] if numbers else None
