"""`auto`: what it looks at in a picture, and which method it chooses for it."""

from __future__ import annotations

from relume.auto.choice import (
    ADJUSTED,
    AUTO,
    METHODS,
    NOT_OF_AUTO,
    Choice,
    choose,
    unless_named,
)

__all__ = [
    "ADJUSTED",
    "AUTO",
    "METHODS",
    "NOT_OF_AUTO",
    "Choice",
    "choose",
    "unless_named",
]
