"""SGZ beside the classical methods on one page: time, memory, quality and complexity.

    python benchmarks/beside_sgz.py [--records FILE] [-o FILE]

Nothing is measured here: the page is written from the records of `benchmarks/leaderboard.py` on
LOL-v1 and those of `benchmarks/classical.py` and `enhance.py` at 12 MP. SGZ's paper has such a
table of learned methods; here its rivals are those that need no training.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean, median
from typing import Any

from relume import methods
from relume.bench.operations import count
from relume.bench.record import Record, from_json
from relume.card import Card

HERE = Path(__file__).parent
PAGE = HERE / "beside_sgz.md"
SET, WIDTH, HEIGHT = "lol-v1", 600, 400
NETWORK = "sgz"
QUALITY = {
    "PSNR ↑": "psnr[plain]",
    "SSIM ↑": "ssim-gauss11[plain]",
    "PSNR, mean light ↑": "psnr[gt-mean]",
    "NIQE, own ↓": "niqe-own[plain]",
    "LOE ↓": "loe-100[plain]",
}
"""Heading → the number's name in a record."""
HEAD = """# SGZ beside the classical methods

Written by `python benchmarks/beside_sgz.py` from the records of `leaderboard.py` (LOL-v1, 15 pairs
of 600×400, 8-bit results, defaults of every knob), of `classical.py` and of `enhance.py` (12
megapixels, other runs). Quickest first. ms is the median for a picture, MiB what the method adds at
its peak; complexity is what the work grows with. `niqe-own` is our own model.

"""
HEADINGS = ("method", "year", "ms", "MiB", "ms at 12 MP", *QUALITY, "parameters", "complexity")


def rows(records: Sequence[Record], large: Mapping[str, float]) -> list[tuple[str, ...]]:
    """Return a row for each method that has records, the quickest first; `large` are seconds at
    12 MP."""
    names = [card.name for card in methods.cards() if card.kind == "classical"]
    found: list[tuple[float, tuple[str, ...]]] = []
    for name in (*names, NETWORK):
        own = [each for each in records if each.dataset == SET and each.origin.name == name]
        own = [each for each in own if each.row == name]  # with other knobs, it is another row
        times = [each.seconds for each in own if each.seconds is not None]
        if times:
            found.append((median(times), row(methods.card(name), own, times, large.get(name))))
    return [cells for _, cells in sorted(found)]


def row(
    card: Card, records: Sequence[Record], times: Sequence[float], large: float | None
) -> tuple[str, ...]:
    """Return what the page says of one method."""
    memory = [each.mebibytes for each in records if each.mebibytes is not None]
    quality = [
        fmean(values) if (values := [r.values[key] for r in records if key in r.values]) else None
        for key in QUALITY.values()
    ]
    work = card.cost
    if card.kind == "neural" and (operations := count(card.name, card, WIDTH, HEIGHT)):
        work = f"{work}; {operations / 1e9:.2f} Gop for {WIDTH}×{HEIGHT}"
    return (
        f"**{card.name}**" if card.kind == "neural" else card.name,
        str(card.year or ""),
        f"{1000 * median(times):.1f}",
        f"{median(memory):.0f}" if memory else "–",
        "–" if large is None else f"{1000 * large:.0f}",
        *("–" if value is None else f"{value:.4g}" for value in quality),
        f"{card.parameters:,}" if card.parameters else "0",
        work,
    )


def page(records: Sequence[Record], large: Mapping[str, float]) -> str:
    """Return the whole page."""
    lines = [HEADINGS, ("---",) * len(HEADINGS), *rows(records, large)]
    return HEAD + "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=Path, default=HERE / "records/leaderboard.jsonl")
    parser.add_argument("--large", type=Path, default=HERE / "records/classical_speed.json")
    parser.add_argument("--network", type=Path, default=HERE / "records/enhance.json")
    parser.add_argument("-o", "--output", type=Path, default=PAGE)
    chosen = parser.parse_args()
    records = [from_json(line) for line in chosen.records.read_text().splitlines()]
    newest = {each.place: each for each in records}
    speeds: dict[str, Any] = json.loads(chosen.large.read_text())
    large = {each["method"]: float(each["seconds"]) for each in speeds["methods"]}
    large[NETWORK] = float(json.loads(chosen.network.read_text())["sgz at 12 MP, s"])
    chosen.output.write_text(page(list(newest.values()), large))
    print(chosen.output)


if __name__ == "__main__":
    main()
