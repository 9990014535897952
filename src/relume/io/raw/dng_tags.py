"""What a DNG states about its samples: levels, filter, crop, exposure, white.

Source: DNG 1.7 (2023), chapter 4 for the tags, chapter 5 for levels.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from relume.io.metadata import ifd
from relume.io.metadata.ifd import Directory, Entry, Layout, MalformedError
from relume.io.raw import dng_white

NEW_SUBFILE, WIDTH, HEIGHT, BITS, COMPRESSION = 254, 256, 257, 258, 259
PHOTOMETRIC, SAMPLES, SUB_IFDS, SAMPLE_FORMAT, DNG_VERSION = 262, 277, 330, 339, 50706
CFA_PERIOD, CFA_PATTERN = 33421, 33422
BLACK_PERIOD, BLACK, BLACK_COLUMNS, BLACK_ROWS, WHITE = 50713, 50714, 50715, 50716, 50717
CROP_ORIGIN, CROP_SIZE, ACTIVE_AREA = 50719, 50720, 50829
BASELINE_EXPOSURE = 50730
OPCODE_LISTS = (51009, 51022)
"""What is to be done to linear samples, and to the picture."""
CORRECTIONS = frozenset({1, 2, 3, 9, 14})
"""Opcodes that undo what a lens does: distortion, vignetting, shading."""
LOSSY_JPEG, LOSSY_WHITE = 34892, 65535.0
"""LibRaw hands such samples over with the curve of the list applied, in 16 bits."""

CFA, LINEAR_RAW = 32803, 34892
FLOATING = 3
_MOST = 16
"""Directories looked into; a hostile file could chain them without end."""
_LONGEST = 1 << 16
"""Black levels of rows or columns: as many as a side can have."""


@dataclass(frozen=True, eq=False)
class Stated:
    """What the directory of the full picture says."""

    table: Directory
    width: int
    height: int
    samples: int
    bits: int
    compression: int
    floating: bool
    cfa: NDArray[np.uint8] | None
    """(rows, columns) of the filter's period, 0 red, 1 green, 2 blue; None for linear samples."""
    black: NDArray[np.float64]
    """(rows, columns, samples) of the levels' period, which begins where the active area does."""
    black_rows: NDArray[np.float64]
    """What is added in each row of the active area; empty where nothing is."""
    black_columns: NDArray[np.float64]
    white: tuple[float, ...]
    """Of each sample of a pixel."""
    origin: tuple[int, int]
    """Row and column where the active area begins."""
    crop: tuple[int, int, int, int] | None
    """Top, left, height and width of what is to be shown, counted from the whole frame."""
    baseline_exposure: float
    """Stops by which the picture is to be brighter than captured."""
    neutral: tuple[float, float, float] | None
    """Camera RGB of gray."""
    wants_corrections: bool
    """A lens is to be corrected, which nothing here does."""


def directories(data: bytes, written: Layout) -> Iterator[Directory]:
    """Yield the first directory and those it points to."""
    first = ifd.directory(data, written, written.first)
    yield first
    for at in ifd.numbers(data, written, first.get(SUB_IFDS))[:_MOST]:
        yield ifd.directory(data, written, at)


def full_pictures(data: bytes, written: Layout) -> list[Directory]:
    """Return the directories of sensor data that are no reduced pictures, plainest first."""
    found: list[tuple[int, Directory]] = []
    for table in directories(data, written):
        kind = _one(data, written, table.get(NEW_SUBFILE), 0)
        photometric = _one(data, written, table.get(PHOTOMETRIC), -1)
        if photometric in (CFA, LINEAR_RAW) and not kind & 1:
            found.append((kind, table))
    return [table for _, table in sorted(found, key=lambda pair: pair[0])]


def read(data: bytes, *, width: int, height: int, samples: int) -> Stated | None:
    """Return what a DNG states about the picture of this frame; None where it is no DNG, holds no
    such picture, or states nothing that holds together."""
    try:
        written = ifd.layout(data)
        first = ifd.directory(data, written, written.first)
        if first.get(DNG_VERSION) is None:
            return None
        for table in full_pictures(data, written):
            size = tuple(_one(data, written, table.get(tag), 1) for tag in (WIDTH, HEIGHT, SAMPLES))
            if size == (width, height, samples):
                return _stated(data, written, first, table)
    except MalformedError:
        pass
    return None


def _stated(data: bytes, written: Layout, first: Directory, table: Directory) -> Stated | None:
    def reals(tag: int, *, most: int = 256) -> tuple[float, ...]:
        return ifd.reals(data, written, table.get(tag), most=most)

    def whole(tag: int, default: int) -> int:
        return _one(data, written, table.get(tag), default)

    samples, bits = whole(SAMPLES, 1), whole(BITS, 16)
    floating = whole(SAMPLE_FORMAT, 1) == FLOATING
    period = ifd.numbers(data, written, table.get(BLACK_PERIOD)) or (1, 1)
    rows, columns = period[:2]
    many = rows * columns * samples
    black = reals(BLACK, most=many) or (0.0,) * many
    if many and len(black) == 1:
        black *= many
    white = reals(WHITE) or (1.0 if floating else float((1 << bits) - 1),)
    if whole(COMPRESSION, 1) == LOSSY_JPEG:
        black, white = (0.0,) * many, (LOSSY_WHITE,)
    white = white[:samples] if len(white) >= samples else white[:1] * samples
    if not 0 < many == len(black) or not all(map(isfinite, (*black, *white))):
        return None
    area = ifd.numbers(data, written, table.get(ACTIVE_AREA))
    top, left = area[:2] if len(area) == 4 else (0, 0)
    return Stated(
        table=table,
        width=whole(WIDTH, 0),
        height=whole(HEIGHT, 0),
        samples=samples,
        bits=bits,
        compression=whole(COMPRESSION, 1),
        floating=floating,
        cfa=_cfa(data, written, table),
        black=np.array(black).reshape(rows, columns, samples),
        black_rows=np.array(reals(BLACK_ROWS, most=_LONGEST)),
        black_columns=np.array(reals(BLACK_COLUMNS, most=_LONGEST)),
        white=white,
        origin=(top, left),
        crop=_crop(reals(CROP_ORIGIN), reals(CROP_SIZE), top, left),
        baseline_exposure=_exposure(ifd.reals(data, written, first.get(BASELINE_EXPOSURE))),
        neutral=dng_white.neutral(data, written, first),
        wants_corrections=any(_corrects(data, table.get(tag)) for tag in OPCODE_LISTS),
    )


def _one(data: bytes, written: Layout, entry: Entry | None, default: int) -> int:
    return (ifd.numbers(data, written, entry) or (default,))[0]


def _corrects(data: bytes, entry: Entry | None) -> bool:
    """Whether a list of opcodes, always big-endian, holds one for the lens."""
    if entry is None:
        return False
    opcodes = ifd.value(data, entry)
    at = 4
    for _ in range(min(int.from_bytes(opcodes[:4], "big"), _MOST)):
        number, _, _, size = struct.unpack_from(">4I", opcodes.ljust(at + 16, b"\0"), at)
        if number in CORRECTIONS:
            return True
        at += 16 + size
        if at > len(opcodes):
            break
    return False


def _cfa(data: bytes, written: Layout, table: Directory) -> NDArray[np.uint8] | None:
    """Return the filter in its shortest period, so that a Bayer filter written as 4 × 4 is one."""
    entry, period = table.get(CFA_PATTERN), ifd.numbers(data, written, table.get(CFA_PERIOD))
    if entry is None or len(period) != 2 or entry.size != period[0] * period[1] or not entry.size:
        return None
    whole = np.frombuffer(ifd.value(data, entry), np.uint8).reshape(period)
    for rows in range(1, whole.shape[0] + 1):
        if whole.shape[0] % rows == 0 and (whole == np.roll(whole, rows, axis=0)).all():
            whole = whole[:rows]
            break
    for columns in range(1, whole.shape[1] + 1):
        if whole.shape[1] % columns == 0 and (whole == np.roll(whole, columns, axis=1)).all():
            return whole[:, :columns]
    return whole


def _crop(
    origin: tuple[float, ...], size: tuple[float, ...], top: int, left: int
) -> tuple[int, int, int, int] | None:
    """Round to whole pixels; DefaultCropOrigin and DefaultCropSize count columns first."""
    if len(size) != 2:
        return None
    across, down = origin if len(origin) == 2 else (0.0, 0.0)
    if not all(map(isfinite, (*size, across, down))):
        return None
    return top + round(down), left + round(across), round(size[1]), round(size[0])


def _exposure(found: tuple[float, ...]) -> float:
    # More stops than a sample has bits mean nothing.
    return found[0] if found and abs(found[0]) <= 16 else 0.0
