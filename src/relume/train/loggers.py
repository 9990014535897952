"""Where numbers and pictures of a training go."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from lightning.pytorch.loggers import CSVLogger, Logger, TensorBoardLogger
from numpy.typing import NDArray

from relume.extras import need


def make_loggers(names: Sequence[str], folder: Path, *, name: str) -> list[Logger]:
    """Build loggers; W&B stays offline unless the environment variable WANDB_MODE is "online".

    Raises: MissingExtraError when wandb is asked for and not installed.
    """
    made: list[Logger] = []
    for kind in dict.fromkeys(names):
        if kind == "csv":
            made.append(CSVLogger(folder, name="csv"))
        elif kind == "tensorboard":
            made.append(TensorBoardLogger(folder, name="tensorboard"))
        else:
            made.append(_wandb(folder, name=name))
    return made


def show_picture(logger: Logger, name: str, pixels: NDArray[np.uint8], *, step: int) -> None:
    """Send (H, W, 3) uint8 to a logger that takes pictures."""
    if isinstance(logger, TensorBoardLogger):
        logger.experiment.add_image(name, pixels, step, dataformats="HWC")
    elif hasattr(logger, "log_image"):
        wandb: Any = logger
        wandb.log_image(key=name, images=[pixels], step=step)


def _wandb(folder: Path, *, name: str) -> Logger:
    need("wandb", extra="wandb")
    from lightning.pytorch.loggers import WandbLogger

    folder.mkdir(parents=True, exist_ok=True)
    offline = os.environ.get("WANDB_MODE", "offline") != "online"
    return WandbLogger(name=name, project="relume", save_dir=folder, offline=offline)
