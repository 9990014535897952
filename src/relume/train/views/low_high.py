"""The view `low_high`: pairs from folders, or well-exposed pictures darkened on the fly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from relume.data import darkening
from relume.errors import ContractError
from relume.losses.objective import Batch
from relume.train.augment import cut, grained, mirrored, relit, rounded
from relume.train.pictures import Shelf
from relume.train.recipe import Data
from relume.train.scenes import Scene, has_pairs, pairs, single_pictures
from relume.train.views import Draw


class View:
    """{"low", "high"}: one crop of both.

    Where a pair was photographed, exposure, white balance and noise vary the low picture alone;
    where it is made, exposure and white balance vary the high one before it is darkened.
    """

    def __init__(self, data: Data, *, shelf: Shelf) -> None:
        self.data = data
        self.shelf = shelf
        given = data.darkening
        self.darken = darkening.make(given.name, given.options) if given.name else None

    def scenes(self, folder: Path) -> tuple[Scene, ...]:
        if has_pairs(folder):
            return pairs(folder)
        if self.darken is None:
            known = ", ".join(darkening.names())
            raise ContractError(
                f"{folder}: holds no folders low and high; add them, or let normal pictures be "
                f"darkened with data.darkening.name ({known})"
            )
        return single_pictures(folder)

    def draw(self, scene: Scene, how: Draw) -> Batch:
        data = self.data
        images = self.shelf.read_scene(scene.paths)
        pictures = cut(images, sides=how.sides, data=data, random=how.random)
        if len(pictures) == 2:
            low = relit(pictures[0], source=how.source, data=data, random=how.random)
            pair = [grained(low, data=data, random=how.random), pictures[1]]
            low, high = mirrored(pair, data=data, random=how.random)
        else:
            normal = relit(pictures[0], source=how.source, data=data, random=how.random)
            high = rounded(mirrored([normal], data=data, random=how.random)[0])
            low = self.darkened(high, random=how.random, progress=how.progress)
        return {"low": rounded(low), "high": rounded(high)}

    def whole(self, scene: Scene, *, random: np.random.Generator) -> Batch:
        """Return a whole pair for validation, made if need be as at the end of training."""
        pictures = [image.float() / 255 for image in self.shelf.read_scene(scene.paths)]
        high = pictures[-1]
        made = len(pictures) == 1
        low = self.darkened(high, random=random, progress=1.0) if made else pictures[0]
        return {"low": low, "high": high}

    def darkened(self, high: Tensor, *, random: np.random.Generator, progress: float) -> Tensor:
        """Return a dark counterpart of a picture, or the picture itself now and then."""
        share = self.data.darkening.identity
        if self.darken is None or (share and random.random() < share):
            return high
        image = np.ascontiguousarray(high.numpy().transpose(1, 2, 0))
        low = self.darken(image, random=random, progress=progress)
        return torch.from_numpy(np.ascontiguousarray(low.transpose(2, 0, 1)))
