"""Running methods on pictures: weights, the kinds of methods and the Enhancer."""

from __future__ import annotations

from relume.runtime.enhancer import Enhanced, Enhancer, enhance
from relume.runtime.method import Method, load
from relume.runtime.saving import write

__all__ = ["Enhanced", "Enhancer", "Method", "enhance", "load", "write"]
