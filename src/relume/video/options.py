"""What a user may ask of a video."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from relume.errors import ContractError

CALM = 0.5
"""Seconds that looks are averaged over, unless asked otherwise."""
MAX_PIXELS = 100_000_000
"""Of a frame, as of a picture: 8K is a third of it."""


@dataclass(frozen=True)
class Options:
    """How a video is enhanced and stored."""

    calm: float = CALM
    codec: str | None = None
    crf: float | None = None
    preset: str | None = None
    deinterlace: str = "auto"
    start: float | None = None
    """Second of the video from which it is enhanced, counted from its first frame."""
    end: float | None = None
    preview: float | None = None
    """Seconds of a preview from the darkest place: left as it was, right as it becomes."""
    max_pixels: int = MAX_PIXELS
    threads: int | None = None

    def __post_init__(self) -> None:
        """Raises: ContractError for what is no number, which every comparison lets through."""
        for option, value in (
            ("--calm", self.calm),
            ("--crf", self.crf),
            ("--from", self.start),
            ("--to", self.end),
            ("--preview", self.preview),
        ):
            if value is not None and not isfinite(value):
                raise ContractError(f"{option}: expected a finite number, got {value}")
