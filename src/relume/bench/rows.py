"""What can stand in a table: a method with its knobs, a folder of results, a command."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from relume import io, methods
from relume.arrays import Picture
from relume.auto import AUTO
from relume.bench.memory import Meter
from relume.bench.record import INPUT, Origin, digest
from relume.bench.source import source_of
from relume.card import Card, settle
from relume.data import Pair
from relume.data.pairing import key_of
from relume.errors import ContractError, UnreadableError
from relume.photo import Photo
from relume.runtime import weights
from relume.runtime.enhancer import Enhancer
from relume.runtime.foreign import Description

ALL = "all"
AUTO_MODULE = "relume.auto.choice"
NETWORK_MODULE = "relume.runtime.method"
"""What runs a network and renders what it gives; a classical module names its renderings itself."""
ALWAYS = ("identity", "gamma")
"""The rows of every table: what a method must beat."""

NOTHING: Mapping[str, Description] = {}

_KNOB = re.compile(r"[a-z_0-9]+=[^=:,]*")


@dataclass(frozen=True, eq=False)
class Product:
    """What a row made of a picture, and what it took."""

    picture: Picture
    seconds: float | None = None
    mebibytes: float | None = None
    note: str = ""


class Row(Protocol):
    """A line of a table."""

    @property
    def name(self) -> str: ...

    def origin(self, pair: Pair) -> Origin:
        """Say what will make the picture. Raises: UnreadableError when there is nothing."""
        ...

    def start(self, first: Photo) -> None:
        """Prepare for a series of pictures and warm up on the first."""
        ...

    def produce(self, pair: Pair, low: Photo) -> Product:
        """Make the picture. Raises: RelumeError, or what a plugin raises."""
        ...

    def stop(self) -> None:
        """Let go of what the series needed."""
        ...


@dataclass
class MethodRow:
    """A method of the registry, a model file, or `auto`, run in this process."""

    method: str
    knobs: dict[str, float] = field(default_factory=dict[str, float])
    description: Description | None = None
    """What a model file without a card wants."""
    _enhancer: Enhancer | None = field(default=None, init=False, repr=False)
    _meter: Meter | None = field(default=None, init=False, repr=False)

    @property
    def name(self) -> str:
        if self.method == "identity":
            return INPUT
        method = Path(self.method).name if self.method.lower().endswith(".onnx") else self.method
        settings = ",".join(f"{knob}={value:g}" for knob, value in sorted(self.knobs.items()))
        return f"{method}:{settings}" if settings else method

    def check(self) -> None:
        """Raise what is wrong with the method's name or its knobs."""
        if self.method.lower().endswith(".onnx"):
            self._made()
        elif self.method != AUTO:
            settle(methods.card(self.method), self.knobs)
        elif self.knobs:
            raise ContractError("auto has no knobs; it sets those of the method it chooses")

    def origin(self, pair: Pair) -> Origin:
        return self._origin

    @cached_property
    def _origin(self) -> Origin:
        if self.method.lower().endswith(".onnx"):
            path = Path(self.method)
            runs = source_of(NETWORK_MODULE)
            # What a file is said to want decides about its results.
            name = f"{path.name}, {self.description}" if self.description else path.name
            return Origin("method", name, self.knobs, weights=digest(path), source=runs)
        if self.method == AUTO:
            models = sha256("".join(_model(card) for card in methods.cards()).encode()).hexdigest()
            modules = (AUTO_MODULE, NETWORK_MODULE, *_known())
            return Origin("method", AUTO, weights=models, source=source_of(*modules))
        card = methods.card(self.method)
        runs = (NETWORK_MODULE,) if card.kind == "neural" else ()
        return Origin(
            "method",
            self.method,
            settle(card, self.knobs),
            weights=_model(card),
            source=source_of(methods.module(self.method).__name__, *runs),
        )

    def start(self, first: Photo) -> None:
        self._meter = Meter()
        self._enhancer = self._made()
        self._enhancer.photo(first)

    def produce(self, pair: Pair, low: Photo) -> Product:
        if self._enhancer is None or self._meter is None:
            raise ContractError(f"{self.name}: produce comes after start")
        self._meter.restart()
        enhanced = self._enhancer.photo(low)
        note = f"{enhanced.method}: {enhanced.reason}" if enhanced.reason else ""
        return Product(enhanced.photo.pixels, enhanced.seconds, self._meter.mebibytes(), note)

    def stop(self) -> None:
        self._enhancer = self._meter = None

    def _made(self) -> Enhancer:
        return Enhancer(self.method, knobs=self.knobs, description=self.description)


@dataclass
class ResultsRow:
    """A folder of pictures that someone else's method made; paired by key."""

    name: str
    files: dict[str, Path]
    """Key → picture."""

    def origin(self, pair: Pair) -> Origin:
        return Origin("results", self.name, source=digest(self._file(pair)))

    def start(self, first: Photo) -> None:
        """Nothing to prepare: the pictures are there."""

    def produce(self, pair: Pair, low: Photo) -> Product:
        return Product(io.read(self._file(pair)).pixels)

    def stop(self) -> None:
        """Nothing to let go of."""

    def _file(self, pair: Pair) -> Path:
        for key in (pair.key, key_of(pair.low)):  # a data set's own keys may not be its stems
            if key in self.files:
                return self.files[key]
        raise UnreadableError(f"{pair.key}: the results of {self.name} lack this picture")


def _model(card: Card) -> str:
    """Return the sha256 of the model file that runs a method; nothing where there is none."""
    if not card.weights:
        return ""
    return weights.checksums(card.name).get(f"{card.weights[0].name}.onnx", "")


def _known() -> list[str]:
    """Return the modules of all methods, since `auto` may choose any."""
    return [methods.module(card.name).__name__ for card in methods.cards()]


def method_rows(text: str, *, described: Mapping[str, Description] = NOTHING) -> list[MethodRow]:
    """Understand `a,b:knob=value,knob=value` or `all`; the rows of every table come first.

    `described` says by name what model files without a card want.
    Raises: UnknownNameError; ContractError for a knob out of range or a malformed one; WeightsError
    for a model file that cannot be used.
    """
    asked = [MethodRow(name) for name in ALWAYS]
    for piece in _pieces(text):
        if piece == ALL:
            # Those that start from mosaics have data sets and protocols of their own.
            asked.extend(MethodRow(c.name) for c in methods.cards() if c.input != "mosaic")
            continue
        name, settings = _parted(piece)
        knobs = _knobs(settings, of=name) if settings else {}
        asked.append(MethodRow(name, knobs, described.get(name)))
    rows = {row.name: row for row in reversed(asked)}  # what was named twice is one row
    ordered = [row for row in asked if rows[row.name] is row]
    for row in ordered:
        row.check()
    return ordered


def model_files(text: str) -> list[str]:
    """Return the model files among methods as `method_rows` understands them."""
    names = [_parted(piece)[0] for piece in _pieces(text)]
    return [name for name in names if name.lower().endswith(".onnx")]


def _parted(piece: str) -> tuple[str, str]:
    """Return a name and what is said of its knobs."""
    head, _, settings = piece.rpartition(":")
    return (head, settings) if head and "=" in settings else (piece.strip(), "")


def _pieces(text: str) -> Sequence[str]:
    """Split at commas, but keep the knobs of a method together."""
    pieces: list[str] = []
    for part in text.split(","):
        if _KNOB.fullmatch(part.strip()) and pieces:
            pieces[-1] += f",{part}"
        elif part.strip():
            pieces.append(part.strip())
    return pieces


def _knobs(settings: str, *, of: str) -> dict[str, float]:
    knobs: dict[str, float] = {}
    for setting in settings.split(","):
        name, _, value = setting.strip().partition("=")
        try:
            knobs[name] = float(value)
        except ValueError:
            raise ContractError(f"{of}: expected knob=number, got {setting.strip()!r}") from None
    return knobs
