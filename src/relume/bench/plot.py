"""A metric's values as dots, one line for each row, as SVG text."""

from __future__ import annotations

from html import escape
from math import isfinite

from relume.bench.table import Column, Table

LEFT, WIDTH, RIGHT, STEP, TOP = 190, 620, 20, 22, 26
"""Pixels: space for names, for dots, at the right, per row, for the axis."""


def plot(table: Table, column: Column) -> str:
    """Draw every picture as a dot that tells its key and value, mean and interval as a bar."""
    lines = [line for line in table.lines if column.name in line.cells]
    values = [
        value
        for line in lines
        for record in line.records
        if isfinite(value := record.values.get(column.name, float("nan")))
    ]
    if not values:
        return ""
    least, most = min(values), max(values)
    span = most - least or 1.0

    def x(value: float) -> str:
        share = (min(max(value, least), most) - least) / span
        return f"{LEFT + share * WIDTH:.1f}"

    height = TOP + STEP * len(lines) + 4
    parts = [
        f'<svg viewBox="0 0 {LEFT + WIDTH + RIGHT} {height}" role="img" '
        f'aria-label="{escape(column.title)} of every picture">'
    ]
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        value = least + share * span
        parts.append(f'<line class="grid" x1="{x(value)}" x2="{x(value)}" y1="18" y2="{height}"/>')
        parts.append(f'<text class="tick" x="{x(value)}" y="12">{column.write(value)}</text>')
    for place, line in enumerate(lines):
        y = TOP + STEP * place + STEP // 2
        found = line.cells[column.name]
        parts.append(f'<text class="name" x="{LEFT - 10}" y="{y + 4}">{escape(line.name)}</text>')
        for record in line.records:
            value = record.values.get(column.name)
            if value is None:
                continue
            tip = escape(f"{line.name}, {record.key}: {column.write(value)}")
            parts.append(f'<circle cx="{x(value)}" cy="{y}" r="3"><title>{tip}</title></circle>')
        if isfinite(found.mean):
            parts.append(
                f'<line class="interval" x1="{x(found.low)}" x2="{x(found.high)}" '
                f'y1="{y}" y2="{y}"/><line class="mean" x1="{x(found.mean)}" '
                f'x2="{x(found.mean)}" y1="{y - 7}" y2="{y + 7}"/>'
            )
    return "".join([*parts, "</svg>"])
