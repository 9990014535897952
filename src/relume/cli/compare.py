"""`relume compare`: every method side by side, labelled, with times."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from relume.cli import clean, named
from relume.cli._options import Engine, MaxBytes, MaxPixels, complete_method, limits
from relume.errors import ContractError

ALL = "all"
EXAMPLES = """\
relume compare party.jpg -o sheet.png
relume compare party.jpg -o sheet.jpg --methods sgz,gamma,mine.onnx --size 400"""


def compare(
    source: Annotated[Path, typer.Argument(metavar="INPUT", help="One picture.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="SHEET", help="Where the sheet goes.")
    ],
    methods: Annotated[
        str,
        typer.Option(
            metavar="A,B", help="Methods or model files, or all.", autocompletion=complete_method
        ),
    ] = ALL,
    size: Annotated[
        int, typer.Option(min=32, max=4096, metavar="PX", help="Longest side of a tile.")
    ] = 640,
    engine: Engine = "auto",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a sheet that is there.")
    ] = False,
    max_pixels: MaxPixels = None,
    max_bytes: MaxBytes = None,
) -> None:
    """Show every method side by side, with times.

    Times are those of the full-size picture after a warm-up. A method that fails gets a tile that
    says so, and the end is 1.
    """
    import numpy as np

    from relume import methods as registry
    from relume.io import read, write
    from relume.photo import Photo
    from relume.runs.sheet import cells, draw
    from relume.runtime import Enhancer

    if output.exists():
        if source.exists() and output.samefile(source):
            raise ContractError(
                f"{output} is the input and would be overwritten; choose another -o"
            )
        if not overwrite:
            raise ContractError(f"{output} is there already; --overwrite replaces it")
    # The input's own tile shows what `identity` would, and a picture is no mosaic any more.
    cards = [card for card in registry.cards() if card.input != "mosaic"]
    known = [card.name for card in cards if card.name != "identity"]
    names = known if methods == ALL else [name.strip() for name in methods.split(",")]
    photo = read(source, **limits(max_pixels=max_pixels, max_bytes=max_bytes))
    tiles = cells(photo, names, side=size, make=partial(Enhancer, engine=engine))
    sheet = np.asarray(draw(tiles, side=size))
    # A profile for gray does not fit a sheet in colour.
    icc = photo.icc if photo.pixels.ndim == 3 else None
    write(Photo(sheet, icc=icc), output)
    for tile in tiles:
        typer.echo(clean(tile.label))
    faults = [tile for tile in tiles if tile.fault]
    for tile in faults:
        typer.echo(f"relume: {clean(named(tile.name, tile.fault))}", err=True)
    if faults:
        raise typer.Exit(1)
