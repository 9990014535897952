"""One picture from standard input, to standard output, or both."""

from __future__ import annotations

import os
import sys
from collections.abc import Container, Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from relume.errors import ContractError
from relume.frozen import frozen
from relume.runs.plan import Job, finished, is_finished

if TYPE_CHECKING:
    from relume.photo import Format, Photo
    from relume.runs.batch import FileWork

STREAM = "-"
"""Stands for standard input or output."""


def stream_job(
    inputs: Sequence[str], output: str | None, *, overwrite: bool, suffixes: Container[str]
) -> Job:
    """Return the job whose input, output or both are `-`.

    Raises: ContractError when there is more than one input, a terminal where bytes go, or an
    output that is no file with a known suffix.
    """
    if len(inputs) > 1:
        raise ContractError(f"{STREAM} is one picture; give no other inputs with it")
    if inputs[0] == STREAM and sys.stdin.isatty():
        raise ContractError("standard input is a terminal; pipe a picture into it")
    if output in (None, STREAM):
        if sys.stdout.isatty():
            raise ContractError("standard output is a terminal; redirect it or give -o FILE")
        return Job(Path(inputs[0]), Path(STREAM))
    target = Path(str(output))
    if target.suffix.lower() not in suffixes:
        raise ContractError(f"-o {target}: a stream has no name, so give a file, such as out.jpg")
    if os.path.isfile(target) and os.path.samestat(os.fstat(0), target.stat()):  # noqa: PTH113
        raise ContractError(f"{target} is the input and would be overwritten; choose another -o")
    skip = finished(target) if not overwrite and is_finished(target) else ""
    return Job(Path(inputs[0]), target, skip)


def at_the_ends(work: FileWork, job: Job) -> FileWork:
    """Return work that reads and writes streams where the job has them."""
    return replace(
        work,
        read=_StdinReader(work) if str(job.input) == STREAM else work.read,
        write=_StdoutWriter(work) if str(job.output) == STREAM else work.write,
        copy=None,  # a stream is read once
    )


@frozen
class _StdinReader:
    """Reads from standard input, whatever path it is given."""

    work: FileWork

    def __call__(self, _: Path) -> Photo:
        return self.work.read(sys.stdin.buffer)


@frozen
class _StdoutWriter:
    """Writes to standard output, whatever path it is given."""

    work: FileWork

    def __call__(self, photo: Photo, _: Path) -> tuple[str, ...]:
        # Whole or not at all: a reader must not take a broken stream for a picture.
        buffer = BytesIO()
        notes = self.work.write(photo, buffer, format=_written(photo))
        sys.stdout.buffer.write(buffer.getbuffer())
        return notes


def _written(photo: Photo) -> Format:
    """Return the format of a result: that of its picture, if it is one to write."""
    if photo.format in ("raw", "dng"):
        return "tiff"
    return photo.format if photo.format not in (None, "heic") else "jpeg"
