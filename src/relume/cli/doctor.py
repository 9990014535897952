"""`relume doctor`: what is installed here, and whether it is sound."""

from __future__ import annotations

import json
from dataclasses import asdict

import typer

from relume.cli._options import Json

EXAMPLES = """\
relume doctor
relume doctor --json > for-a-report.json"""


def doctor(as_json: Json = False) -> None:
    """Show what is installed and whether it works.

    Versions, engines, renderer, machine, extras and weights. Ends with 1 if something is broken;
    an extra that is not installed is not.
    """
    from relume.runtime.doctor import examine

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
