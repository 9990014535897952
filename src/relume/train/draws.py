"""Draws without end: the seed and the number of a draw decide all of it, so runs can be resumed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch.utils.data import Dataset, Sampler

from relume.errors import ContractError, UnreadableError
from relume.losses.objective import Batch
from relume.train.recipe import Data
from relume.train.scenes import Scene
from relume.train.views import Draw, View

TEACH, VALIDATE = 0, 2
"""Streams of random numbers; 1 decides the sides of whole batches."""


class Draws(Sampler[int]):
    """Number all pictures of a training, whole batches only, epoch by epoch.

    With several processes each takes every `world`-th batch, beginning with its own rank.
    """

    def __init__(
        self, *, epoch_size: int, batch: int, rank: int = 0, world: int = 1, begun: int = 0
    ) -> None:
        self.batch, self.rank, self.world = batch, rank, world
        self.batches = max(1, epoch_size // (batch * world))
        self.epoch = 0
        self._begun = begun
        """Batches of the first epoch that an earlier run has seen."""

    def set_epoch(self, epoch: int) -> None:
        """Lightning calls this before each epoch, after a resumption too."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.batches * self.batch

    def __iter__(self) -> Iterator[int]:
        begun, self._begun = self._begun, 0
        for batch in range(self.epoch * self.batches + begun, (self.epoch + 1) * self.batches):
            first = (batch * self.world + self.rank) * self.batch
            yield from range(first, first + self.batch)


class Progress:
    """How much of a training is over, in [0, 1], for darkening that changes with it.

    It follows from the number of the draw. Where time ends the training, and the number of draws
    is not known, `now` is set instead, in memory shared with the processes that prepare pictures.
    """

    def __init__(self) -> None:
        self.draws = 0
        self.now = torch.zeros(()).share_memory_()

    def at(self, number: int) -> float:
        return min(1.0, number / self.draws) if self.draws else float(self.now)


class Drawn(Dataset[Batch]):
    """Scenes of several sources, drawn by share: draw n is the same in all runs with a seed."""

    def __init__(
        self,
        scenes: Sequence[tuple[Scene, ...]],
        *,
        view: View,
        data: Data,
        seed: int,
        stream: int = TEACH,
    ) -> None:
        self.scenes = scenes
        self.view = view
        self.data = data
        self.seed = seed
        self.stream = stream
        self.progress = Progress()
        weights = [source.share if scenes[n] else 0.0 for n, source in enumerate(data.sources)]
        shares = np.array(weights, float)
        if not shares.sum():
            raise UnreadableError("the recipe's data.sources need shares above 0")
        self.shares = shares / shares.sum()

    def __len__(self) -> int:
        return sum(map(len, self.scenes))

    def __getitem__(self, number: int) -> Batch:
        random = np.random.default_rng((self.seed, self.stream, number))
        which = int(random.choice(len(self.shares), p=self.shares))
        scenes = self.scenes[which]
        scene = scenes[int(random.integers(len(scenes)))]
        source, progress = self.data.sources[which], self.progress.at(number)
        return self.view.draw(scene, Draw(source, self._sides(number), random, progress))

    def _sides(self, number: int) -> tuple[int, int] | None:
        """All pictures of a batch need one size, so it follows from the batch's number."""
        if not self.data.sides:
            return None
        shared = np.random.default_rng((self.seed, 1, number // self.data.batch))
        sides = shared.choice(self.data.sides, 2)
        return int(sides[0]), int(sides[1])


def collate(items: Sequence[Batch]) -> Batch:
    """Stack what is drawn into a batch.

    Raises: ContractError when pictures have several sizes.
    """
    shapes = {role: {tuple(item[role].shape) for item in items} for role in items[0]}
    for role, found in shapes.items():
        if len(found) > 1:
            sizes = ", ".join(f"{shape[-2]}×{shape[-1]}" for shape in sorted(found))
            raise ContractError(
                f"the {role} pictures of a batch have several sizes ({sizes}); set data.size or "
                "data.sides, or batches of 1"
            )
    return {role: torch.stack([item[role] for item in items]) for role in items[0]}
