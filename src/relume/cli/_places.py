"""Files that a verb writes: none takes the place of another unless that is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from relume.errors import ContractError

Overwrite: TypeAlias = Annotated[
    bool, typer.Option("--overwrite", help="Replace files of these names that are there.")
]


def check_free(*paths: Path | None, overwrite: bool) -> None:
    """Raise ContractError for a file that is there and may not be replaced."""
    if overwrite:
        return
    for path in paths:
        if path is not None and (path.is_file() or path.is_symlink()):
            raise ContractError(f"{path} is there already; --overwrite replaces it")
