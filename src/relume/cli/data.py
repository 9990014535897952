"""`relume data`: check a copy of a data set, list those that are known, make pairs of one's own."""

from __future__ import annotations

import json
import sys
from collections import Counter
from contextlib import nullcontext
from dataclasses import asdict
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relume.cli import clean
from relume.cli._options import Json, MaxBytes, MaxPixels, limits
from relume.errors import ContractError
from relume.words import counted

if TYPE_CHECKING:
    from relume.data import Problem, Survey
    from relume.data.check import Checked, Look

EXAMPLES = """\
relume data check LOL
relume data check pictures/ --dataset folder-pairs --json
relume data list
relume data synth photos/ -o pairs/ --stops 2,6
relume data synth photos/ -o pairs/ --darkening curve --count 2000 --seed 3"""


class Action(StrEnum):
    """What to do."""

    check = "check"
    list = "list"
    synth = "synth"


def complete_dataset(incomplete: str) -> list[str]:
    """Return the data sets a shell may complete to."""
    from relume.data import datasets

    return [name for name in datasets.names() if name.startswith(incomplete)]


def complete_darkening(incomplete: str) -> list[str]:
    """Return the darkening models a shell may complete to."""
    from relume.data import darkening

    return [name for name in darkening.names() if name.startswith(incomplete)]


def data(
    action: Annotated[
        Action,
        typer.Argument(help="check a copy, list what is known, or make pairs (synth)."),
    ],
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="The copy to check, or the pictures to darken."),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Which data set it is; recognised by its structure if absent.",
            autocompletion=complete_dataset,
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="Where made pairs go.")
    ] = None,
    darkening: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="How pictures are darkened: physical or curve.",
            autocompletion=complete_darkening,
        ),
    ] = "physical",
    count: Annotated[
        int, typer.Option(min=0, metavar="N", help="Pairs to make; 0: one of each picture.")
    ] = 0,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Decides every draw.")] = 0,
    side: Annotated[
        int, typer.Option(min=0, metavar="N", help="Longest side of pairs; 0: as it was.")
    ] = 1200,
    stops: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="Range of missing light, for physical darkening."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Another option of the darkening."),
    ] = None,
    as_json: Json = False,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Pairs at a time.")] = 2,
    max_pixels: MaxPixels = None,
    max_bytes: MaxBytes = None,
) -> None:
    """Check data sets, list known ones, or make dark pairs.

    check finds what is missing, misnamed, misaligned, duplicated, corrupt, or of unequal size. It
    ends with 1 if there are errors; warnings alone end with 0. synth darkens well-exposed pictures
    into low/ and high/ of the output folder; run again, it goes on where it stood.
    """
    if action is Action.list:
        _list(as_json=as_json)
        return
    if folder is None:
        what = "of a data set" if action is Action.check else "of well-exposed pictures"
        raise ContractError(f"relume data {action} needs the folder {what}")
    if action is Action.synth:
        from relume.cli._synth import make_pairs

        make_pairs(
            folder,
            output=output,
            darkening=darkening,
            settings=[*(settings or ()), *([f"stops={stops}"] if stops else ())],
            count=count,
            seed=seed,
            side=side,
            reading=limits(max_pixels=max_pixels, max_bytes=max_bytes),
        )
        return
    from relume.cli._report import progress
    from relume.data import survey
    from relume.data.check import check, duplicates
    from relume.data.pairing import errors
    from relume.io import read

    found = survey(folder, name=dataset)
    reading = partial(read, **limits(max_pixels=max_pixels, max_bytes=max_bytes))
    pairs = found.pairs if found.card.readable else ()
    looked: list[Checked] = []
    with progress(len(pairs)) if sys.stderr.isatty() else nullcontext(lambda: None) as moved:
        for each in check(pairs, read=reading, jobs=jobs):
            looked.append(each)
            moved()
    problems = [
        *found.problems,
        *dict.fromkeys(problem for each in looked for problem in each.problems),
        *duplicates(looked),
    ]
    if as_json:
        typer.echo(json.dumps(_facts(found, looked, problems), indent=2))
    else:
        _tell(found, looked, problems)
    if errors(problems):
        raise typer.Exit(1)


def _tell(found: Survey, looked: list[Checked], problems: list[Problem]) -> None:
    from relume.cli._table import show_table

    splits = Counter(pair.meta["split"] for pair in found.pairs)
    with_high = Counter(pair.meta["split"] for pair in found.pairs if pair.high is not None)
    typer.echo(f"{clean(str(found.root))}: {found.card.title} ({found.card.name})")
    typer.echo(
        ", ".join(
            f"{split}: {counted(count, 'pair' if with_high[split] else 'picture')}"
            for split, count in splits.items()
        )
    )
    if looked:
        show_table(("what", "lowest", "median", "highest"), _statistics(looked))
    elif not found.card.readable:
        typer.echo("names and lists only: its files are RAW and were not opened")
    for problem in problems:
        typer.echo(clean(f"{problem.severity}: {problem.kind}: {problem.message}"))
    counts = Counter(problem.severity for problem in problems)
    typer.echo(f"{counted(counts['error'], 'error')}, {counted(counts['warning'], 'warning')}")


def _statistics(looked: list[Checked]) -> list[tuple[str, ...]]:
    """Return lowest, median and highest of what was measured."""
    lows = [each.low for each in looked if each.low is not None]
    highs = [each.high for each in looked if each.high is not None]
    stops = [each.stops for each in looked if each.stops is not None]
    columns: dict[str, list[float]] = {
        "mean of low": [look.mean for look in lows],
        "mean of high": [look.mean for look in highs],
        "high over low, stops": stops,
        "clipped in low": [look.clipped for look in lows],
        "clipped in high": [look.clipped for look in highs],
    }
    rows = [
        (what, *(f"{value:.3f}" for value in (v[0], v[len(v) // 2], v[-1])))
        for what, values in columns.items()
        if (v := sorted(values))
    ]
    sizes = Counter(f"{look.width} × {look.height}, {look.bits} bit" for look in (*lows, *highs))
    shown = ", ".join(f"{size}: {count}" for size, count in sizes.most_common(3))
    return [*rows, ("sizes", shown + (", …" if len(sizes) > 3 else ""), "", "")]


def _facts(found: Survey, looked: list[Checked], problems: list[Problem]) -> dict[str, Any]:
    return {
        "dataset": found.card.name,
        "root": str(found.root),
        "pairs": len(found.pairs),
        "splits": dict(Counter(pair.meta["split"] for pair in found.pairs)),
        "problems": [{**asdict(problem), "place": str(problem.place)} for problem in problems],
        "files": [
            {
                "key": each.pair.key,
                "meta": dict(each.pair.meta),
                "low": _look(each.pair.low, each.low),
                "high": _look(each.pair.high, each.high),
                "stops": each.stops,
                "shift": each.shift,
            }
            for each in looked
        ],
    }


def _look(path: Path | None, look: Look | None) -> dict[str, Any] | None:
    return None if path is None else {"path": str(path), **(asdict(look) if look else {})}


def _list(*, as_json: bool) -> None:
    from relume.data import datasets

    cards = [datasets.card(name) for name in datasets.names()]
    if as_json:
        typer.echo(json.dumps([asdict(card) for card in cards], indent=2))
        return
    from relume.cli._table import show_table

    show_table(
        ("name", "title", "year", "layout"),
        [(card.name, card.title, str(card.year or ""), card.layout) for card in cards],
    )
