"""The only object with a workflow: a photo in, a better photo out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Picture
from relume.card import settle
from relume.errors import ContractError
from relume.photo import Photo
from relume.runtime.auto import AUTO, choose
from relume.runtime.engines import check
from relume.runtime.method import Method, load


@dataclass(frozen=True, eq=False)
class Enhanced:
    """An enhanced photo and how it came about."""

    photo: Photo
    method: str
    knobs: Mapping[str, float]
    reason: str
    """Why `auto` chose this method, in one line; empty when a method was named."""
    seconds: float


@dataclass
class Enhancer:
    """Applies one method, or the one that fits each picture, to many pictures.

    `strength` in [0, 1] is how far to go from the input to the method's result. Safe to use from
    several threads.
    """

    method: str | Method = AUTO
    knobs: Mapping[str, float] = field(default_factory=dict[str, float])
    strength: float = 1.0
    engine: str = "auto"
    threads: int | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.strength <= 1.0:  # also refuses NaN
            raise ContractError(f"strength: expected a value from 0 to 1, got {self.strength:g}")
        check(self.engine)
        self._lock = Lock()
        self._loaded: dict[str, Method] = {}
        if self.method != AUTO:
            settle(self._method(self.method).card, self.knobs)
        elif self.knobs:
            raise ContractError("knobs belong to a method: name one, `auto` sets its own")

    def photo(self, photo: Photo) -> Enhanced:
        """Enhance a photo; everything but its pixels stays as it was.

        Raises: ContractError when its encoding is not the one the method's card asks for.
        """
        start = perf_counter()
        method, knobs, reason = self._decide(photo.pixels)
        if photo.encoding != method.card.input:
            raise ContractError(
                f"{method.card.name} wants {method.card.input} pictures, "
                f"this one is {photo.encoding}"
            )
        pixels = method.apply(photo.pixels, knobs=knobs, strength=self.strength)
        seconds = perf_counter() - start
        return Enhanced(photo.with_pixels(pixels), method.card.name, knobs, reason, seconds)

    def array(self, image: NDArray[Any]) -> NDArray[Any]:
        """Enhance an sRGB-encoded array; see `enhance`."""
        picture, restore = _to_picture(image)
        method, knobs, _ = self._decide(picture)
        return restore(method.apply(picture, knobs=knobs, strength=self.strength))

    def _decide(self, picture: Picture) -> tuple[Method, Mapping[str, float], str]:
        if self.method != AUTO:
            method = self._method(self.method)
            return method, settle(method.card, self.knobs), ""
        choice = choose(picture)
        method = self._method(choice.method)
        return method, settle(method.card, choice.knobs), choice.reason

    def _method(self, method: str | Method) -> Method:
        if not isinstance(method, str):
            return method
        with self._lock:  # one session per method, however many threads ask at once
            if method not in self._loaded:
                self._loaded[method] = load(method, engine=self.engine, threads=self.threads)
            return self._loaded[method]


@lru_cache(maxsize=8)
def _shared(
    method: str, strength: float, engine: str, knobs: tuple[tuple[str, float], ...]
) -> Enhancer:
    return Enhancer(method, knobs=dict(knobs), strength=strength, engine=engine)


def enhance(
    image: NDArray[Any],
    *,
    method: str = AUTO,
    knobs: Mapping[str, float] | None = None,
    strength: float = 1.0,
    engine: str = "auto",
) -> NDArray[Any]:
    """Enhance an sRGB-encoded picture and return one of the same shape and type.

    (H, W) gray, (H, W, 1), (H, W, 3) RGB or (H, W, 4) RGBA, whose alpha is kept; uint8 and uint16
    span their whole type, float16, float32 and float64 [0, 1], values outside are clipped.

    Raises: ContractError for other arrays, NaN, or values out of range; UnknownNameError for a
    name nothing answers to.
    """
    settings = tuple(sorted((name, float(value)) for name, value in (knobs or {}).items()))
    return _shared(method, float(strength), engine, settings).array(image)


def _to_picture(image: NDArray[Any]) -> tuple[Picture, Any]:
    """Reduce the accepted forms of an array to a Picture, and return the way back."""
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] not in (1, 3, 4)):
        raise ContractError(
            f"image: expected (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), got {image.shape}"
        )
    if image.dtype.name not in ("uint8", "uint16", "float16", "float32", "float64"):
        raise ContractError(
            f"image: expected uint8, uint16 or a float type in [0, 1], got {image.dtype}; "
            "convert it, relume does not guess a range"
        )
    picture = image[..., 0] if image.ndim == 3 and image.shape[2] == 1 else image[..., :3]
    if image.ndim == 2:
        picture = image
    if image.dtype.kind == "f":
        picture = picture.astype(np.float32, copy=False)

    def restore(result: Picture) -> NDArray[Any]:
        result = result.astype(image.dtype, copy=False)
        if image.ndim == 3 and image.shape[2] == 1:
            return result[..., None]
        if image.ndim == 3 and image.shape[2] == 4:
            return np.concatenate([result, image[..., 3:]], axis=2)
        return result

    return picture, restore
