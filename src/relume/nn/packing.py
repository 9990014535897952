"""Pack and unpack: space to depth and its exact inverse, in the two orders that are in use.

| function       | shapes                                 | channel of offset (i, j), colour c |
|----------------|----------------------------------------|------------------------------------|
| pack           | (N, C, H, W) → (N, C·f², H/f, W/f)     | c·f² + i·f + j                     |
| unpack         | its inverse                            |                                    |
| pack_colours   | (N, C, H, W) → (N, C·f², H/f, W/f)     | (i·f + j)·C + c                    |
| unpack_colours | its inverse                            |                                    |

`pack` is torch's pixel_unshuffle. In the order of `pack_colours` the colours of one pixel are
neighbours; LLPackNet ends in it (Lamba et al., BMVC 2020, arXiv 2011.14133, section 3.2).
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def pack(picture: Tensor, factor: int) -> Tensor:
    """Put each cell of factor × factor pixels into channels, row by row, colours outermost."""
    return functional.pixel_unshuffle(picture, factor)


def unpack(packed: Tensor, factor: int) -> Tensor:
    """Undo `pack`."""
    return functional.pixel_shuffle(packed, factor)


def pack_colours(picture: Tensor, factor: int) -> Tensor:
    """Put each cell of factor × factor pixels into channels, row by row, colours innermost."""
    count, colours, height, width = picture.shape
    tall, wide = height // factor, width // factor
    cells = picture.reshape(count, colours, tall, factor, wide, factor)
    return cells.permute(0, 3, 5, 1, 2, 4).reshape(count, colours * factor**2, tall, wide)


def unpack_colours(packed: Tensor, factor: int) -> Tensor:
    """Undo `pack_colours`."""
    count, channels, tall, wide = packed.shape
    colours = channels // factor**2
    cells = packed.reshape(count, factor, factor, colours, tall, wide)
    return cells.permute(0, 3, 4, 1, 5, 2).reshape(count, colours, tall * factor, wide * factor)
