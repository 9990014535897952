"""What is asked of a worker, and what it answers: data only, checked before it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args

from relume import methods
from relume.auto import AUTO, NOT_OF_AUTO, unless_named
from relume.card import settle
from relume.errors import ContractError, UnknownNameError
from relume.io.formats import codecs
from relume.photo import Format

Kind = Literal["enhance", "inspect"]
Answer = Literal["picture", "json", "maps"]
"""The picture itself; JSON that holds it; the same with the method's maps."""
Keep = Literal["keep", "strip"]

FORMATS: tuple[Format, ...] = tuple(
    name for name, codec in codecs().items() if codec.encode is not None and name != "dng"
)
"""What can be asked for: all that is written, but mosaics."""
MEDIA: Mapping[str, str] = {name: f"image/{name}" for name in FORMATS}
SMALLEST_SIDE = 16


@dataclass(frozen=True)
class Task:
    """One picture's task."""

    kind: Kind = "enhance"
    method: str = AUTO
    knobs: Mapping[str, float] = field(default_factory=dict[str, float])
    strength: float = 1.0
    format: Format | None = None
    """None: as the upload; 16-bit TIFF for camera RAW, JPEG for HEIC."""
    quality: int | None = None
    metadata: Keep = "keep"
    side: int | None = None
    """Reduce the picture to this longest side first; None leaves its size."""
    ev: float = 0.0
    answer: Answer = "picture"

    def __post_init__(self) -> None:
        if self.method == AUTO:
            if self.knobs:
                raise ContractError(NOT_OF_AUTO)
        else:
            settle(methods.card(self.method), self.knobs)
        _within("strength", self.strength, 0.0, 1.0)
        _within("ev", self.ev, -8.0, 8.0)
        if self.quality is not None:
            _within("quality", self.quality, 1, 100)
        if self.side is not None:
            _within("side", self.side, SMALLEST_SIDE, 65535)

    def plain(self) -> dict[str, Any]:
        """Return it as JSON knows it."""
        return {**vars(self), "knobs": dict(self.knobs)}


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:  # also refuses NaN
        raise ContractError(f"{name}: expected a value from {low:g} to {high:g}, got {value:g}")


NAMES = ("method", "knob", "strength", "format", "quality", "metadata", "side", "ev", "answer")
"""What a request may say; `knob` as NAME=VALUE, as often as there are knobs."""


def of_fields(given: list[tuple[str, str]], *, kind: Kind = "enhance") -> Task:
    """Build a task from a request's names and values.

    Raises: UnknownNameError; ContractError for a value that is none or is said twice.
    """
    said: dict[str, str] = {}
    knobs: dict[str, float] = {}
    for name, value in given:
        if name not in NAMES:
            raise UnknownNameError.of("parameter", name, NAMES)
        if name == "knob":
            knob, _, number = value.partition("=")
            if knob in knobs:
                raise ContractError(f"knob {knob}: said twice")
            knobs[knob] = _number(f"knob {knob}", number)
        elif name in said:
            raise ContractError(f"{name}: said twice")
        else:
            said[name] = value
    return Task(
        kind=kind,
        method=unless_named(said.get("method"), knobs),
        knobs=knobs,
        strength=_number("strength", said.get("strength", "1")),
        format=cast(Format | None, _one_of("format", said.get("format"), FORMATS)),
        quality=_whole("quality", said.get("quality")),
        metadata=cast(Keep, _one_of("metadata", said.get("metadata"), get_args(Keep)) or "keep"),
        side=_whole("side", said.get("side")),
        ev=_number("ev", said.get("ev", "0")),
        answer=cast(Answer, _one_of("answer", said.get("answer"), get_args(Answer)) or "picture"),
    )


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ContractError(f"{name}: expected a number, got {text[:40]!r}") from None


def _whole(name: str, text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise ContractError(f"{name}: expected a whole number, got {text[:40]!r}")
    return int(text)


def _one_of(name: str, text: str | None, choices: tuple[str, ...]) -> str | None:
    if text is not None and text not in choices:
        raise UnknownNameError.of(name, text[:40], choices)
    return text
