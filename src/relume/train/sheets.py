"""Sheets of samples: what goes in, what comes out, and what should, as a training goes on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import torch
from lightning.pytorch.callbacks import Callback
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from relume.losses.objective import Batch
from relume.train.data import Pictures, Wholes
from relume.train.draws import collate
from relume.train.loggers import show_picture
from relume.train.module import Trainee
from relume.train.use import to_bytes, write_png

CELL = 320
"""Longest side of a picture on a sheet, in pixels."""
MARGIN = 4
AT_MOST_EVERY = 0.05
"""Of a training lies between two sheets: short epochs need no hundred sheets."""


class Sheets(Callback):
    """Writes samples/epoch-NNNN.png: a row per sample; input, enhanced and reference side by side.

    Samples are spread over what validates, or over what teaches where nothing validates.
    """

    def __init__(self, folder: Path, *, pictures: Pictures, count: int) -> None:
        self.folder = folder
        self.pictures = pictures
        self.count = count
        self.shown = -1.0
        self._samples: list[Batch] | None = None

    def state_dict(self) -> dict[str, Any]:
        return {"shown": self.shown}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.shown = state_dict["shown"]

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        module: Trainee = pl_module
        if not self.count or not trainer.is_global_zero:
            return
        share = module.clock.share
        if share - self.shown < AT_MOST_EVERY and not module.clock.is_over():
            return
        self.shown = share
        if self._samples is None:
            self._samples = samples(self.pictures, count=self.count)
        sheet = draw_sheet([show(module, sample) for sample in self._samples])
        self.folder.mkdir(parents=True, exist_ok=True)
        write_png(self.folder / f"epoch-{trainer.current_epoch + 1:04d}.png", sheet)
        for logger in trainer.loggers:
            show_picture(logger, "samples", sheet, step=module.clock.batches)


def samples(pictures: Pictures, *, count: int) -> list[Batch]:
    """Return batches of one scene each, limited in size."""
    valid = pictures.valid
    if isinstance(valid, Wholes):
        places = spread(len(valid), count)
        found = [valid[place] for place in places]
        if pictures.needs == "mosaic_srgb" and not pictures.data.validation:
            return [collate([batch]) for batch in found]
        return [{role: _limited(image)[None] for role, image in batch.items()} for batch in found]
    scenes = [scene for group in pictures.train.scenes for scene in group]
    if pictures.needs == "mosaic_srgb":
        return [collate([pictures.train[number]]) for number in range(min(count, len(scenes)))]
    chosen = [scenes[place] for place in spread(len(scenes), count)]
    return [
        {"low": _limited(pictures.shelf.read(scene.paths[0]).float() / 255)[None]}
        for scene in chosen
    ]


def spread(length: int, count: int) -> list[int]:
    """Return at most `count` places of a list of `length`, evenly spread."""
    count = min(count, length)
    return [n * length // count for n in range(count)]


@torch.no_grad()
def show(module: Trainee, batch: Batch) -> list[Tensor]:
    """Return (3, H, W) each: input, enhanced and, where there is one, the reference."""
    batch = {role: image.to(module.device) for role, image in batch.items()}
    with module.evaluating():
        if "high" in batch or "srgb" in batch:
            enhanced, reference = module.objective.compare(module.judged, batch)
            after = [enhanced[0], reference[0]]
        else:
            after = [module.objective.enhance(module.judged, batch["low"])[0]]
    before = batch["low"][0] if "low" in batch else _visible(batch["mosaic"][0])
    return [picture.float().clamp(0, 1).cpu() for picture in (before, *after)]


def draw_sheet(rows: Sequence[Sequence[Tensor]]) -> NDArray[np.uint8]:
    """Lay pictures out in rows on dark gray; (H, W, 3) uint8."""
    shown = [[_limited(picture) for picture in row] for row in rows]
    height = max(picture.shape[-2] for row in shown for picture in row) + MARGIN
    width = max(picture.shape[-1] for row in shown for picture in row) + MARGIN
    columns = max(len(row) for row in shown)
    sheet = torch.full((3, height * len(shown) + MARGIN, width * columns + MARGIN), 0.2)
    for down, row in enumerate(shown):
        for across, picture in enumerate(row):
            top, left = down * height + MARGIN, across * width + MARGIN
            tall, wide = picture.shape[-2:]
            sheet[:, top : top + tall, left : left + wide] = picture
    return to_bytes(sheet[None])


def _limited(image: Tensor) -> Tensor:
    """Reduce a picture by area to what fits a cell."""
    longest = max(image.shape[-2:])
    if longest <= CELL:
        return image
    sides = [max(1, round(side * CELL / longest)) for side in image.shape[-2:]]
    return functional.interpolate(image[None], sides, mode="area")[0]


def _visible(mosaic: Tensor) -> Tensor:
    """Show the red, green and blue sites of an RGGB mosaic as a small picture, roughly encoded."""
    red, green, blue = mosaic[0, ::2, ::2], mosaic[0, ::2, 1::2], mosaic[0, 1::2, 1::2]
    return torch.stack((red, green, blue)).clamp(0, 1) ** (1 / 2.2)
