"""Test charts for a sensor: colours that photographs hardly have, with nothing on them.

Photographs teach a network little about a red twice as bright as white or an even magenta, and
what it has not learnt shows blocks there. The truth of a drawn chart is known exactly. Ours.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Floats, Plane, Rgb
from relume.colour import encode_srgb
from relume.data.mosaicking import mosaicked
from relume.data.sensor_noise import draw_noise

STOPS = 8.0
"""Of darkening at most, as of photographs."""
LEAST_ELECTRONS = 16.0
"""That white gives in the dark, as of photographs."""
FIELD = (16.0, 80.0)
"""Pixels of a side of a field: two borders of blocks cross the smallest."""
BRIGHTEST = (-6.0, 1.0)
"""Stops above white of a field's brightest channel."""
VIVID = 3.0
"""Channels are drawn as a number in [0, 1] to this power: most fields have one that is dark."""


class Chart(NamedTuple):
    """What a sensor sees in the dark of a chart."""

    mosaic: Plane
    """(H, W) in [0, 1], RGGB and white-balanced."""
    picture: Rgb
    """The chart with the light it lacks, cut off at white; (H, W, 3), encoded as sRGB."""
    ratio: float
    """Of the exposure of `picture` to that of the mosaic."""


def draw_chart(*, side: int, random: np.random.Generator) -> Chart:
    """Draw a square chart of colours, blended into each other or with borders, every other one."""
    along = _shares(side, random=random)
    across = _shares(side, random=random)
    if random.random() < 0.5:
        along, across = along.round(), across.round()
    fields = random.random((along.shape[1], across.shape[1], 3)) ** VIVID
    brightest = np.exp2(random.uniform(*BRIGHTEST, (*fields.shape[:2], 1)))
    fields *= brightest / fields.max(axis=2, keepdims=True)
    light = np.einsum("yi,ijc,xj->yxc", along, fields, across).astype(np.float32)
    ratio = float(2 ** random.uniform(0, STOPS))
    noise = draw_noise(random=random, most_shot=1 / (LEAST_ELECTRONS * ratio))
    mosaic = noise(mosaicked(light) / np.float32(ratio), random=random).clip(0, 1)
    return Chart(mosaic, encode_srgb(light.clip(0, 1)), ratio)


def _shares(side: int, *, random: np.random.Generator) -> NDArray[np.float64]:
    """Return how much each pixel of a row takes of each field, (side, fields): a hat function."""
    pixels: Floats = np.arange(side) / random.uniform(*FIELD) + random.random()
    fields = np.arange(np.ceil(pixels[-1]) + 1)
    return np.maximum(1 - np.abs(pixels[:, None] - fields), 0)
