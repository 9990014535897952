"""What a method can say about all pixels at once, so that one pass renders the full picture.

| rendering | each pixel becomes                                           | typical method       |
|-----------|--------------------------------------------------------------|----------------------|
| Tone      | f(E) per channel, or moved so that its value or luma is f(·) | gamma, equalisation  |
| Relight   | encode(decode(E) · g(max decode(E)))                         | exposure             |
| Curve     | x ← x + a·x·(1 − x), `iterations` times, a from a small map  | sgz                  |
| Gain      | E · g, g from a small map                                    | illumination methods |
| Affine    | a·E + b, both from small maps                                | local linear models  |
| Blend     | E + m·(f(E) − E), m from a small map                         | fusion of two tones  |
| Lift      | (k·z/(1 + (k − 1)·z))^γ, z = min(1, a·E), from lines over luma | relume            |
| Tiles     | E + f(luma) − luma, f between the tables of four tiles       | clahe                |
| Local     | any function of E and of what a small map has there          | lime, bimef, msr     |

E is the encoded sample in [0, 1]; every result is clipped to [0, 1]. On a gray picture a map's
channels are averaged, and a Tone is f(E) whatever its `by`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Floats, Map
from relume.frozen import frozen


@frozen
class Grid:
    """Where a full-size pixel lies on a small map: position = scale · index + offset, per axis,
    clamped to the map."""

    scale: tuple[float, float]
    """(vertical, horizontal), map samples per pixel."""
    offset: tuple[float, float]


def centred(small: tuple[int, int], full: tuple[int, int]) -> Grid:
    """Lay a map over a picture so that their edges agree (align_corners=False)."""
    scale = (small[0] / full[0], small[1] / full[1])
    return Grid(scale, (0.5 * scale[0] - 0.5, 0.5 * scale[1] - 0.5))


def cornered(small: tuple[int, int], full: tuple[int, int]) -> Grid:
    """Lay a map over a picture so that their corner samples agree (align_corners=True)."""
    scale = (
        (small[0] - 1) / (full[0] - 1) if full[0] > 1 else 0.0,
        (small[1] - 1) / (full[1] - 1) if full[1] > 1 else 0.0,
    )
    return Grid(scale, (0.0, 0.0))


@frozen
class Tone:
    """One transfer function for the whole picture.

    `by` says how colour follows: `channel` applies it to each channel; `value` and `luma`
    multiply the three channels so that max(R, G, B) or the BT.601 luma becomes f of itself,
    dividing by the largest channel where that would leave the gamut, and a black pixel becomes
    the neutral f(0); `shift` adds the change of luma to each channel, which keeps the chroma.
    """

    transfer: Callable[[Floats], Floats]
    """[0, 1] → [0, 1], any shape, elementwise."""
    by: Literal["channel", "value", "luma", "shift"] = "channel"


@frozen
class Relight:
    """A gain in linear light that depends on the brightest channel, so that hue is kept."""

    gain: Callable[[Floats], Floats]
    """max of linear RGB in [0, 1] → factor ≥ 0, elementwise; capped so that factor · max ≤ 1."""


@frozen
class Curve:
    """The iterated curve map of Zero-DCE and SGZ; a positive map is brighter."""

    map: Map
    """(h, w, 1 or 3) in [−1, 1]."""
    iterations: int
    grid: Grid


@frozen
class Gain:
    """A factor from a small map."""

    map: Map
    """(h, w, 1 or 3), ≥ 0."""
    grid: Grid
    keep_hue: bool = True
    """Where a channel would pass 1, divide all three by it instead of clipping one."""


@frozen
class Affine:
    """A straight line per sample: clip(slope · E + offset), as local linear models give it."""

    slope: Map
    """(h, w, 1 or 3)."""
    offset: Map
    """Of the same shape as `slope`."""
    grid: Grid


@frozen
class Blend:
    """One transfer function, applied more in some places than in others."""

    transfer: Callable[[Floats], Floats]
    """[0, 1] → [0, 1], any shape, elementwise; for each channel."""
    map: Map
    """(h, w, 1 or 3) in [0, 1]: 0 keeps the picture, 1 takes the transfer."""
    grid: Grid


HARDLY = 2 / 255
"""Luma at which half of a colour is taken away with its noise: of a level or two only what rounding
left is known, of which many stops more light make a green sky. 20 held-out photos lose 0.01 dB by
it at 3 and 5 stops, 0.04 at 3 levels; at 1 level shadows without blue were still olive."""


@frozen(eq=False)
class Noise:
    """What of a picture is noise, to be taken away before it is rendered: a sample without its
    noise is clip(√E − noise)². What is then hardly above black loses its colour, too."""

    planes: NDArray[np.float32]
    """(C, h, w) of roots, contiguous, C as the picture has channels, at least as large as it."""
    corner: tuple[int, int]
    """Row and column of the planes where the picture begins."""
    amount: Map
    """(h, w, 1) in [0, 1], laid as the maps are: 0 keeps the noise, 1 takes it away."""


@frozen
class Lift:
    """A gain a per channel, a bias k and a gamma γ: y = (k·z/(1 + (k − 1)·z))^γ, z = min(1, a·E).

    Each map's logarithm is a straight line over the pixel's own log luma, log2(255·Y + 1)/8, so
    that coarse maps follow the edges of the picture (Schlick, Graphics Gems IV, 1994, for k).
    """

    slope: Map
    """(h, w, 5): of ln a for R, G, B, of ln k, of ln γ. On a gray picture the gains' are averaged.
    """
    offset: Map
    """Of the same shape as `slope`."""
    grid: Grid
    noise: Noise | None = None
    dither: tuple[int, int] | None = None
    """None rounds to the nearest level. Otherwise bytes are moved by up to half a level, each pixel
    by another, before they are rounded (Roberts, IRE IT 8(2), 1962): without noise, what changes
    slowly would change in steps that can be seen. This is the row and column at which the picture
    begins in the one that it is a piece of, so that pieces fit together."""


@frozen
class Tiles:
    """A transfer function of luma that differs from tile to tile; the change of luma is added to
    each channel, which keeps the chroma."""

    tables: Map
    """(rows, columns, levels) in [0, 1]: f at evenly spaced luma, for each tile; between levels and
    between the centres of tiles it is linear."""
    grid: Grid


@frozen
class Local:
    """Any function of a pixel and of a small map; in NumPy, as no table holds it."""

    transfer: Callable[[Floats, Floats], Floats]
    """(rows, W, C) in [0, 1] and the map there, (rows, W, D) → (rows, W, C), each pixel by itself;
    C is 1 or 3. It must not write to its arguments."""
    map: Map
    """(h, w, D), any D, on gray pictures too."""
    grid: Grid


Placed: TypeAlias = Curve | Gain | Affine | Blend | Lift | Tiles | Local
"""The renderings with a small map."""

Rendering: TypeAlias = Tone | Relight | Placed
