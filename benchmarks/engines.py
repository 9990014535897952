"""The engines, measured: one network run eagerly in torch, by ONNX Runtime and by OpenVINO.

Usage: python benchmarks/engines.py [--method pairlie] [--repeats 5] [--tiles 64 …]
                                    [--int8 onnxruntime openvino] [--json FILE]

Each engine runs in a process of its own; rounds alternate between them, so that a busy machine is
busy for all. Shown are the median of wall and of processor seconds, the ratio to the first engine
in processor time, which other processes hardly disturb, and the growth of the peak of resident
memory over what the process held before the method was loaded (Linux). Pictures over a megapixel
are left to the engines that work in tiles.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

MOST_EAGER = 10**6
"""Pixels that torch is given whole: a network of 64 channels takes a gigabyte per megapixel."""
MIB = 2**20
SMALL = "int8"

ONE = """
import json, resource, sys, time
import numpy as np
from relume import methods
from relume.bench.memory import Meter
from relume import engines
from relume.runtime import load, weights

name, engine, height, width, memory = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
random = np.random.default_rng(0)
picture = (random.random((height, width, 3)) ** 3 * 90).astype(np.uint8)
meter = Meter()
meter.restart()
if engine == "torch":  # the whole picture at once, as a training framework runs it
    card = methods.card(name)
    data = weights.read_published(name, f"{card.weights[0].name}.onnx")
    graph = engines.open_graph(data, engine="torch")
    feeds = {knob.name: np.float32(knob.default) for knob in card.knobs}
    feeds = {knob: value for knob, value in feeds.items() if knob in graph.inputs}
    image = np.ascontiguousarray((picture / np.float32(255)).transpose(2, 0, 1)[None])
    work = lambda: graph.run({"image": image, **feeds}, ["enhanced"])
else:
    engine, _, precision = engine.partition(" ")
    method = load(name, engine=engine, memory=memory, precision=precision or "fp32")
    work = lambda: method(picture)
start = time.perf_counter()
work()
print(json.dumps({"first": time.perf_counter() - start}), flush=True)
for _ in sys.stdin:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    times = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    print(json.dumps({**times, "peak": meter.mebibytes()}), flush=True)
"""


class Runner:
    """One engine in a process of its own, run once per line written to it."""

    def __init__(self, method: str, engine: str, size: tuple[int, int], memory: int) -> None:
        self.engine, self.memory = engine, memory
        arguments = [method, engine, *map(str, size), str(memory * MIB)]
        self._process = subprocess.Popen(
            [sys.executable, "-c", ONE, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.first: float = self._answer()["first"]
        self.runs: list[dict[str, Any]] = []

    def run(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        self.runs.append(self._answer())

    def close(self) -> None:
        self._process.communicate()

    def median(self, what: str) -> float:
        return statistics.median(run[what] for run in self.runs)

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.engine} failed")
        return json.loads(line)


def compare(
    method: str, size: tuple[int, int], runners: list[tuple[str, int]], repeats: int
) -> list[dict[str, Any]]:
    """Run every engine `repeats` times in turn."""
    started = [Runner(method, engine, size, memory) for engine, memory in runners]
    for _ in range(repeats):
        for runner in started:
            runner.run()
    for runner in started:
        runner.close()
    base = started[0].median("cpu")
    return [
        {
            "engine": runner.engine,
            "size": f"{size[1]}×{size[0]}",
            "tile memory, MiB": runner.memory if runner.engine != "torch" else None,
            "wall, s": runner.median("wall"),
            "processor, s": runner.median("cpu"),
            "first run, s": runner.first,
            "peak, MiB": runner.median("peak"),
            "times faster": base / runner.median("cpu"),  # than the first of them
        }
        for runner in started
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--method", default="pairlie")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--tiles", type=int, nargs="+", default=[64], help="MiB of one tile")
    parser.add_argument("--sizes", nargs="+", default=["400x600", "1080x1920"], metavar="HxW")
    parser.add_argument("--int8", nargs="*", default=[], metavar="ENGINE", help="in int8, too")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    names = ["onnxruntime", "openvino", *(f"{name} {SMALL}" for name in options.int8)]
    light = [(name, tile) for name in names for tile in options.tiles]
    rows: list[dict[str, Any]] = []
    for text in options.sizes:
        height, width = map(int, text.split("x"))
        eager = [("torch", 0)] if height * width <= MOST_EAGER else []
        rows += compare(options.method, (height, width), [*eager, *light], options.repeats)
    print(f"\n{options.method}, {os.cpu_count()} processors\n")
    print("| " + " | ".join(rows[0]) + " |\n|" + "---|" * len(rows[0]))
    for row in rows:
        cells = (f"{cell:.2f}" if isinstance(cell, float) else str(cell) for cell in row.values())
        print("| " + " | ".join(cells) + " |")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
