"""`llpacknet` measured: nights whose truth is known, a full frame's time and memory.

Usage: python benchmarks/llpacknet.py [--nights DIR] [--sheet FILE.png] [--json FILE]

`--nights` is a set made by `relume nights`. Other methods are given the same files as LibRaw
develops them. PSNR is that of 8-bit RGB. The grid is the error's mean change from pixel to pixel
across borders of 8×8 blocks over that elsewhere, in even parts of the truth: 1 is none. Times are
compared as ratios within one run; memory is the peak of a fresh process (Linux).
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from measuring import report

HEIGHT, WIDTH = 2848, 4256
REPEATS = 5
ENGINES = ("onnxruntime", "openvino")
BLOCK = 8
EVEN = 3 / 255
"""Largest standard deviation of a channel in an even part of a truth: grain, no texture."""
OTHERS = ("gamma", "auto_gamma", "exposure", "sgz")


def quality(folder: Path, sheet: Path | None) -> dict[str, float]:
    """Measure every method on every night and return means; print each night."""
    import relume
    from relume.bench import nights as files
    from relume.data.mosaicking import balanced
    from relume.levels import to_rgb
    from relume.metrics import psnr
    from relume.runtime import load

    method = load("llpacknet")
    others = {name: load(name) for name in OTHERS}
    columns: dict[str, list[float]] = {}
    rows: list[np.ndarray] = []
    steps: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}

    def add(what: str, value: float) -> None:
        columns.setdefault(what, []).append(value)

    for night in files.load(folder):
        plane = balanced(night.mosaic.normalised(), night.mosaic.white_balance)
        found = float(method.maps(plane)["automatic_amplification"].item())
        pictures = {
            "llpacknet": method.develop(night.mosaic, knobs={"amplification": 0.0}),
            "llpacknet, true ratio": method.develop(
                night.mosaic, knobs={"amplification": night.amplification}
            ),
        }
        file, stops = folder / "low" / f"{night.name}.dng", float(np.log2(night.amplification))
        plain = to_rgb(relume.read(file).pixels)
        pictures["developed, true ratio"] = to_rgb(relume.read(file, ev=stops).pixels)
        pictures["developed"] = plain
        pictures |= {f"developed, {name}": other(plain) for name, other in others.items()}
        for name, picture in pictures.items():
            add(name, psnr.psnr(eight(picture), eight(night.truth), data_range=255))
        for name in ("llpacknet, true ratio", "developed, true ratio"):
            steps.setdefault(name, []).append(steps_in_even_parts(pictures[name], night.truth))
        add("error in stops", float(np.log2(found / night.amplification)))
        line = "  ".join(f"{columns[name][-1]:6.2f}" for name in columns)
        print(f"{night.name:20} ×{night.amplification:6.1f}  {line}")
        shown = (
            night.truth,
            *(pictures[name] for name in list(pictures)[:3]),
            pictures["developed, sgz"],
        )
        rows.append(np.concatenate([view(picture) for picture in shown], axis=1))
    if sheet is not None:
        half = -(-len(rows) // 2)
        blank = [np.zeros_like(rows[0])] * (2 * half - len(rows))
        left, right = np.concatenate(rows[:half]), np.concatenate(rows[half:] + blank)
        pixels = eight(np.concatenate([left, right], axis=1)).astype(np.uint8)
        relume.write(relume.Photo(pixels), sheet)
    errors = columns.pop("error in stops")
    means = {f"{name}, dB": statistics.mean(values) for name, values in columns.items()}
    for name, each in steps.items():
        borders, others = (np.concatenate(parts) for parts in zip(*each, strict=True))
        means[f"{name}, grid"] = float(borders.mean() / others.mean())
    return means | {"median error of the amplifier, stops": statistics.median(map(abs, errors))}


def steps_in_even_parts(picture: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how much the error changes from pixel to pixel where the truth is even: across the
    borders of blocks, and elsewhere. Without a grid both are alike on average."""
    side = 2 * BLOCK

    def cells(pixels: np.ndarray) -> np.ndarray:
        """Cut into squares with two borders each way, (side, side, down, right, colour)."""
        inner = pixels[BLOCK // 2 :, BLOCK // 2 :].astype(np.float64)
        down, right = (length // side for length in inner.shape[:2])
        cut = inner[: down * side, : right * side].reshape(down, side, right, side, 3)
        return cut.transpose(1, 3, 0, 2, 4)

    even = cells(truth).std(axis=(0, 1)).max(axis=-1) < EVEN
    error = (cells(picture) - cells(truth))[:, :, even]
    crosses = (np.arange(1, side) + BLOCK // 2) % BLOCK == 0
    changes = [np.abs(np.diff(error, axis=axis)) for axis in (0, 1)]
    borders, others = (
        np.concatenate(
            [change.compress(which, axis=axis).ravel() for axis, change in enumerate(changes)]
        )
        for which in (crosses, ~crosses)
    )
    return borders, others


def eight(picture: np.ndarray) -> np.ndarray:
    """Round to levels of 8 bits."""
    return np.rint(np.asarray(picture, np.float64) * 255)


def view(picture: np.ndarray) -> np.ndarray:
    """Cut the middle out, 240 × 320, with a border."""
    down, right = (
        max(side - keep, 0) // 2 for side, keep in zip(picture.shape[:2], (236, 316), strict=True)
    )
    part = picture[down : down + 236, right : right + 316]
    space = [(2, 2 + 236 - part.shape[0]), (2, 2 + 316 - part.shape[1]), (0, 0)]
    return np.pad(part, space)


def seconds(engines: tuple[str, ...]) -> dict[str, float]:
    """Median seconds of a frame from mosaic to float RGB, warm, torch and the engines in turns:
    what else the machine does meets them alike."""
    import torch

    from relume.methods.llpacknet.network import Network
    from relume.runtime import load

    plane = frame()
    network, image = Network().eval(), torch.from_numpy(plane)[None, None]

    def eager() -> np.ndarray:
        with torch.inference_mode():
            return network(image, 0.0).enhanced[0].permute(1, 2, 0).numpy()

    works: dict[str, Callable[[], object]] = {"torch eager": eager}
    for engine in engines:
        works[engine] = partial(load("llpacknet", engine=engine), plane)
    times: dict[str, list[float]] = {name: [] for name in works}
    for repeat in range(REPEATS + 1):
        for name, work in works.items():
            start = time.perf_counter()
            work()
            if repeat:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(each) for name, each in times.items()}


def frame() -> np.ndarray:
    """A dark plane of a full frame."""
    return np.random.default_rng(0).random((HEIGHT, WIDTH), np.float32) ** 4 / 100


MEMORY = """
import sys
from llpacknet import frame
from relume.runtime import load
plane = frame()
result = load("llpacknet", engine=sys.argv[1])(plane)
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
"""


def mebibytes(engine: str) -> float:
    """Peak memory of a fresh process that develops a frame."""
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, engine],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parent,
    )
    return int(done.stdout.split()[-1]) / 1024


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", type=Path)
    parser.add_argument("--sheet", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--skip-speed", action="store_true")
    options = parser.parse_args()

    rows: dict[str, float] = {}
    if options.nights is not None:
        rows |= quality(options.nights, options.sheet)
    if not options.skip_speed:
        taken = seconds(ENGINES)
        rows |= {f"{name}, s": value for name, value in taken.items()}
        for engine in ENGINES:
            rows[f"torch eager / {engine}"] = taken["torch eager"] / taken[engine]
            rows[f"{engine}, peak memory, MiB"] = mebibytes(engine)
    report(rows, about=f"{HEIGHT} × {WIDTH}", json_file=options.json)


if __name__ == "__main__":
    main()
