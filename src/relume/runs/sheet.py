"""A contact sheet: one picture through several methods, side by side, with times."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from math import ceil, inf, sqrt
from textwrap import wrap
from time import perf_counter, process_time
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from relume import methods
from relume.arrays import Picture
from relume.card import Card
from relume.errors import RelumeError, UnknownNameError
from relume.photo import Photo
from relume.runtime.enhancer import Enhancer

_WARM_UP = 96
"""Side in pixels of the picture for the warm-up: tiny, but more than any network's reach."""
_PROBE = 384
"""The same for a second look, as the first takes mostly what a call takes at any size."""
Watch: TypeAlias = Callable[[], tuple[float, float]]
"""The clock's seconds and the processor's, of all threads of this process."""

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
    begin: Callable[[str], None] = lambda name: None,
    watch: Watch = lambda: (perf_counter(), process_time()),
) -> Iterator[Cell]:
    """Yield the input and what each method makes of it; one that fails becomes a cell too.

    Times are those of the full-size picture after one warm-up on a small one. What would take more
    than `patience` seconds is left out; `begin` is called with the name of each before it is tried.

    Raises: UnknownNameError for a name nothing answers to, before anything is enhanced.
    """
    made = [(name, _made(name, make)) for name in names]
    first = Cell("input", f"input, {photo.width} x {photo.height}", _reduced(photo.pixels, side))

    def tried() -> Iterator[Cell]:
        for name, enhancer in made:
            begin(name)
            cell = _cell(photo, name, enhancer, side, patience, watch)
            if cell is not None:
                yield cell

    return chain([first], tried())


def _made(name: str, make: Callable[[str], Enhancer]) -> Enhancer | RelumeError:
    try:
        return make(name)
    except UnknownNameError:
        raise
    except RelumeError as error:  # unsound weights, for one
        return error


def _cell(
    photo: Photo,
    name: str,
    enhancer: Enhancer | RelumeError,
    side: int,
    patience: float,
    watch: Watch,
) -> Cell | None:
    try:
        if isinstance(enhancer, RelumeError):
            raise enhancer
        enhancer.photo(_small(photo, _WARM_UP))
        if patience < inf and not _is_quick(photo, _card(name), enhancer, patience, watch):
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


def _card(name: str) -> Card | None:
    return methods.card(name) if methods.is_known(methods.parted(name)[0]) else None


def _is_quick(
    photo: Photo, card: Card | None, enhancer: Enhancer, patience: float, watch: Watch
) -> bool:
    """Tell whether the whole photo takes at most `patience` seconds, by larger and larger pieces.

    A network's work grows with the pixels, up to the most it is run at. Classical methods may look
    at a small picture, whatever the size: only a piece that is larger than that tells what the
    whole takes, so that they go on as long as the next piece, by this one, takes no longer than
    the whole may.
    """
    is_network = card is not None and card.kind == "neural"
    whole = photo.width * photo.height
    if card is not None and card.most_pixels is not None:
        whole = min(whole, card.most_pixels)
    side = _WARM_UP
    while True:
        piece = _small(photo, side)
        pixels = piece.width * piece.height
        side = _PROBE if side < _PROBE else 2 * side
        is_last = is_network and side > _PROBE
        further = whole if is_last else min(side * side, whole)
        enough = patience * pixels / max(further, pixels)
        took = _seconds(enhancer, piece, watch)
        if took > enough:  # once more: an engine may have compiled for this size
            took = min(took, _seconds(enhancer, piece, watch))
        if took * max(whole / pixels, 1.0) <= patience:
            return True
        if is_last or took > enough:
            return False


def _seconds(enhancer: Enhancer, piece: Photo, watch: Watch) -> float:
    """Return what a piece takes: the processor's seconds where other programs are in the way, those
    of the clock where threads share the work."""
    before = watch()
    enhancer.photo(piece)
    return min(after - start for start, after in zip(before, watch(), strict=True))


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
