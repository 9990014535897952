"""`auto`: what it looks at in a picture, and which method it chooses for it."""

from __future__ import annotations

from relume.auto.choice import AUTO, METHODS, Choice, choose

__all__ = ["AUTO", "METHODS", "Choice", "choose"]
