"""What a smaller precision costs at the task itself: PSNR and SSIM on pairs, before and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from relume import io, methods
from relume.arrays import Picture
from relume.data import Pair, survey
from relume.errors import ContractError, NoDatasetError
from relume.metrics.psnr import psnr
from relume.metrics.ssim import ssim
from relume.proof.verify import MODELS, NOTHING, Check
from relume.runtime import weights
from relume.runtime.foreign import Description
from relume.runtime.method import Method, load
from relume.runtime.variants import PRECISIONS
from relume.words import counted

LOST_PSNR, LOST_SSIM = 0.1, 0.005
"""What may be lost, dB and SSIM: less than two training runs of one recipe differ by."""


def task_loss(
    name: str,
    folder: Path,
    *,
    against: str | None = None,
    described: Mapping[str, Description] = NOTHING,
) -> list[Check]:
    """Compare a model file, or every smaller variant a method comes with, with float32 on the
    pairs of a folder. Protocol plain: 8-bit RGB, whole pictures, mean over pictures.

    Raises: NoDatasetError where there are no pairs; ContractError where there is nothing to
    compare with; UnknownNameError; WeightsError.
    """
    pairs = [pair for pair in survey(folder).pairs if pair.high is not None]
    if not pairs:
        raise NoDatasetError(f"--pairs {folder}: needs pictures in low/ and high/ of equal names")
    if name.lower().endswith(MODELS):
        if name in described and against is None:
            raise ContractError(f"--pairs: say what {name} is to be compared with: --against FILE")
        variants = {name: load(name, description=described.get(name))}
        other = against or variants[name].card.name
        usual = load(other, description=described.get(other))
    else:
        variants = dict(_variants(name))
        usual = load(name)
    before = _score(usual, pairs)
    checks: list[Check] = []
    for label, method in variants.items():
        after = _score(method, pairs)
        for what, limit, one, other in zip(
            ("PSNR", "SSIM"), (LOST_PSNR, LOST_SSIM), before, after, strict=True
        ):
            said = f"{what} of {counted(len(pairs), 'pair')}: {one:.4f} → {other:.4f}"
            lost = max(one - other, 0.0)
            checks.append(Check(label, said, "auto", lost, limit, lost <= limit))
    return checks


def _variants(name: str) -> Iterator[tuple[str, Method]]:
    card = methods.card(name)
    found = False
    for precision in PRECISIONS[1:] if card.kind == "neural" else ():
        file = f"{card.weights[0].name}.{precision}.onnx"
        if file in weights.checksums(name):
            found = True
            yield file, load(name, precision=precision)
    if not found:
        raise ContractError(
            f"--pairs: {name} comes in float32 only; name the file to compare with it"
        )


def _score(method: Method, pairs: list[Pair]) -> tuple[float, float]:
    """Return the mean PSNR and SSIM of a method."""
    values: list[tuple[float, float]] = []
    for pair in pairs:
        low, high = _bytes(io.read(pair.low).pixels), _bytes(io.read(_there(pair)).pixels)
        enhanced = method(low)
        values.append(
            (psnr(enhanced, high, data_range=255.0), ssim(enhanced, high, data_range=255.0))
        )
    mean = np.mean(values, axis=0)
    return float(mean[0]), float(mean[1])


def _there(pair: Pair) -> Path:
    if pair.high is None:
        raise ContractError(f"{pair.key}: has no counterpart")
    return pair.high


def _bytes(pixels: Picture) -> Picture:
    return (pixels >> 8).astype(np.uint8) if pixels.dtype == np.uint16 else pixels
