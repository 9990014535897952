"""The view `low`: dark pictures alone."""

from __future__ import annotations

from pathlib import Path

from relume.losses.objective import Batch
from relume.train.augment import cut, grained, mirrored, relit, rounded
from relume.train.pictures import Shelf
from relume.train.recipe import Data
from relume.train.scenes import Scene, single_pictures
from relume.train.views import Draw


class View:
    """{"low"}: exposure, white balance, noise and mirroring vary."""

    role = "low"

    def __init__(self, data: Data, *, shelf: Shelf) -> None:
        self.data = data
        self.shelf = shelf

    def scenes(self, folder: Path) -> tuple[Scene, ...]:
        return single_pictures(folder)

    def draw(self, scene: Scene, how: Draw) -> Batch:
        data, sides, random = self.data, how.sides, how.random
        pictures = cut([self.shelf.read(scene.paths[0])], sides=sides, data=data, random=random)
        low = relit(pictures[0], source=how.source, data=data, random=random)
        low = grained(low, data=data, random=random)
        low = mirrored([low], data=data, random=random)[0]
        return {self.role: rounded(low)}
