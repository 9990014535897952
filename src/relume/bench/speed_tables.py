"""Measured speeds as Markdown, JSON and a drawing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from html import escape
from math import ceil, floor, log10

from relume.bench.record import machine
from relume.bench.speed import Speed

LEFT, WIDTH, RIGHT, STEP, TOP = 320, 480, 90, 22, 30
"""Pixels: space for names, for bars, for values, per line, for the axis."""
_STYLE = (
    "text{font:12px sans-serif;fill:#333}.grid{stroke:#ddd}.bar{fill:#4a7fb5}"
    ".late{stroke:#333;stroke-width:1.5}"
)


def to_markdown(results: Sequence[Speed]) -> str:
    """Return a table; a case that failed has a line that says why."""
    head = (
        "method", "size", "engine", "precision", "median ms", "p95 ms", "first ms", "MP/s",
        "peak MiB", "Gop", "parameters",
    )  # fmt: skip
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * 4}{'---:|' * 7}"]
    for each in results:
        case = each.case
        cells = [case.name, f"{case.width}×{case.height}", case.engine, case.precision]
        if each.fault:
            cells += [each.fault.replace("|", "/"), *[""] * 6]
        else:
            cells += [
                _milliseconds(each.median),
                _milliseconds(each.p95),
                _milliseconds(each.first),
                _number(each.throughput, 1),
                _number(each.mebibytes, 0),
                _number(None if each.operations is None else each.operations / 1e9, 2),
                "–" if each.parameters is None else f"{each.parameters:,}",
            ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def to_json(results: Sequence[Speed]) -> str:
    """Return everything measured, with the machine it was measured on."""
    rows = [
        {**asdict(each.case), **_plain(each), "throughput": each.throughput} for each in results
    ]
    return json.dumps({"machine": machine(), "speeds": rows}, indent=2)


def _plain(result: Speed) -> dict[str, object]:
    return {name: value for name, value in asdict(result).items() if name != "case"}


def to_svg(results: Sequence[Speed]) -> str:
    """Draw each case as a bar from the axis to its median, with a mark at p95, in equal ratios."""
    shown = [each for each in results if each.median and each.p95]
    if not shown:
        return '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"></svg>'
    low = floor(min(log10(each.median or 1) for each in shown) + 3)
    high = max(ceil(max(log10(each.p95 or 1) for each in shown) + 3), low + 1)

    def x(seconds: float) -> float:
        return LEFT + WIDTH * (log10(seconds * 1000) - low) / (high - low)

    height = TOP + STEP * len(shown) + 6
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + RIGHT} {height}" '
        f'role="img" aria-label="median time of a picture"><style>{_STYLE}</style>'
    ]
    for power in range(low, high + 1):
        place = f"{x(10.0 ** (power - 3)):.1f}"
        parts.append(f'<line class="grid" x1="{place}" x2="{place}" y1="18" y2="{height}"/>')
        parts.append(f'<text x="{place}" y="13" text-anchor="middle">{10.0**power:g} ms</text>')
    for place, each in enumerate(shown):
        y, median, late = TOP + STEP * place, each.median or 0.0, each.p95 or 0.0
        parts.append(
            f'<text x="{LEFT - 8}" y="{y + 13}" text-anchor="end">{escape(str(each.case))}</text>'
            f'<rect class="bar" x="{LEFT}" y="{y + 2}" width="{x(median) - LEFT:.1f}" height="14"/>'
            f'<line class="late" x1="{x(late):.1f}" x2="{x(late):.1f}" y1="{y}" y2="{y + 18}"/>'
            f'<text x="{x(late) + 6:.1f}" y="{y + 13}">{_milliseconds(median)}</text>'
        )
    return "".join([*parts, "</svg>"])


def _milliseconds(seconds: float | None) -> str:
    return _number(None if seconds is None else seconds * 1000, 1)


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"
