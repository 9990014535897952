"""How fast a method is on this machine: one case, one process.

A picture of structure and grain goes from bytes to bytes. The first run, which may compile, is
told apart; the others give the median and the 95th percentile. Memory is the peak over that of the
process before the method was loaded.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from relume.arrays import Picture
from relume.bench.memory import Meter
from relume.bench.operations import count
from relume.card import Card
from relume.data.drawn_nights import draw_night
from relume.data.mosaicking import mosaicked
from relume.errors import RelumeError
from relume.runtime.foreign import Description
from relume.runtime.method import GraphMethod, load
from relume.runtime.variants import as_precision

SIZES = ((600, 400), (1920, 1080))
"""Widths and heights measured unless others are asked for."""
ENOUGH_SECONDS = 60.0
"""After so long no further run is begun, but three are always made."""
LEAST = 3
LIMIT_SECONDS = 1800
"""When a case is given up."""
_TILE = 256
"""Side of the drawn picture that is repeated over a large one."""


@dataclass(frozen=True)
class Case:
    """What is measured."""

    name: str
    width: int
    height: int
    engine: str
    precision: str
    description: Description | None = None
    """What a model file without a card wants."""

    def __str__(self) -> str:
        return f"{self.name} {self.width}x{self.height} {self.engine} {self.precision}"


@dataclass(frozen=True)
class Speed:
    """What was found; None where it could not be."""

    case: Case
    first: float | None = None
    """Seconds of the first run, with whatever is compiled then."""
    median: float | None = None
    """Seconds."""
    p95: float | None = None
    """Seconds that 95 of 100 runs stay below."""
    mebibytes: float | None = None
    parameters: int | None = None
    operations: float | None = None
    """Multiplications and additions of the network for the picture, whole, tiles' halos aside."""
    fault: str = ""
    """Why there are no numbers; empty when there are."""

    @property
    def throughput(self) -> float | None:
        """Megapixels a second."""
        if not self.median:
            return None
        return self.case.width * self.case.height / self.median / 1e6


def measure(case: Case, *, repeats: int, threads: int | None = None) -> Speed:
    """Measure a case in a process of its own, so that one leaves nothing to the next."""
    task = {"case": asdict(case), "repeats": repeats, "threads": threads}
    command = [sys.executable, "-m", "relume.bench.speed"]
    try:
        ended = subprocess.run(
            command,
            input=json.dumps(task),
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Speed(case, fault=f"took longer than {LIMIT_SECONDS} s")
    try:
        found: dict[str, Any] = json.loads(ended.stdout)
    except ValueError:
        said = ended.stderr.strip().splitlines()[-1:] or [f"ended with {ended.returncode}"]
        return Speed(case, fault=said[0][:200])
    return Speed(case, **found)


def measure_here(case: Case, *, repeats: int, threads: int | None) -> Mapping[str, Any]:
    """Measure a case in this process and return the fields of its result; without repeats, those
    of the one run that memory is measured on."""
    meter = Meter()
    meter.restart()
    try:
        method = load(
            case.name,
            engine=case.engine,
            threads=threads,
            description=case.description,
            precision=as_precision(case.precision),
        )
        picture = draw(case.width, case.height, method.card)
        seconds = [_time(method, picture)]
        begin = perf_counter()
        while len(seconds) <= repeats and (
            len(seconds) <= LEAST or perf_counter() - begin < ENOUGH_SECONDS
        ):
            seconds.append(_time(method, picture))
        found: dict[str, Any] = {
            "first": seconds[0],
            "mebibytes": meter.mebibytes(),
        }
        if later := seconds[1:]:
            found |= {"median": median(later), "p95": float(np.percentile(later, 95))}
    except RelumeError as error:
        return {"fault": str(error)}
    if isinstance(method, GraphMethod) or method.card.kind == "neural":
        found["parameters"] = method.card.parameters or None
        found["operations"] = count(case.name, method.card, case.width, case.height)
    return found


def draw(width: int, height: int, card: Card) -> Picture:
    """Draw a dark picture of bytes, or what a sensor makes of it."""
    tile = draw_night(_TILE, _TILE, seed=1)
    again = (-(-height // _TILE), -(-width // _TILE), 1)
    if card.input == "mosaic":
        plane = np.tile(mosaicked(tile), again[:2])[:height, :width]
        return np.ascontiguousarray(plane)
    whole = np.tile(np.rint(tile * 255).astype(np.uint8), again)
    return np.ascontiguousarray(whole[:height, :width])


def _time(method: Any, picture: Picture) -> float:
    begin = perf_counter()
    method(picture)
    return perf_counter() - begin


def _main() -> None:
    task = json.load(sys.stdin)
    said = task["case"].pop("description")
    case = Case(**task["case"], description=Description(**said) if said else None)
    found = measure_here(case, repeats=task["repeats"], threads=task["threads"])
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    _main()
