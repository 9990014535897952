"""`relume install-plugin`: relume in the menus of darktable, GIMP and ComfyUI."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = """\
relume install-plugin gimp
relume install-plugin darktable --dry-run
relume install-plugin comfyui --folder ComfyUI/custom_nodes"""


def install_plugin(
    editor: Annotated[str, typer.Argument(metavar="EDITOR", help="darktable, gimp or comfyui.")],
    folder: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where the editor looks, if that is elsewhere."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Say what would be written and write nothing.")
    ] = False,
) -> None:
    """Put the plug-in where the editor looks.

    It says where and what is left to do. A file that is not as relume left it is kept as it is.
    """
    from relume.editors.install import install, plugin, steps

    chosen = plugin(editor)
    found = steps(chosen, folder)
    if not dry_run:
        install(chosen, found, folder)
    for step in found:
        typer.echo(f"{'would write ' if dry_run else ''}{step.path}")
    if not dry_run:
        typer.echo(chosen.hint)
