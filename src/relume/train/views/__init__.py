"""One module per view: how a scene becomes what an objective asks for.

The module of a view is called as the view, and holds a class `View`.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Protocol

import numpy as np

from relume.losses import objective
from relume.losses.objective import Batch
from relume.train.pictures import Shelf
from relume.train.recipe import Data, Source
from relume.train.scenes import Scene


class View(Protocol):
    """Finds scenes, and draws from them what a network sees, without the batch dimension."""

    def __init__(self, data: Data, *, shelf: Shelf) -> None: ...

    def scenes(self, folder: Path) -> tuple[Scene, ...]:
        """Return what a source's folder holds; raises UnreadableError."""
        ...

    def draw(
        self,
        scene: Scene,
        *,
        source: Source,
        sides: tuple[int, int] | None,
        random: np.random.Generator,
        progress: float,
    ) -> Batch:
        """Return a random crop, varied; `random` decides everything."""
        ...


def make(name: objective.View, data: Data, *, shelf: Shelf) -> View:
    """Build the view an objective needs."""
    return import_module(f"{__name__}.{name}").View(data, shelf=shelf)
