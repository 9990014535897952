"""`relume nights`: a fixed set of dark camera RAW whose truth is known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from relume.cli._options import MaxBytes, MaxPixels, limits
from relume.words import counted

EXAMPLES = """\
relume nights photos/ -o nights/
relume nights photos/ -o nights/ --count 5 --seed 1"""


def nights(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Well-exposed pictures, searched deeply.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="The new folder of the set.")],
    count: Annotated[int, typer.Option(min=1, help="How many, evenly spread by name.")] = 20,
    seed: Annotated[int, typer.Option(min=0, help="Decides light, sensor and noise.")] = 0,
    max_pixels: MaxPixels = None,
    max_bytes: MaxBytes = None,
) -> None:
    """Make dark camera RAW whose truth is known.

    Well-exposed pictures are brought back to linear light, darkened by 1 to 8 stops, and counted by
    random sensors with their noise. low/ holds DNG files, high/ the truth, nights.json the
    amplifications that lie between them.
    """
    from relume.bench import nights as files
    from relume.data import night_mosaics
    from relume.data.files import list_files
    from relume.io import SUFFIXES, read
    from relume.levels import to_rgb

    known = limits(max_pixels=max_pixels, max_bytes=max_bytes)
    chosen = night_mosaics.spread(list_files(folder, suffixes=frozenset(SUFFIXES)).files, count)
    made = files.write(
        night_mosaics.make(chosen, read=lambda path: to_rgb(read(path, **known).pixels), seed=seed),
        output,
    )
    typer.echo(f"{counted(made, 'night')} in {output}; low/ is camera RAW, high/ the truth")
