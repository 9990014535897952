"""The verb `train`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from relume.extras import need

EXAMPLES = """\
relume train sgz --data nights/
relume train sgz --data nights/ --minutes 20 -o runs/short
relume train sgz --data nights/ --set optimiser.learning_rate=3e-4 --set data.batch=16
relume train sgz --data nights/ --resume"""


def train(
    method: Annotated[str, typer.Argument(help="The method; `relume methods` lists them.")],
    data: Annotated[Path, typer.Option("--data", help="Folder of pictures, searched deeply.")],
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
            "--minutes", show_default=False, help="Stop at the end of the epoch after this time."
        ),
    ] = math.inf,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue the training in the output folder.")
    ] = False,
) -> None:
    """Train a method on your own pictures."""
    for module in ("torch", "lightning", "safetensors", "onnx", "onnxscript", "yaml"):
        need(module, extra="train")
    from relume.train.run import train as run

    model = run(
        method,
        data=data,
        output=output or Path("runs") / method,
        recipe=recipe,
        settings=tuple(settings or ()),
        minutes=minutes,
        resume=resume,
        say=lambda line: typer.echo(line, err=True),
    )
    typer.echo(f"relume enhance -m {model} PICTURE")
