"""Numbers of things as people say them."""

from __future__ import annotations


def counted(count: int, what: str) -> str:
    """Return a number of things in words: 1 picture, 2 pictures."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"
