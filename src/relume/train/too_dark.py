"""Photos that a training darkens should not be dark already: it would learn to give back night."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from torch import Tensor

DARK = 0.2
"""Mean of max(R, G, B), encoded, in [0, 1]: dark pictures of LOL-v1 have 0.02 to 0.2, photographs
by day 0.3 to 0.7."""
LOOKED_AT = 16
"""Photos, spread evenly over all."""


def told_of_dark(
    method: str, photos: Sequence[Path], *, read: Callable[[Path], Tensor]
) -> str | None:
    """Return what to tell where more than half of some photos are dark, else None.

    `read` returns a photo as (3, H, W) uint8.
    """
    chosen = [photos[n * len(photos) // LOOKED_AT] for n in range(LOOKED_AT)] if photos else []
    means = [float(read(path).amax(dim=0).float().mean()) / 255 for path in dict.fromkeys(chosen)]
    dark = sum(mean < DARK for mean in means)
    if dark * 2 <= len(means):
        return None
    return (
        f"{dark} of {len(means)} photos looked at are dark: the mean of max(R, G, B) is "
        f"{median(means):.2f} in the middle, of photos by day 0.3 to 0.7. {method} darkens them by "
        "itself and learns to give them back: take well-exposed ones; sgz learns from dark ones"
    )
