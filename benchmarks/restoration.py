"""Time `relume` at 12 megapixels, with and without calming noise, against decoding a JPEG.

    python benchmarks/restoration.py [--json FILE] [--repeats 5] [--engines auto openvino]

`auto` restores by the compiled layers, where there are any; an engine that is named does it itself.
The picture is generated, six stops too dark everywhere, so that all of it is restored. Rounds take
turns, so that other work on the machine slows all of them; medians. Memory is what the peak of the
process grows by over the loaded method and the picture (Linux).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from statistics import median

import numpy as np
from enhance import HEIGHT, WIDTH, scene
from PIL import Image

from relume import engines
from relume.bench.memory import Meter
from relume.runtime import load


def main() -> None:
    """Print a table, and write it as JSON where asked for."""
    parser = argparse.ArgumentParser(description="Time relume at 12 megapixels.")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument(
        "--engines", nargs="+", default=["auto", "onnxruntime"], choices=engines.names()
    )
    chosen = parser.parse_args()
    bright = scene(HEIGHT, WIDTH)
    jpeg = BytesIO()
    Image.fromarray(bright).save(jpeg, "JPEG", quality=92)
    dark = (bright // 12).astype(np.uint8)
    works: dict[str, Callable[[], object]] = {"decode the JPEG": lambda: _decode(jpeg)}
    grown: dict[str, float | None] = {}
    for engine in chosen.engines:
        method = load("relume", engine=engine)
        method(dark[:256, :256])
        for denoise in (0.0, 1.0):
            name = f"{engine}, denoise={denoise:g}"
            works[name] = lambda method=method, denoise=denoise: method(dark, denoise=denoise)
            meter = Meter()
            meter.restart()
            works[name]()
            grown[name] = meter.mebibytes()
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(chosen.repeats):
        for name, work in works.items():
            start = time.perf_counter()
            work()
            seconds[name].append(time.perf_counter() - start)
    decoding = median(seconds["decode the JPEG"])
    lines = {
        name: {
            "seconds": median(times),
            "of_decoding": median(times) / decoding,
            "mebibytes": grown.get(name),
        }
        for name, times in seconds.items()
    }
    for name, line in lines.items():
        memory = "" if line["mebibytes"] is None else f"{line['mebibytes']:5.0f} MiB more"
        print(f"{name:28} {line['seconds']:.3f} s  {line['of_decoding']:5.2f} ×  {memory}")
    if chosen.json is not None:
        chosen.json.write_text(json.dumps(lines, indent=2) + "\n", encoding="utf-8")


def _decode(jpeg: BytesIO) -> np.ndarray:
    jpeg.seek(0)
    with Image.open(jpeg) as image:
        return np.asarray(image.convert("RGB"))


if __name__ == "__main__":
    main()
