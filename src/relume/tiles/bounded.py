"""Methods that see the whole picture and cost too much at full size: run small, carried to full.

The picture is reduced by area to the card's `most_pixels` and enhanced there. In every window of
the small size the enhanced channel is fitted by a straight line in the channel before,

    enhanced ≈ slope · low + offset

and the enlarged slope and offset are rendered over the full picture, whose own edges and texture
they move (He and Sun, Fast Guided Filter, arXiv 1505.00996, 2015).
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt

import numpy as np

from relume import render
from relume.arrays import Picture, Plane, Rgb
from relume.card import Card
from relume.filters.guided import lines
from relume.render import Affine, centred
from relume.tiles import cutter, fit

RADIUS = 2
"""Of the window, in small pixels. Measured against full size, PairLIE and LOL-v1's pairs: a radius
of 1 lies closer at half size, one of 4 at a quarter; 2 loses least over both (27.8 to 31.9 dB)."""
EPSILON = 1e-5
"""(0.003)²: in dark pictures an edge is a few levels; 1e-4 loses 0.7 dB, less gains nothing."""


def run(
    enhance: Callable[[Rgb], Rgb],
    picture: Picture,
    *,
    card: Card,
    strength: float = 1.0,
    side: int | None = None,
    threads: int | None = None,
) -> Picture:
    """Apply `enhance` as the card allows: in tiles of `side`, whole, or at a bounded size."""
    if exceeds(card, (picture.shape[0], picture.shape[1])):
        return enhance_bounded(enhance, picture, card=card, strength=strength, threads=threads)
    side = side or cutter.side_of_tile(card)
    return fit.run_in_tiles(
        enhance, picture, card=card, side=side, strength=strength, threads=threads
    )


def exceeds(card: Card, size: tuple[int, int]) -> bool:
    """Say whether a picture of `size` is larger than the method is run at."""
    limit = card.most_pixels
    return card.reach is None and limit is not None and size[0] * size[1] > limit


def bounded_size(size: tuple[int, int], *, most_pixels: int) -> tuple[int, int]:
    """Return the largest size of the same shape, to a pixel, with at most `most_pixels`."""
    height, width = size
    factor = sqrt(most_pixels / (height * width))
    if factor >= 1:
        return size
    tall = min(max(int(height * factor), 1), most_pixels)
    return tall, min(max(int(width * factor), 1), most_pixels // tall)


def enhance_bounded(
    enhance: Callable[[Rgb], Rgb],
    picture: Picture,
    *,
    card: Card,
    strength: float = 1.0,
    threads: int | None = None,
) -> Picture:
    """Enhance a picture through a copy of at most the card's `most_pixels`.

    (H, W) or (H, W, 3) → the same shape and type; extra memory is that of the small size.
    """
    return render.apply(
        seen(enhance, picture, card=card), picture, strength=strength, threads=threads
    )


def seen(enhance: Callable[[Rgb], Rgb], picture: Picture, *, card: Card) -> Affine:
    """Return the local lines of what `enhance` makes of a copy of at most `most_pixels`."""
    low = reduced(picture, card=card)
    height, width = low.shape[:2]
    enhanced = enhance(fit.pad_to_multiple(low, card.multiple_of))[:height, :width]
    return line_map(low, enhanced, full=(picture.shape[0], picture.shape[1]))


def reduced(picture: Picture, *, card: Card) -> Rgb:
    """Return the picture at the size the method is run at, (h, w, 3) in [0, 1]."""
    full = (picture.shape[0], picture.shape[1])
    height, width = bounded_size(full, most_pixels=card.most_pixels or picture.size)
    return render.reduce(picture, height=height, width=width)


def line_map(low: Rgb, enhanced: Rgb, *, full: tuple[int, int]) -> Affine:
    """Return the local lines that lead from `low` to `enhanced`, (h, w, 3) in [0, 1] both."""
    fitted = [_channel(low[..., channel], enhanced[..., channel]) for channel in range(3)]
    slope, offset = (np.stack(parts, axis=-1) for parts in zip(*fitted, strict=True))
    return Affine(slope, offset, centred((low.shape[0], low.shape[1]), full))


def _channel(low: Plane, enhanced: Plane) -> tuple[Plane, Plane]:
    """Fit one channel, (h, w); where it is flat the line is, too: there is nothing to carry."""
    flat = np.zeros_like(low)
    slope, offset = lines(low, enhanced, prior=flat, radius=RADIUS, epsilon=EPSILON)
    return slope.astype(np.float32, copy=False), offset.astype(np.float32, copy=False)
