"""Time the page's engine in Chromium against native code, one worker against one thread.

    python benchmarks/page.py [--rounds 5] [--side 1024]

Needs what `make web` and the page's tests need. Rounds take turns, so that other work on the
machine slows both; printed are medians of ratios within a round. Native is ONNX Runtime's
restoration with the compiled lift, and the compiled layers that `auto` takes, for the best
instruction set here; `avx2` is the kernel's own lift. Painting is timed, and looking at the picture
small apart from it.
"""

from __future__ import annotations

import argparse
import base64
import sys
import tempfile
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

import numpy as np
from enhance import HEIGHT, WIDTH, scene
from PIL import Image

from relume.render import restoration
from relume.runtime import load

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from fake.page import browser, build, served

NATIVE = ("avx2", "onnxruntime", "compiled")
OPEN = """async ([engine, model, code, parameters, text, height, width]) => {
    const { Engine } = await import(`./${engine}`), { readModel } = await import(`./${model}`)
    const fetched = async (name) => (await fetch(name)).arrayBuffer()
    const read = readModel(await fetched(parameters))
    window.engine = new Engine(await WebAssembly.compile(await fetched(code)), read)
    window.standard = Object.fromEntries(read.knobs.map((knob) => [knob.name, knob.default]))
    const start = performance.now()
    for (const done of window.engine.warm(window.standard)); // as the page does while it waits
    const warmed = (performance.now() - start) / 1000
    const rgb = Uint8Array.from(atob(text), (each) => each.charCodeAt(0))
    const rgba = new Uint8Array(4 * height * width).fill(255)
    for (let i = 0; i < height * width; i++) rgba.set(rgb.subarray(3 * i, 3 * i + 3), 4 * i)
    window.fresh = () => window.engine.open(height, width, (row, rows) =>
        rgba.subarray(4 * row * width, 4 * (row + rows) * width))
    window.fresh()
    return warmed
}"""
FRESH = """() => {
    window.fresh()
    const start = performance.now()
    for (const done of window.engine.paint(window.engine.full, window.standard, 1));
    return (performance.now() - start) / 1000
}"""
PAINT = """(denoise) => {
    const knobs = { ...window.standard, denoise }, start = performance.now()
    window.engine.graph.look(knobs, ['slope', 'offset', 'amount'])
    const seen = performance.now()
    for (const done of window.engine.paint(window.engine.full, knobs, 1));
    return [(performance.now() - seen - (seen - start)) / 1000, (seen - start) / 1000]
}"""


def main() -> None:
    """Print the ratios, and how long a photo of 12 megapixels takes on the page."""
    parser = argparse.ArgumentParser(description="Time the page against native code.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--side", type=int, default=1024)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        dist = Path(folder) / "dist"
        print(build(dist))
        with served(dist) as address, browser() as chromium:
            page = chromium.new_page()
            page.goto(address)
            page.wait_for_selector("body[data-state]", timeout=60_000)
            _preview(page)
            page.close()
            _compare(chromium, address, dist, rounds=chosen.rounds, side=chosen.side)


def _preview(page: Any) -> None:
    """Time a dropped photo of 12 megapixels until its preview and until all of it is shown."""
    jpeg = BytesIO()
    Image.fromarray((scene(HEIGHT, WIDTH) // 12).astype(np.uint8)).save(jpeg, "JPEG", quality=92)
    file = {"name": "dark.jpg", "mimeType": "image/jpeg", "buffer": jpeg.getvalue()}
    start = time.perf_counter()
    page.set_input_files("#choose", [file])
    page.wait_for_selector("body[data-state=painted]", timeout=120_000)
    print(f"12 megapixels: preview after {time.perf_counter() - start:.2f} s")
    page.wait_for_selector("#save:enabled", timeout=240_000)
    print(f"12 megapixels: all of it after {time.perf_counter() - start:.2f} s")


def _compare(chromium: Any, address: str, dist: Path, *, rounds: int, side: int) -> None:
    dark = np.ascontiguousarray((scene(side, side) // 12).astype(np.uint8))
    text = base64.b64encode(dark.tobytes()).decode()
    engine = load("relume", engine="onnxruntime", threads=1)
    own = load("relume", threads=1)
    looks = {denoise: own.look(dark, denoise=denoise) for denoise in (0.0, 1.0)}

    def kernel(denoise: float) -> float:
        """The lift of before there was one for each instruction set."""
        with patch.object(restoration, "vector_lift", lambda: None):
            return _timed(lambda: engine.paint(looks[denoise], dark))

    works: dict[str, Callable[[float], float]] = {
        "avx2": kernel,
        "onnxruntime": lambda denoise: _timed(lambda: engine.paint(looks[denoise], dark)),
        "compiled": lambda denoise: _timed(lambda: own.paint(looks[denoise], dark)),
    }
    firsts: dict[str, float] = {}
    seen: list[float] = []
    for code in ("engine.*.wasm", "relaxed.*.wasm"):
        names = [_named(dist, each) for each in ("engine.*.js", "model.*.js", code, "model.*.bin")]
        page = chromium.new_page()
        page.goto(address)
        warmed = page.evaluate(OPEN, [*names, text, side, side])
        name = code.partition(".")[0].replace("engine", "plain")
        print(f"{name}: warmed up in {warmed:.2f} s")
        fresh = [page.evaluate(FRESH) for _ in range(6)]
        firsts[name] = fresh[0] / median(fresh[2:])

        def paint(denoise: float, page: Any = page) -> float:
            painted, looked = page.evaluate(PAINT, denoise)
            seen.append(looked)
            return painted

        works[name] = paint
    for denoise, what in ((0.0, "lifted"), (1.0, "restored and lifted")):
        seconds: dict[str, list[float]] = {name: [] for name in works}
        for each in range(rounds + 1):
            for name, work in works.items():
                taken = work(denoise)
                if each:  # the first round warms up
                    seconds[name].append(taken)
        print(f"\n{what}, per megapixel")
        for name, times in seconds.items():
            ratios = [
                median(mine / other for mine, other in zip(times, seconds[native], strict=True))
                for native in NATIVE
            ]
            each = 1000 * median(times) / (side * side / 1e6)
            told = [f"{ratio:.2f} × {native}" for ratio, native in zip(ratios, NATIVE, strict=True)]
            print(f"{name:12} {each:7.1f} ms  {'  '.join(told)}")
        if denoise:
            for name, first in firsts.items():
                print(f"{name}: the first picture took {first:.2f} × a later one, looks and all")


def _named(dist: Path, pattern: str) -> str:
    (path,) = dist.glob(pattern)
    return path.name


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
