"""How long it takes to list a tree of pictures, to plan a run over it, to open their record, and to
find all of them done.

Usage: python benchmarks/fleet.py [--pictures 100000]

The tree is made of empty files in a temporary folder, the results of links to one file per folder.
Core-seconds are this process's; the folder's file system is warm.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
from pathlib import Path
from time import perf_counter, process_time

from relume.io import SUFFIXES
from relume.runs.manifest import Manifest
from relume.runs.manifest_files import manifest_of
from relume.runs.plan import BECOMES, plan
from relume.runs.rows import Ending
from relume.runs.stamp import stamp
from relume.runs.treatment import Treatment
from relume.scale.judging import Judge
from relume.scale.listing import Listing
from relume.scale.tasks import Record

PER_FOLDER = 1000


def make(root: Path, count: int) -> None:
    """Write empty pictures, a thousand in each folder, and a result for each."""
    for number in range(count // PER_FOLDER):
        low, high = root / "in" / f"{number:04}", root / "out" / f"{number:04}"
        for folder in (low, high):
            folder.mkdir(parents=True)
        one = high / ".one"
        one.write_bytes(b"x")
        for index in range(PER_FOLDER):
            (low / f"{index:03}.jpg").touch()
            os.link(one, high / f"{index:03}.jpg")


def main() -> None:
    """Print core-seconds, seconds and megabytes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=100_000)
    count = parser.parse_args().pictures
    settings = Treatment(method="gamma").record()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        make(root, count)
        listing = Listing([f"{root}/in"], f"{root}/out", frozenset(SUFFIXES), BECOMES, True)

        def tell(what: str, core: float, wall: float, found: int) -> None:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            spent = f"{process_time() - core:8.3f} core-s {perf_counter() - wall:8.3f} s"
            print(f"{what:<28}{found:>10,}{spent} {peak:6.0f} MB at most so far")

        core, wall = process_time(), perf_counter()
        tell("listed", core, wall, sum(1 for _ in listing))
        core, wall = process_time(), perf_counter()
        folders = [f"{root}/in"], f"{root}/new"
        made = plan(
            folders[0], output=folders[1], recursive=True, overwrite=False, suffixes=SUFFIXES
        )
        tell("planned on one machine", core, wall, len(made.jobs))
        del made
        with Manifest(manifest_of(root / "out"), root=root / "out") as book:
            book.open_run(settings, command=[])
            for task in listing:
                seen = stamp(Path(task.input))
                book.begin_all([(task.output, task.input, seen, None)])
                there = stamp(Path(task.output))
                book.end(task.output, Ending("done", "0" * 64, there, "0" * 64))
        core, wall = process_time(), perf_counter()
        with Manifest(manifest_of(root / "out"), root=root / "out") as book:
            tell("opened", core, wall, count)
            book.open_run(settings, command=[])
            core, wall = process_time(), perf_counter()
            done = sum(isinstance(one, Record) for one in Judge(book, settings)(listing))
            tell("listed and found to be done", core, wall, done)


if __name__ == "__main__":
    main()
