"""One network through all stages: what learns also validates, tests, predicts, is exported."""

from __future__ import annotations

import errno
import signal
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean

import lightning
import torch

from relume import methods
from relume.errors import ContractError, RelumeError, UnwritableError
from relume.export.weights import card_with, load_network, save_weights
from relume.io.atomic import replacing
from relume.metrics.scorer import scorer
from relume.train.clock import Clock
from relume.train.data import Pictures
from relume.train.fit import is_first_process, make_trainer, quiet
from relume.train.keeper import Keeper, Say
from relume.train.measure import told
from relume.train.module import DivergedError, Trainee
from relume.train.plan import make_network, make_objective
from relume.train.proof import prove
from relume.train.recipe import Recipe, Training, write_recipe
from relume.train.recipe_training import Monitor
from relume.train.sheets import Sheets
from relume.train.too_dark import told_of_dark
from relume.train.use import Score, enhance_all, measure, table_of
from relume.words import counted

ENOUGH = 60
"""Scenes to learn from, below which what is learnt is mostly theirs; docs/training.md."""


class Session:
    """A recipe, its pictures and the one network; complains when it is built."""

    def __init__(
        self, plan: Recipe, *, data: Path, output: Path, stages: Sequence[str], say: Say
    ) -> None:
        self.plan, self.data, self.output = plan, data, output
        self.say: Say = say if is_first_process() else _silent
        lightning.seed_everything(plan.training.seed, workers=True, verbose=False)
        network, objective = make_network(plan), make_objective(plan)
        self.pictures = Pictures(
            data, data=plan.data, seed=plan.training.seed, needs=objective.needs, stages=stages
        )
        monitor = _monitor(plan.training, self.pictures)
        self.trainee = Trainee(
            network=network,
            objective=objective,
            optimiser=plan.optimiser,
            training=plan.training,
            clock=Clock(plan.training, batches_per_epoch=self.pictures.draws().batches),
            monitor=monitor,
        )
        self.trainee.configure_optimizers()  # a wrong option shows at once
        if "test" in stages:
            for label in plan.training.metrics:
                scorer(label)  # so do a wrong name, and parameters that are not there
        self.keeper = Keeper(
            output / "checkpoints", training=plan.training, monitor=monitor, say=self.say
        )
        sheets = Sheets(output / "samples", pictures=self.pictures, count=plan.training.samples)
        with quiet():
            self.trainer = make_trainer(plan, output=output, callbacks=[sheets, self.keeper])

    def fit(self, *, resume: Path | None = None) -> None:
        """Learn until the end of the recipe, and keep it; from a checkpoint where one is given."""
        self._keep_recipe()
        plan, pictures, last = self.plan, self.pictures, self.keeper.last_path
        clock = self.trainee.clock
        if not clock.seconds:
            world = self.trainer.world_size
            pictures.train.progress.draws = clock.total * plan.data.batch * world
        parameters = sum(value.numel() for value in self.trainee.network.parameters())
        held = f", {pictures.validating} to validate" if pictures.validating else ""
        self.say(
            f"{plan.method}: {parameters:,} parameters, {counted(len(pictures.train), 'scene')}"
            f"{held}, logs in {self.output}/log"
        )
        if len(pictures.train) < ENOUGH:
            few = counted(len(pictures.train), "scene")
            self.say(
                f"few to learn from, {few}: what comes of it may suit no others; take {ENOUGH} or "
                "more, see docs/training.md"
            )
        if pictures.megabytes > plan.data.cache_megabytes:
            self.say(
                f"the pictures take {pictures.megabytes:.0f} MB, data.cache_megabytes is "
                f"{plan.data.cache_megabytes}: many are decoded again and again; set "
                "data.longest_side=1600, or raise data.cache_megabytes"
            )
        if warning := told_of_dark(plan.method, pictures.darkened, read=pictures.shelf.read):
            self.say(warning)
        try:
            with self._ending_after_a_step(), quiet():
                self.trainer.fit(
                    self.trainee, datamodule=pictures, ckpt_path=resume, weights_only=True
                )
        except KeyboardInterrupt:
            if last.is_file():
                self.say(f"stopped; --resume continues from {last}")
            raise
        except DivergedError as error:
            if not last.is_file():
                raise
            raise DivergedError(f"{error}; the last good checkpoint is {last}") from error
        except RelumeError as error:
            raise in_one_line(error) from error
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            raise UnwritableError(
                f"cannot write below {self.output}: no space left on device; free some and "
                "continue with --resume"
            ) from error
        if not self.trainer.is_global_zero:
            raise SystemExit(0)  # the first process does the rest

    def _keep_recipe(self) -> None:
        """Write what reproduces the training, and goes on with it, beside what comes of it."""
        try:
            self.output.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = error.strerror
            raise UnwritableError(f"{self.output}: cannot make this folder ({reason})") from error
        with replacing(self.output / "recipe.yaml") as file:
            file.write(write_recipe(self.plan).encode())

    @contextmanager
    def _ending_after_a_step(self) -> Generator[None]:
        """Let the first Ctrl-C end the training where it can be resumed, and a second one at once.

        Several processes would end after different steps, and wait for each other.
        """
        before = signal.getsignal(signal.SIGINT)
        alone = self.trainer.world_size == 1 and before is signal.default_int_handler
        if not alone or threading.current_thread() is not threading.main_thread():
            yield
            return

        def call_off(*_: object) -> None:
            signal.signal(signal.SIGINT, before)
            self.keeper.is_called_off = True
            self.say("stopping after this step; Ctrl-C again stops at once")

        signal.signal(signal.SIGINT, call_off)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def load_best(self) -> None:
        """Take the parameters of the best checkpoint, or of the last where nothing validates."""
        self.trainee.load_state_dict(
            torch.load(self._chosen(), map_location="cpu", weights_only=True)["state_dict"]
        )

    def export(self) -> Path:
        """Write the files of the best weights and check them on this machine.

        Raises: WeightsError when an engine gives another result than the network.
        """
        chosen = self._chosen()
        self.say(f"exporting {chosen.name}")
        network = load_network(self.plan.method, chosen)
        card = card_with(
            network,
            methods.card(self.plan.method),
            name=self.plan.method,
            trained_on=(self.data.resolve().name,),
            recipe="recipe.yaml",
        )
        model = save_weights(network, card, folder=self.output)
        for line in prove(model, golden=self.output / f"{model.stem}.golden.npz"):
            self.say(line)
        return model

    def validate(self) -> dict[str, float]:
        """Measure what validates again, with the best weights."""
        if self.pictures.valid is None:
            raise ContractError("nothing validates; set data.validation or data.holdout")
        with quiet():
            self.trainer.validate(self.trainee, datamodule=self.pictures, verbose=False)
        self.say(f"validation: {told(self.trainee.measured)}")
        return self.trainee.measured

    def test(self) -> list[Score]:
        """Measure the pairs of `data.test`, and keep each value in test.csv."""
        labels = self.plan.training.metrics
        scores = list(measure(self._ready(), self.pictures.tests, labels=labels))
        for folder in self.pictures.tests:
            own = [score for score in scores if score.folder == folder]
            means = {label: fmean(score.values[label] for score in own) for label in labels}
            self.say(f"test {folder}: {told(means)}, mean of {counted(len(own), 'pair')}")
        with replacing(self.output / "test.csv") as file:
            file.write(table_of(scores).encode())
        return scores

    def predict(self) -> list[Path]:
        """Enhance the pictures of `data.predict` into predict/, as PNG."""
        made = list(
            enhance_all(self._ready(), self.pictures.predicted, output=self.output / "predict")
        )
        self.say(f"predicted: {counted(len(made), 'picture')} in {self.output}/predict")
        return made

    def _ready(self) -> Trainee:
        """Put the network back where it computes, which Lightning leaves after each stage."""
        return self.trainee.to(self.trainer.strategy.root_device).eval()

    def _chosen(self) -> Path:
        best = self.keeper.best_path
        return best if self.keeper.monitor and best.is_file() else self.keeper.last_path


def _silent(line: str) -> None: ...


def in_one_line(error: RelumeError) -> RelumeError:
    """Return an error from a process that prepares pictures without the traceback it brings."""
    lines = str(error).strip().splitlines()
    if len(lines) < 2:
        return error
    return type(error)(lines[-1].partition(": ")[2])


def _monitor(training: Training, pictures: Pictures) -> Monitor:
    """Decide what chooses the best checkpoint; nothing where nothing validates."""
    wanted = training.monitor
    if pictures.valid is None:
        if wanted != "auto" or training.patience:
            raise ContractError(
                "recipe.training: monitor and patience need pictures that validate; set "
                "data.validation or data.holdout"
            )
        return ""
    if wanted == "auto":
        return "psnr" if pictures.has_references else "total"
    if wanted != "total" and not pictures.has_references:
        raise ContractError(
            f"recipe.training.monitor: {wanted} needs pairs; set data.validation, or monitor total"
        )
    if wanted == "total" and pictures.data.validation and pictures.needs != "low_high":
        raise ContractError(
            "recipe.training.monitor: total needs pictures such as the objective learns from; "
            "set data.holdout instead of data.validation, or monitor psnr"
        )
    return wanted
