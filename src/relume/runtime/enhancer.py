"""The only object with a workflow: a photo in, a better photo out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock
from time import perf_counter
from typing import Any, overload

from numpy.typing import NDArray

from relume.arrays import Map, Picture
from relume.auto import AUTO, NOT_OF_AUTO, choose, unless_named
from relume.auto.stated_light import words
from relume.card import as_number, settle
from relume.engines import check, require
from relume.errors import ContractError
from relume.frozen import frozen
from relume.looks.look import Look
from relume.photo import Photo, Want
from relume.render.bands import thread_count
from relume.runtime import visible
from relume.runtime.foreign import Description
from relume.runtime.given import Given, to_picture
from relume.runtime.method import Method, load
from relume.runtime.variants import Precision
from relume.runtime.working import working
from relume.tiles.cutter import MEMORY
from relume.tiles.fit import check_picture

FOR_MOSAICS = AUTO
"""What `auto` means for camera RAW. AUTO itself develops the file and looks at the picture; the
name of a method that starts from mosaics would give it those."""


@frozen(eq=False)
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

    `strength` in [0, 1] is how far to go from the input to the method's result; `ev` are stops on
    top of what a method makes of a mosaic. Knobs without a method are those of `relume`. Safe
    to use from several threads.
    """

    method: str | Method | None = None
    knobs: Mapping[str, float] = field(default_factory=dict[str, float])
    strength: float = 1.0
    engine: str = "auto"
    threads: int | None = None
    ev: float = 0.0
    memory: int = MEMORY
    """Bytes of working memory for one tile of a network."""
    description: Description | None = None
    """What a model file without a card wants."""
    precision: Precision = "fp32"
    """Of the weights of a network that was named; `auto` never takes a smaller one."""

    def __post_init__(self) -> None:
        if not 0.0 <= as_number("strength", self.strength) <= 1.0:  # also refuses NaN
            raise ContractError(f"strength: expected a value from 0 to 1, got {self.strength:g}")
        check(self.engine)
        if self.threads is not None:
            thread_count(self.threads)
        if self.memory < 1:
            raise ContractError(f"memory: expected at least 1 byte, got {self.memory}")
        self._lock = Lock()
        self._loaded: dict[str, Method] = {}
        self.named = unless_named(self.method, self.knobs)
        """What was named, or what stands for it: `auto`, or the method whose knobs were given."""
        if self.named != AUTO:
            settle(self._method(self.named).card, self.knobs)
        elif self.knobs:
            raise ContractError(NOT_OF_AUTO)
        elif self.precision != "fp32":
            raise ContractError("a precision belongs to a network: name one, `auto` keeps fp32")
        if self.named == AUTO or self._method(self.named).card.kind == "neural":
            require(self.engine)  # before the first picture, which may not be the first to need it

    @property
    def wants(self) -> Want:
        """What reading should make of camera RAW for this enhancer."""
        method = FOR_MOSAICS if self.named == AUTO else self.named
        if method == AUTO or self._method(method).card.input != "mosaic":
            return "developed"
        return "mosaic"

    def photo(self, photo: Photo) -> Enhanced:
        """Enhance a photo; everything but its pixels stays as it was.

        A mosaic becomes a picture of 16 bits by a method that starts from one.

        Raises: ContractError when its encoding is not the one the method's card asks for.
        """
        start = perf_counter()
        if photo.mosaic is not None:
            return self._developed(photo, start)
        if photo.encoding != "srgb":  # what a file's numbers mean is for `photo.colour` to tell
            raise ContractError(
                f"photo: expected srgb or a mosaic, this one is {photo.encoding}; encode it"
            )
        scene = working(photo, threads=self.threads)
        part = visible.visible(scene.seen, photo.alpha) if photo.alpha is not None else None
        method, knobs, reason = self._decide(scene.seen if part is None else part.alone)
        if method.card.input == "mosaic":
            from relume.runtime.develop import no_mosaic

            raise no_mosaic(method.card.name, photo)
        result = self._apply(method, scene.seen, part, knobs)
        # A method that takes noise away leaves smooth places, where rounding would show as steps.
        pixels = scene.back(result, dithered=method.card.lifting is not None)
        if reason:
            told = words(scene.seen, photo.exif)
            reason = f"{reason}; {told}" if told else reason
        seconds = perf_counter() - start
        return Enhanced(photo.with_pixels(pixels), method.card.name, knobs, reason, seconds)

    def _developed(self, photo: Photo, start: float) -> Enhanced:
        from relume.runtime.develop import develop  # what it needs to read RAW takes time to load

        named = FOR_MOSAICS if self.named == AUTO else self.named
        if named == AUTO:
            raise ContractError("auto looks at pictures: read the photo developed")
        method = self._method(named)
        knobs = settle(method.card, self.knobs)
        picture = develop(photo, method, knobs=knobs, strength=self.strength, ev=self.ev)
        return Enhanced(picture, method.card.name, knobs, "", perf_counter() - start)

    def maps(self, photo: Photo) -> dict[str, Map]:
        """Return the intermediate results of the method that `photo` takes for a photo, by name.

        Raises: ContractError for a mosaic, or when the method that was named has none.
        """
        if photo.mosaic is not None:
            raise ContractError("maps are drawn for pictures, not for camera RAW: develop it first")
        seen = working(photo, threads=self.threads).seen
        method, knobs, _ = self._decide(seen)
        found = method.maps(seen, **knobs)
        if not found and self.named != AUTO:
            raise ContractError(f"{method.card.name} has no intermediate results to show")
        return found

    def array(self, image: Any) -> NDArray[Any]:
        """Enhance an sRGB-encoded array; see `enhance`."""
        picture, alpha, restore = to_picture(image)
        check_picture(picture)
        part = visible.visible(picture, alpha) if alpha is not None else None
        method, knobs, _ = self._decide(picture if part is None else part.alone)
        if method.card.input == "mosaic":
            raise ContractError(f"{method.card.name} starts from camera RAW: read a photo of it")
        return restore(self._apply(method, picture, part, knobs))

    def _apply(
        self,
        method: Method,
        picture: Picture,
        part: visible.Visible | None,
        knobs: Mapping[str, float],
    ) -> Picture:
        if part is None:
            return method.apply(picture, knobs=knobs, strength=self.strength)
        return visible.apply(method, picture, part, knobs=knobs, strength=self.strength)

    def look(self, picture: Picture) -> Look:
        """Return what the method, or the one that fits, sees of an sRGB-encoded picture.

        (H, W) or (H, W, 3); uint8, uint16 or float32 in [0, 1].
        """
        method, knobs, _ = self._decide(picture)
        return method.look(picture, **knobs)

    def paint(self, look: Look, picture: Picture, *, out: Picture | None = None) -> Picture:
        """Paint a look that this enhancer took over a picture, `strength` of the way.

        Raises: ContractError for a look of another method.
        """
        method = self._method(look.method if self.named == AUTO else self.named)
        return method.paint(look, picture, strength=self.strength, out=out)

    def _decide(self, picture: Picture) -> tuple[Method, Mapping[str, float], str]:
        if self.named != AUTO:
            method = self._method(self.named)
            return method, settle(method.card, self.knobs), ""
        choice = choose(picture)
        method = self._method(choice.method)
        return method, settle(method.card), choice.reason

    def _method(self, method: str | Method) -> Method:
        if not isinstance(method, str):
            return method
        with self._lock:  # one session per method, however many threads ask at once
            if method not in self._loaded:
                self._loaded[method] = load(
                    method,
                    engine=self.engine,
                    threads=self.threads,
                    memory=self.memory,
                    description=self.description,
                    precision=self.precision,
                    built=self.knobs,
                )
            return self._loaded[method]


@lru_cache(maxsize=8)
def _shared(
    method: str | None, strength: float, engine: str, knobs: tuple[tuple[str, float], ...]
) -> Enhancer:
    return Enhancer(method, knobs=dict(knobs), strength=strength, engine=engine)


@overload
def enhance(
    image: Photo,
    *,
    method: str | None = None,
    knobs: Mapping[str, float] | None = None,
    strength: float = 1.0,
    engine: str = "auto",
) -> Photo: ...
@overload
def enhance(
    image: Given,
    *,
    method: str | None = None,
    knobs: Mapping[str, float] | None = None,
    strength: float = 1.0,
    engine: str = "auto",
) -> NDArray[Any]: ...
def enhance(
    image: Photo | Given,
    *,
    method: str | None = None,
    knobs: Mapping[str, float] | None = None,
    strength: float = 1.0,
    engine: str = "auto",
) -> Photo | NDArray[Any]:
    """Enhance an sRGB-encoded picture and return one of the same shape and type.

    A `Photo` becomes a `Photo`. Everything else becomes an array: an array, a PIL image of mode
    RGB, RGBA, L or I;16, or what speaks DLPack, as a torch tensor on the processor does.
    (H, W) gray, (H, W, 1), (H, W, 3) RGB or (H, W, 4) RGBA, whose alpha is kept, and what it hides
    is not looked at; uint8 and uint16 span their whole type, float16, float32 and float64 [0, 1].
    Floats a little outside, as filters leave them, are clipped; others are refused, since their
    range is another. Knobs without a method are those of `relume`, which is then applied; without
    either `auto` looks at the picture.

    Raises: ContractError for other arrays, NaN, or values out of range; UnknownNameError for a
    name nothing answers to.
    """
    given = tuple(sorted((name, as_number(name, value)) for name, value in (knobs or {}).items()))
    enhancer = _shared(method, as_number("strength", strength), engine, given)
    return enhancer.photo(image).photo if isinstance(image, Photo) else enhancer.array(image)
