"""Where pixels lie when a picture is cut into square windows, plainly or shifted by half a window.

Liu et al., Swin Transformer, ICCV 2021, section 3.2: shifted windows wrap around at the border.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

SIDE = 8
SHIFT = SIDE // 2
TOKENS = SIDE * SIDE
MASK = 100.0
"""By how much pixels that are no neighbours in the picture are less similar."""


class Marks(NamedTuple):
    """Further channels of queries and keys in shifted windows, each (windows, 4, TOKENS).

    With signs a and b for the sides of the picture's borders on which a pixel lies, the product of
    two pixels' marks is MASK/4·(aa' + bb' + aba'b' − 3): 0 where both lie on the same sides, −MASK
    where the window joins what is no neighbour in the picture.
    """

    query: Tensor
    key: Tensor


class Layout(NamedTuple):
    """The indices of three changes of order, each (H·W,), and the marks of shifted windows."""

    to_plain: Tensor
    """Rows of the picture → windows."""
    to_shifted: Tensor
    """Windows → shifted windows."""
    to_rows: Tensor
    """Shifted windows → rows."""
    marks: Marks


def lay_out(height: int, width: int, *, device: torch.device) -> Layout:
    """Compute the layout of a picture whose sides are multiples of SIDE."""
    rows = torch.arange(height, device=device)
    columns = torch.arange(width, device=device)
    down, right = _moved(rows, SHIFT, height), _moved(columns, SHIFT, width)
    up, left = _moved(rows, height - SHIFT, height), _moved(columns, width - SHIFT, width)
    # A shifted window of the last row or column holds both borders: the far ones wrapped around.
    side = 1.0 - 2.0 * (rows >= height - SHIFT).float()[:, None].expand(height, width)
    other = 1.0 - 2.0 * (columns >= width - SHIFT).float().expand(height, width)
    signs, root = (side, other, side * other), torch.full_like(side, 3**0.5)
    return Layout(
        to_plain=_windowed(rows[:, None] * width + columns),
        to_shifted=_windowed(_place(down[:, None], right, width)),
        to_rows=_place(up[:, None], left, width).reshape(-1),
        marks=Marks(query=_marks(*signs, root), key=_marks(*signs, -root)),
    )


def _marks(*pictures: Tensor) -> Tensor:
    """(H, W) each → (windows, pictures, TOKENS)."""
    height, width = pictures[0].shape
    cut = torch.stack(pictures).view(-1, height // SIDE, SIDE, width // SIDE, SIDE)
    windows = cut.permute(1, 3, 0, 2, 4).reshape(-1, len(pictures), TOKENS)
    return windows * (MASK / 4) ** 0.5


def _moved(line: Tensor, by: int, size: int) -> Tensor:
    """Return (line + by) % size; the exporter knows no remainder of a size that may change."""
    return torch.where(line >= size - by, line + by - size, line + by)


def _windowed(picture: Tensor) -> Tensor:
    """(H, W) → (H·W,), window by window."""
    height, width = picture.shape
    cut = picture.view(height // SIDE, SIDE, width // SIDE, SIDE)
    return cut.permute(0, 2, 1, 3).reshape(-1)


def _place(row: Tensor, column: Tensor, width: int) -> Tensor:
    """Return at which place of the windowed order a pixel lies."""
    window = (row // SIDE) * (width // SIDE) + column // SIDE
    return window * TOKENS + (row % SIDE) * SIDE + column % SIDE
