"""SID measured as its authors do: dark camera RAW against long exposures, mosaic to picture.

The reference is the long exposure as LibRaw renders it: white balance of the camera, no automatic
brightening, 16 bits, its own transfer function (Chen et al., CVPR 2018). PSNR and SSIM are those of
8-bit RGB. Two protocols of amplification are told apart: the ratio of the exposure times, capped at
300, which a photographer does not know, and the method's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from relume import io
from relume.arrays import Floats
from relume.card import settle
from relume.data import Pair, survey
from relume.data.datasets.sid import MISALIGNED
from relume.errors import ContractError
from relume.extras import need
from relume.metrics.psnr import psnr
from relume.metrics.ssim import ssim
from relume.runtime.mosaic_method import AMPLIFICATION, MosaicMethod

Protocol = Literal["automatic", "ratio"]
PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)


@dataclass(frozen=True)
class Measured:
    """One short exposure under one protocol."""

    key: str
    protocol: Protocol
    psnr: float
    ssim: float
    first: bool
    """The first of its burst, of which the original protocol reports."""
    aligned: bool
    """Not one of the scenes whose long exposure moved, as the authors announced."""


@dataclass(frozen=True)
class Mean:
    """A line of the report."""

    protocol: Protocol
    what: str
    count: int
    psnr: float
    ssim: float


def test_pairs(root: Path) -> tuple[Pair, ...]:
    """Return the test pairs of Sony's part.

    Raises: NoDatasetError where there are none.
    """
    found = survey(root, name="sid").split("test")
    return tuple(pair for pair in found if pair.meta.get("group") == "sony")


def measure(
    pairs: Sequence[Pair], method: MosaicMethod, *, protocols: Sequence[Protocol] = PROTOCOLS
) -> Iterator[Measured]:
    """Develop every short exposure and compare it with its long one.

    Raises: ContractError for a pair without a ratio or of two sizes; UnreadableError;
    MissingExtraError without rawpy.
    """
    last: tuple[Path, Floats] | None = None
    for pair in pairs:
        mosaic = io.read(pair.low, want="mosaic").mosaic
        if mosaic is None or pair.high is None or "amplification" not in pair.meta:
            raise ContractError(f"{pair.low}: needs a Bayer mosaic and a long exposure of its id")
        if last is None or last[0] != pair.high:
            last = pair.high, _rendered(pair.high)
        reference = last[1]
        for protocol in protocols:
            ratio = float(pair.meta["amplification"]) if protocol == "ratio" else 0.0
            picture = method.develop(mosaic, knobs=settle(method.card, {AMPLIFICATION: ratio}))
            if picture.shape != reference.shape:
                raise ContractError(
                    f"{pair.low}: {picture.shape} samples, its long exposure {reference.shape}"
                )
            enhanced = _eight(picture)
            yield Measured(
                pair.key,
                protocol,
                psnr=psnr(enhanced, reference, data_range=255),
                ssim=ssim(enhanced, reference, data_range=255),
                first=pair.low.stem.split("_")[1] == "00",
                aligned=pair.low.stem.split("_")[0] not in MISALIGNED,
            )


def summarise(measured: Iterable[Measured]) -> list[Mean]:
    """Average what was measured: all pictures and the first of each burst, each with and without
    the misaligned scenes."""
    rows = list(measured)
    means: list[Mean] = []
    for protocol in PROTOCOLS:
        for what, firsts, aligned in (
            ("all", False, False),
            ("all, aligned", False, True),
            ("first of each burst", True, False),
            ("first of each burst, aligned", True, True),
        ):
            chosen = [
                row
                for row in rows
                if row.protocol == protocol
                and (row.first or not firsts)
                and (row.aligned or not aligned)
            ]
            if chosen:
                values = np.array([(row.psnr, row.ssim) for row in chosen]).mean(axis=0)
                means.append(Mean(protocol, what, len(chosen), *map(float, values)))
    return means


def _rendered(path: Path) -> Floats:
    """Return a long exposure as SID's code renders it, in levels of 8 bits."""
    rawpy: Any = need("rawpy", extra="raw")
    with rawpy.imread(str(path)) as raw:
        picture = raw.postprocess(use_camera_wb=True, no_auto_bright=True, output_bps=16)
    return _eight(picture.astype(np.float32) / np.float32(65535))


def _eight(picture: Floats) -> Floats:
    """Round to levels of 8 bits."""
    return np.rint(picture * np.float32(255))
