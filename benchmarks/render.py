"""Time the full-resolution pass at 12 MP, 8 bits: compiled, NumPy and, for the curve, torch.

    python benchmarks/render.py [--json render.json] [--repeats 7]

Every time is a median; the unit is one copy of the picture, measured in the same run, because
absolute times drift with the machine and its other work.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

from relume.arrays import Map, Pixels
from relume.render import (
    Affine,
    Blend,
    Curve,
    Gain,
    Relight,
    Rendering,
    Tone,
    apply,
    backend,
    centred,
    histogram,
    reduce,
)
from relume.render.bands import thread_count

HEIGHT, WIDTH = 2848, 4256
SMALL = (237, 354)


@dataclass(frozen=True)
class Line:
    """One measured line: median and least milliseconds, and the median in copies."""

    work: str
    code: str
    threads: int
    median_ms: float
    least_ms: float
    copies: float


def milliseconds(work: Callable[[], object], repeats: int) -> list[float]:
    """Run once to warm up, then time `repeats` runs."""
    work()
    times: list[float] = []
    for _ in range(repeats):
        start = perf_counter()
        work()
        times.append(1000 * (perf_counter() - start))
    return times


def renderings(rng: np.random.Generator) -> dict[str, Rendering]:
    """Return one of each kind, on maps of a twelfth of the picture's size."""
    grid = centred(SMALL, (HEIGHT, WIDTH))

    def power(encoded: np.ndarray) -> np.ndarray:
        return encoded**0.4545

    def a_map(low: float, high: float) -> Map:
        return rng.uniform(low, high, (*SMALL, 3)).astype(np.float32)

    return {
        "Curve, 8 steps": Curve(a_map(-1, 1), 8, grid),
        "Gain, a third passes white": Gain(a_map(0, 3), grid),
        "Affine": Affine(a_map(0, 2), a_map(-0.2, 0.2), grid),
        "Blend": Blend(power, a_map(0, 1), grid),
        "Tone by channel": Tone(power),
        "Tone by value": Tone(power, by="value"),
        "Tone by luma": Tone(power, by="luma"),
        "Tone by shift": Tone(power, by="shift"),
        "Relight": Relight(lambda largest: 4 / (1 + 3 * largest)),
    }


def torch_curve(curve: Curve, picture: Pixels) -> Callable[[], object] | None:
    """Return the curve in torch eager, bytes to bytes; None without torch."""
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(thread_count(None))
    small = torch.from_numpy(curve.map).permute(2, 0, 1)[None]
    samples = torch.from_numpy(picture)

    def work() -> object:
        x = samples.permute(2, 0, 1)[None].float() / 255
        a = torch.nn.functional.interpolate(small, size=(HEIGHT, WIDTH), mode="bilinear")
        for _ in range(curve.iterations):
            x = x + a * (x - x * x)
        return (x.clamp(0, 1) * 255).round().to(torch.uint8)[0].permute(1, 2, 0).contiguous()

    return work


def measure(repeats: int) -> list[Line]:
    """Time everything, slow code with fewer repeats."""
    rng = np.random.default_rng(0)
    picture = (rng.integers(0, 256, (HEIGHT, WIDTH, 3)) * 0.6).astype(np.uint8)
    out, threads = np.empty_like(picture), thread_count(None)
    copy = milliseconds(lambda: np.copyto(out, picture), 3 * repeats)
    lines: list[Line] = []

    def add(work: str, code: str, count: int, times: list[float]) -> None:
        middle = median(times)
        lines.append(Line(work, code, count, middle, min(times), middle / median(copy)))

    add("copy", "NumPy", 1, copy)
    kinds = renderings(rng)
    works: dict[str, Callable[[int | None], object]] = {
        name: lambda count, kind=kind: apply(kind, picture, out=out, threads=count)
        for name, kind in kinds.items()
    }
    height, width = SMALL
    alone: dict[str, Callable[[], object]] = {
        "reduce by area": lambda: reduce(picture, height=height, width=width),
        "histogram of luma": lambda: histogram(picture, of="luma"),
    }
    for forced in ("", "numpy"):
        os.environ["RELUME_KERNEL"] = forced
        few = repeats if backend() != "NumPy" else max(3, repeats // 3)
        for name, work in works.items():
            for count in sorted({1, threads}):
                add(name, backend(), count, milliseconds(lambda w=work, c=count: w(c), few))
        for name, call in alone.items():
            add(name, backend(), threads, milliseconds(call, few))
    curve = kinds["Curve, 8 steps"]
    if isinstance(curve, Curve) and (eager := torch_curve(curve, picture)):
        add("Curve, 8 steps", "torch eager", threads, milliseconds(eager, 3))
    return lines


def main() -> None:
    """Print a Markdown table; write the lines and the machine as JSON where asked."""
    parser = argparse.ArgumentParser(description="Time the full-resolution pass at 12 MP, 8 bits.")
    parser.add_argument("--json", type=Path, help="write the measurements here as well")
    parser.add_argument("--repeats", type=int, default=7, help="runs per median (default 7)")
    chosen = parser.parse_args()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    lines = measure(chosen.repeats)
    print(f"{HEIGHT}×{WIDTH} RGB, 8 bits; {platform.machine()}; load before: {load}\n")
    print("| work | code | threads | median ms | least ms | copies |")
    print("|---|---|---:|---:|---:|---:|")
    for line in sorted(lines, key=lambda line: line.work != "copy"):
        print(
            f"| {line.work} | {line.code} | {line.threads} | {line.median_ms:.1f} "
            f"| {line.least_ms:.1f} | {line.copies:.1f} |"
        )
    if chosen.json:
        record = {
            "machine": platform.machine(),
            "python": platform.python_version(),
            "load": load,
            "height": HEIGHT,
            "width": WIDTH,
            "lines": [asdict(line) for line in lines],
        }
        chosen.json.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
