"""Time the package for darktable beside `relume` itself, both on one thread, at 12 megapixels.

    python benchmarks/editors.py [--repeats 5] [--engine-graph]

The package is run by ONNX Runtime as darktable's scripts run it, on a generated picture that is too
dark everywhere, so that all of it is restored; `relume` gets the same picture as floats and as
bytes. Rounds take turns; medians of processor time (user and system), which other programs disturb
least, and of wall time. `--engine-graph` adds the method's graph in one piece, as it is shipped.
Memory is what the peak of the process grows by over the loaded model and the picture (Linux).
"""

from __future__ import annotations

import argparse
import os
import time
import zipfile
from collections.abc import Callable
from io import BytesIO
from statistics import median
from typing import Any

import numpy as np
import onnxruntime
from enhance import HEIGHT, WIDTH, scene

from relume import methods
from relume.bench.memory import Meter
from relume.export.darktable import GRAPH, package
from relume.runtime import load, weights


def main() -> None:
    """Print a table of ratios."""
    parser = argparse.ArgumentParser(description="Time a package for darktable.")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--engine-graph", action="store_true")
    chosen = parser.parse_args()
    card = methods.card("relume")
    content = weights.read_published(card.name, f"{card.weights[0].name}.onnx")
    made = package(content, card, knobs=card.knobs, version="0.1")
    with zipfile.ZipFile(BytesIO(made)) as archive:
        (graph,) = (archive.read(name) for name in archive.namelist() if name.endswith(GRAPH))
    dark = (scene(HEIGHT, WIDTH) // 12).astype(np.uint8)
    floats = dark.astype(np.float32) / 255
    planes = np.ascontiguousarray(floats.transpose(2, 0, 1)[None])
    knobs = {knob.name: np.array([knob.default], np.float32) for knob in card.knobs}
    method = load(card.name, threads=1)
    works: dict[str, Callable[[], Any]] = {
        "relume, floats": lambda: method(floats),
        "relume, bytes": lambda: method(dark),
        "package": _runs(graph, planes, knobs),
    }
    if chosen.engine_graph:
        whole = planes[:, :, : HEIGHT // 8 * 8, : WIDTH // 8 * 8]
        scalars = {name: value.reshape(()) for name, value in knobs.items()}
        works["graph in one piece"] = _runs(content, whole, scalars)
    grown = {}
    for name, work in works.items():
        meter = Meter()
        meter.restart()
        work()
        grown[name] = meter.mebibytes()
    found = works["package"]().transpose(1, 2, 0)
    print(f"largest difference {np.abs(found - works['relume, floats']()).max():.1e}")
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
    for _ in range(chosen.repeats):
        for name, work in works.items():
            start, used = time.perf_counter(), _used()
            work()
            seconds[name].append((_used() - used, time.perf_counter() - start))
    base = [median(each) for each in zip(*seconds["relume, floats"], strict=True)]
    for name, times in seconds.items():
        processor, wall = (median(each) for each in zip(*times, strict=True))
        memory = "" if grown[name] is None else f"{grown[name]:6.0f} MiB more"
        print(
            f"{name:20} {processor:.3f} s {processor / base[0]:5.2f} ×   "
            f"wall {wall:.3f} s {wall / base[1]:5.2f} ×   {memory}"
        )


def _used() -> float:
    times = os.times()
    return times.user + times.system


def _runs(model: bytes, image: Any, knobs: dict[str, Any]) -> Callable[[], Any]:
    """Return a call of a model on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session: Any = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    names = {port.name for port in session.get_inputs()}
    feeds = {"image": image, **{name: value for name, value in knobs.items() if name in names}}
    return lambda: session.run(["enhanced"], feeds)[0][0]


if __name__ == "__main__":
    main()
