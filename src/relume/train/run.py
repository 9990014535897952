"""A training from folder to files: recipe in, checkpoints and logs on the way, a model file out."""

from __future__ import annotations

import logging
import signal
import time
import warnings
from collections.abc import Callable
from importlib import import_module
from math import inf
from pathlib import Path
from typing import Any

import lightning
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger, Logger, TensorBoardLogger
from torch import nn

from relume import methods
from relume.errors import ContractError, UnreadableError, UnwritableError, WeightsError
from relume.export.weights import card_with, load_network, save_weights
from relume.io.atomic import replacing
from relume.losses.objective import Objective
from relume.train.data import Pictures
from relume.train.module import Trainee
from relume.train.recipe import Recipe, call, read_recipe, write_recipe

Say = Callable[[str], None]
"""Where lines for people go."""


class Narrator(Callback):
    """Say how an epoch went, and end the training when its time is over."""

    def __init__(self, say: Say, *, minutes: float) -> None:
        self.say = say
        self.deadline = time.monotonic() + 60 * minutes

    def on_train_epoch_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        seen = trainer.callback_metrics
        values = [f"{name} {float(seen[key]):.4g}" for name, key in _SHOWN.items() if key in seen]
        epoch = f"epoch {trainer.current_epoch + 1} of {trainer.max_epochs}"
        self.say(": ".join((epoch, ", ".join(values))))
        if time.monotonic() > self.deadline:
            trainer.should_stop = True


_SHOWN = {"objective": "train/total", "validation PSNR": "valid/psnr"}


def train(
    method: str,
    *,
    data: Path,
    output: Path,
    recipe: Path | None = None,
    settings: tuple[str, ...] = (),
    minutes: float = inf,
    resume: bool = False,
    say: Say = print,
) -> Path:
    """Train a method on the pictures in `data` and return the model file it ends with.

    `resume` continues the training in `output`, with the recipe it was started with, at its last
    checkpoint: the losses are those of a run that was never stopped.
    Raises: RelumeError of the kind that fits.
    """
    last = output / "checkpoints" / "last.ckpt"
    plan = _plan(method, output=output, last=last, recipe=recipe, settings=settings, resume=resume)
    if not minutes > 0:
        raise ContractError(f"--minutes: expected a time above 0, got {minutes:g}")
    pictures = Pictures(data, data=plan.data, seed=plan.training.seed)
    trainee = _trainee(plan)
    _make_folder(output)
    with replacing(output / "recipe.yaml") as file:
        file.write(write_recipe(plan).encode())
    parameters = sum(value.numel() for value in trainee.network.parameters())
    say(f"{method}: {parameters:,} parameters, {len(pictures.low)} pictures, logs in {output}/log")
    _fit(
        trainee,
        pictures,
        plan,
        output=output,
        minutes=minutes,
        resume=last if resume else None,
        say=say,
    )
    best = output / "checkpoints" / "best.ckpt"
    chosen = best if best.is_file() and plan.data.validation else last
    say(f"exporting {chosen.name}")
    network = load_network(method, chosen)
    card = card_with(
        network,
        methods.card(method),
        name=method,
        trained_on=(data.resolve().name,),
        recipe="recipe.yaml",
    )
    return save_weights(network, card, folder=output)


def _plan(
    method: str,
    *,
    output: Path,
    last: Path,
    recipe: Path | None,
    settings: tuple[str, ...],
    resume: bool,
) -> Recipe:
    """Choose and read the recipe, and make sure that no other training is overwritten."""
    home = methods.module(method).__file__
    if home is None or not (Path(home).parent / "objective.py").is_file():
        raise ContractError(f"{method} has nothing to learn; see `relume methods`")
    if resume and not last.is_file():
        raise UnreadableError(f"{last}: nothing to resume; start without --resume")
    if not resume and last.exists():
        raise UnwritableError(
            f"{output} already holds a training; --resume continues it, -o names another folder"
        )
    own = output / "recipe.yaml" if resume else Path(home).with_name("recipe.yaml")
    plan = read_recipe(recipe or own, settings=settings)
    if plan.method != method:
        raise ContractError(f"{recipe or own}: is a recipe for {plan.method}, not for {method}")
    return plan


def _trainee(plan: Recipe) -> Trainee:
    lightning.seed_everything(plan.training.seed, workers=True, verbose=False)
    home = f"relume.methods.{plan.method}"
    network: nn.Module = call(
        import_module(f"{home}.network").Network, plan.network, where="network"
    )
    if plan.training.start:
        start = Path(plan.training.start)
        try:
            network.load_state_dict(load_network(plan.method, start).state_dict())
        except RuntimeError as error:
            raise WeightsError(f"{start}: does not fit the network of this recipe") from error
    objective: Objective = call(
        import_module(f"{home}.objective").Objective, plan.objective, where="objective"
    )
    return Trainee(network=network, objective=objective, optimiser=plan.optimiser)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnwritableError(f"{folder}: cannot make this folder ({error.strerror})") from error


def _fit(
    trainee: Trainee,
    pictures: Pictures,
    plan: Recipe,
    *,
    output: Path,
    minutes: float,
    resume: Path | None,
    say: Say,
) -> None:
    """Run Lightning, quietly, and give Ctrl-C back to the caller."""
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    handler = signal.getsignal(signal.SIGINT)
    with warnings.catch_warnings():
        # Advice about workers, intervals and library internals that a user cannot act upon.
        warnings.filterwarnings("ignore", module=r"lightning\..*")
        warnings.filterwarnings("ignore", module=r"torch\..*")
        trainer = lightning.Trainer(
            max_epochs=plan.training.epochs,
            accelerator="auto",
            devices=1,
            deterministic="warn",
            gradient_clip_val=plan.optimiser.clip_norm or None,
            log_every_n_steps=plan.training.log_every,
            logger=_loggers(output),
            callbacks=_callbacks(plan, output=output, minutes=minutes, say=say),
            num_sanity_val_steps=0,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        try:
            trainer.fit(trainee, datamodule=pictures, ckpt_path=resume, weights_only=True)
            # An early end may lie between two snapshots.
            trainer.save_checkpoint(output / "checkpoints" / "last.ckpt")
        except SystemExit:  # how Lightning leaves after Ctrl-C, which it then ignores
            signal.signal(signal.SIGINT, handler)
            raise KeyboardInterrupt from None


def _loggers(output: Path) -> list[Logger]:
    log = output / "log"
    return [CSVLogger(log, name="csv"), TensorBoardLogger(log, name="tensorboard")]


def _callbacks(plan: Recipe, *, output: Path, minutes: float, say: Say) -> list[Any]:
    folder = output / "checkpoints"
    snapshots = ModelCheckpoint(
        dirpath=folder,
        filename="epoch-{epoch:04d}",
        auto_insert_metric_name=False,
        every_n_epochs=plan.training.snapshot_every,
        save_top_k=-1 if plan.training.keep_snapshots else 1,
        save_last=True,
        save_on_train_epoch_end=True,
        enable_version_counter=False,
    )
    best = ModelCheckpoint(
        dirpath=folder,
        filename="best",
        monitor="valid/psnr",
        mode="max",
        save_on_train_epoch_end=True,
        enable_version_counter=False,
    )
    narrator = Narrator(say, minutes=minutes)
    return [narrator, *([best] if plan.data.validation else []), snapshots]
