"""Time the classical methods: 12 MP, against OpenCV and a sparse direct solver, 1 to 100 MP.

    python benchmarks/classical.py [--json FILE] [--repeats 5] [--direct 1.0] [--curve 1 3 12 100]

The direct solver is what the published programs of LIME, DUAL and BIMEF call (SciPy's SuperLU); it
is timed on `--direct` megapixels, as it would need tens of gigabytes at 12. Compare ratios within
one run: absolute times drift with the machine. Memory is how much a fresh process's peak grows over
what it held with the picture, less the result (Linux).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import measuring
import numpy as np
from measuring import Plane, lamp, median_seconds

from relume import methods
from relume.arrays import Floats
from relume.card import settle
from relume.filters.illumination import edge_weights
from relume.render import apply, backend
from relume.runtime import load

HEIGHT, WIDTH = 3000, 4000
NAMES = tuple(card.name for card in methods.cards() if card.kind == "classical")


def scene(height: int, width: int) -> np.ndarray:
    """A generated dark picture with edges, texture, noise and a lamp: (H, W, 3) uint8."""
    return measuring.scene(height, width, light=light)


def light(x: Plane, y: Plane) -> Plane:
    """Return levels with hard edges and a lamp."""
    return 30 + 25 * np.sign(np.sin(19 * x) * np.cos(17 * y)) + 20 * y + 150 * lamp(x, y)


def growth(name: str, stored: Path) -> float:
    """Return by how many megabytes the peak of a fresh process grows while a method runs."""
    # The high-water mark of this address space; getrusage would report the parent's as well.
    code = (
        "import re, sys, numpy as np\n"
        "from pathlib import Path\n"
        "from relume import load\n"
        "picture = np.load(sys.argv[1]); method = load(sys.argv[2]); method(picture[:64, :64])\n"
        "status = Path('/proc/self/status')\n"
        "peak = lambda: int(re.search(r'VmHWM:\\s+(\\d+)', status.read_text())[1]) / 1024\n"
        "before = peak(); method(picture); print(peak() - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(stored), name], capture_output=True, text=True, check=True
    )
    # The result itself is no extra memory.
    return float(done.stdout.split()[-1]) - HEIGHT * WIDTH * 3 / 2**20


def opencv(picture: np.ndarray) -> dict[str, Callable[[], object]]:
    """Return OpenCV's own calls for what it has."""
    import cv2

    gray = np.ascontiguousarray(picture[..., 1])
    clahe = cv2.createCLAHE(2.0, (8, 8))

    def on_luma(call: Callable[[np.ndarray], np.ndarray]) -> Callable[[], object]:
        def work() -> object:
            planes = cv2.cvtColor(picture, cv2.COLOR_RGB2YCrCb)
            planes[..., 0] = call(np.ascontiguousarray(planes[..., 0]))
            return cv2.cvtColor(planes, cv2.COLOR_YCrCb2RGB)

        return work

    return {
        "clahe, gray": lambda: clahe.apply(gray),
        "clahe, RGB": on_luma(clahe.apply),
        "he, gray": lambda: cv2.equalizeHist(gray),
        "he, RGB": on_luma(cv2.equalizeHist),
    }


def compare_with_opencv(picture: np.ndarray, repeats: int) -> list[dict[str, object]]:
    gray = np.ascontiguousarray(picture[..., 1])
    lines: list[dict[str, object]] = []
    for work, theirs in opencv(picture).items():
        name, kind = work.split(", ")
        source, method = (gray if kind == "gray" else picture), load(name)
        mine = median_seconds(lambda m=method, s=source: m(s), repeats)
        other = median_seconds(theirs, repeats)
        lines.append({"work": work, "seconds": mine, "opencv": other, "ratio": mine / other})
    return lines


def solve_directly(target: Floats, across: Floats, down: Floats) -> Floats:
    """Solve the system of filters/wls.py as published programs do: sparse, direct, full size."""
    from scipy.sparse import coo_matrix, diags
    from scipy.sparse.linalg import spsolve

    index = np.arange(target.size).reshape(target.shape)
    one = np.concatenate([index[:, :-1].ravel(), index[:-1].ravel()])
    other = np.concatenate([index[:, 1:].ravel(), index[1:].ravel()])
    weight = np.concatenate([across.ravel(), down.ravel()]).astype(np.float64)
    links = coo_matrix((weight, (one, other)), shape=(target.size, target.size))
    links = (links + links.T).tocsc()
    system = diags(1.0 + np.asarray(links.sum(axis=1)).ravel()) - links
    found = spsolve(system.tocsc(), target.ravel(), permc_spec="MMD_AT_PLUS_A")
    return found.reshape(target.shape)


def compare_with_direct(megapixels: float, repeats: int) -> list[dict[str, object]]:
    """Time one direct solution for LIME's map (DUAL needs two) against whole methods."""
    height = round((megapixels * 1e6 * 3 / 4) ** 0.5)
    picture = scene(height, round(height * 4 / 3))
    value = picture.max(axis=2) / 255.0
    weights = edge_weights(value, alpha=0.15, strategy=3, sigma=2.0, radius=2)
    direct = median_seconds(lambda: solve_directly(value, *weights), 1)
    lines: list[dict[str, object]] = []
    for name, solutions in (("lime", 1), ("dual", 2), ("bimef", 1)):
        method = load(name)
        mine = median_seconds(lambda m=method: m(picture), repeats)
        ratio = solutions * direct / mine
        lines.append({"work": name, "seconds": mine, "direct": solutions * direct, "ratio": ratio})
    return lines


def measure(picture: np.ndarray, repeats: int) -> list[dict[str, object]]:
    """Time each method at 12 MP, split into its estimate and the full-size pass."""
    lines: list[dict[str, object]] = []
    for name in NAMES:
        module, method = methods.module(name), load(name)
        knobs = settle(module.CARD)
        rendering = module.estimate(picture, **knobs)
        estimate = median_seconds(lambda m=module, k=knobs: m.estimate(picture, **k), repeats)
        render = median_seconds(lambda r=rendering: apply(r, picture), repeats)
        total = median_seconds(lambda m=method: m(picture), repeats)
        lines.append({"method": name, "seconds": total, "estimate": estimate, "render": render})
    return lines


def curve(sizes: list[float]) -> list[dict[str, object]]:
    """Time each method once at each size."""
    lines: list[dict[str, object]] = []
    for megapixels in sizes:
        height = round((megapixels * 1e6 * 3 / 4) ** 0.5)
        picture = scene(height, round(height * 4 / 3))
        for name in NAMES:
            taken = median_seconds(lambda m=load(name), p=picture: m(p), 1)  # noqa: B008 (bound at once)
            lines.append({"method": name, "megapixels": megapixels, "seconds": taken})
    return lines


def table(title: str, lines: list[dict[str, object]]) -> None:
    if not lines:
        return
    print(f"\n{title}\n")
    print("| " + " | ".join(lines[0]) + " |")
    print("|---" * len(lines[0]) + "|")
    for line in lines:
        cells = (f"{v:.3g}" if isinstance(v, float) else str(v) for v in line.values())
        print("| " + " | ".join(cells) + " |")


def curve_table(lines: list[dict[str, object]]) -> list[dict[str, object]]:
    """Turn one line per size into one per method."""
    rows: dict[object, dict[str, object]] = {}
    for line in lines:
        row = rows.setdefault(line["method"], {"method": line["method"]})
        row[f"{line['megapixels']:g} MP"] = line["seconds"]
    return list(rows.values())


def main() -> None:
    """Print Markdown tables; write all measurements as JSON where asked."""
    parser = argparse.ArgumentParser(description="Time the classical methods.")
    parser.add_argument("--json", type=Path, help="write the measurements here as well")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--direct", type=float, default=1.0, help="megapixels; 0 leaves it out")
    parser.add_argument("--curve", type=float, nargs="*", default=[], help="megapixels")
    chosen = parser.parse_args()
    picture = scene(HEIGHT, WIDTH)
    found: dict[str, object] = {"load": os.getloadavg(), "backend": backend()}
    print(f"{backend()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    found["methods"] = lines = measure(picture, chosen.repeats)
    with tempfile.TemporaryDirectory() as folder:
        stored = Path(folder, "scene.npy")
        np.save(stored, picture)
        for line in lines:
            line["MB"] = growth(str(line["method"]), stored)
    table("12 MP, RGB, 8 bits: seconds and extra memory", lines)
    found["opencv"] = against = compare_with_opencv(picture, chosen.repeats)
    table("Against OpenCV at 12 MP", against)
    if chosen.direct:
        found["direct"] = direct = compare_with_direct(chosen.direct, chosen.repeats)
        table(f"Against a sparse direct solver at {chosen.direct:g} MP", direct)
    found["curve"] = sizes = curve(chosen.curve)
    table("Seconds by size", curve_table(sizes))
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
