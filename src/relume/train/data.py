"""The folders of a recipe: checked, split into what teaches and what validates, and loaded."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any, cast
from zlib import crc32

import lightning
import numpy as np
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from relume.errors import ContractError, UnreadableError
from relume.losses import objective
from relume.losses.objective import Batch
from relume.train import scenes as find
from relume.train.draws import VALIDATE, Drawn, Draws, collate
from relume.train.pictures import Shelf
from relume.train.recipe import Data
from relume.train.scenes import Scene, inspect
from relume.train.views import View, low_high, make

WHOLE = 3
"""Stream of random numbers that decides how pictures that validate are darkened."""

IN_PAIRS: tuple[objective.View, ...] = ("low_high", "mosaic_srgb")
"""Views that know what the enhanced picture should be."""
MADE_DARK: tuple[objective.View, ...] = ("normal", *IN_PAIRS)
"""Views in which a photo alone stands for what is to be reached."""


class Wholes(Dataset[Batch]):
    """Whole scenes with their references, the same in every epoch, for validation."""

    def __init__(self, scenes: Sequence[Scene], *, view: Any, data: Data, seed: int) -> None:
        self.scenes = scenes
        self.view = view
        self.side = data.validation_side
        self.seed = seed

    def __len__(self) -> int:
        return len(self.scenes)

    def __getitem__(self, index: int) -> Batch:
        scene = self.scenes[index]
        random = np.random.default_rng((self.seed, WHOLE, crc32(scene.key.encode())))
        batch: Batch = self.view.whole(scene, random=random)
        return {role: self._limited(image) for role, image in batch.items()}

    def _limited(self, image: Tensor) -> Tensor:
        longest = max(image.shape, default=0)
        if not self.side or longest <= self.side or image.ndim != 3 or image.shape[0] != 3:
            return image
        sides = [max(1, round(side * self.side / longest)) for side in image.shape[-2:]]
        return functional.interpolate(image[None], sides, mode="area")[0]


class Pictures(lightning.LightningDataModule):
    """What a recipe's folders hold for an objective; complains when it is built."""

    def __init__(
        self,
        folder: Path,
        *,
        data: Data,
        seed: int,
        needs: objective.View = "low",
        stages: Sequence[str] = ("fit",),
    ) -> None:
        super().__init__()
        self.data = data
        self.needs: objective.View = needs
        self.shelf = shelf = Shelf(
            size=data.size, megabytes=data.cache_megabytes, longest_side=data.longest_side
        )
        view = make(needs, data, shelf=shelf)
        teaching: list[tuple[Scene, ...]] = []
        held: list[tuple[Scene, ...]] = []
        for source in data.sources:
            place = folder / source.folder
            found = find.without(view.scenes(place), source, folder=place)
            some, others = find.split(found, data, folder=place)
            teaching.append(some)
            held.append(others)
        self.train = Drawn(teaching, view=view, data=data, seed=seed)
        self.valid = self._validation(folder, held, view=view, seed=seed)
        self.has_references = isinstance(self.valid, Wholes)
        self.tests = self._tests(folder, seed=seed) if "test" in stages else {}
        self.predicted = self._predicted(folder) if "predict" in stages else {}
        most = self._most_pixels()
        self.megabytes = 3e-6 * sum(
            min(inspect(scene), most * len(scene.paths))
            for group in (*teaching, *held)
            for scene in group
        )
        self.darkened = [
            scene.paths[0]
            for some in teaching
            for scene in some
            if needs in MADE_DARK and len(scene.paths) == 1
        ]
        """Photos of which dark counterparts are made."""
        self.begun = 0
        """Batches of the epoch at hand, where a training was stopped within it."""
        for some in teaching:  # a folder of the wrong thing shows at once
            shelf.read(some[0].paths[0])

    def state_dict(self) -> dict[str, Any]:
        return {"begun": self.begun}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.begun = state_dict["begun"]

    def _validation(
        self, folder: Path, held: list[tuple[Scene, ...]], *, view: View, seed: int
    ) -> Dataset[Batch] | None:
        data = self.data
        if data.validation:
            self._require_pictures("data.validation", "use data.holdout")
            scenes = self._some(find.pairs(folder / data.validation))
            return self._wholes(scenes, seed=seed)
        if not any(held):
            if data.held_out:
                raise UnreadableError(
                    f"{folder}: no scene is called {data.held_out[0]!r}, as data.held_out says"
                )
            return None
        if self.needs in IN_PAIRS:
            scenes = self._some(tuple(scene for group in held for scene in group))
            return Wholes(scenes, view=view, data=data, seed=seed)
        return Drawn(held, view=view, data=data, seed=seed, stream=VALIDATE)

    def _most_pixels(self) -> float:
        """Return how many pixels of a picture are kept at most, whatever its size."""
        if self.data.size:
            return float(self.data.size[0] * self.data.size[1])
        return float(self.data.longest_side**2) if self.data.longest_side else inf

    def _tests(self, folder: Path, *, seed: int) -> dict[str, Wholes]:
        if not self.data.test:
            raise ContractError("the stage test needs pairs; name their folders in data.test")
        self._require_pictures("data.test", "measure it with `relume bench`")
        limitless = replace(self.data, validation_side=0)
        return {
            name: self._wholes(find.pairs(folder / name), seed=seed, data=limitless)
            for name in self.data.test
        }

    def _predicted(self, folder: Path) -> dict[str, tuple[Scene, ...]]:
        if not self.data.predict:
            raise ContractError("the stage predict needs pictures; name folders in data.predict")
        self._require_pictures("data.predict", "use `relume enhance -m`")
        return {name: find.single_pictures(folder / name) for name in self.data.predict}

    def _wholes(self, scenes: tuple[Scene, ...], *, seed: int, data: Data | None = None) -> Wholes:
        for scene in scenes:
            inspect(scene)
        shelf = Shelf(size=(), megabytes=self.data.cache_megabytes)
        view = low_high.View(self.data, shelf=shelf)
        return Wholes(scenes, view=view, data=data or self.data, seed=seed)

    def _require_pictures(self, key: str, way: str) -> None:
        if self.needs == "mosaic_srgb":
            raise ContractError(f"recipe.{key}: the method reads mosaics, not pictures; {way}")

    def _some(self, scenes: tuple[Scene, ...]) -> tuple[Scene, ...]:
        """Return at most `validation_count` scenes, spread over all."""
        count = self.data.validation_count or len(scenes)
        if count >= len(scenes):
            return scenes
        return tuple(scenes[n * len(scenes) // count] for n in range(count))

    @property
    def validating(self) -> int:
        """Number of scenes that validate."""
        return len(cast("Drawn | Wholes", self.valid)) if self.valid is not None else 0

    def draws(self, *, rank: int = 0, world: int = 1, begun: int = 0) -> Draws:
        """Number the draws of one of `world` processes."""
        size = self.data.epoch or len(self.train)
        return Draws(epoch_size=size, batch=self.data.batch, rank=rank, world=world, begun=begun)

    def train_dataloader(self) -> DataLoader[Batch]:
        trainer = self.trainer
        rank, world = (trainer.global_rank, trainer.world_size) if trainer else (0, 1)
        begun, self.begun = self.begun, 0
        return DataLoader(
            self.train,
            batch_size=self.data.batch,
            sampler=self.draws(rank=rank, world=world, begun=begun),
            num_workers=self.data.workers,
            worker_init_fn=_leave_interrupts_alone,
            persistent_workers=self.data.workers > 0,
            # A fork of a process with threads, such as those of libvips, may hang.
            multiprocessing_context="spawn" if self.data.workers else None,
            collate_fn=collate,
        )

    def val_dataloader(self) -> DataLoader[Batch] | list[DataLoader[Batch]]:
        if self.valid is None:
            return []
        if isinstance(self.valid, Wholes):
            return DataLoader(self.valid, batch_size=self.data.validation_batch, collate_fn=collate)
        # Draws of one number are the same in every epoch; batches share sides, as in training.
        count = self.data.validation_count or len(cast("Drawn", self.valid))
        count = -(-count // self.data.batch) * self.data.batch
        return DataLoader(
            self.valid, batch_size=self.data.batch, sampler=range(count), collate_fn=collate
        )


def _leave_interrupts_alone(_worker: int) -> None:
    """Ctrl-C reaches every process of a terminal; the one that trains tells the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
