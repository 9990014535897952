"""`relume audit`: which test scenes stand in the training set."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relume.cli import clean
from relume.cli._options import Json, MaxBytes, MaxPixels, limits
from relume.cli._places import Overwrite, check_free
from relume.errors import ContractError, UnknownNameError, UnwritableError

if TYPE_CHECKING:
    from relume.audit.match import Audit
    from relume.data import Pair, Problem

EXAMPLES = """\
relume audit LOL --train our485 --test eval15
relume audit --train photos/ --test benchmark/ -o audit.html
relume audit LOL --train train --test test -o audit.html -o audit.json"""


def audit(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="A data set whose parts are named below."),
    ] = None,
    train: Annotated[
        str, typer.Option(metavar="PART", help="A folder in DIR or a split of it; or any folder.")
    ] = "train",
    test: Annotated[str, typer.Option(metavar="PART", help="The same for the test set.")] = "test",
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="A report, .html or .json; may repeat."
        ),
    ] = None,
    as_json: Json = False,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Pictures at a time.")] = 2,
    max_pixels: MaxPixels = None,
    max_bytes: MaxBytes = None,
    overwrite: Overwrite = False,
) -> None:
    """Find the test scenes that stand in the training set.

    A scene is found under another exposure, cropped, flipped, turned, noisy or recompressed.
    Other views of the same things are shown as similar and do not count. Ends with 1 if a scene
    leaks, or if a picture could not be read.
    """
    from relume.audit import report
    from relume.audit.match import audit as run
    from relume.cli._report import progress
    from relume.io import read

    outputs = output or []
    for path in outputs:
        if path.suffix.lower() not in (".html", ".json"):
            raise ContractError(f"-o {path}: a report ends with .html or .json")
        if not path.parent.is_dir():  # better told now than after minutes of work
            raise UnwritableError(f"cannot write {path}: no such folder; make it first")
    check_free(*outputs, overwrite=overwrite)
    (train_pairs, empty), (test_pairs, more) = _pairs(folder, train), _pairs(folder, test)
    if {pair.low for pair in train_pairs} == {pair.low for pair in test_pairs}:
        raise ContractError(f"--train {train} and --test {test} are the same pictures")
    reading = partial(read, **limits(max_pixels=max_pixels, max_bytes=max_bytes))
    total = len(train_pairs) + len(test_pairs)
    with progress(total) if sys.stderr.isatty() else nullcontext(lambda: None) as moved:
        found = run(train=train_pairs, test=test_pairs, read=reading, jobs=jobs, moved=moved)
    unread = [*(problem.message for problem in (*empty, *more)),
              *(each.error for each in found.unusable)]  # fmt: skip
    for message in dict.fromkeys(unread):
        typer.echo(f"relume: {clean(message)}", err=True)
    for path in outputs:
        if path.suffix.lower() == ".html":
            _write(path, report.page(found, read=reading, title=f"{test} in {train}"))
        else:
            _write(path, _json(found))
    if as_json:
        typer.echo(_json(found))
    else:
        from relume.cli._table import show_table

        show_table(report.COLUMNS, report.rows(found))
        typer.echo(report.summary(found))
    if found.leaked or unread:
        raise typer.Exit(1)


def _pairs(folder: Path | None, part: str) -> tuple[tuple[Pair, ...], list[Problem]]:
    """Return the pairs of a folder, or of a split of the data set in `folder`, and empty files.

    Raises: NoDatasetError; UnknownNameError; ContractError when files have no place in a pair.
    """
    from relume.data import survey
    from relume.data.files import folders

    place = Path(part) if folder is None else folder / part
    whole = folder is None or place.is_dir()
    found = survey(place if whole or folder is None else folder)
    splits = {pair.meta["split"] for pair in found.pairs}
    if folder is not None and not whole and part not in splits:
        inside = (path.name for path in folders(folder))
        raise UnknownNameError.of(f"split or folder of {folder}", part, {*splits, *inside})
    if not found.card.readable:
        raise ContractError(f"{found.root}: {found.card.title} holds RAW files; develop them first")
    empty = [problem for problem in found.problems if problem.kind == "empty file"]
    replace(found, problems=tuple(p for p in found.problems if p not in empty)).require_sound()
    return (found.pairs if whole else found.split(part)), empty


def _json(found: Audit) -> str:
    from relume.audit import report

    return json.dumps(report.facts(found), indent=2)


def _write(path: Path, text: str) -> None:
    from relume.io.atomic import replacing

    with replacing(path) as stream:
        stream.write(text.encode("utf-8"))
