"""The view `two_exposures`: two pictures of one scene under different light."""

from __future__ import annotations

from pathlib import Path

from relume.losses.objective import Batch
from relume.train.augment import cut, mirrored, rounded
from relume.train.pictures import Shelf
from relume.train.recipe import Data
from relume.train.scenes import Scene, exposures
from relume.train.views import Draw


class View:
    """{"first", "second"}: the same crop of two different exposures, in random order."""

    def __init__(self, data: Data, *, shelf: Shelf) -> None:
        self.data = data
        self.shelf = shelf

    def scenes(self, folder: Path) -> tuple[Scene, ...]:
        return exposures(folder)

    def draw(self, scene: Scene, how: Draw) -> Batch:
        first, second = how.random.choice(len(scene.paths), 2, replace=False)
        images = self.shelf.read_scene((scene.paths[int(first)], scene.paths[int(second)]))
        pictures = cut(images, sides=how.sides, data=self.data, random=how.random)
        pictures = mirrored(pictures, data=self.data, random=how.random)
        return {"first": rounded(pictures[0]), "second": rounded(pictures[1])}
