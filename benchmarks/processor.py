"""Processor seconds per megapixel, on one generated picture: a column of the leaderboard.

    python benchmarks/processor.py [--methods auto,all]

The picture is that of enhance.py at 1200×800, two stops too dark, so nobody needs data for it. What
counts is the time of all threads together, which other work on the machine changes less than it
changes the clock; after a first call to warm up, the median of three calls, of fewer where they
take more than MOST seconds. The results go to records/processor.json: rows that are measured take
the place of earlier ones of the same name. leaderboard.py puts them beside its rows.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from statistics import median

from enhance import scene

from relume import Photo
from relume.bench.record import machine
from relume.bench.rows import MethodRow, method_rows
from relume.runtime import Enhancer

RECORDS = Path(__file__).parent / "records/processor.json"
HEIGHT, WIDTH = 800, 1200
REPEATS, MOST = 3, 60.0
TITLE = "CPU s/MP"


def measured(row: MethodRow, photo: Photo) -> dict[str, float | int]:
    """Return processor seconds per megapixel, and of how many calls they are the median."""
    enhancer = Enhancer(row.method, knobs=row.knobs)
    enhancer.photo(photo)
    taken: list[float] = []
    while len(taken) < REPEATS and sum(taken) < MOST:
        start = time.process_time()
        enhancer.photo(photo)
        taken.append(time.process_time() - start)
    return {"seconds": round(median(taken) * 1e6 / (HEIGHT * WIDTH), 5), "calls": len(taken)}


def known() -> dict[str, dict[str, float | int]]:
    """Return what was measured before, by row."""
    return json.loads(RECORDS.read_text(encoding="utf-8"))["rows"] if RECORDS.exists() else {}


def with_column(text: str) -> str:
    """Put the column behind the tables of the leaderboard, or anew where it stands; – where a row
    was not measured."""
    rows, lines, there = known(), list[str](), False
    for line in text.split("\n"):
        if not line.startswith("|"):
            lines.append(line)
            continue
        name = line.removeprefix("| ").partition(" |")[0].replace("\\", "")
        if name == "row":
            there = line.endswith(f" {TITLE} |")
        body = line[: line[:-1].rindex("|") + 1] if there else line
        if name == "row":
            lines.append(f"{body} {TITLE} |")
        elif line.startswith("|---"):
            lines.append(f"{body}--:|")
        else:
            lines.append(f"{body} {rows[name]['seconds']:.3f} |" if name in rows else f"{body} – |")
    return "\n".join(lines)


def main() -> None:
    """Measure rows one after the other, and keep them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--methods", default="auto,all")
    chosen = parser.parse_args()
    photo = Photo(scene(HEIGHT, WIDTH) // 4)
    rows = known()
    for row in method_rows(chosen.methods):
        rows[row.name] = measured(row, photo)
        print(f"{row.name:12} {rows[row.name]['seconds']:9.4f} s/MP", flush=True)
        about = {"machine": machine(), "picture": [HEIGHT, WIDTH], "rows": rows}
        RECORDS.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
