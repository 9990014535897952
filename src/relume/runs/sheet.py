"""A contact sheet: one picture through several methods, side by side, with times."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from math import ceil, inf, sqrt
from textwrap import wrap

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from relume import methods
from relume.arrays import Picture
from relume.errors import RelumeError, UnknownNameError
from relume.photo import Photo
from relume.runtime.enhancer import Enhancer

_WARM_UP = 96
"""Side in pixels of the picture for the warm-up: tiny, but more than any network's reach."""
_PROBE = 384
"""The same for a second look where the first, mostly overhead, foretells a long time."""
_GAP = 12
_PAPER = (24, 24, 24)
_INK = (235, 235, 235)
_BLANK = (64, 64, 64)
_NARROWEST = 200
"""Columns under this could not show their labels."""


@dataclass(frozen=True, eq=False)
class Cell:
    """One picture of the sheet, reduced, and what stands under it."""

    name: str
    label: str
    picture: Image.Image
    fault: str = ""
    """Why there is no picture; empty when there is."""
    choice: str = ""
    """What `auto` chose, and why; empty where a method was named."""


def cells(
    photo: Photo,
    names: Sequence[str],
    *,
    side: int,
    make: Callable[[str], Enhancer],
    patience: float = inf,
) -> Iterator[Cell]:
    """Yield the input and what each method makes of it; one that fails becomes a cell too.

    Times are those of the full-size picture after one warm-up on a small one. What would take more
    than `patience` seconds is left out.

    Raises: UnknownNameError for a name nothing answers to, before anything is enhanced.
    """
    made = [(name, _made(name, make)) for name in names]
    first = Cell("input", f"input, {photo.width} x {photo.height}", _reduced(photo.pixels, side))
    shown = (_cell(photo, name, enhancer, side, patience) for name, enhancer in made)
    return chain([first], (cell for cell in shown if cell is not None))


def _made(name: str, make: Callable[[str], Enhancer]) -> Enhancer | RelumeError:
    try:
        return make(name)
    except UnknownNameError:
        raise
    except RelumeError as error:  # unsound weights, for one
        return error


def _cell(
    photo: Photo, name: str, enhancer: Enhancer | RelumeError, side: int, patience: float
) -> Cell | None:
    try:
        if isinstance(enhancer, RelumeError):
            raise enhancer
        enhancer.photo(_small(photo, _WARM_UP))
        if patience < inf and all(
            _foretold(photo, name, enhancer, probe) > patience for probe in (_WARM_UP, _PROBE)
        ):
            return None
        enhanced = enhancer.photo(photo)
    except Exception as error:  # an engine or a plugin may raise anything
        fault = str(error) if isinstance(error, RelumeError) else f"{type(error).__name__}: {error}"
        blank = Image.new("RGB", _reduced(photo.pixels, side).size, _BLANK)
        return Cell(name, f"{name} failed", blank, fault)
    chosen = "" if name == enhanced.method else f": {enhanced.method}"
    label = f"{name}{chosen}, {enhanced.seconds * 1000:.0f} ms"
    choice = f"{enhanced.method}: {enhanced.reason}" if enhanced.reason else ""
    return Cell(name, label, _reduced(enhanced.photo.pixels, side), choice=choice)


def _foretold(photo: Photo, name: str, enhancer: Enhancer, side: int) -> float:
    """Return the seconds that the whole photo will take, by a piece of it of about `side`."""
    small = _small(photo, side)
    known = methods.card(name).most_pixels if methods.is_known(methods.parted(name)[0]) else None
    pixels = min(photo.width * photo.height, known or inf)
    return enhancer.photo(small).seconds * max(pixels / (small.width * small.height), 1.0)


def _small(photo: Photo, side: int) -> Photo:
    step = max(1, min(photo.width, photo.height) // side)
    small = photo.pixels[::step, ::step][:side, :side]
    return replace(photo, pixels=np.ascontiguousarray(small), alpha=None)


def _reduced(pixels: Picture, side: int) -> Image.Image:
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)  # a screen shows no more
    image = Image.fromarray(pixels).convert("RGB")
    # `thumbnail` keeps the proportions, never enlarges, and leaves at least one pixel.
    image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return image


def draw(cells: Sequence[Cell], *, side: int) -> Image.Image:
    """Lay cells out in a grid about as wide as high, with labels under the pictures."""
    wide = max(_NARROWEST, max(cell.picture.width for cell in cells))
    high = max(cell.picture.height for cell in cells)
    text = max(14, min(28, side // 24))
    font = ImageFont.load_default(text)
    strip = 2 * text
    columns = max(1, min(len(cells), round(sqrt(len(cells) * (high + strip) / wide))))
    rows = ceil(len(cells) / columns)
    sheet = Image.new(
        "RGB",
        (columns * (wide + _GAP) + _GAP, rows * (high + strip + _GAP) + _GAP),
        _PAPER,
    )
    pen = ImageDraw.Draw(sheet)
    for index, cell in enumerate(cells):
        row, column = divmod(index, columns)
        left, top = _GAP + column * (wide + _GAP), _GAP + row * (high + strip + _GAP)
        # Centred above the label, so that one-pixel and panoramic pictures look as intended.
        corner = (left + (wide - cell.picture.width) // 2, top + (high - cell.picture.height) // 2)
        sheet.paste(cell.picture, corner)
        if cell.fault:
            lines = wrap(cell.fault, width=max(10, int(wide / (0.6 * text))))
            room = max(1, high // (text + 4))
            pen.multiline_text((left + 8, top + 8), "\n".join(lines[:room]), _INK, font)
        pen.text((left, top + high + text // 3), _fitted(cell.label, font, wide), _INK, font)
    return sheet


def _fitted(label: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    """Shorten a label from its end until it fits; Pillow's own font has ASCII and little more."""
    shown = label
    while font.getlength(shown) > width and len(shown) > 4:
        shown = shown.removesuffix("...")[:-1] + "..."
    return shown
