"""`relume verify`: check weights and engines on this machine."""

from __future__ import annotations

import json
from dataclasses import asdict
from math import isfinite
from typing import Annotated

import typer

from relume.cli._options import Json, complete_method

EXAMPLES = """\
relume verify
relume verify sgz --json"""


def verify(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            help="Check only this method.",
            autocompletion=complete_method,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check weights and engines on this machine.

    Weights are compared with their published checksums, and every engine's output with stored
    outputs. Ends with 1 if a check fails.
    """
    from relume import methods
    from relume.runtime.verify import verify as verify_one

    names = methods.names() if name is None else (name,)
    checks = [check for each in names for check in verify_one(each)]
    if as_json:
        # JSON knows no infinity: what could not be compared has no error.
        rows = [
            {**asdict(check), "error": check.error if isfinite(check.error) else None}
            for check in checks
        ]
        typer.echo(json.dumps(rows, indent=2))
    else:
        from relume.cli._table import show_table

        show_table(
            ("method", "check", "engine", "error", "limit", "result"),
            [
                (
                    check.name,
                    check.what,
                    check.engine,
                    f"{check.error:.1e}",
                    f"{check.limit:.0e}" if check.limit else "0",
                    "passed" if check.passed else "FAILED",
                )
                for check in checks
            ],
        )
    if not all(check.passed for check in checks):
        raise typer.Exit(1)
