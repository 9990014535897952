"""Where one scene ends and the next begins, whatever the light does.

A frame begins a scene when neither what is in it nor how its levels are spread agrees with the
frame before. Structure is the correlation of small pictures of log light, each with its
surroundings taken away, so that a lamp switched on, which multiplies the light of places, keeps it;
the histogram agrees for noise on a dark wall, whose structure is new in each frame.
"""

from __future__ import annotations

import numpy as np

from relume import render
from relume.arrays import Rgb
from relume.filters.gaussian import blur
from relume.video.small import Plane

STRUCTURE = 0.35
"""Correlation under which the structure is another one: cuts of generated scenes have 0.0 to 0.2,
pans by a tenth of the width 0.4 and more."""
HISTOGRAM = 0.75
"""Overlap of the histograms under which the levels are spread in another way."""
BINS = 24


def is_cut(before: Rgb, after: Rgb) -> bool:
    """Tell whether two small pictures that follow each other are of two scenes."""
    return structure(before, after) < STRUCTURE and overlap(before, after) < HISTOGRAM


def structure(before: Rgb, after: Rgb) -> float:
    """Return the correlation of what stands out from its surroundings in both, −1 to 1."""
    a, b = _detail(before), _detail(after)
    return float((a * b).sum() / (np.sqrt((a * a).sum() * (b * b).sum()) + 1e-9))


def overlap(before: Rgb, after: Rgb) -> float:
    """Return the part of the pixels that two histograms of encoded values share, 0 to 1."""
    counts = [
        np.histogram(each.max(axis=2), bins=BINS, range=(0, 1))[0] for each in (before, after)
    ]
    return float(np.minimum(*[count / count.sum() for count in counts]).sum())


def _detail(rgb: Rgb) -> Plane:
    tall, wide = rgb.shape[:2]
    small = render.reduce(rgb, height=min(tall, 54), width=min(wide, 96)).max(axis=2)
    light = np.log(small + np.float32(0.02))
    around = blur(light[..., None], sigma=4.0)[..., 0]
    return (light - around).astype(np.float32)
