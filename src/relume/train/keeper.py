"""What is kept of a training: the last checkpoint, the best, and the decision to stop."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

import lightning
import torch
from lightning.fabric.plugins.io import TorchCheckpointIO
from lightning.pytorch.callbacks import Callback

from relume.errors import ContractError
from relume.io.atomic import replacing
from relume.train.measure import told
from relume.train.module import DivergedError, Trainee, numbers
from relume.train.recipe import Training
from relume.train.recipe_training import Monitor
from relume.words import counted

Say = Callable[[str], None]
"""Where lines for people go."""


SILENCE = 20.0
"""Seconds without a line after which one tells that a long epoch goes on."""


class Whole(TorchCheckpointIO):
    """Checkpoints that appear whole or not at all, so that a full disk spoils none."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None
    ) -> None:
        place = Path(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        content = io.BytesIO()
        torch.save(checkpoint, content)
        with replacing(place) as file:
            file.write(content.getbuffer())


class Keeper(Callback):
    """Saves checkpoints, says how each epoch went, and ends the training when it is over."""

    def __init__(self, folder: Path, *, training: Training, monitor: Monitor, say: Say) -> None:
        self.folder = folder
        self.training = training
        self.monitor: Monitor = monitor
        self.say = say
        self.best: float | None = None
        self.best_epoch = 0
        self.since = 0
        self.is_called_off = False
        """The training is to end at the next place from which it can be resumed."""
        self._told = 0.0

    @property
    def last_path(self) -> Path:
        return self.folder / "last.ckpt"

    @property
    def best_path(self) -> Path:
        return self.folder / "best.ckpt"

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best, "best_epoch": self.best_epoch, "since": self.since}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.best = state_dict["best"]
        self.best_epoch = state_dict["best_epoch"]
        self.since = state_dict["since"]

    def on_train_start(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        clock = pl_module.clock
        clock.begin()
        clock.look(pl_module)
        if clock.is_over():  # resumed after its end: only the export is left
            trainer.should_stop = True
        elif not clock.batches:  # so that a stop in the first epoch leaves something to resume
            trainer.save_checkpoint(self.last_path)
        self._told = monotonic()
        self._end_where_called_off()

    def on_train_batch_end(
        self, trainer: lightning.Trainer, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        clock = pl_module.clock
        if clock.seconds:
            trainer.datamodule.train.progress.now.fill_(clock.share)  # pyright: ignore[reportAttributeAccessIssue, reportOptionalMemberAccess]
        if clock.is_over():
            trainer.should_stop = True
        elif monotonic() - self._told > SILENCE:
            self.say(f"{self._place(pl_module)}: objective {pl_module.mean_total():.4g}")
            self._told = monotonic()
        if self.is_called_off and not trainer.should_stop:
            pictures: Any = trainer.datamodule  # pyright: ignore[reportAttributeAccessIssue]
            if pl_module.epoch_batches < pictures.draws(world=trainer.world_size).batches:
                pictures.begun = pl_module.epoch_batches
                trainer.save_checkpoint(self.last_path)
                self._end_where_called_off()
            # After the last batch there is nothing more to learn: what validates decides first.

    def _end_where_called_off(self) -> None:
        if self.is_called_off:
            raise KeyboardInterrupt

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        module: Trainee = pl_module
        epoch = trainer.current_epoch + 1
        self._require_numbers(module)
        due = epoch % self.training.validate_every == 0
        if self.monitor and trainer.should_stop and not due:
            # The last step, with the lowest learning rate, is often the best.
            module.validate_all(trainer.datamodule.val_dataloader())  # pyright: ignore[reportAttributeAccessIssue, reportOptionalMemberAccess]
            due = True
        validated = bool(self.monitor) and due
        better = validated and self._judge(module, epoch)
        patient = self.training.patience == 0 or self.since < self.training.patience
        ends = trainer.should_stop or not patient
        if better:
            trainer.save_checkpoint(self.best_path)
        ends = ends or self.is_called_off or epoch == trainer.max_epochs
        if ends or epoch % self.training.snapshot_every == 0:
            trainer.save_checkpoint(self.last_path)
            if self.training.keep_snapshots:
                trainer.save_checkpoint(self.folder / f"epoch-{epoch:04d}.ckpt")
        for logger in trainer.loggers:
            logger.save()
        self._tell(trainer, module, validated=validated)
        if not patient:
            self.say(
                f"stopping: {counted(self.since, 'validation')} without a better {self.monitor} "
                f"than {self.best:.4g} of epoch {self.best_epoch}"
            )
            trainer.should_stop = True
        self._end_where_called_off()

    def _judge(self, module: Trainee, epoch: int) -> bool:
        """Compare with the best so far and remember."""
        value = module.measured.get(self.monitor)
        if value is None:
            raise ContractError(
                f"recipe.training.monitor: {self.monitor} needs larger pictures than those that "
                "validate; use psnr"
            )
        sign = -1 if self.monitor == "total" else 1
        better = self.best is None or sign * value > sign * self.best
        if better:
            self.best, self.best_epoch, self.since = value, epoch, 0
        else:
            self.since += 1
        return better

    def _require_numbers(self, module: Trainee) -> None:
        """A network of NaN must not replace a good one."""
        if not all(bool(torch.isfinite(value).all()) for value in numbers(module.network)):
            raise DivergedError(
                f"the network holds values that are not finite after step {module.clock.batches}; "
                "lower optimiser.learning_rate or optimiser.clip_norm and continue with --resume"
            )

    def _tell(self, trainer: lightning.Trainer, module: Trainee, *, validated: bool) -> None:
        values = [f"objective {module.mean_total():.4g}"]
        if validated:
            values.append(f"validation {told(module.measured)}")
        place = f"epoch {trainer.current_epoch + 1}"
        if not (module.clock.seconds or self.training.steps):
            place = f"{place} of {trainer.max_epochs}"
        else:
            place = f"{place}, {self._place(module)}"
        self.say(f"{place}: {', '.join(values)}")
        self._told = monotonic()

    def _place(self, module: Trainee) -> str:
        """Say how far the training is, within an epoch too."""
        clock = module.clock
        if clock.seconds:
            return (
                f"minute {min(clock.elapsed(), clock.seconds) / 60:.1f} of {clock.seconds / 60:g}"
            )
        return f"step {clock.batches} of {clock.total}"
