"""What `relume data synth` does."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import typer
from numpy.typing import NDArray

from relume.cli import clean
from relume.cli._options import Limits
from relume.cli._report import progress
from relume.data.eight_bits import in_eight_bits
from relume.data.files import list_files
from relume.data.synth import Wish, synth
from relume.errors import ContractError, NoDatasetError
from relume.io import SUFFIXES, read
from relume.io.atomic import replacing
from relume.words import counted


def make_pairs(
    folder: Path,
    *,
    output: Path | None,
    darkening: str,
    settings: Sequence[str],
    count: int,
    seed: int,
    side: int,
    reading: Limits,
) -> None:
    """Darken the pictures below `folder`, and end with 1 if some could not be read."""
    if output is None:
        raise ContractError("relume data synth needs a folder for the pairs; name it with -o")
    if not folder.is_dir():
        raise NoDatasetError(f"{folder}: no such folder; name a folder of well-exposed pictures")
    wish = Wish(darkening, _options(settings), seed=seed, count=count, side=side)
    pictures = list_files(folder, suffixes=SUFFIXES).files
    made = found = failed = 0
    showing = progress(count or len(pictures)) if sys.stderr.isatty() else nullcontext(_nothing)
    with showing as moved:
        for each in synth(
            pictures, folder, output, wish, read=partial(_read, reading=reading), write=_write
        ):
            moved()
            if each.error is not None:
                failed += 1
                typer.echo(f"relume: {clean(str(each.error))}", err=True)
            elif each.stops is None:
                found += 1
            else:
                made += 1
    known = f", {found} {'was' if found == 1 else 'were'} there already" if found else ""
    typer.echo(f"{counted(made, 'pair')} made in {clean(str(output))}{known}")
    if failed:
        typer.echo(f"{counted(failed, 'picture')} could not be read", err=True)
        raise typer.Exit(1)


def _options(settings: Sequence[str]) -> dict[str, Any]:
    """Turn key=value texts into options, as deep as their dots; values are JSON, A,B or words.

    Raises: ContractError for another form.
    """
    options: dict[str, Any] = {}
    for setting in settings:
        path, equals, text = setting.partition("=")
        keys = path.strip().split(".")
        if not equals or not all(keys):
            raise ContractError(f"--set {setting}: expected key=value")
        inner = options
        for key in keys[:-1]:
            inner = inner.setdefault(key, {})
            if not isinstance(inner, dict):
                raise ContractError(f"--set {setting}: {key} has a value already")
        inner[keys[-1]] = _value(text)
    return options


def _value(text: str) -> Any:
    for candidate in (text, f"[{text}]"):
        try:
            return json.loads(candidate)
        except ValueError:
            continue
    return text


def _read(path: Path, *, reading: Limits) -> NDArray[np.uint8]:
    return in_eight_bits(read(path, **reading), name=str(path))


def _write(path: Path, content: bytes) -> None:
    with replacing(path) as file:
        file.write(content)


def _nothing() -> None: ...
