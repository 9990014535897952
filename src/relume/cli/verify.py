"""`relume verify`: check weights, model files and engines on this machine."""

from __future__ import annotations

import json
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relume.cli._network import Input, MultipleOf, Reach, parse_descriptions
from relume.cli._options import Json, complete_method
from relume.errors import ContractError

if TYPE_CHECKING:
    from relume.proof.verify import Check

EXAMPLES = """\
relume verify
relume verify sgz --json
relume verify pairlie.int8.onnx --pairs LOL/eval15
relume verify theirs.int8.onnx --against theirs.onnx --input srgb --reach 12"""


def verify(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME|FILE]...",
            help="Check only these methods and model files.",
            autocompletion=complete_method,
        ),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The float32 model to compare files with."),
    ] = None,
    pairs: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Pairs in low/ and high/: also measure PSNR and SSIM."),
    ] = None,
    input: Input = None,
    reach: Reach = None,
    multiple_of: MultipleOf = None,
    as_json: Json = False,
) -> None:
    """Check weights, model files and engines on this machine.

    Weights are compared with their published checksums, every engine's output with stored outputs
    and with float32 on ONNX Runtime, over sizes and knobs. Ends with 1 if a check fails.
    """
    from relume import methods
    from relume.proof.task_loss import task_loss
    from relume.proof.verify import MODELS, check_name
    from relume.proof.verify import verify as verify_one

    chosen = tuple(names or ()) or methods.names()
    if against is not None and not all(name.lower().endswith(MODELS) for name in chosen):
        raise ContractError("--against is what model files are compared with: name FILE.onnx")
    if pairs is not None and not names:
        raise ContractError("--pairs: name the method or the model file to measure")
    for name in chosen:
        check_name(name)  # before minutes of checks of those that stand before it
    other = None if against is None else str(against)
    described = parse_descriptions(
        (*chosen, *([other] if other else [])), input=input, reach=reach, multiple_of=multiple_of
    )
    checks = [
        check for name in chosen for check in verify_one(name, against=other, described=described)
    ]
    if pairs is not None:
        checks += [
            check
            for name in chosen
            for check in task_loss(name, pairs, against=other, described=described)
        ]
    if as_json:
        # JSON knows no infinity: what could not be compared has no error.
        rows = [
            {**asdict(check), "error": check.error if isfinite(check.error) else None}
            for check in checks
        ]
        typer.echo(json.dumps(rows, indent=2))
    else:
        from relume.cli._table import show_table

        columns = ("method", "check", "engine", "found", "limit", "result")
        show_table(columns, [_row(check) for check in checks])
    if not all(check.passed for check in checks):
        raise typer.Exit(1)


def _row(check: Check) -> tuple[str, ...]:
    if check.unit == "dB":
        found, limit = f"{check.error:.1f} dB", f"≥ {check.limit:g} dB"
    else:
        found, limit = f"{check.error:.1e}", f"{check.limit:.0e}" if check.limit else "0"
    result = "passed" if check.passed else "FAILED"
    return check.name, check.what, check.engine, found, limit, result
