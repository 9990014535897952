"""How far long work is: in place on a terminal, else a line now and then."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from relume.export.saying import Say

EVERY = 10.0
"""Seconds between two lines where they stay, in a log."""
OFTEN = 0.2
"""Seconds between two on a terminal, where one takes the place of another."""


@contextmanager
def told() -> Generator[Say]:
    """Yield what tells on standard error how far work is, with the seconds since it began."""
    lasting = not sys.stderr.isatty()
    begun = last = monotonic()
    width = 0

    def say(text: str) -> None:
        nonlocal last, width
        now = monotonic()
        if now - last < (EVERY if lasting else OFTEN):
            return
        last, line = now, f"{text}, {now - begun:.0f} s"
        if lasting:
            typer.echo(line, err=True)
        else:
            typer.echo(f"\r{line:<{width}}", nl=False, err=True)
            width = len(line)

    try:
        yield say
    finally:
        if width:
            typer.echo(f"\r{'':<{width}}\r", nl=False, err=True)
