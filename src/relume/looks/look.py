"""What a method saw of a picture: a small value, apart from the pass that paints it over pixels.

A look is data only: named small arrays, numbers and words, the size it was taken at, and whose it
is. It can be kept, sent, blended with others (`relume.looks.several`) and painted over the picture
it was taken from, over a larger copy of it, or over the next frame of a film.

Where a method says in a `relume.render.Rendering` what it saw, the look is that rendering taken
apart; a function in it is a `functools.partial` of a function of a module, whose keywords are
numbers. A network without a rendering gives the straight line per channel that leads from the
picture to its result, both small: of kind `line`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field, fields
from functools import lru_cache, partial
from hashlib import sha256
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from relume import render
from relume.arrays import Picture
from relume.card import Card, to_json
from relume.errors import ContractError
from relume.frozen import frozen
from relume.render import Grid, Rendering

Small: TypeAlias = NDArray[np.float32] | NDArray[np.float64]
Function: TypeAlias = Callable[..., Any]

KINDS: Mapping[str, type[Any]] = {
    kind.__name__.lower(): kind
    for kind in (
        render.Affine,
        render.Blend,
        render.Curve,
        render.Gain,
        render.Lift,
        render.Local,
        render.Relight,
        render.Tiles,
        render.Tone,
    )
}
"""Word → the rendering that a look of this kind is."""
LINE = "line"
"""A straight line for each channel, of a network that has no rendering."""
_TYPES: Mapping[str, Callable[[float], Any]] = {"int": round, "bool": lambda value: value >= 0.5}
"""Of a field, how it is read: the mean of whole numbers, of eights for one, may end just below."""
_GRID = ("scale_down", "scale_across", "offset_down", "offset_across")


@frozen(eq=False)
class Look:
    """What a method saw. Two looks of one kind, with functions of the same names, can be blended.

    A keyword K of a function F stands under `F.K`, in `maps` if it is an array, else in `scalars`.
    """

    method: str
    """The name on the card."""
    card: str
    """Sha256 of the card: a look is painted by the method that took it, with the same weights."""
    size: tuple[int, int]
    """Height and width of the picture."""
    kind: str
    """A word of `KINDS`, or `LINE`, or `amplification` for camera RAW."""
    maps: Mapping[str, Small] = field(default_factory=dict[str, Small])
    scalars: Mapping[str, float] = field(default_factory=dict[str, float])
    words: Mapping[str, str] = field(default_factory=dict[str, str])
    functions: Mapping[str, Function] = field(default_factory=dict[str, Function])


@lru_cache(maxsize=256)  # asked several times for every frame of a film
def digest(card: Card) -> str:
    """Return what identifies a card."""
    return sha256(to_json(card).encode()).hexdigest()


def taken(card: Card, size: tuple[int, int], rendering: Rendering) -> Look:
    """Take a rendering apart; of `size` is the picture it was made for."""
    maps: dict[str, Small] = {}
    scalars: dict[str, float] = {}
    words: dict[str, str] = {}
    functions: dict[str, Function] = {}
    for each in fields(rendering):
        value: Any = getattr(rendering, each.name)
        if isinstance(value, np.ndarray):
            maps[each.name] = value
        elif isinstance(value, Grid):
            scalars |= zip(_GRID, (*value.scale, *value.offset), strict=True)
        elif isinstance(value, str):
            words[each.name] = value
        elif callable(value):
            functions[each.name] = value.func if isinstance(value, partial) else value
            keywords: dict[str, Any] = value.keywords if isinstance(value, partial) else {}
            for name, number in keywords.items():
                if isinstance(number, np.ndarray):
                    maps[f"{each.name}.{name}"] = number
                else:
                    scalars[f"{each.name}.{name}"] = float(number)
        elif isinstance(value, int | float):
            scalars[each.name] = float(value)
        elif value is not None:
            raise ContractError(f"{card.name}: a look cannot hold {each.name}, {type(value)}")
    kind = type(rendering).__name__.lower()
    return Look(card.name, digest(card), size, kind, maps, scalars, words, functions)


def rendering(look: Look, *, onto: tuple[int, int]) -> Rendering:
    """Return the rendering that a look is, laid over a picture of the size `onto`.

    Raises: ContractError for a look of a network, which has none.
    """
    if look.kind not in KINDS:
        raise ContractError(f"a look of the kind {look.kind} is painted by its network")
    found: dict[str, Any] = {}
    kind = KINDS[look.kind]
    for each in fields(kind):
        name = each.name
        if name == "grid":
            found[name] = _laid(look, onto)
        elif name in look.functions:
            found[name] = _bound(look, name)
        elif name in look.maps:
            found[name] = look.maps[name]
        elif name in look.words:
            found[name] = look.words[name]
        elif name in look.scalars:
            value = look.scalars[name]
            found[name] = _TYPES.get(str(each.type), float)(value)
    return kind(**found)


def painted(
    look: Look,
    picture: Picture,
    *,
    card: Card,
    strength: float,
    out: Picture | None,
    threads: int | None = None,
) -> Picture:
    """Render a look of the method of this card over a picture.

    Raises: ContractError.
    """
    check(look, card)
    how = rendering(look, onto=(picture.shape[0], picture.shape[1]))
    return render.apply(how, picture, strength=strength, out=out, threads=threads)


def placed(result: Picture, out: Picture | None) -> Picture:
    """Return a finished picture, in `out` where one was given."""
    if out is None:
        return result
    out[...] = result
    return out


def check(look: Look, card: Card) -> None:
    """Raise ContractError unless a look was taken by the method of this card."""
    if look.card != digest(card):
        raise ContractError(
            f"look: taken by {look.method} with other weights or another version; {card.name} "
            "paints only what it saw itself"
        )


def _laid(look: Look, onto: tuple[int, int]) -> Grid:
    """Return where the pixels of a picture of another size lie on the maps."""
    down, across, first_down, first_across = (look.scalars[name] for name in _GRID)
    grid = Grid((down, across), (first_down, first_across))
    if onto == look.size:
        return grid
    ratios = [seen / size for seen, size in zip(look.size, onto, strict=True)]
    # A pixel's centre lies at (i + ½)/size of the side, whatever the size.
    offsets = [
        first + scale * (0.5 * ratio - 0.5)
        for first, scale, ratio in zip(grid.offset, grid.scale, ratios, strict=True)
    ]
    scale = (grid.scale[0] * ratios[0], grid.scale[1] * ratios[1])
    return Grid(scale, (offsets[0], offsets[1]))


def _bound(look: Look, name: str) -> Function:
    """Return a function with its keywords."""
    start = f"{name}."
    keywords = {
        key.removeprefix(start): value
        for key, value in {**look.maps, **look.scalars}.items()
        if key.startswith(start)
    }
    return partial(look.functions[name], **keywords) if keywords else look.functions[name]
