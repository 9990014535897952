"""One HTML page with everything in it: sortable tables, plots, worst and best pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from relume.bench import board
from relume.bench.page_parts import SCRIPT, STYLE
from relume.bench.plot import plot
from relume.bench.record import Record
from relume.bench.statistics import shown_p
from relume.bench.table import SIGNIFICANT, Column, Line, Table
from relume.bench.thumbnails import HIGH, LOW, Thumbnails

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
"""The page can fetch nothing, whatever a file's name holds."""


def page(tables: Sequence[Table], thumbnails: Thumbnails) -> str:
    """Write the page; everything that comes from outside is escaped."""
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            '<meta name="viewport" content="width=device-width">',
            f"<title>relume bench</title><style>{STYLE}</style></head><body><h1>relume bench</h1>",
            f"<p class='note'>{escape(board.LEGEND)}</p>",
            *(part for table in tables for part in _section(table, thumbnails)),
            *_provenance(tables),
            f"<script>{SCRIPT}</script></body></html>\n",
        ]
    )


def _section(table: Table, thumbnails: Thumbnails) -> Iterator[str]:
    yield f"<section><h2>{escape(table.title)}</h2><div class='wide'><table class='sortable'>"
    yield f"<thead><tr>{''.join(f'<th>{escape(t)}</th>' for t in board.headings(table))}</tr>"
    yield "</thead><tbody>"
    for line in table.lines:
        texts = board.cells(table, line)
        orders = [
            line.name,
            str(min((cell.n for cell in line.cells.values()), default=0)),
            *(_order(line, column) for column in table.columns),
            _plain(line.seconds),
            _plain(line.mebibytes),
        ]
        yield "<tr>" + "".join(
            f'<td data-order="{escape(order)}">{escape(text)}</td>'
            for text, order in zip(texts, orders, strict=True)
        )
        yield "</tr>"
    yield "</tbody></table></div>"
    yield "".join(f"<p class='note'>{escape(note)}</p>" for note in board.notes(table))
    for column in table.columns:
        drawn = plot(table, column)
        yield f"<details open><summary>{escape(column.title)} of every picture</summary>{drawn}"
        yield f"{''.join(_matrix(table, column))}</details>"
    yield from _cases(table, thumbnails)
    yield "</section>"


def _order(line: Line, column: Column) -> str:
    found = line.cells.get(column.name)
    return _plain(found.mean if found is not None else None)


def _plain(value: float | None) -> str:
    return "" if value is None else repr(value)


def _matrix(table: Table, column: Column) -> Iterator[str]:
    """Yield the adjusted p of every two rows."""
    found = table.comparisons.get(column.name, [])
    if not found:
        return
    by_pair = {(each.first, each.second): each for each in found}
    names = [line.name for line in table.lines]
    yield "<details><summary>paired tests: mean difference, row − column, and adjusted p</summary>"
    yield "<div class='wide'><table><tr><th></th>"
    yield "".join(f"<th>{escape(name)}</th>" for name in names) + "</tr>"
    for first in names:
        yield f"<tr><th>{escape(first)}</th>"
        for second in names:
            straight, turned = by_pair.get((first, second)), by_pair.get((second, first))
            each = straight or turned
            if each is None:
                yield "<td></td>"
                continue
            difference = each.difference if straight else -each.difference
            kind = "same" if each.adjusted >= SIGNIFICANT else "differs"
            text = f"{column.write(difference)}<br>{escape(shown_p(each.adjusted))}"
            yield f"<td class='{kind}'>{text}</td>"
        yield "</tr>"
    yield "</table></div></details>"


def _cases(table: Table, thumbnails: Thumbnails) -> Iterator[str]:
    """Yield the worst and the best picture of every row by the first metric that judges."""
    column = next((each for each in table.columns if each.direction != "none"), None)
    if column is None:
        return
    yield f"<details><summary>Worst and best by {escape(column.title)}</summary>"
    sign = 1.0 if column.direction == "higher" else -1.0
    for line in table.lines:
        scored = sorted(
            (record for record in line.records if column.name in record.values),
            key=lambda record: sign * record.values[column.name],
        )
        if scored:
            yield f"<h3>{escape(line.name)}</h3><div class='cases'>"
            yield _case("worst", scored[0], column, thumbnails)
            yield _case("best", scored[-1], column, thumbnails)
            yield "</div>"
    yield "</details>"


def _case(which: str, record: Record, column: Column, thumbnails: Thumbnails) -> str:
    shown = ""
    for row, text in ((LOW, "low"), (record.row, "enhanced"), (HIGH, "high")):
        uri = thumbnails.uri(dataset=record.dataset, row=row, key=record.key)
        if uri:
            shown += f'<figure><img src="{uri}" alt=""><figcaption>{text}</figcaption></figure>'
    value = column.write(record.values[column.name])
    note = f", {record.note}" if record.note else ""
    title = escape(f"{which}: {record.key}, {value}{note}")
    return f"<div class='case'><p>{title}</p><div>{shown or 'no thumbnails kept'}</div></div>"


def _provenance(tables: Sequence[Table]) -> Iterator[str]:
    """Yield what made the numbers: weights, knobs, versions, machines."""
    records = [record for table in tables for line in table.lines for record in line.records]
    origins = {
        record.row: (
            record.origin.kind,
            record.origin.name,
            ", ".join(f"{name}={value:g}" for name, value in record.origin.knobs.items()),
            record.origin.weights[:12],
        )
        for record in records
    }
    yield "<section><h2>What made the numbers</h2><div class='wide'><table>"
    yield "<tr><th>row</th><th>kind</th><th>name</th><th>knobs</th><th>weights, sha256</th></tr>"
    for row, facts in origins.items():
        yield f"<tr><td>{escape(row)}</td>"
        yield "".join(f"<td>{escape(fact)}</td>" for fact in facts) + "</tr>"
    yield "</table></div>"
    places = dict.fromkeys(
        (", ".join(f"{name} {value}" for name, value in record.versions.items()), record.machine)
        for record in records
    )
    yield "".join(f"<p class='note'>{escape(v)}; {escape(m)}</p>" for v, m in places) + "</section>"
