"""What is wrong with a copy of a data set, beyond the names of its files.

| finding         | severity | how it is found                                                   |
|-----------------|----------|-------------------------------------------------------------------|
| unreadable      | error    | the reading function refuses the file                             |
| size            | error    | low and high differ in height or width                            |
| low is high     | error    | both have the same pixels                                         |
| duplicate       | warning  | two low, or two high, of different pairs have the same pixels     |
| split duplicate | error    | the same, in different splits                                     |
| brighter low    | warning  | the mean of low exceeds that of high; not where any exposure is   |
| misaligned      | warning  | phase correlation of ranks has its peak over a pixel from zero    |
| pixels          | warning  | the reader changed them: palette, CMYK, 1 bit                     |
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from math import log2
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Picture
from relume.colour import luma
from relume.data.pair import Pair
from relume.data.pairing import Problem, Severity
from relume.errors import RelumeError
from relume.photo import Photo

Read = Callable[[Path], Photo]

_WINDOW = 512
"""Pixels of the square in the middle whose two versions are compared for a shift."""
_SHIFT = 1.0
"""Pixels that count as misaligned; at one pixel PSNR on textures already falls by decibels."""
_DISTINCT = 1.3
"""How much higher a shifted peak must be than the correlation at no shift: its own slope leaves
1.2 at one pixel and 2.2 at two."""
_CLEAR = 8.0
"""Height of a peak in standard deviations of the correlation; noise reaches 5 in 512 × 512."""


@dataclass(frozen=True)
class Look:
    """What one file turned out to hold."""

    width: int
    height: int
    bits: int
    mean: float
    """Of encoded luma, 0–1."""
    clipped: float
    """Share of samples at either end of their type."""
    file_hash: str
    pixel_hash: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Checked:
    """One pair after a look at its files; None for what could not be read or is not there."""

    pair: Pair
    low: Look | None
    high: Look | None
    shift: tuple[float, float] | None
    """(right, down) in pixels from low to high; None where it cannot be told."""
    problems: tuple[Problem, ...]

    @property
    def stops(self) -> float | None:
        """By how much the mean of high exceeds that of low, in powers of two of encoded luma."""
        if self.low is None or self.high is None or not (self.low.mean and self.high.mean):
            return None
        return log2(self.high.mean / self.low.mean)


def check(pairs: Sequence[Pair], *, read: Read, jobs: int) -> Iterator[Checked]:
    """Look at the files of each pair on `jobs` threads; only theirs are in memory.

    Yields in the order of the pairs; duplicates are found by `duplicates` when all are there.
    """
    pool = ThreadPoolExecutor(max_workers=jobs)
    try:
        yield from pool.map(partial(_check_pair, read=read), pairs)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def duplicates(checked: Sequence[Checked]) -> list[Problem]:
    """Report pictures of different pairs that have the same pixels, low and high apart."""
    problems: list[Problem] = []
    for role in ("low", "high"):
        first: dict[str, tuple[Path, Look, str]] = {}
        for each in checked:
            look = each.low if role == "low" else each.high
            path = each.pair.low if role == "low" else each.pair.high
            if look is None or path is None:
                continue
            split = each.pair.meta.get("split", "")
            other, its_look, its_split = first.setdefault(look.pixel_hash, (path, look, split))
            if other == path:  # one high picture for several low ones is how some sets are made
                continue
            what = "bytes" if look.file_hash == its_look.file_hash else "pixels"
            severity: Severity = "warning" if split == its_split else "error"
            kind = "duplicate" if split == its_split else "split duplicate"
            across = "" if split == its_split else f", though one is in {split}, one in {its_split}"
            message = f"{path}: the same {what} as {other}{across}"
            problems.append(Problem(severity, kind, path, message))
    return problems


def _check_pair(pair: Pair, *, read: Read) -> Checked:
    problems: list[Problem] = []

    def load(path: Path | None) -> tuple[Photo | None, Look | None]:
        if path is None:
            return None, None
        try:
            photo = read(path)
            return photo, _look(path, photo)
        except (RelumeError, OSError) as error:
            message = str(error) if str(path) in str(error) else f"{path}: {error}"
            problems.append(Problem("error", "unreadable", path, message))
            return None, None

    low, low_look = load(pair.low)
    high, high_look = load(pair.high)
    shift = None
    for path, look in ((pair.low, low_look), (pair.high, high_look)):
        if look is not None and path is not None and look.notes:
            message = f"{path}: {'; '.join(look.notes)}"
            problems.append(Problem("warning", "pixels", path, message))
    if low is not None and high is not None and low_look is not None and high_look is not None:
        shift = _compare(pair, low, high, low_look, high_look, problems)
    return Checked(pair, low_look, high_look, shift, tuple(problems))


def _compare(
    pair: Pair,
    low: Photo,
    high: Photo,
    low_look: Look,
    high_look: Look,
    problems: list[Problem],
) -> tuple[float, float] | None:
    def note(severity: Severity, kind: str, message: str) -> None:
        problems.append(Problem(severity, kind, pair.low, f"{pair.low}: {message}"))

    if low_look.pixel_hash == high_look.pixel_hash:
        note("error", "low is high", f"the same pixels as its counterpart {pair.high}")
        return None
    if low_look.mean > high_look.mean and pair.meta.get("exposures") != "any":
        note("warning", "brighter low", f"brighter than its counterpart {pair.high}")
    sizes = [f"{look.width} × {look.height}" for look in (low_look, high_look)]
    if sizes[0] != sizes[1]:
        note("error", "size", f"{sizes[0]} pixels, but its counterpart has {sizes[1]}")
        return None
    shift = find_shift(low.pixels, high.pixels)
    if shift is not None and max(map(abs, shift)) > _SHIFT:
        right, down = shift
        note("warning", "misaligned", f"its counterpart is shifted by {right:+.0f}, {down:+.0f} px")
    return shift


def _look(path: Path, photo: Photo) -> Look:
    pixels = photo.pixels
    top = np.iinfo(pixels.dtype).max
    with path.open("rb") as stream:
        file_hash = hashlib.file_digest(stream, "sha256").hexdigest()
    pixel_hash = hashlib.sha256(f"{pixels.shape} {pixels.dtype}".encode())
    pixel_hash.update(np.ascontiguousarray(pixels).data)
    means = pixels.reshape(-1, 1 if pixels.ndim == 2 else 3).mean(axis=0, dtype=np.float64) / top
    return Look(
        width=photo.width,
        height=photo.height,
        bits=photo.bits,
        mean=float(luma(means) if means.size == 3 else means[0]),
        clipped=float(np.mean((pixels == 0) | (pixels == top))),
        file_hash=file_hash,
        pixel_hash=pixel_hash.hexdigest(),
        notes=photo.notes,
    )


def find_shift(low: Picture, high: Picture) -> tuple[float, float] | None:
    """Return how far (right, down) `high` lies from `low` of the same size, in whole pixels.

    Phase correlation of the ranks of luma, which no tone curve changes, in the middle square. None
    where no peak stands out: flat, or too noisy.
    Source: Kuglin, Hines, IEEE Conf. Cybernetics and Society, 1975.
    """
    one, other = _ranks(low), _ranks(high)
    spectrum = np.fft.rfft2(other) * np.conj(np.fft.rfft2(one))
    spectrum /= np.maximum(np.abs(spectrum), 1e-9)
    # Noise fills the high frequencies with random phase: they only drown the peak.
    vertical = np.fft.fftfreq(one.shape[0])[:, None]
    horizontal = np.fft.rfftfreq(one.shape[1])
    spectrum *= np.exp(-0.5 * (vertical**2 + horizontal**2) / 0.1**2)
    correlation = np.fft.irfft2(spectrum, s=one.shape)
    spread = float(correlation.std())
    peak = np.unravel_index(int(correlation.argmax()), correlation.shape)
    highest = float(correlation[peak])
    if spread == 0.0 or highest < _CLEAR * spread:
        return None
    down, right = (
        float(place if place <= size // 2 else place - size)
        for place, size in zip(peak, correlation.shape, strict=True)
    )
    if highest < _DISTINCT * float(correlation[0, 0]):
        return 0.0, 0.0
    return right, down


def _ranks(picture: Picture) -> NDArray[np.float32]:
    """Return the ranks of luma in the middle square in [−0.5, 0.5], fading out to its border."""
    height, width = picture.shape[:2]
    top, left = max(0, (height - _WINDOW) // 2), max(0, (width - _WINDOW) // 2)
    part = picture[top : top + _WINDOW, left : left + _WINDOW].astype(np.float32)
    plane = part if part.ndim == 2 else luma(part)
    # Equal values get equal ranks: the order of pixels must not draw a pattern into flat areas.
    _, index, counts = np.unique(plane, return_inverse=True, return_counts=True)
    middle = (np.cumsum(counts) - 0.5 * counts) / plane.size - 0.5
    ranks = middle[index].reshape(plane.shape)
    fade = np.hanning(plane.shape[0] + 2)[1:-1, None] * np.hanning(plane.shape[1] + 2)[1:-1]
    return (ranks * fade).astype(np.float32)
