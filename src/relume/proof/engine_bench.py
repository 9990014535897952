"""Measure the installed engines on a method, seconds in all, so that `auto` knows the fastest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from secrets import randbelow
from statistics import median
from time import perf_counter

import numpy as np

from relume import engines, methods
from relume.arrays import Picture
from relume.card import Card
from relume.engines.measured import Measured, circumstances, remember
from relume.errors import RelumeError
from relume.runtime import weights
from relume.runtime.method import load

SIZE = (256, 384)
"""Several tiles of a network with a reach; a second or two for the heaviest without."""
REPEATS = 5
ENOUGH_SECONDS = 1.5
"""After so long a further repeat would not change the order."""
SMALLER = 32
"""A new size is up to so many rows and columns smaller."""
AGREEMENT = 1e-4
"""Largest difference to ONNX Runtime's result; an engine beyond it is never chosen."""


@dataclass(frozen=True)
class Run:
    """One engine on one method."""

    method: str
    engine: str
    seconds: float
    """For a picture of about `SIZE` that is the first of its size, as every one in a folder may be:
    an engine that compiles for each size pays for it."""
    difference: float
    """From ONNX Runtime's result."""
    fault: str = ""
    """Why it cannot be used; empty when it can."""


def measure(name: str) -> list[Run]:
    """Run every installed light engine on a neural method, and remember what was found.

    Raises: UnknownNameError; WeightsError; UnwritableError when it cannot be remembered.
    """
    card = methods.card(name)
    picture = scene(card)
    usual = load(name, engine=engines.DEFAULT)(picture)
    runs = list(_runs(name, picture, usual))
    seconds = {run.engine: run.seconds for run in runs if not run.fault}
    data = weights.read_published(name, f"{card.weights[0].name}.onnx")
    remember(data, Measured(name, seconds, circumstances()))
    return runs


def scene(card: Card) -> Picture:
    """Draw a dark picture of `SIZE` with structure and grain, as the method wants it."""
    random = np.random.default_rng(0)
    light = np.add.outer(np.sin(np.arange(SIZE[0]) / 17.0), np.cos(np.arange(SIZE[1]) / 23.0))
    grain = random.random(SIZE if card.input == "mosaic" else (*SIZE, 3))
    light = light if card.input == "mosaic" else light[..., None]
    return np.clip(0.1 + 0.04 * light + 0.05 * grain, 0.0, 1.0).astype(np.float32)


def _runs(name: str, picture: Picture, usual: Picture) -> Iterator[Run]:
    for engine in engines.usable():
        try:
            method = load(name, engine=engine)
            result = method(picture)
            seconds = _repeat(lambda method=method: method(_of_a_new_size(picture)))
        except RelumeError as error:
            yield Run(name, engine, float("inf"), float("inf"), str(error))
            continue
        difference = float(np.abs(result - usual).max())
        fault = "" if difference <= AGREEMENT else f"differs by {difference:.1e} from the usual"
        yield Run(name, engine, seconds, difference, fault)


def _of_a_new_size(picture: Picture) -> Picture:
    """Cut a few rows and columns off, another number each time: what was compiled for a size before
    lies in the cache."""
    rows, columns = (2 * (1 + randbelow(SMALLER // 2)) for _ in range(2))
    return np.ascontiguousarray(picture[:-rows, :-columns])


def _repeat(work: Callable[[], object]) -> float:
    """Return the median time of some calls, in seconds."""
    times: list[float] = []
    while len(times) < REPEATS and sum(times) < ENOUGH_SECONDS:
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return median(times)
