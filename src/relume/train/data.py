"""Batches for training: the seed and its number decide each draw, so runs can be resumed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import lightning
import numpy as np
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from relume.errors import UnreadableError
from relume.losses.objective import Batch
from relume.train.augment import crop_reduced, vary
from relume.train.pictures import list_pictures, read_picture
from relume.train.recipe import Data


class Draws(Sampler[int]):
    """Number all pictures of a training, whole batches only, epoch by epoch."""

    def __init__(self, *, epoch_size: int, batch: int) -> None:
        self.count = max(1, epoch_size // batch) * batch
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Lightning calls this before each epoch, after a resumption too."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.epoch * self.count, (self.epoch + 1) * self.count))


class LowPictures(Dataset[Batch]):
    """Dark pictures, endless: draw number n is the same in every run with the same seed."""

    def __init__(self, folder: Path, *, data: Data, seed: int) -> None:
        self.data = data
        self.seed = seed
        self.paths = [list_pictures(folder / source.folder) for source in data.sources]
        shares = np.array([source.share for source in data.sources], float)
        if not len(shares) or (shares < 0).any() or not shares.sum():
            raise UnreadableError(f"{folder}: the recipe's sources need shares above 0")
        self.shares = shares / shares.sum()
        self.budget = data.cache_megabytes * 1_000_000
        self.cache: dict[Path, Tensor] = {}

    def __len__(self) -> int:
        return sum(map(len, self.paths))

    def __getitem__(self, number: int) -> Batch:
        random = np.random.default_rng((self.seed, 0, number))
        which = int(random.choice(len(self.shares), p=self.shares))
        paths = self.paths[which]
        image = self._read(paths[int(random.integers(len(paths)))]).float() / 255
        if self.data.sides:
            # All pictures of a batch need one size, so it follows from the batch's number.
            shared = np.random.default_rng((self.seed, 1, number // self.data.batch))
            sides = shared.choice(self.data.sides, 2)
            reduction = float(random.uniform(self.data.reduction[0], self.data.reduction[-1]))
            image = crop_reduced(
                image, (int(sides[0]), int(sides[1])), reduction=reduction, random=random
            )
        source = self.data.sources[which]
        return {"low": vary(image, source=source, data=self.data, random=random)}

    def _read(self, path: Path) -> Tensor:
        if path in self.cache:
            return self.cache[path]
        image = read_picture(path, size=self.data.size)
        if self.budget >= image.nbytes:
            self.budget -= image.nbytes
            self.cache[path] = image
        return image


class Pairs(Dataset[Batch]):
    """Dark pictures and their well-exposed counterparts, for validation only."""

    def __init__(self, folder: Path) -> None:
        self.low = list_pictures(folder / "low")
        self.high = tuple(folder / "high" / path.relative_to(folder / "low") for path in self.low)
        for low, high in zip(self.low, self.high, strict=True):
            if not high.is_file():
                raise UnreadableError(f"{low}: has no counterpart {high}")

    def __len__(self) -> int:
        return len(self.low)

    def __getitem__(self, index: int) -> Batch:
        low, high = read_picture(self.low[index]), read_picture(self.high[index])
        if low.shape != high.shape:
            raise UnreadableError(
                f"{self.low[index]}: {tuple(low.shape[1:])} pixels, but its counterpart has "
                f"{tuple(high.shape[1:])}"
            )
        return {"low": low.float() / 255, "high": high.float() / 255}


class Pictures(lightning.LightningDataModule):
    """The folders of a recipe, checked when it is built."""

    def __init__(self, folder: Path, *, data: Data, seed: int) -> None:
        super().__init__()
        self.data = data
        self.low = LowPictures(folder, data=data, seed=seed)
        self.pairs = Pairs(folder / data.validation) if data.validation else None
        read_picture(self.low.paths[0][0])  # a folder of the wrong thing shows at once

    def train_dataloader(self) -> DataLoader[Batch]:
        draws = Draws(epoch_size=self.data.epoch or len(self.low), batch=self.data.batch)
        return DataLoader(
            self.low,
            batch_size=self.data.batch,
            sampler=draws,
            num_workers=self.data.workers,
            persistent_workers=self.data.workers > 0,
        )

    def val_dataloader(self) -> DataLoader[Batch] | list[DataLoader[Batch]]:
        if self.pairs is None:
            return []
        return DataLoader(self.pairs, batch_size=self.data.validation_batch)
