"""Photos that a training darkens should not be dark already: it would learn to give back night."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from torch import Tensor

DARK = 0.2
"""Mean of max(R, G, B), encoded, in [0, 1]: 95 of 100 dark pictures of LOL-v1 have less, and 3 of
100 photographs of COCO and BSDS500, most of which have 0.3 to 0.6."""
SOME = 0.25
"""Part of the photos that may be so dark."""
LOOKED_AT = 16
"""Photos, spread evenly over all."""


def told_of_dark(
    method: str, photos: Sequence[Path], *, read: Callable[[Path], Tensor]
) -> str | None:
    """Return what to tell where more than a quarter of some photos are dark, else None.

    `read` returns a photo as (3, H, W) uint8.
    """
    chosen = [photos[n * len(photos) // LOOKED_AT] for n in range(LOOKED_AT)] if photos else []
    means = [float(read(path).amax(dim=0).float().mean()) / 255 for path in dict.fromkeys(chosen)]
    dark = sum(mean < DARK for mean in means)
    if dark <= SOME * len(means):
        return None
    return (
        f"{dark} of {len(means)} photos looked at are dark: the mean of max(R, G, B) is "
        f"{median(means):.2f} in the middle, of photos by day 0.3 to 0.6. {method} darkens them by "
        "itself and learns to give them back: take well-exposed ones; sgz learns from dark ones"
    )
