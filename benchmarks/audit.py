"""Measure the leak audit: how its cost grows with the training set, and what it finds.

    python benchmarks/audit.py FOLDER [--tests 20] [--planted 150]

Growth, in processor time: the pictures of FOLDER are fingerprinted; index and search are measured
for ever more of them, made more by noisy copies of their descriptors. Beyond 3 500 the number of
cells of the index stops to grow and both become linear, so the last count is extended to COCO's
training set in proportion.

Findings: `planted` photographs are changed (exposure ×0.1 to ×10, crop to
70 %, flip, JPEG q30, noise, all at once); the originals of the first half stand in the training
set. Give photographs that the thresholds were not set on (relume.audit.match names those).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from relume.audit.fingerprint import FEATURES, fingerprint
from relume.audit.index import Index
from relume.audit.match import audit
from relume.data import Pair
from relume.io import SUFFIXES, read

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/unit/audit"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from test_leaks import plant

COCO = 118_287
"""Pictures of COCO's training set of 2017."""
COUNTS = (500, 2000, 6000)
Descriptors = NDArray[np.uint8]
KINDS = ("exposure", "crop", "mirror", "jpeg", "noise", "all")


def growth(paths: list[Path], *, tests: int) -> None:
    """Print seconds and bytes for ever more pictures, and what COCO would cost."""
    start = time.process_time()
    found = [fingerprint(path, read(path).pixels).keypoints.descriptors for path in paths]
    each = (time.process_time() - start) / len(paths)
    queries, known = found[:tests], found[tests:]
    print(f"fingerprint with decoding: {1e3 * each:.1f} ms of processor time a picture")
    print("| pictures | descriptors | build, s | search of a picture, ms |")
    print("|--:|--:|--:|--:|")
    rows: list[tuple[int, float, float]] = []
    for count in COUNTS:
        start = time.process_time()
        index = Index(enlarged(known, count=count))
        built = time.process_time() - start
        start = time.process_time()
        for query in queries:
            index.search(query)
        searched = (time.process_time() - start) / len(queries)
        rows.append((count, built, searched))
        print(f"| {count} | {count * FEATURES} | {built:.1f} | {1e3 * searched:.0f} |")
    many, *most = rows[-1]
    print(f"in proportion, for {COCO} pictures:")
    for name, seconds in zip(("build", "search of one picture"), most, strict=True):
        print(f"- {name}: {seconds * COCO / many:.3g} s")
    # A descriptor is kept whole for the alignment and once more as its projection; planes are
    # two of 160 × 120 halves.
    held = COCO * (FEATURES * (128 + 4 * 32) + 2 * 2 * 160 * 120) / 1e9
    print(f"- fingerprints: {COCO * each / 3600:.1f} hours on one thread, {held:.0f} GB in memory")


def enlarged(known: list[Descriptors], *, count: int) -> list[Descriptors]:
    """Return `count` sets of descriptors: those of real pictures, and noisy copies of them."""
    random = np.random.default_rng(3)
    sets: list[Descriptors] = []
    for number in range(count):
        real = known[number % len(known)].astype(np.float32)
        noise = random.normal(0, 12, real.shape) if number >= len(known) else 0
        sets.append(np.clip(real + noise, 0, 255).astype(np.uint8))
    return sets


def findings(paths: list[Path], *, count: int) -> None:
    """Print recall and precision of planted leaks."""
    random = np.random.default_rng(11)
    chosen = [paths[number] for number in random.permutation(len(paths))]
    tested = chosen[:count]
    with tempfile.TemporaryDirectory() as folder:
        test: list[Pair] = []
        for number, path in enumerate(tested):
            picture = np.asarray(Image.open(path).convert("RGB"))
            changed = Path(folder) / f"{number}.png"
            Image.fromarray(plant(picture, KINDS[number % len(KINDS)], random)).save(changed)
            test.append(Pair(str(path), changed, None, path.stem))
        standing = tested[: count // 2] + chosen[count:]
        train = [Pair(str(path), path, None, path.stem) for path in standing]
        found = audit(train=train, test=test, read=read, jobs=2)
    leaks = [finding for finding in found.findings if finding.leaks]
    right = {finding.test.key for finding in leaks if finding.test.key == finding.train.key}
    wrong = [(f.test.key, f.train.key) for f in leaks if f.test.key != f.train.key]
    print(f"planted {count // 2}, found {len(right)}: recall {len(right) / (count // 2):.3f}")
    print(f"other pictures called leaks: {len(wrong)}")
    for pair in wrong:
        print("  " + " in ".join(pair))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tests", type=int, default=20)
    parser.add_argument("--planted", type=int, default=150)
    given = parser.parse_args()
    paths = sorted(path for path in given.folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    growth(paths, tests=given.tests)
    if count := min(given.planted, len(paths)) // 2 * 2:
        findings(paths, count=count)


if __name__ == "__main__":
    main()
