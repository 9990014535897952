"""One module per view: how a scene becomes what an objective asks for.

The module of a view is called as the view, and holds a class `View`.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol

import numpy as np

from relume.losses import objective
from relume.losses.objective import Batch
from relume.train.pictures import Shelf
from relume.train.recipe import Data, Source
from relume.train.scenes import Scene


@dataclass(frozen=True)
class Draw:
    """How a scene is drawn."""

    source: Source
    sides: tuple[int, int] | None
    """Height and width of the crop; None for the whole picture."""
    random: np.random.Generator
    progress: float
    """How much of the training is over, in [0, 1]."""


class View(Protocol):
    """Finds scenes, and draws from them what a network sees, without the batch dimension."""

    def __init__(self, data: Data, *, shelf: Shelf) -> None: ...

    def scenes(self, folder: Path) -> tuple[Scene, ...]:
        """Return what a source's folder holds; raises UnreadableError."""
        ...

    def draw(self, scene: Scene, how: Draw) -> Batch:
        """Return a random crop, varied; `how.random` decides everything."""
        ...


def make(name: objective.View, data: Data, *, shelf: Shelf) -> View:
    """Build the view an objective needs."""
    return import_module(f"{__name__}.{name}").View(data, shelf=shelf)
