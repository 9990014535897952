"""The lift as a graph of bands: relume.render.Lift, with what is constant put into its maps."""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np

from relume.export.graph_builder import Builder
from relume.export.picture_rows import Sizes
from relume.render.maps import HARDLY
from relume.render.portable import FAINT

LUMA = (0.299, 0.587, 0.114)


@dataclass(frozen=True)
class Lines:
    """Names of maps over the picture's columns, (M, h, W), and how many rows they have."""

    slopes: tuple[str, str, str]
    """Of −ln(a·k) for R, G and B, of −ln k, of ln γ, each over ln(255·luma + 1)."""
    offsets: tuple[str, str, str]
    amount: str
    rows: int


def laid_lines(
    made: Builder, sizes: Sizes, look: dict[str, str], *, denoise: str, colourless: str, rows: int
) -> Lines:
    """Lay the maps over the picture's columns; logarithms are natural, and negative where their
    powers divide. `colourless` says whether the channels of the picture are equal:
    then it is lifted by the average of their gains."""
    place = made("Range", 0, made("Squeeze", sizes.whole_width), 1)
    across = made("Transpose", _hats(made, place, sizes.width, rows=rows), perm=[1, 0])

    def laid(maps: str) -> str:
        return made("MatMul", made("Squeeze", maps, [0]), across)

    def of(maps: str, factor: float) -> tuple[str, str, str]:
        gains = made("Slice", maps, [0], [3], [1])
        gains = made("Where", colourless, made("ReduceMean", gains, [1]), gains)
        bias = made("Slice", maps, [3], [4], [1])
        gamma = made("Slice", maps, [4], [5], [1])
        return (
            laid(made("Mul", made("Add", gains, bias), -factor)),
            laid(made("Mul", bias, -factor)),
            laid(made("Mul", gamma, factor)),
        )

    return Lines(
        of(look["slope"], 1 / (8 * log(2))),
        of(look["offset"], 1.0),
        laid(made("Mul", look["amount"], denoise)),
        rows,
    )


def _hats(made: Builder, place: str, size: str, *, rows: int, among: str | None = None) -> str:
    """Return the weights by which samples at places take part in maps laid edge on edge."""
    scale = made("Div", float(rows), made("Cast", size, to=1))
    centre = made("Add", made("Cast", place, to=1), 0.5)
    at = made("Clip", made("Sub", made("Mul", centre, scale), 0.5), 0.0, rows - 1.0)
    samples = np.arange(float(rows)) if among is None else made("Cast", among, to=1)
    far = made("Abs", made("Sub", made("Unsqueeze", at, [1]), samples))
    return made("Relu", made("Sub", 1.0, far))


@dataclass(frozen=True)
class Rows:
    """Which rows of maps some rows of the picture lie on, and by which weights."""

    reached: tuple[str, str]
    weights: str

    def of(self, made: Builder, maps: str) -> str:
        """Return maps at these rows, (1, M, rows, W)."""
        return made("Unsqueeze", made("MatMul", self.weights, part(made, maps, self.reached)), [0])


def rows_of_maps(made: Builder, sizes: Sizes, lines: Lines, first: str) -> Rows:
    """Return on which rows of maps a band lies that begins with a row of the picture."""
    end = made("Add", first, sizes.band)
    reached = reached_rows(made, sizes, lines, first, end)
    place = made("Range", made("Squeeze", first), made("Squeeze", end), 1)
    among = made("Range", *(made("Squeeze", each) for each in reached), 1)
    return Rows(reached, _hats(made, place, sizes.height, rows=lines.rows, among=among))


def reached_rows(
    made: Builder, sizes: Sizes, lines: Lines, first: str, end: str
) -> tuple[str, str]:
    """Return from which row of maps to which rows of the picture reach, with one to spare."""

    def near(row: str, more: int) -> str:
        at = made("Div", made("Mul", row, [lines.rows]), sizes.height)
        return made("Max", made("Min", made("Add", at, [more]), [lines.rows]), [0])

    return made("Min", near(first, -1), [lines.rows - 1]), near(end, 2)


def part(made: Builder, maps: str, reached: tuple[str, str]) -> str:
    """Cut rows out of maps."""
    return made("Slice", maps, *reached, [1])


def _luma(made: Builder, image: str, *, factor: float = 1.0) -> str:
    """Return luma, (1, 3, h, W) → (1, 1, h, W), as one product."""
    flat = made("Reshape", image, [1, 3, -1])
    gray = made("MatMul", np.array([LUMA]) * factor, flat)
    shape = made("Concat", [1, 1], made("Shape", image, start=2), axis=0)
    return made("Reshape", gray, shape)


def quiet(made: Builder, light: str, clean: str, amount: str) -> str:
    """Return E + A·(q + lost·(gray − q) − E), by few operations on three channels."""
    calm = made("Mul", clean, clean)
    gray = _luma(made, calm)
    lost = made("Div", HARDLY**2, made("Add", made("Mul", gray, gray), HARDLY**2))
    faded = made("Mul", amount, lost)
    kept = made("Mul", light, made("Sub", 1.0, amount))
    kept = made("Add", kept, made("Mul", calm, made("Sub", amount, faded)))
    return made("Add", kept, made("Mul", faded, gray))


def lit(made: Builder, light: str, lines: Lines, rows: Rows) -> str:
    """Lift (1, 3, h, W) in [0, 1] by the lines at its rows."""
    gray = made("Log", made("Add", _luma(made, light, factor=255.0), 1.0))
    over, bias, gamma = (
        made("Exp", made("Add", made("Mul", rows.of(made, slope), gray), rows.of(made, offset)))
        for slope, offset in zip(lines.slopes, lines.offsets, strict=True)
    )
    under = made("Add", made("Div", over, light), made("Sub", 1.0, bias))
    # A little more than 1/(1 − F): rounded, the sum must not exceed 1.
    tone = made("Reciprocal", made("Max", under, 1 / (1 - FAINT) + 1.2e-7))
    return made("Exp", made("Mul", made("Log", made("Add", tone, FAINT)), gamma))
