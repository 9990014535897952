"""Lightning, quietly: what it is told, and how Ctrl-C comes back to the caller."""

from __future__ import annotations

import logging
import os
import signal
import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import lightning
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch.callbacks import Callback

from relume.errors import ContractError
from relume.train.keeper import Whole
from relume.train.loggers import make_loggers
from relume.train.recipe import Recipe


def make_trainer(plan: Recipe, *, output: Path, callbacks: Sequence[Callback]) -> lightning.Trainer:
    """Build Lightning's trainer as the section `training` says.

    Raises: ContractError for machines that are not here, and what Lightning does not know.
    """
    try:
        return _trainer(plan, output=output, callbacks=callbacks)
    except (MisconfigurationException, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ContractError(f"recipe.training: {reason}") from error


def _trainer(plan: Recipe, *, output: Path, callbacks: Sequence[Callback]) -> lightning.Trainer:
    training = plan.training
    timed = bool(training.steps or training.minutes)
    return lightning.Trainer(
        max_epochs=-1 if timed else training.epochs,
        accelerator=training.accelerator,
        devices=training.devices,
        num_nodes=training.nodes,
        strategy=training.strategy,
        precision=training.precision,
        deterministic="warn",
        # Each process draws its own batches, see relume.train.draws.
        use_distributed_sampler=False,
        check_val_every_n_epoch=training.validate_every,
        logger=make_loggers(training.loggers, output / "log", name=plan.method),
        callbacks=list(callbacks),
        plugins=[Whole()],
        num_sanity_val_steps=0,
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=False,
    )


def is_first_process() -> bool:
    """Tell whether this process speaks for all that train together."""
    return all(os.environ.get(name, "0") == "0" for name in ("LOCAL_RANK", "NODE_RANK"))


@contextmanager
def quiet() -> Generator[None]:
    """Silence advice that a user cannot act upon, and let Ctrl-C be Ctrl-C again."""
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    handler = signal.getsignal(signal.SIGINT)
    with warnings.catch_warnings():
        # About workers, intervals and library internals.
        warnings.filterwarnings("ignore", module=r"lightning\..*")
        warnings.filterwarnings("ignore", module=r"torch\..*")
        try:
            yield
        except SystemExit:  # how Lightning leaves after Ctrl-C, which it then ignores
            signal.signal(signal.SIGINT, handler)
            raise KeyboardInterrupt from None
