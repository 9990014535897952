"""Steps per second of `relume train` against a plain loop over the same network and batches.

    python benchmarks/training.py [METHOD...]

Both read the same pictures through the same data loader; the plain loop does what a script would:
forward, backward, clip, step. They take turns, a few hundred steps each, and the median of the
ratios of neighbouring turns is printed: absolute times drift with the machine, ratios in one run
do not. One thread, whose processor time is counted, so that other programs do not disturb. The
bound is 0.95.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn

from relume import methods
from relume.train.data import Pictures
from relume.train.optimisers import make_optimiser
from relume.train.plan import make_network, make_objective
from relume.train.recipe import Recipe, Source, read_recipe
from relume.train.session import Session

TURNS = 9
SECONDS = 1.0
"""About as long as a turn takes, of processor time."""


def plan_of(name: str) -> Recipe:
    """Return the method's own recipe without validation, with nothing but learning left."""
    home = Path(methods.module(name).__file__ or "").parent
    own = read_recipe(home / "recipe.yaml")
    data = replace(own.data, sources=(Source(),), holdout=0.0, held_out=(), validation="")
    training = replace(
        own.training,
        minutes=0.0,
        start="",
        averaging=0.0,
        patience=0,
        monitor="auto",
        samples=0,
        loggers=("csv",),
        snapshot_every=10_000,
    )
    return replace(own, data=data, training=training)


def plain(plan: Recipe, folder: Path, steps: int) -> float:
    """Return the seconds per step of a plain loop."""
    network, objective = make_network(plan), make_objective(plan)
    data = replace(plan.data, epoch=steps * plan.data.batch)
    pictures = Pictures(folder, data=data, seed=0, needs=objective.needs)
    optimiser = make_optimiser(list(network.parameters()), plan.optimiser)
    batches = iter(pictures.train_dataloader())
    first = next(batches)
    _plain_step(network, objective, optimiser, first, plan)
    start = time.process_time()
    for batch in batches:
        _plain_step(network, objective, optimiser, batch, plan)
    return (time.process_time() - start) / (steps - 1)


def _plain_step(
    network: nn.Module, objective: Any, optimiser: Any, batch: dict[str, Any], plan: Recipe
) -> None:
    for terms in objective.rounds(network, batch):
        total = sum(terms.values())
        optimiser.zero_grad()
        total.backward()
        if plan.optimiser.clip_norm:
            nn.utils.clip_grad_norm_(network.parameters(), plan.optimiser.clip_norm)
        optimiser.step()


def ours(plan: Recipe, folder: Path, output: Path, steps: int) -> float:
    """Return the seconds per step of a training, from the end of its first step to its last."""
    data = replace(plan.data, epoch=steps * plan.data.batch)
    one = replace(plan, data=data, training=replace(plan.training, steps=steps))
    session = Session(one, data=folder, output=output, stages=("fit",), say=lambda _: None)
    ends: list[float] = []
    honest = session.trainee.training_step

    def timed(batch: Any, batch_idx: int) -> None:
        honest(batch, batch_idx)
        ends.append(time.process_time())

    session.trainee.training_step = timed
    session.fit(resume=None)
    return (ends[-1] - ends[0]) / (steps - 1)


def pictures(folder: Path, needs: str) -> None:
    """Write generated pictures as the view needs them."""
    random = np.random.default_rng(0)
    for number in range(12):
        coarse = random.integers(0, 256, (9, 12, 3), np.uint8)
        image = Image.fromarray(coarse).resize((480, 360), Image.Resampling.BICUBIC)
        dark = image.point(lambda level: level // 8)
        places = {
            "low_high": [(f"low/{number}.png", dark), (f"high/{number}.png", image)],
            "two_exposures": [(f"{number}/a.png", dark), (f"{number}/b.png", image)],
            "low": [(f"{number}.png", dark)],
        }.get(needs, [(f"{number}.png", image)])
        for name, picture in places:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            picture.save(folder / name)


def compare(name: str) -> dict[str, Any]:
    """Return steps per second of both and the median ratio."""
    plan = plan_of(name)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "data"
        pictures(folder, make_objective(plan).needs)
        steps = max(4, round(SECONDS / plain(plan, folder, 8)))
        turns: list[tuple[float, float]] = []
        for turn in range(TURNS):
            output = Path(place) / f"out{turn}"
            # Who goes first alternates, so that a drift favours neither.
            if turn % 2:
                turns.append((plain(plan, folder, steps), ours(plan, folder, output, steps)))
            else:
                mine = ours(plan, folder, output, steps)
                turns.append((plain(plan, folder, steps), mine))
    return {
        "method": name,
        "steps": steps,
        "plain_steps_per_second": round(1 / median(one for one, _ in turns), 2),
        "relume_steps_per_second": round(1 / median(two for _, two in turns), 2),
        "ratio": round(median(one / two for one, two in turns), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("methods", nargs="*", default=["sgz", "pairlie"])
    torch.set_num_threads(1)
    for name in parser.parse_args().methods:
        print(json.dumps(compare(name)), flush=True)


if __name__ == "__main__":
    main()
