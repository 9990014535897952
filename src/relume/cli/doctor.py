"""`relume doctor`: what is installed here, and whether it is sound."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from relume.cli import loaded
from relume.cli._options import Json

IMPORTS = True
EXAMPLES = """\
relume doctor
relume doctor --bench                # measure the engines; auto takes the fastest from then on
relume doctor --json > for-a-report.json"""


def doctor(
    bench: Annotated[
        bool,
        typer.Option(
            "--bench",
            help="Measure every engine on every network first, some seconds each, and remember "
            "the fastest for `auto`.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Show what is installed and whether it works.

    Versions, engines, renderer, machine, extras, weights, and which engine `auto` takes. Ends with
    1 if something is broken; an extra that is not installed is not.
    """
    from relume.proof.doctor import examine

    loaded()
    if bench:
        _bench()
    findings = examine()
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        from relume.cli._table import show_table

        rows: list[tuple[str, str, str]] = []
        topic = ""
        for finding in findings:
            fault = f"FAULT: {finding.fault}" if finding.fault else ""
            shown = f"{finding.found}  {fault}".strip()
            rows.append((finding.topic if finding.topic != topic else "", finding.name, shown))
            topic = finding.topic
        show_table(("topic", "name", "found"), rows)
    if any(finding.fault for finding in findings):
        raise typer.Exit(1)


def _bench() -> None:
    """Measure, and tell on standard error what is measured and what cannot be."""
    from relume.errors import UnwritableError, WeightsError
    from relume.methods import cards
    from relume.proof.engine_bench import measure

    for card in cards():
        if card.kind == "classical":
            continue
        typer.echo(f"measuring {card.name} …", err=True)
        try:
            runs = measure(card.name)
        except UnwritableError as error:
            typer.echo(f"relume: cannot be remembered: {error}", err=True)
            continue
        except WeightsError as error:  # the examination that follows calls it a fault
            typer.echo(f"relume: {error}", err=True)
            continue
        for run in runs:
            if run.fault:
                typer.echo(f"{card.name} with {run.engine}: not used: {run.fault}", err=True)
