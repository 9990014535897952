"""`relume compare`: every method side by side, labelled, with times."""

from __future__ import annotations

import sys
from math import inf
from pathlib import Path
from typing import Annotated

import typer

from relume.cli import clean, named
from relume.cli._network import Input, MultipleOf, Reach, parse_descriptions
from relume.cli._options import Engine, MaxBytes, MaxPixels, complete_method, limits
from relume.cli._places import Overwrite, check_free
from relume.errors import ContractError

QUICK, ALL = "quick", "all"
PATIENCE = 5.0
"""Seconds for one method on the picture: what takes longer is shown when it is asked for."""
CLEAR = "\x1b[K"
"""Tells a terminal to forget the rest of the line."""
EXAMPLES = """\
relume compare party.jpg -o sheet.png
relume compare party.jpg -o sheet.jpg --methods sgz,gamma,mine.onnx --size 400
relume compare party.jpg -o sheet.png --methods auto,theirs.onnx --input srgb --reach 12"""


def compare(
    source: Annotated[Path, typer.Argument(metavar="INPUT", help="One picture.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="SHEET", help="Where the sheet goes.")
    ],
    methods: Annotated[
        str,
        typer.Option(
            metavar="A,B",
            help="Methods or model files, or all; unless set, all that take at most 5 s.",
            autocompletion=complete_method,
        ),
    ] = QUICK,
    size: Annotated[
        int, typer.Option(min=32, max=4096, metavar="PX", help="Longest side of a tile.")
    ] = 640,
    engine: Engine = "auto",
    input: Input = None,
    reach: Reach = None,
    multiple_of: MultipleOf = None,
    overwrite: Overwrite = False,
    max_pixels: MaxPixels = None,
    max_bytes: MaxBytes = None,
) -> None:
    """Show every method side by side, with times.

    What auto would choose stands first. Times are those of the full-size picture after a warm-up.
    What takes over 5 s is found by smaller pieces, each method alone. A method that fails gets a
    tile that says so, and the end is 1.
    """
    import numpy as np

    from relume import methods as registry
    from relume.auto import AUTO
    from relume.engines import require
    from relume.io import format_of, read, write
    from relume.photo import Photo
    from relume.runs.sheet import Cell, cells, draw
    from relume.runtime import Enhancer

    if output.exists() and source.exists() and output.samefile(source):
        raise ContractError(f"{output} is the input and would be overwritten; choose another -o")
    check_free(output, overwrite=overwrite)
    require(engine)
    format_of(output)  # what cannot be written is said before all that work
    # The input's own tile shows what `identity` would, and a picture is no mosaic any more.
    cards = [card for card in registry.cards() if card.input != "mosaic"]
    known = [AUTO, *(card.name for card in cards if card.name != "identity")]
    every = methods in (QUICK, ALL)
    names = known if every else [name.strip() for name in methods.split(",")]
    described = parse_descriptions(names, input=input, reach=reach, multiple_of=multiple_of)

    def make(name: str) -> Enhancer:
        return Enhancer(name, engine=engine, description=described.get(name))

    photo = read(source, **limits(max_pixels=max_pixels, max_bytes=max_bytes))
    tiles: list[Cell] = []
    patience = PATIENCE if methods == QUICK else inf
    watched = sys.stderr.isatty()

    def begin(name: str) -> None:
        if watched:
            number = names.index(name) + 1
            typer.echo(f"\r{clean(name)} ({number} of {len(names)}) …{CLEAR}", nl=False, err=True)

    def clear() -> None:
        if watched:
            typer.echo(f"\r{CLEAR}", nl=False, err=True)

    for tile in cells(photo, names, side=size, make=make, patience=patience, begin=begin):
        clear()
        tiles.append(tile)
        typer.echo(clean(tile.label))  # at once: all of them together may take a minute
        if tile.choice:
            typer.echo(clean(f"auto chooses {tile.choice}"))
    clear()
    sheet = np.asarray(draw(tiles, side=size))
    # A profile for gray does not fit a sheet in colour.
    icc = photo.icc if photo.pixels.ndim == 3 else None
    write(Photo(sheet, icc=icc), output)
    shown = {tile.name for tile in tiles}
    if slow := [name for name in names if name not in shown]:
        typer.echo(
            f"left out, over {PATIENCE:g} s each: {', '.join(slow)}; --methods all shows them"
        )
    faults = [tile for tile in tiles if tile.fault]
    for tile in faults:
        typer.echo(f"relume: {clean(named(tile.name, tile.fault))}", err=True)
    if faults:
        raise typer.Exit(1)
