"""What `relume score --video` prints, writes and draws."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from relume.cli._places import check_free
from relume.cli._table import show_table
from relume.errors import ContractError, UnwritableError
from relume.words import counted

if TYPE_CHECKING:
    from relume.video.flicker import Flicker, Row

VideoFlag: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--video",
        help="Measure the flicker of a video; its input, if given, takes the place of REFERENCE.",
    ),
]
Csv: TypeAlias = Annotated[
    Path | None,
    typer.Option("--csv", metavar="FILE", help="Numbers of every frame."),
]
Plot: TypeAlias = Annotated[
    Path | None,
    typer.Option("--plot", metavar="FILE.svg", help="Gain and light over time, drawn."),
]
_NAMES = {
    "flicker": "flicker of the gain, RMS under 1 s",
    "own": "flicker of the light, RMS under 1 s",
    "mabd": "mean brightness difference",
    "warping": "warping error",
}


def check_video(paths: Sequence[Path], others: Mapping[str, object], *, is_asked: bool) -> None:
    """Raise ContractError for a video without --video, and for options of the other kind."""
    from relume.video.suffixes import SUFFIXES

    for option, value in others.items():
        if value:
            words = "does not go with" if is_asked else "is for"
            raise ContractError(f"{option} {words} --video")
    film = next((path for path in paths if path.suffix.lower() in SUFFIXES), None)
    if not is_asked and film is not None and film.is_file():
        raise ContractError(f"{film} is a video: --video measures its flicker")


def _check_targets(inputs: Sequence[Path | None], table: Path | None, plot: Path | None) -> None:
    """Raise before anything is measured where what is asked for could not be written, or would
    take the place of a video."""
    if plot is not None and plot.suffix.lower() != ".svg":
        raise ContractError(f"--plot {plot}: an SVG is drawn, name it FILE.svg")
    seen = {path.resolve(): f"{path} is an input" for path in inputs if path is not None}
    for option, path in (("--csv", table), ("--plot", plot)):
        if path is None:
            continue
        if path.resolve() in seen:
            raise ContractError(f"{option} {path}: {seen[path.resolve()]}; choose another name")
        if not path.parent.is_dir():
            raise UnwritableError(f"cannot write {path}: there is no folder {path.parent}")
        if not os.access(path.parent, os.W_OK):
            raise UnwritableError(f"cannot write {path}: permission denied")
        seen[path.resolve()] = f"{option} goes there already"


def show_flicker(
    enhanced: Path,
    low: Path | None,
    *,
    as_json: bool,
    table: Path | None,
    plot: Path | None,
    overwrite: bool,
) -> None:
    """Measure, print, and write what was asked for."""
    from relume.io.atomic import replacing
    from relume.video.flicker import measure
    from relume.video.options import MAX_PIXELS

    _check_targets((enhanced, low), table, plot)
    check_free(table, plot, overwrite=overwrite)
    found = measure(enhanced, low, max_pixels=MAX_PIXELS)
    if as_json:
        typer.echo(json.dumps(asdict(found)))
    else:
        _print(found)
    for path, text in ((table, _csv), (plot, _svg)):
        if path is not None:
            with replacing(path) as file:
                file.write(text(found.rows).encode())


def _print(found: Flicker) -> None:
    from relume.extras import missing, pip_line

    typer.echo(f"{counted(found.frames, 'frame')}, {counted(found.cuts, 'cut')}")
    if found.gain is not None:
        typer.echo(f"mean gain in light {found.gain:.3f}")
    values = asdict(found)
    rows = [
        (name, _number(values[key]), _number(values.get(f"{key}_input")))
        for key, name in _NAMES.items()
        if values[key] is not None
    ]
    if found.gain is None:  # nothing to compare with was given
        show_table(("number", "video"), [row[:2] for row in rows])
    else:
        show_table(("number", "video", "its input"), rows)
    if found.warping is None and found.gain is not None and missing("flow"):
        typer.echo(f"for the warping error: {pip_line('flow')}")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}" if value else "0"


def _csv(rows: Sequence[Row]) -> str:
    from relume.video.flicker import Row

    text = io.StringIO()
    names = [field.name for field in fields(Row)]
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    return text.getvalue()


_WIDE, _HIGH, _MARGIN = 760, 140, 44


def _svg(rows: Sequence[Row]) -> str:
    """Draw log gain and log light over time, cuts as upright lines."""
    series = {
        "log gain": [row.gain for row in rows],
        "log light": [row.level for row in rows],
        "log light of the input": [row.level_input for row in rows],
    }
    drawn = {name: values for name, values in series.items() if None not in values}
    times = [row.seconds for row in rows]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE + 2 * _MARGIN} '
        f'{(_HIGH + 40) * len(drawn) + 20}" font-family="sans-serif" font-size="12">'
    ]
    for place, (name, values) in enumerate(drawn.items()):
        numbers = [float(value or 0.0) for value in values]
        top = 30 + place * (_HIGH + 40)
        parts.append(_line(name, times, numbers, [row.begins_scene for row in rows], top))
    return "\n".join([*parts, "</svg>\n"])


def _line(
    name: str, times: Sequence[float], values: Sequence[float], cuts: Sequence[bool], top: int
) -> str:
    least, most = min(values), max(values)
    span, length = most - least or 1.0, (times[-1] - times[0]) or 1.0

    def at(time: float, value: float) -> tuple[float, float]:
        x = _MARGIN + _WIDE * (time - times[0]) / length
        return x, top + _HIGH * (1 - (value - least) / span)

    points = " ".join(
        "{:.1f},{:.1f}".format(*at(*both)) for both in zip(times, values, strict=True)
    )
    marks = "".join(
        f'<line x1="{at(time, least)[0]:.1f}" x2="{at(time, least)[0]:.1f}" y1="{top}" '
        f'y2="{top + _HIGH}" stroke="#c60"/>'
        for time, cut in list(zip(times, cuts, strict=True))[1:]
        if cut
    )
    return (
        f'<text x="{_MARGIN}" y="{top - 8}">{escape(name)}: {least:.3f} to {most:.3f}, '
        f"{times[0]:.2f} to {times[-1]:.2f} s</text>{marks}"
        f'<polyline points="{points}" fill="none" stroke="#036"/>'
    )
