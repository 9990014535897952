"""Where one scene ends and the next begins, whatever the light does.

A frame begins a scene when neither what is in it nor how its levels are spread agrees with the
frame before. Structure is the correlation of small pictures of log light, each with its
surroundings taken away, so that a lamp switched on, which multiplies the light of places, keeps it;
the histogram agrees for noise on a dark wall, whose structure is new in each frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from relume.arrays import Rgb
from relume.filters.gaussian import blur
from relume.video.small import Plane, shrunk

STRUCTURE = 0.35
"""Correlation under which the structure is another one: cuts of generated scenes have 0.0 to 0.2,
pans by a tenth of the width 0.4 and more."""
HISTOGRAM = 0.75
"""Overlap of the histograms under which the levels are spread in another way."""
BINS = 24


@dataclass(frozen=True, eq=False)
class Glimpse:
    """What of a small picture tells one scene from another."""

    small: Plane
    """The largest channel of each of at most 54 × 96 places."""
    shares: Plane
    """Parts of the pixels in each bin of encoded values."""

    @classmethod
    def of(cls, rgb: Rgb) -> Glimpse:
        """Take a glimpse at a small picture in [0, 1]."""
        small = shrunk(rgb, height=54, width=96).max(axis=2)
        bins = np.minimum((small * np.float32(BINS)).astype(np.intp), BINS - 1)
        counts = np.bincount(bins.ravel(), minlength=BINS)
        return cls(small, (counts / small.size).astype(np.float32))

    @cached_property
    def detail(self) -> Plane:
        """Log light less that of its surroundings; asked only where the histograms differ."""
        light = np.log(self.small + np.float32(0.02))
        around = blur(light[..., None], sigma=4.0)[..., 0]
        return (light - around).astype(np.float32)

    def is_cut_from(self, before: Glimpse) -> bool:
        """Tell whether another scene has begun since a picture of the same size."""
        return self.overlap(before) < HISTOGRAM and self.structure(before) < STRUCTURE

    def structure(self, other: Glimpse) -> float:
        """Return the correlation of what stands out from its surroundings in both, −1 to 1."""
        a, b = self.detail, other.detail
        return float((a * b).sum() / (np.sqrt((a * a).sum() * (b * b).sum()) + 1e-9))

    def overlap(self, other: Glimpse) -> float:
        """Return the part of the pixels that both histograms share, 0 to 1."""
        return float(np.minimum(self.shares, other.shares).sum())
