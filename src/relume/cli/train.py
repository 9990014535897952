"""The verb `train`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relume.cli._options import complete_method
from relume.errors import ContractError
from relume.extras import missing, need

if TYPE_CHECKING:
    from relume.train.compare import Entry

EXAMPLES = """\
relume train sgz --data nights/
relume train sgz --data nights/ --minutes 20 -o runs/short
relume train sgz --data nights/ --set optimiser.learning_rate=3e-4 --set data.batch=16
relume train sgz --data nights/ --optimizer adam,adamw,sgd:0.1 --minutes 5
relume train sgz --data nights/ --resume"""


def train(
    method: Annotated[
        str,
        typer.Argument(
            help="The method; `relume methods` lists them.", autocompletion=complete_method
        ),
    ],
    data: Annotated[
        Path,
        typer.Option(
            "--data", help="Folder of pictures, in which the recipe's sources lie; see docs."
        ),
    ],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Where results go; runs/METHOD if absent.")
    ] = None,
    recipe: Annotated[
        Path | None, typer.Option("--recipe", help="A YAML recipe instead of the method's own.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change one value of the recipe."),
    ] = None,
    minutes: Annotated[
        float,
        typer.Option(
            "--minutes", show_default=False, help="Learn for so long; schedules end with it."
        ),
    ] = 0.0,
    optimizer: Annotated[
        str,
        typer.Option(
            "--optimizer",
            metavar="A[:RATE],B",
            show_default=False,
            help="One of torch's by name, or several to compare; the best is kept.",
        ),
    ] = "",
    stages: Annotated[
        str,
        typer.Option(
            "--stages",
            metavar="A,B",
            help="fit, validate, test, predict: with one network, in this order.",
        ),
    ] = "fit",
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue the training in the output folder.")
    ] = False,
) -> None:
    """Train a method on your own pictures."""
    from relume.train.trainable import home_of

    home_of(method)
    place = output or Path("runs") / method
    optimisers = [name.strip() for name in optimizer.split(",") if name.strip()]
    wanted = [stage.strip() for stage in stages.split(",") if stage.strip()]
    if len(optimisers) > 1 and wanted != ["fit"]:
        raise ContractError("--stages: only fit with several optimisers; then use the best")
    if not missing("train"):  # said first: torch and what builds on it take seconds to load
        _say(f"{method}: looking at {data} …")
    need("yaml", extra="train")
    from relume.train.wanted import read_plan, require_folder, require_place, stages_of

    fits = "fit" in stages_of(wanted)
    require_folder(data)
    if len(optimisers) < 2:  # each of several has a place of its own
        require_place(place, resume=resume, fits=fits)
    read_plan(
        method,
        output=place,
        recipe=recipe,
        settings=tuple(settings or ()),
        minutes=minutes,
        begun=len(optimisers) < 2 and (resume or not fits),
    )
    for module in ("torch", "lightning", "safetensors", "onnx", "onnxscript"):
        need(module, extra="train")
    from relume.train import compare, run

    if len(optimisers) > 1:
        entries = compare.compare(
            method,
            optimisers=optimisers,
            data=data,
            output=place,
            recipe=recipe,
            settings=tuple(settings or ()),
            minutes=minutes,
            resume=resume,
            say=_say,
        )
        _show(entries)
        typer.echo(_next(place / f"{method}.onnx"))
        return
    outcome = run.train(
        method,
        data=data,
        output=place,
        recipe=recipe,
        settings=tuple(settings or ()),
        minutes=minutes,
        optimiser=optimisers[0] if optimisers else "",
        stages=wanted,
        resume=resume,
        say=_say,
    )
    if outcome.model is not None:
        typer.echo(_next(outcome.model))


def _say(line: str) -> None:
    typer.echo(line, err=True)


def _next(model: Path) -> str:
    """Return the command that uses a model file."""
    return f"relume enhance -m {shlex.quote(str(model))} PICTURE"


def _show(entries: tuple[Entry, ...]) -> None:
    """Print what came of each optimiser, best first."""
    from relume.cli._table import show_table

    rows = [
        (
            entry.optimiser,
            "–" if entry.outcome.best is None else f"{entry.outcome.best:.4g}",
            f"{entry.outcome.objective:.4g}",
            f"{entry.outcome.seconds / 60:.1f}",
        )
        for entry in entries
    ]
    watched = entries[0].outcome.monitor or "validation"
    show_table(("optimiser", f"best {watched}", "objective at the end", "minutes"), rows)
