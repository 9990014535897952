"""Would two workers paint a photo faster than one, and in how much memory?

    python benchmarks/page_workers.py [--rounds 5]

A photo of 12 megapixels, restored everywhere, painted by one engine, and by two in workers of their
own, each of which holds half of it; rounds take turns. Memory is that of all of Chromium's
processes, shared parts counted once, beyond a page that did nothing. What moves pixels between the
workers and puts the halves together is left out: both are the least that two workers can cost.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from enhance import HEIGHT, WIDTH

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from fake.page import browser, build, served

WORKER = """
const { Engine } = await import(`./${NAMES[0]}`), { readModel } = await import(`./${NAMES[1]}`)
const fetched = async (name) => (await fetch(name)).arrayBuffer()
const read = readModel(await fetched(NAMES[3]))
const it = new Engine(await WebAssembly.compile(await fetched(NAMES[2])), read)
const knobs = Object.fromEntries(read.knobs.map((knob) => [knob.name, knob.default]))
for (const _ of it.warm({ ...knobs, denoise: 1 }));
onmessage = ({ data: { height, width } }) => {
    if (height) it.open(height, width, (row, rows) => Uint8Array.from({ length: 4 * rows * width },
        (_, i) => (i % 4 === 3 ? 255 : (i * 7919 + row) % 29)))
    const start = performance.now()
    for (const _ of it.paint(it.full, { ...knobs, denoise: 1 }, 1));
    postMessage((performance.now() - start) / 1000)
}
postMessage(0)
"""
ASK = """async ([count, size]) => {
    window.crew ??= []
    const answer = (worker) => new Promise((done, failed) => {
        worker.onmessage = ({ data }) => done(data)
        worker.onerror = ({ message }) => failed(new Error(message))
    })
    while (window.crew.length < count) {
        window.crew.push(new Worker('./bench.js', { type: 'module' }))
        await answer(window.crew.at(-1))
    }
    const start = performance.now()
    const answers = window.crew.map(answer)
    for (const worker of window.crew) worker.postMessage(size)
    await Promise.all(answers)
    return (performance.now() - start) / 1000
}"""


def main() -> None:
    """Print seconds, ratios and megabytes."""
    parser = argparse.ArgumentParser(description="Time two workers against one.")
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        dist = Path(folder) / "dist"
        build(dist)
        files = ("engine.*.js", "model.*.js", "relaxed.*.wasm", "model.*.bin")
        names = [next(dist.glob(each)).name for each in files]
        (dist / "bench.js").write_text(f"const NAMES = {names}\n{WORKER}", encoding="utf-8")
        with served(dist) as address:
            for count in (1, 2):
                with browser() as chromium:
                    page = _opened(chromium, address)
                    before = _memory()
                    page.evaluate(ASK, [count, _size(count)])
                    print(f"workers {count}: {(_memory() - before) / 1e6:.0f} MB beyond the page")
            with browser() as chromium:
                pages = {count: _opened(chromium, address) for count in (1, 2)}
                for count, page in pages.items():
                    page.evaluate(ASK, [count, _size(count)])
                times: dict[int, list[float]] = {1: [], 2: []}
                for _ in range(rounds):
                    for count, page in pages.items():
                        times[count].append(page.evaluate(ASK, [count, {}]))
        ratios = [two / one for one, two in zip(times[1], times[2], strict=True)]
        print(f"one worker {median(times[1]):.2f} s, two {median(times[2]):.2f} s")
        print(f"two take {median(ratios):.2f} of one's time")


def _opened(chromium: Any, address: str) -> Any:
    page = chromium.new_page()
    page.goto(address)
    page.wait_for_selector("body[data-state]", timeout=60_000)
    page.wait_for_timeout(3000)  # until its own engine has warmed up
    return page


def _size(count: int) -> dict[str, int]:
    """What each of so many workers holds: half a picture needs some rows of the other half."""
    return {"height": HEIGHT // count + (80 if count > 1 else 0), "width": WIDTH}


def _memory() -> float:
    """Return the bytes of all processes below this one, shared parts counted once."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(folder.name))
    waiting, total = list(children.get(os.getpid(), [])), 0.0
    while waiting:
        each = waiting.pop()
        waiting += children.get(each, [])
        try:
            for line in Path(f"/proc/{each}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += 1024 * float(line.split()[1])
        except OSError:
            continue
    return total


if __name__ == "__main__":
    main()
