"""Fit the pristine model of niqe-own and measure how it agrees with the published one.

    python benchmarks/fit_niqe.py PHOTOGRAPHS -o niqe_own.npz --record niqe_own.json \
        [--published niqe_pris_params.npz] [--pattern 'bsds_*.jpg']

Two of every 25 photographs are kept out of the fit. They, as they are and in five distorted
versions, are what the two models are compared on. The same photographs give the same file.
"""

from __future__ import annotations

import argparse
import io
import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

import relume
from relume.metrics import niqe

KEPT_OUT = (0, 12)
"""Positions in every 25, by name, that no fit sees: 40 of 500."""


@dataclass(frozen=True)
class Agreement:
    """How the scores of our model go with those of the published one."""

    pictures: int
    spearman: float
    pearson: float
    published_mean: float
    own_mean: float


def read(path: Path) -> NDArray[np.uint8]:
    """Read a photograph as 8-bit RGB."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def versions(picture: NDArray[np.uint8]) -> dict[str, NDArray[np.uint8]]:
    """Distort a photograph in the ways that matter here."""
    random = np.random.default_rng(0)
    linear = (picture / 255.0) ** 2.2
    dark = levels(255.0 * (0.15 * linear) ** (1 / 2.2))
    noisy_dark = levels(dark + random.normal(0.0, 2.0, picture.shape))
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "JPEG", quality=10)
    return {
        "original": picture,
        "noise σ 15": levels(picture + random.normal(0.0, 15.0, picture.shape)),
        "blur σ 2": np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(2.0))),
        "JPEG q 10": np.asarray(Image.open(stream)),
        "dark ×0.15": dark,
        "dark, noise σ 2, regained": levels(
            255.0 * ((noisy_dark / 255.0) ** 2.2 / 0.15).clip(0, 1) ** (1 / 2.2)
        ),
    }


def levels(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Round to 8 bits."""
    return np.rint(np.clip(values, 0.0, 255.0)).astype(np.uint8)


def compare(published: NDArray[np.float64], own: NDArray[np.float64]) -> Agreement:
    """Correlate two lists of scores."""
    ranks = (np.argsort(np.argsort(scores)) for scores in (published, own))
    return Agreement(
        pictures=own.size,
        spearman=float(np.corrcoef(*ranks)[0, 1]),
        pearson=float(np.corrcoef(published, own)[0, 1]),
        published_mean=float(published.mean()),
        own_mean=float(own.mean()),
    )


def agreement(
    paths: list[Path], *, own: niqe.Pristine, published: niqe.Pristine
) -> dict[str, Agreement]:
    """Compare the models on every version of the photographs, and on all versions together."""
    scores: dict[str, list[tuple[float, float]]] = {}
    for path in paths:
        for name, picture in versions(read(path)).items():
            pair = (niqe.niqe(picture, pristine=published), niqe.niqe(picture, pristine=own))
            scores.setdefault(name, []).append(pair)
    scores["all"] = [pair for pairs in scores.values() for pair in pairs]
    return {name: compare(*np.array(pairs).T) for name, pairs in scores.items()}


def main() -> None:
    """Fit, write, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photographs", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--record", type=Path, required=True)
    parser.add_argument("--published", type=Path)
    parser.add_argument("--pattern", default="bsds_*.jpg")
    given = parser.parse_args()

    paths = sorted(given.photographs.glob(given.pattern))
    fitted = [path for index, path in enumerate(paths) if index % 25 not in KEPT_OUT]
    kept_out = [path for index, path in enumerate(paths) if index % 25 in KEPT_OUT]
    own, blocks = niqe.fit([niqe.features(read(path)) for path in fitted])
    np.savez(given.output, mu_pris_param=own.mean, cov_pris_param=own.covariance)
    smallest = float(np.linalg.eigvalsh(own.covariance)[0])
    print(f"{len(fitted)} photographs, {blocks} blocks, smallest eigenvalue {smallest:.2g}")
    measured: dict[str, Agreement] = {}
    if given.published is not None:
        published = niqe.read_pristine(given.published.read_bytes())
        measured = agreement(kept_out, own=own, published=published)
        print(f"{'kept-out photographs':28} n  Spearman  Pearson  published  own (means)")
        for name, line in measured.items():
            print(
                f"{name:28} {line.pictures:3} {line.spearman:7.3f} {line.pearson:7.3f}"
                f" {line.published_mean:8.2f} {line.own_mean:8.2f}"
            )
    record = {
        "version": relume.__version__,
        "sha256": sha256(given.output.read_bytes()).hexdigest(),
        "sharpest_share": niqe.SHARPEST_SHARE,
        "blocks": blocks,
        "smallest_eigenvalue": smallest,
        "agreement_with_published": {name: asdict(line) for name, line in measured.items()},
        "kept_out": [path.name for path in kept_out],
        "fitted": {path.name: sha256(path.read_bytes()).hexdigest() for path in fitted},
    }
    given.record.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
