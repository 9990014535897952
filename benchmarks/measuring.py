"""What several benchmarks share: a picture to measure on, a median of seconds, a printed table."""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]


def scene(height: int, width: int, *, light: Callable[[Plane, Plane], Plane]) -> NDArray[np.uint8]:
    """Return `light` of x and y in [0, 1], in levels, tinted, with texture and noise: (H, W, 3)."""
    random = np.random.default_rng(0)
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(0, 1, width, dtype=np.float32)[None, :]
    base = light(x, y)
    picture = np.empty((height, width, 3), np.uint8)
    for channel, tint in enumerate((1.0, 0.8, 0.6)):
        fine = random.integers(0, 9, (height, width), dtype=np.uint8)
        coarse = random.integers(0, 17, (-(-height // 2), -(-width // 2)), dtype=np.uint8)
        texture = coarse.repeat(2, axis=0).repeat(2, axis=1)[:height, :width]
        picture[..., channel] = np.clip(base * tint + fine + texture, 0, 255)
    return picture


def lamp(x: Plane, y: Plane) -> Plane:
    """Return a lamp at the upper edge, 1 in its middle."""
    return np.exp(-((x - 0.7) ** 2 + y**2) * 60)


def median_seconds(work: Callable[[], object], repeats: int) -> float:
    """Return the median wall time after one warm-up."""
    work()
    times: list[float] = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def report(rows: Mapping[str, float], *, about: str, json_file: Path | None) -> None:
    """Print what was measured as a table, and write it to a file if one is named."""
    print(f"\n{os.cpu_count()} processors, {about}\n")
    print("| what | measured |\n|---|---|")
    for what, measured in rows.items():
        print(f"| {what} | {measured:.3f} |")
    if json_file is not None:
        json_file.write_text(json.dumps(rows, indent=2) + "\n")
