"""Tables for people, by rich, imported only when one is shown."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from relume.cli import clean

_PIPED_WIDTH = 160
"""Columns when the output is no terminal, whose width is unknown."""


def show_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table; as wide as the terminal."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(clean(cell)) for cell in row))  # Text: brackets are no markup here
    console = Console(width=None if sys.stdout.isatty() else _PIPED_WIDTH)
    console.print(table)
