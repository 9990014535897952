"""All methods on LOL-v1 and the five unpaired sets: records, and the table of the README.

    python benchmarks/leaderboard.py DATA [-o DIR] [--sets lol-v1] [--limit N]

DATA holds the folders lol-v1, dicm, lime, mef, npe and vv. What the records hold
already, from the same code, weights and pictures, is not measured again. `--sets` measures some
sets and leaves the tables of the others as they were.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from processor import with_column
from progress import counter

from relume.bench import board
from relume.bench.rows import method_rows
from relume.bench.scoring import scorers
from relume.bench.sets import picture_set
from relume.bench.suite import Suite, write
from relume.bench.thumbnails import Thumbnails

HERE = Path(__file__).parent
RECORDS = HERE / "records/leaderboard.jsonl"
TABLE = HERE / "leaderboard.md"
SETS = ("lol-v1", "dicm", "lime", "mef", "npe", "vv")
METRICS = "psnr,ssim,niqe-own,piqe,loe,psnr[gt-mean],ssim[gt-mean]"
HEAD = """# Leaderboard

Written by `python benchmarks/leaderboard.py DATA`; the records are in `records/leaderboard.jsonl`.
`niqe-own` is our own model: its values must not stand beside published NIQE. Knobs are
the defaults of each method for every set. Seconds compare within LOL-v1; the other sets were
measured two at a time. CPU s/MP are the seconds that all threads together take per megapixel, on
one generated picture (`python benchmarks/processor.py`). A row whose code moved since, but whose
results are byte for byte the same, is kept (`python benchmarks/same_results.py`). `hvr`, slow as
it is, is measured on LOL-v1 alone since it has new weights.

"""


def main() -> int:
    """Measure, write the reports, and return 1 if anything was excluded."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("-o", "--output", type=Path, help="also write the page and CSV files there")
    parser.add_argument("--methods", default="auto,all")
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--limit", type=int, help="only the first pictures of each set, to try it")
    arguments = parser.parse_args()
    output = arguments.output or HERE.parent / "out/leaderboard"
    output.mkdir(parents=True, exist_ok=True)
    thumbnails = Thumbnails(output / "thumbnails")
    sets = arguments.sets.split(",")
    suite = Suite(
        [picture_set(name, data=arguments.data, limit=arguments.limit) for name in sets],
        method_rows(arguments.methods),
        scorers(METRICS),
        RECORDS if arguments.limit is None else output / "records.jsonl",
        thumbnails,
    )
    tables = suite.measure(counter(suite.size, every=50))
    write(tables, output, thumbnails)
    if arguments.limit is None:
        board.write_text(TABLE, HEAD + merged(with_column(board.markdown(tables))))
    faults = sum(
        bool(record.faults) for table in tables for line in table.lines for record in line.records
    )
    print(f"{output}: {len(tables)} tables, {faults} records with faults", file=sys.stderr)
    return 1 if faults else 0


def merged(new: str) -> str:
    """Return the tables of `new`, and those of other sets that stand in the file already."""
    intro, fresh = sections(new)
    _, before = sections(TABLE.read_text(encoding="utf-8") if TABLE.exists() else "")
    for name, part in before.items():
        before[name] = with_column(part)
    return "".join((intro, *(before | fresh).values()))


def sections(text: str) -> tuple[str, dict[str, str]]:
    """Split a report into its introduction and its tables by heading."""
    intro, *parts = text.split("\n## ")
    named = {part.partition("\n")[0]: "\n## " + part.rstrip("\n") + "\n" for part in parts}
    return intro, named


if __name__ == "__main__":
    raise SystemExit(main())
