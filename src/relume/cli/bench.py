"""`relume bench`: methods measured on data sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relume.cli import clean as cleaned
from relume.cli._network import Input, MultipleOf, Reach, parse_descriptions
from relume.cli._numbers import METRICS, Metrics, Parameters, Protocol, settings
from relume.cli._options import complete_method
from relume.errors import ContractError

if TYPE_CHECKING:
    from relume.bench.rows import Row
    from relume.bench.run import Step
    from relume.bench.sets import PictureSet
    from relume.bench.table import Table
    from relume.metrics.scorer import Scorer
    from relume.runtime.foreign import Description

PLAIN = "plain"
EXTRA = "niqe-own,nl,piqe,loe"
"""Measured besides, unless metrics or another protocol are named."""
EXAMPLES = """\
relume bench lol-v1 --data LOL -o board
relume bench lol-v1 dicm --data sets/ --methods sgz,gamma:gamma=0.3,mine.onnx -o board
relume bench nights/ --methods all --metrics psnr,psnr[gt-mean] -o board
relume bench lol-v1 --data LOL --methods theirs.onnx --input srgb --reach 12 -o board
relume bench lol-v1 --data LOL --results theirs=their/results --command tool=./tool -o board"""


def bench(
    sets: Annotated[
        list[str], typer.Argument(metavar="SET...", help="Data sets by name, or folders.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Folder of records and reports.")
    ],
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where data sets given by name lie.")
    ] = None,
    methods: Annotated[
        str,
        typer.Option(
            metavar="A,B",
            help="Methods, NAME:knob=value, model files, auto, or all.",
            autocompletion=complete_method,
        ),
    ] = "auto",
    input: Input = None,
    reach: Reach = None,
    multiple_of: MultipleOf = None,
    metrics: Metrics = None,
    protocol: Protocol = None,
    parameters: Parameters = None,
    results: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=DIR", help="A folder of results as a row; repeatable."),
    ] = None,
    command: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=EXE", help="A program, called EXE INPUT OUTPUT; repeatable."),
    ] = None,
    time_limit: Annotated[
        float, typer.Option(min=0.1, metavar="S", help="Seconds a program has for a picture.")
    ] = 600.0,
    split: Annotated[
        str | None, typer.Option(metavar="NAME", help="Which split; test where there is one.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Only the first pictures of each set.")
    ] = None,
    clean: Annotated[
        Path | None,
        typer.Option(
            metavar="AUDIT", help="An audit's .json: its clean pictures get tables of their own."
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Measure again what the records hold already.")
    ] = False,
) -> None:
    """Measure methods on data sets.

    The rows input and gamma are always there. Results are rounded to 8 bits before they are
    measured. Records are kept in DIR, and a further run only measures what they lack. Ends with 1
    if a picture could not be measured.
    """
    from relume.bench import board
    from relume.bench.record import forget
    from relume.bench.rows import model_files
    from relume.bench.scoring import scorers
    from relume.bench.sets import clean_keys, picture_set
    from relume.bench.suite import PAGE, RECORDS, Suite, write
    from relume.bench.thumbnails import Thumbnails
    from relume.cli._report import progress

    if output.exists() and not output.is_dir():
        raise ContractError(f"-o {output} is a file where a folder is needed")
    if clean is not None and len(set(sets)) > 1:
        raise ContractError("--clean is an audit of one set; measure the sets one at a time")
    files = settings(parameters or [], option="--parameters")
    plain = f"{METRICS},{EXTRA}"
    chosen = scorers(
        metrics or (plain if protocol in (None, PLAIN) else METRICS),
        protocol=protocol,
        files={name: Path(file) for name, file in files.items()},
    )
    described = parse_descriptions(
        model_files(methods), input=input, reach=reach, multiple_of=multiple_of
    )
    rows = _rows(methods, described, results or [], command or [], time_limit=time_limit)
    found = [picture_set(text, data=data, split=split, limit=limit) for text in dict.fromkeys(sets)]
    _announce(found, chosen)
    audited = {each.name: clean_keys(clean, each) for each in found if clean is not None}
    for name, keys in audited.items():
        if not keys:
            _tell(f"{name}: every picture stands in the training set, so there is no clean table")
    if overwrite:
        forget(output / RECORDS)
    thumbnails = Thumbnails(output / "thumbnails")
    suite = Suite(found, rows, chosen, output / RECORDS, thumbnails, audited)
    with progress(suite.size) as move:

        def tell(step: Step) -> None:
            move()
            for why in dict.fromkeys(step.record.faults.values()):
                _tell(f"{step.record.dataset}, {step.record.row}, {step.record.key}: {why}")

        tables = suite.measure(tell)
    write(tables, output, thumbnails)
    for table in tables:
        _show(table)
    typer.echo(board.LEGEND)
    typer.echo(f"{output / PAGE} shows the pictures too.")
    if _excluded(tables):
        raise typer.Exit(1)


def _rows(
    methods: str,
    described: Mapping[str, Description],
    results: Sequence[str],
    commands: Sequence[str],
    *,
    time_limit: float,
) -> list[Row]:
    """Return the rows that were asked for, each under a name of its own."""
    from relume.bench.command import command_row
    from relume.bench.record import INPUT
    from relume.bench.rows import ResultsRow, method_rows
    from relume.bench.sets import results as results_of

    rows: list[Row] = [*method_rows(methods, described=described)]
    for name, folder in settings(results, option="--results").items():
        rows.append(ResultsRow(name, results_of(Path(folder))))
    for name, executable in settings(commands, option="--command").items():
        rows.append(command_row(name, executable, time_limit=time_limit))
    if twice := _twice([row.name for row in rows]):
        raise ContractError(f"two rows are called {twice!r}; {INPUT} and gamma are always there")
    return rows


def _announce(sets: Sequence[PictureSet], scorers: Sequence[Scorer]) -> None:
    """Tell what will not be measured. Raises: ContractError when that is a whole set."""
    from relume.bench.run import usable

    if twice := _twice([each.name for each in sets]):
        raise ContractError(f"two sets are called {twice!r}; measure them one at a time")
    for each in sets:
        can = usable(scorers, each)
        if not can:
            raise ContractError(f"{each.name} has no references, which {scorers[0].label} needs")
        for one in scorers:
            if one not in can:
                _tell(f"{each.name} has no references: without {one.label}")
        for problem in each.excluded:
            _tell(problem)


def _twice(names: Sequence[str]) -> str:
    """Return a name that stands there more than once, or nothing."""
    return next((name for name in names if names.count(name) > 1), "")


def _tell(message: str) -> None:
    typer.echo(f"relume: {cleaned(message)}", err=True)


def _show(table: Table) -> None:
    from relume.bench import board
    from relume.cli._table import show_table

    typer.echo(cleaned(table.title))
    show_table(board.headings(table), [board.cells(table, line) for line in table.lines])
    for note in board.notes(table):
        typer.echo(cleaned(note))
    typer.echo()


def _excluded(tables: list[Table]) -> bool:
    """Tell whether anything has no number."""
    return any(
        table.problems or any(record.faults for line in table.lines for record in line.records)
        for table in tables
    )
