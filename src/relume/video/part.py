"""What of a video is wanted: all, a part, or a preview of a part beside what it was."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from relume.video.layout import Layout, Planes


@dataclass(frozen=True)
class Part:
    """Seconds counted from the first frame; None where the video begins and ends."""

    start: float | None = None
    end: float | None = None
    is_preview: bool = False

    @property
    def is_cut(self) -> bool:
        """Whether not all is wanted."""
        return self.start is not None or self.end is not None

    def width(self, width: int) -> int:
        """Return the width of the result: a preview shows two pictures, each of even width."""
        return 2 * (width - width % 2) if self.is_preview else width

    def count(self, frames: int, rate: Fraction) -> int:
        """Return about how many of `frames` are wanted."""
        first = round((self.start or 0.0) * rate)
        last = frames if self.end is None else min(frames, round(self.end * rate))
        return max(0, last - first) if frames else 0

    def shown(self, before: Planes, after: Planes, layout: Layout) -> Planes:
        """Return the planes of the result."""
        if not self.is_preview:
            return after
        width = before[0].shape[1] // 2 * 2
        sides = [width, *[width >> layout.across] * (len(before) - 1)]
        return tuple(
            np.concatenate([left[:, :side], right[:, :side]], axis=1)
            for left, right, side in zip(before, after, sides, strict=True)
        )
