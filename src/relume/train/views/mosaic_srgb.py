"""The view `mosaic_srgb`: sensor data, made from developed pictures or, of SID, real."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from relume.data.options import build
from relume.losses.objective import Batch
from relume.train import raw_pairs
from relume.train.augment import cut, mirrored, relit, rounded
from relume.train.pictures import Shelf
from relume.train.recipe import Data
from relume.train.scenes import Scene, single_pictures
from relume.train.views import Draw


class View:
    """{"mosaic", "srgb", "ratio"}: sides must be even, a mosaic has cells of 2×2."""

    def __init__(self, data: Data, *, shelf: Shelf) -> None:
        self.data = data
        self.shelf = shelf
        kind = import_module("relume.data.unprocess").Unprocess
        self.unprocess: Any = build(kind, data.unprocess, where="recipe.data.unprocess")

    def scenes(self, folder: Path) -> tuple[Scene, ...]:
        return raw_pairs.scenes(folder) or single_pictures(folder)

    def draw(self, scene: Scene, how: Draw) -> Batch:
        data, sides, random = self.data, how.sides, how.random
        if len(scene.paths) == 2:  # a mosaic and its long exposure
            return raw_pairs.draw(scene, sides=sides, flip=data.flip, random=random)
        pictures = cut([self.shelf.read(scene.paths[0])], sides=sides, data=data, random=random)
        picture = relit(pictures[0], source=how.source, data=data, random=random)
        return self._made(mirrored([picture], data=data, random=random)[0], random=random)

    def whole(self, scene: Scene, *, random: np.random.Generator) -> Batch:
        """Return a whole picture and its mosaic for validation, cut to even sides."""
        if len(scene.paths) == 2:
            return raw_pairs.middle(scene)
        picture = self.shelf.read(scene.paths[0]).float() / 255
        height, width = (side - side % 2 for side in picture.shape[-2:])
        return self._made(picture[:, :height, :width], random=random)

    def _made(self, picture: Tensor, *, random: np.random.Generator) -> Batch:
        image = np.ascontiguousarray(rounded(picture).numpy().transpose(1, 2, 0))
        mosaic, srgb, ratio = self.unprocess(image, random=random)
        return {
            "mosaic": torch.from_numpy(np.ascontiguousarray(mosaic[None], np.float32)),
            "srgb": torch.from_numpy(np.ascontiguousarray(srgb.transpose(2, 0, 1), np.float32)),
            "ratio": torch.tensor(float(ratio)),
        }
