"""Pictures that are dark because they were meant to be: told by how levels lie side by side.

A screenshot or drawing is flat areas with hard edges: most neighbours are equal to the last bit,
and of those that are not, many are far apart. A photograph is neither, but for areas that hold
nothing but black, which is why a flat picture whose commonest level is black must have harder
edges. A sky of stars is one smooth slope of light with points on it.

The bounds were chosen on drawn screens, saved as PNG and as JPEG, and on the training pictures
`train/dark`, `train/normal` and LOL-v1 our485: none of those 1 741 photographs is taken for either.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Picture
from relume.colour import value
from relume.filters.sample import counted, lattice
from relume.levels import to_unit

FLAT = 0.6
"""Share of neighbours that are equal: drawn screens have 0.63 and more."""
HARD = 0.2
"""Share, of the neighbours that differ, of those at least `EDGE` apart: drawn screens have 0.21 to
0.27 as JPEG of quality 75 to 95; photographs of so many equal neighbours less, unless black makes
them equal."""
HARDER = 0.6
"""The same where the commonest level is black; drawn screens saved without loss have 0.7."""
EDGE = 32 / 255
"""Ink on paper: dark colours beside each other are no further apart than 20 levels."""
BLACK = 3 / 255
POINT = 16 / 255
"""What stands out is so much brighter than twice the background: a star, no noise."""
CELLS = 24
"""Across and down, of which a sky's background is told."""
SLOPE = 0.1
"""How far, of their mean, cells of a sky lie from a plane: drawn skies 0.02, dark photos 0.14."""
STARS = 0.02
"""Share of cells in which something stands out: fewer are a lamp on a wall."""
POINTS = 0.02
"""Share of samples that stand out: more are no stars."""
FEW, MANY = 300, 1200
"""Samples a side: of which the background is told, and among which stars of a pixel are found."""


def is_drawn(picture: Picture) -> bool:
    """Say whether a picture is a screenshot or a drawing."""
    height, width = picture.shape[:2]
    rows, columns = lattice(height, width)
    columns = columns[columns < width - 1]
    if not len(columns):
        return False
    here, beside = (to_unit(picture[np.ix_(rows, columns + step)]) for step in (0, 1))
    apart = _brightest(np.abs(here - beside))
    differing = apart[apart > 0.0]
    if not differing.size or 1.0 - differing.size / apart.size < FLAT:
        return False
    levels, counts = counted(_brightest(here))
    bound = HARDER if levels[counts.argmax()] <= BLACK else HARD
    return float((differing >= EDGE).mean()) >= bound


def is_starry(picture: Picture) -> bool:
    """Say whether a picture is a dark sky with stars and nothing else."""
    if min(picture.shape[:2]) < CELLS:
        return False
    ordered = np.sort(_cells(picture, FEW), axis=2)
    among = ordered.shape[2] - 1
    # What np.median gives, which loads a part of NumPy that nothing else here needs.
    middle = (ordered[..., among // 2] + ordered[..., -(-among // 2)]) / 2
    down, across = np.mgrid[:CELLS, :CELLS]
    slope = np.stack([np.ones(middle.size), down.ravel(), across.ravel()], axis=1)
    found = np.linalg.lstsq(slope, middle.ravel(), rcond=None)[0]
    rest = float(np.sqrt(np.mean((slope @ found - middle.ravel()) ** 2)))
    if rest > SLOPE * max(float(middle.mean()), 1 / 255):
        return False
    bright = _cells(picture, MANY) > 2.0 * middle[..., None] + POINT
    return bool(bright.any(axis=2).mean() >= STARS and bright.mean() <= POINTS)


def _cells(picture: Picture, side: int) -> NDArray[np.float32]:
    """Return the largest channel, of at most `side` samples a side, as (CELLS, CELLS, samples)."""
    tall, wide = (size // CELLS for size in picture.shape[:2])
    step = -(-max(tall, wide) * CELLS // side)
    rows, columns = (
        (np.arange(CELLS)[:, None] * size + np.arange(step // 2 % size, size, step)).ravel()
        for size in (tall, wide)
    )
    samples = to_unit(picture[np.ix_(rows, columns)])
    parted = _brightest(samples).reshape(CELLS, len(rows) // CELLS, CELLS, len(columns) // CELLS)
    return parted.transpose(0, 2, 1, 3).reshape(CELLS, CELLS, -1)


def _brightest(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    return value(samples) if samples.ndim == 3 else samples
