"""A training from folder to files: recipe in, checkpoints and logs on the way, a model file out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from relume.train.keeper import Say
from relume.train.plan import choose_recipe
from relume.train.recipe_training import Monitor
from relume.train.session import Session
from relume.train.wanted import last_of, require_place, stages_of


@dataclass(frozen=True)
class Outcome:
    """How a training went."""

    model: Path | None
    """The model file; None where nothing was learnt."""
    monitor: Monitor
    best: float | None
    """Of what the monitor watches; None where nothing validates."""
    objective: float
    """Mean over the last epoch."""
    seconds: float


def train(
    method: str,
    *,
    data: Path,
    output: Path,
    recipe: Path | None = None,
    settings: tuple[str, ...] = (),
    minutes: float = 0.0,
    optimiser: str = "",
    stages: Sequence[str] = ("fit",),
    resume: bool = False,
    say: Say = print,
) -> Outcome:
    """Train a method on the pictures in `data`, and go through the further stages with it.

    `resume` continues the training in `output`, with the recipe it was started with, at its last
    checkpoint: the losses are those of a run that was never stopped.
    Raises: RelumeError of the kind that fits.
    """
    wanted = stages_of(stages)
    fits = "fit" in wanted
    require_place(output, resume=resume, fits=fits)
    plan = choose_recipe(
        method,
        output=output,
        recipe=recipe,
        settings=settings,
        minutes=minutes,
        optimiser=optimiser,
        begun=resume or not fits,
    )
    session = Session(plan, data=data, output=output, stages=wanted, say=say)
    if fits:
        session.fit(resume=last_of(output) if resume else None)
    session.load_best()
    model = session.export() if fits else None
    if "validate" in wanted:
        session.validate()
    if "test" in wanted:
        session.test()
    if "predict" in wanted:
        session.predict()
    return Outcome(
        model=model,
        monitor=session.keeper.monitor,
        best=session.keeper.best,
        objective=session.trainee.mean_total(),
        seconds=session.trainee.clock.elapsed(),
    )
