"""`relume score`: numbers for pictures that are there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relume.cli import clean
from relume.cli._flicker import Csv, Plot, VideoFlag, check_video, show_flicker
from relume.cli._numbers import BLIND, METRICS, Metrics, Parameters, Protocol, for_json, settings
from relume.cli._options import Json
from relume.cli._places import Overwrite
from relume.errors import ContractError
from relume.words import counted

if TYPE_CHECKING:
    from relume.bench.scoring import Scored
    from relume.bench.statistics import Summary

EXAMPLES = """\
relume score bright.png reference.png
relume score results/ eval15/high --metrics psnr,ssim,mae --json
relume score results/ eval15/high --protocol gt-mean
relume score results/ --input eval15/low --metrics niqe-own,piqe,loe
relume score --video bright.mp4 dark.mp4 --csv frames.csv --plot gain.svg
relume score --series even/ --input timelapse/"""


def score(
    enhanced: Annotated[Path, typer.Argument(metavar="ENHANCED", help="A picture or folder.")],
    reference: Annotated[
        Path | None, typer.Argument(metavar="[REFERENCE]", help="What it should look like.")
    ] = None,
    low: Annotated[
        Path | None, typer.Option("--input", metavar="LOW", help="The dark input, which loe needs.")
    ] = None,
    metrics: Metrics = None,
    protocol: Protocol = None,
    parameters: Parameters = None,
    video: VideoFlag = False,
    csv: Csv = None,
    plot: Plot = None,
    series: Annotated[
        bool,
        typer.Option(
            "--series",
            help="The folder is one series: how much its light flickers, --input before.",
        ),
    ] = False,
    as_json: Json = False,
    overwrite: Overwrite = False,
) -> None:
    """Measure pictures, in pairs or alone, and flicker.

    Folders are paired by key: the name without its suffix and role, low00690 is 00690. Nothing is
    resized; pictures of other colours are measured as sRGB, and that is told. Ends with 1 if a
    picture could not be measured.
    """
    asked = {"--metrics": metrics, "--protocol": protocol, "--parameters": parameters}
    check_video(
        [enhanced, *filter(None, (reference, low))],
        {**asked, "--series": series} if video else {"--csv": csv, "--plot": plot},
        is_asked=video,
    )
    if video:
        if reference is not None and low is not None:
            raise ContractError("--video takes one input: ENHANCED LOW, or --input LOW")
        show_flicker(
            enhanced, reference or low, as_json=as_json, table=csv, plot=plot, overwrite=overwrite
        )
        return
    if series:
        _score_series(enhanced, reference or low, as_json=as_json)
        return
    from relume.bench.scoring import score as measure
    from relume.bench.scoring import scorers
    from relume.bench.sets import sides
    from relume.bench.statistics import summarise

    names = metrics or (METRICS if reference is not None else BLIND)
    files = settings(parameters or [], option="--parameters")
    chosen = scorers(
        names, protocol=protocol, files={name: Path(file) for name, file in files.items()}
    )
    found, excluded = sides(enhanced, reference=reference, low=low)
    scored = list(measure(found, chosen))
    summaries = {
        str(each.label): summarise(values)
        for each in chosen
        if (
            values := [
                one.values[str(each.label)] for one in scored if str(each.label) in one.values
            ]
        )
    }
    if as_json:
        _print_json(scored, summaries, excluded)
    else:
        _print(scored, summaries, folder=enhanced.is_dir())
    if _complain(scored, excluded):
        raise typer.Exit(1)


def _score_series(enhanced: Path, low: Path | None, *, as_json: bool) -> None:
    """Tell how much mean log luma varies from picture to picture, before and after."""
    from relume.bench.series import flicker

    folders = {"enhanced": enhanced} if low is None else {"enhanced": enhanced, "input": low}
    found, cuts = flicker(list(folders.values()))
    told = dict(zip(folders, found, strict=True))
    if as_json:
        facts = {name: asdict(one) for name, one in told.items()}
        typer.echo(json.dumps({"series": facts, "cuts": cuts}, indent=2))
        return
    for name, one in told.items():
        typer.echo(
            f"{name:<10}{one.stops:.4f} stops of flicker in {counted(one.pictures, 'picture')}"
        )
    if "input" in told and told["input"].stops > 0:
        typer.echo(f"{'ratio':<10}{told['enhanced'].stops / told['input'].stops:.2f}")
    typer.echo(f"{'cuts':<10}{cuts}, left out")


def _print(scored: Sequence[Scored], summaries: dict[str, Summary], *, folder: bool) -> None:
    if not folder:
        for name, value in scored[0].values.items():
            typer.echo(f"{name:<24}{value:.4f}")
        return
    if not summaries:
        return
    from relume.cli._table import show_table

    show_table(
        ("metric", "n", "mean", "median", "deviation", "95 % interval of the mean"),
        [
            (
                name,
                f"{one.n} of {len(scored)}" if one.n < len(scored) else str(one.n),
                *(f"{number:.4f}" for number in (one.mean, one.median, one.deviation)),
                f"{one.low:.4f} to {one.high:.4f}",
            )
            for name, one in summaries.items()
        ],
    )


def _print_json(
    scored: Sequence[Scored], summaries: dict[str, Summary], excluded: Sequence[str]
) -> None:
    facts = {
        "pictures": [
            {
                "key": one.side.key,
                "enhanced": str(one.side.enhanced),
                "values": {name: for_json(value) for name, value in one.values.items()},
                "faults": dict(one.faults),
                "notes": list(one.notes),
            }
            for one in scored
        ],
        "summary": {
            name: {part: for_json(number) for part, number in asdict(one).items()}
            for name, one in summaries.items()
        },
        "excluded": list(excluded),
    }
    typer.echo(json.dumps(facts, indent=2))


def _complain(scored: Sequence[Scored], excluded: Sequence[str]) -> bool:
    """Tell of everything that has no number, and count it."""
    for message in (*excluded, *(note for one in scored for note in one.notes)):
        typer.echo(f"relume: {clean(message)}", err=True)
    faulty = [one for one in scored if one.faults]
    for one in faulty:
        for why in dict.fromkeys(one.faults.values()):
            named = why if str(one.side.enhanced) in why else f"{one.side.enhanced}: {why}"
            typer.echo(f"relume: {clean(named)}", err=True)
    left_out = len(faulty) + len(excluded)
    if left_out and len(scored) + len(excluded) > 1:
        typer.echo(
            f"relume: {left_out} excluded, {len(scored) - len(faulty)} measured in full", err=True
        )
    return left_out > 0
