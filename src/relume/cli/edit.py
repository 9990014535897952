"""`relume edit`: one file, as the external-editor menus of other programs call it."""

from __future__ import annotations

import os
import stat
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relume.cli._options import (
    Engine,
    KnobOption,
    complete_method,
    parse_knobs,
)
from relume.errors import ContractError, UnreadableError, UnwritableError
from relume.release import __version__

if TYPE_CHECKING:
    from relume.photo import Photo

EXAMPLES = """\
relume edit photo.tif                          # photo.relume.tif lies beside it
relume edit photo.tif --in-place               # the file itself, whole or not at all
relume edit photo.tif --output better.tif -k exposure=0.5"""

STREAM = "-"
"""What stands for standard input and output in other verbs."""

WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH

Stamp = tuple[int, int, int]
"""Inode, size and time of change: what tells that a file is still the one that was read."""


def edit(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The copy that the editor hands over.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="OUT", help="Write here instead of beside FILE."),
    ] = None,
    in_place: Annotated[
        bool,
        typer.Option(
            "--in-place",
            help="Replace FILE itself; refused where anything but its light would change.",
        ),
    ] = False,
    method: Annotated[
        str | None,
        typer.Option(
            "--method",
            "-m",
            metavar="NAME",
            help="A method, a model file, or auto; auto unless set, relume where -k is given.",
            autocompletion=complete_method,
        ),
    ] = None,
    knob: KnobOption = None,
    strength: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="How far to go from the input to the result.")
    ] = 1.0,
    engine: Engine = "auto",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
) -> None:
    """Enhance one file for another program, and wait for it.

    Depth, profile and metadata stay. An earlier result beside FILE is replaced; FILE itself only
    with --in-place. The end is 0 when the result is there, else 1, or 2 for a wrong call.
    """
    from relume.cli._interrupts import one_interrupt
    from relume.io import read
    from relume.runtime import Enhancer

    if in_place and output is not None:
        raise ContractError("--in-place and --output: choose one of them")
    if STREAM in (str(file), str(output)):
        raise ContractError("edit takes files; a stream goes through: relume enhance - < IN > OUT")
    before = _stamp(file, in_place=in_place)
    target = file if in_place else output or _beside(file)
    if not in_place and target.exists() and target.samefile(file):
        raise ContractError(f"{target} is the input; say --in-place to replace it")
    enhancer = Enhancer(method, knobs=parse_knobs(knob or ()), strength=strength, engine=engine)
    # An editor that gives up ends its program: that, too, must leave no half of a file.
    with one_interrupt():
        photo = read(file, want=enhancer.wants)
        enhanced = enhancer.photo(photo)
        if in_place:
            _replace(file, _kept(enhanced.photo, file), before)
            notes: tuple[str, ...] = ()
        else:
            from relume.io import write

            found = write(enhanced.photo, target, software=f"relume {__version__}")
            notes = (*photo.notes, *found)
    if not quiet:
        reason = f" ({enhanced.reason})" if enhanced.reason else ""
        typer.echo(f"{target}: {enhanced.method}{reason}")
        for note in notes:
            typer.echo(f"  {note}")


def _beside(file: Path) -> Path:
    from relume.runs.plan import BECOMES
    from relume.runs.search import MARK

    suffix = BECOMES.get(file.suffix.lower(), file.suffix)
    return file.with_name(f"{file.stem}{MARK}{suffix}")


def _stamp(file: Path, *, in_place: bool) -> Stamp:
    """Raises: UnreadableError for what is no file; UnwritableError for one that nobody may change,
    which a file that takes its name would not notice, and for one with several names."""
    try:
        state = file.stat()
    except OSError as error:
        raise UnreadableError(f"{file}: cannot be read: {error.strerror or error}") from error
    if not stat.S_ISREG(state.st_mode):
        kind = "a folder" if stat.S_ISDIR(state.st_mode) else "a pipe or device"
        raise UnreadableError(f"{file} is no file but {kind}; name a file")
    if in_place and not (state.st_mode & WRITABLE and os.access(file, os.W_OK)):
        raise UnwritableError(f"{file} is write-protected; write another file with --output")
    if in_place and state.st_nlink > 1:
        raise UnwritableError(
            f"{file} has {state.st_nlink} names (hard links), of which only this one would change; "
            "write another file with --output"
        )
    return state.st_ino, state.st_size, state.st_mtime_ns


def _kept(photo: Photo, file: Path) -> bytes:
    """Return the file's new content, in the format it has.

    Raises: UnwritableError where something of the file would be lost.
    """
    from relume.io import write

    buffer = BytesIO()
    notes = write(photo, buffer, format=photo.format, software=f"relume {__version__}")
    lost = (*photo.notes, *notes)
    if lost:
        raise UnwritableError(
            f"{file} is kept as it was, as it would change in more than its light: "
            f"{'; '.join(lost)}; write another file with --output"
        )
    return buffer.getvalue()


def _replace(file: Path, content: bytes, before: Stamp) -> None:
    from relume.io.atomic import replacing

    with replacing(file) as stream:
        stream.write(content)
        stream.flush()
        # As late as can be: what another program writes from here on is lost.
        try:
            same = _stamp(file, in_place=True) == before
        except UnreadableError:
            same = False
        if not same:
            raise UnwritableError(f"{file} was changed by another program meanwhile; edit it again")
