"""Keep rows of the leaderboard whose method gives the very same pictures after its code moved.

    python benchmarks/same_results.py DATA CHECKOUT [--methods clahe,lime,…] [--pictures 2]

A record counts only for the code it was measured with. CHECKOUT is an older relume with its
kernel built, whose code the records name. Both builds run each method on the smallest pictures of
each set; where all results are equal byte for byte, its records get the key of the present code and
a note that says so, with the seconds and memory of then. Where one sample differs, or the records
are of neither build, the row stays as it is, and leaderboard.py measures it anew.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from leaderboard import RECORDS, SETS

from relume.bench.record import Origin, Record, Store, from_json
from relume.bench.rows import method_rows
from relume.bench.sets import picture_set

WORK = """
import json, sys
from dataclasses import asdict
from hashlib import sha256
from relume import io
from relume.bench.rows import method_rows
from relume.runtime import Enhancer
for name, spec, paths in json.load(sys.stdin):
    row = next(each for each in method_rows(spec) if each.name == name)
    enhancer = Enhancer(row.method, knobs=row.knobs)
    found = [enhancer.photo(io.read(path)).photo.pixels.tobytes() for path in paths]
    origin = asdict(row.origin(None))
    print(json.dumps([name, origin, [sha256(each).hexdigest() for each in found]]), flush=True)
"""
"""Results and origins by the relume on Python's path. Of `origin` methods do not use the pair."""


def results(source: Path, work: list[Any]) -> dict[str, tuple[Origin, list[str]]]:
    """Return row → its origin and the hashes of its results, by the relume in a folder."""
    done = subprocess.run(
        [sys.executable, "-c", WORK],
        input=json.dumps(work),
        env={**os.environ, "PYTHONPATH": str(source.resolve())},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {name: (Origin(**origin), hashes) for name, origin, hashes in lines}


def main() -> None:
    """Compare, and give the records of equal rows their new key."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--methods", default="all")
    parser.add_argument("--pictures", type=int, default=2, help="of each set, the smallest ones")
    parser.add_argument("--sets", default=",".join(SETS), help="whose records are kept")
    chosen = parser.parse_args()
    sets = chosen.sets.split(",")
    pairs = [pair for name in sets for pair in picture_set(name, data=chosen.data).pairs]
    places = {
        name: sorted(
            (pair.low for pair in picture_set(name, data=chosen.data).pairs),
            key=lambda path: path.stat().st_size,
        )[: chosen.pictures]
        for name in sets
    }
    paths = [str(path.resolve()) for each in places.values() for path in each]
    work = [[row.name, row.method, paths] for row in method_rows(chosen.methods)]
    then = results(chosen.checkout / "src", work)
    now = results(Path(__file__).parent.parent / "src", work)
    records = [from_json(line) for line in RECORDS.read_text(encoding="utf-8").splitlines()]
    with Store(RECORDS) as store:
        for name, (origin, hashes) in now.items():
            old, before = then[name]
            mine = [
                record
                for record in records
                if (record.row, record.origin) == (name, old) and record.dataset in sets
            ]
            differ = sum(one != other for one, other in zip(hashes, before, strict=True))
            if differ or len(mine) < len(pairs):
                print(f"{name}: {differ} of {len(paths)} differ, {len(mine)} records of then")
                continue
            for record in mine:
                store.add(_kept(record, origin, of=len(paths)))
            print(f"{name}: {len(mine)} records kept")
    with Store(RECORDS):  # which leaves out what stands there twice
        pass


def _kept(record: Record, origin: Origin, *, of: int) -> Record:
    """Return a record under another key; its numbers are those of then."""
    note = f"measured by an earlier build, of which {of} results are byte for byte the same"
    return replace(record, origin=origin, note=note)


if __name__ == "__main__":
    main()
