"""`relume plan`: what a run over many pictures will cost, measured on a sample of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from relume.cli import clean
from relume.cli._options import Engine, Json, KnobOption, complete_method, parse_knobs
from relume.cli._runs import ShardsOption
from relume.words import counted

if TYPE_CHECKING:
    from relume.errors import RelumeError
    from relume.scale.cost import Cost

EXAMPLES = """\
relume plan archive/ -r                       # pictures, core-hours and storage
relume plan archive/ -r --cores 64            # and how long that takes on 64 cores
relume plan s3://dashcams/2026/ -r -m sgz -o s3://bright/2026/ --json"""


def plan(
    inputs: Annotated[
        list[str], typer.Argument(metavar="INPUT", help="Folders, or addresses as s3://BUCKET/KEY.")
    ],
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="OUT", help="Where results would go.")
    ] = "out",
    method: Annotated[
        str | None,
        typer.Option(
            "--method", "-m", metavar="NAME", help="As in enhance.", autocompletion=complete_method
        ),
    ] = None,
    knob: KnobOption = None,
    engine: Engine = "auto",
    recursive: Annotated[
        bool, typer.Option("--recursive", "-r", help="Look into folders inside folders.")
    ] = False,
    sample: Annotated[
        int, typer.Option(min=2, metavar="N", help="Pictures to measure, drawn evenly from all.")
    ] = 24,
    cores: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Say how long it takes on so many.")
    ] = None,
    shards: ShardsOption = None,
    on: Annotated[
        str | None, typer.Option("--on", metavar="ray", help="As in enhance; nothing is started.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what a run will cost before it is begun.

    Nothing is written: a sample of the pictures is enhanced and thrown away. Cores like this
    machine's are meant.
    """
    from relume.auto import unless_named
    from relume.cli._raw import results, searched
    from relume.io import SUFFIXES
    from relume.runs.shards import parse_shard
    from relume.runs.treatment import Treatment
    from relume.scale.cost import measure
    from relume.scale.fleet import check_cluster
    from relume.scale.listing import Listing

    if on is not None:  # where it runs changes nothing of what is counted here
        check_cluster(on)
    shard = parse_shard(shards) if shards is not None else None
    knobs = parse_knobs(knob or ())
    treatment = Treatment(method=unless_named(method, knobs), knobs=knobs, engine=engine, threads=1)
    listing = Listing(
        inputs, output, searched(SUFFIXES, None), results("tif"), recursive, shard, tell_folder
    )
    cost = measure(listing, treatment, sample=sample)
    if as_json:
        typer.echo(json.dumps(_facts(cost, cores), indent=2))
    else:
        for line in _lines(cost, cores):
            typer.echo(line)


def tell_folder(error: RelumeError) -> None:
    """Tell of a folder that is left out."""
    typer.echo(f"relume: {clean(str(error))}", err=True)


def _facts(cost: Cost, cores: int | None) -> dict[str, float | int | None]:
    return {
        "pictures": cost.pictures,
        "sampled": len(cost.sample),
        "unreadable": cost.unreadable,
        "megapixels": cost.pictures * cost.mean("megapixels"),
        "core_seconds_per_picture": cost.mean("core_seconds"),
        "core_seconds_interval": cost.error("core_seconds") if len(cost.sample) > 1 else None,
        "core_hours": cost.core_hours,
        "hours": None if cores is None else cost.core_hours / cores,
        "read_bytes": cost.pictures * cost.mean("read_bytes"),
        "written_bytes": cost.pictures * cost.mean("written_bytes"),
        "read_requests": cost.reads,
        "write_requests": cost.writes,
        "list_requests": cost.lists,
    }


def _lines(cost: Cost, cores: int | None) -> list[str]:
    seconds, error = cost.mean("core_seconds"), cost.error("core_seconds")
    share = error / seconds if seconds else 0.0
    spread = len(cost.sample) > 1  # of one picture nothing is known of others
    unit, whole = _time(cost.core_hours)
    lines = [
        f"pictures      {cost.pictures:,}, of {cost.pictures * cost.mean('megapixels'):,.0f} MP",
        f"sampled       {len(cost.sample)}: {_either_side(seconds, error if spread else None, 3)} "
        "core-seconds and "
        f"{cost.mean('megapixels'):.2f} megapixels each",
        f"{f'core-{unit}':<14}{_either_side(whole, whole * share if spread else None, 2)}",
        f"read          {_bytes(cost.pictures * cost.mean('read_bytes'))}",
        f"written       {_bytes(cost.pictures * cost.mean('written_bytes'))}",
    ]
    if cost.unreadable:
        lines.insert(2, f"unreadable    {cost.unreadable} of the sample")
    if cores is not None:
        unit, whole = _time(cost.core_hours / cores)
        lines.append(f"{unit:<14}{whole:,.2f} on {counted(cores, 'core')}, if nothing waits")
    if cost.reads or cost.writes:
        counts = f"{cost.reads:,} to read, {cost.writes:,} to write, {cost.lists:,} to list"
        lines.append(f"requests      {counts}")
    return lines


def _time(hours: float) -> tuple[str, float]:
    """Return hours in the largest unit of which there is at least one, or in seconds."""
    for unit, many in (("hours", 1.0), ("minutes", 60.0)):
        if hours * many >= 1:
            return unit, hours * many
    return "seconds", hours * 3600


def _either_side(number: float, error: float | None, digits: int) -> str:
    """Return a number and how far it may be off, where that is known."""
    told = f"{number:,.{digits}f}"
    return told if error is None else f"{told} ± {error:,.{digits}f}"


def _bytes(count: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:,.3g} PB"
