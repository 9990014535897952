"""Rows of a picture inside a graph: how many are looked at together, and where they lie."""

from __future__ import annotations

from dataclasses import dataclass

from relume.export.graph_builder import Builder

IMAGE = "image"
BLOCK = 8
"""Pixels: what a network of cells takes whole, as half its cells of 4 × 4 are seen together."""
PIXELS, ROWS = 34_000, 768
"""Of a band and of a strip, about. A band's three channels take 400 kB, so that a few of them lie
in a processor's own cache; in strips of 768 rows an eighth is computed twice."""


@dataclass(frozen=True)
class Sizes:
    """Names of whole numbers, of shape [1]: of the picture, of the picture in whole blocks, of a
    band, of a strip, and how many bands a strip has."""

    height: str
    width: str
    whole_height: str
    whole_width: str
    band: str
    strip: str
    bands: str


def sizes(made: Builder) -> Sizes:
    """Return how a picture of any size is divided."""
    height = made("Shape", IMAGE, start=2, end=3)
    width = made("Shape", IMAGE, start=3, end=4)
    whole_height, whole_width = (
        made("Mul", up(made, each, [BLOCK]), [BLOCK]) for each in (height, width)
    )
    fit = made("Mul", up(made, made.tensor([PIXELS // BLOCK]), whole_width), [BLOCK])
    band = made("Max", made("Min", fit, whole_height), [BLOCK])
    strips = up(made, whole_height, made("Max", band, [ROWS]))
    bands = made(
        "Min",
        up(made, whole_height, made("Mul", strips, band)),
        made("Div", whole_height, band),
    )
    strip = made("Mul", bands, band)
    return Sizes(height, width, whole_height, whole_width, band, strip, bands)


def up(made: Builder, number: str, step: str | list[int]) -> str:
    """Divide a whole number by another, upwards."""
    return made("Div", made("Add", number, made("Sub", step, [1])), step)


def seen(made: Builder, sizes: Sizes, top: str, bottom: str) -> str:
    """Return rows of the picture in [0, 1], with borders that go on to whole blocks."""
    rows = made("Range", made("Squeeze", top), made("Squeeze", bottom), 1)
    rows = made("Min", rows, made("Sub", sizes.height, [1]))
    ways: list[tuple[Builder, str]] = []
    for pads in (False, True):
        way = Builder(made)
        here = way("Clip", way("Gather", IMAGE, rows, axis=2), 0.0, 1.0)
        if pads:
            more = way("Sub", sizes.whole_width, sizes.width)
            here = way("Pad", here, way("Concat", [0] * 7, more, axis=0), mode="edge")
        ways.append((way, here))
    return made.branches(in_blocks(made, sizes), *ways)


def in_blocks(made: Builder, sizes: Sizes) -> str:
    """Say whether the picture is as wide as whole blocks."""
    return made("Squeeze", made("Equal", sizes.whole_width, sizes.width))
