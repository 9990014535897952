"""Time each network as relume runs it against the same network run eagerly by torch, in one run.

    python benchmarks/networks.py [--json networks.json] [--repeats 5] [--threads 2] [METHOD …]

600×400 pixels, float32, knobs at their defaults. Medians; the two take turns, so that other work
on the machine slows both. Needs the extra `train`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.resources import as_file, files
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import torch

from relume import methods
from relume.card import Card, settle
from relume.export.weights import load_network
from relume.runtime import load

HEIGHT, WIDTH = 400, 600


@dataclass(frozen=True)
class Line:
    """Median seconds of both, and how many times faster relume is."""

    method: str
    threads: int
    eager: float
    relume: float
    ratio: float


def networks() -> tuple[str, ...]:
    """Return the methods that have a network and enhance pictures, not mosaics."""
    return tuple(
        card.name
        for card in methods.cards()
        if card.kind == "neural" and card.input == "srgb" and card.weights
    )


def eager(card: Card) -> Callable[[], object]:
    """Return a run of the network by torch as a person would write it."""
    weights = files(f"relume.methods.{card.name}") / "weights"
    with as_file(weights / f"{card.weights[0].name}.safetensors") as file:
        network = load_network(card.name, file).eval()
    names: tuple[str, ...] = getattr(network, "graph_knobs", ())
    settled = settle(card)
    knobs = [torch.tensor(settled[name]) for name in names]
    image = torch.from_numpy(picture()).permute(2, 0, 1)[None].contiguous()

    def run() -> object:
        with torch.inference_mode():
            return network(image, *knobs)

    return run


def picture() -> np.ndarray:
    """Return a dark picture, (H, W, 3) float32."""
    return np.random.default_rng(0).random((HEIGHT, WIDTH, 3), np.float32) ** 3


def measure(name: str, *, threads: int, repeats: int) -> Line:
    """Let the two take turns."""
    theirs = eager(methods.card(name))
    method, image = load(name, engine="onnxruntime", threads=threads), picture()
    # A reduced estimate would not be the same work: at scale 1 the network sees every pixel.
    estimate = method.card.estimate
    knobs = {estimate.scale_knob: 1.0} if estimate is not None else {}
    times: dict[str, list[float]] = {"eager": [], "relume": []}
    runs: dict[str, Callable[[], object]] = {
        "eager": theirs,
        "relume": lambda: method(image, **knobs),
    }
    for turn in range(repeats + 1):
        for which, run in runs.items():
            start = perf_counter()
            run()
            if turn:  # the first warms up
                times[which].append(perf_counter() - start)
    slow, fast = median(times["eager"]), median(times["relume"])
    return Line(name, threads, round(slow, 4), round(fast, 4), round(slow / fast, 2))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("methods", nargs="*", help="all networks if none is named")
    parser.add_argument("--json", help="write the lines to this file")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    lines: list[Line] = []
    for name in options.methods or networks():
        line = measure(name, threads=options.threads, repeats=options.repeats)
        lines.append(line)
        print(
            f"{line.method:12} torch {line.eager:7.3f} s   relume {line.relume:7.3f} s   "
            f"{line.ratio:5.2f} times as fast"
        )
    if options.json:
        content = json.dumps([asdict(line) for line in lines], indent=1) + "\n"
        Path(options.json).write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
