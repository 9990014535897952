"""What lies between neighbours: edges that are soft, and borders of blocks that show."""

from __future__ import annotations

from torch import Tensor


def neighbour_error(preds: Tensor, target: Tensor) -> Tensor:
    """Average the absolute error of the differences of neighbours.

    mean |∂(preds − target)| of rows + of columns, (N, C, H, W) → ≥ 0.
    Source: the gradient difference loss of Mathieu, Couprie and LeCun, ICLR 2016, but of
    differences with their signs.
    """
    down, right = _steps(preds - target)
    return down.abs().mean() + right.abs().mean()


def border_error(preds: Tensor, target: Tensor, *, block: int) -> Tensor:
    """Average the absolute error of those differences of neighbours that cross a block's border.

    As `neighbour_error`, of rows and columns k·block − 1 and k·block alone; sides of more than a
    block. (N, C, H, W) → ≥ 0. Source: ours.
    """
    down, right = _steps(preds - target)
    return (
        down[..., block - 1 :: block, :].abs().mean() + right[..., block - 1 :: block].abs().mean()
    )


def _steps(error: Tensor) -> tuple[Tensor, Tensor]:
    return error[..., 1:, :] - error[..., :-1, :], error[..., 1:] - error[..., :-1]
