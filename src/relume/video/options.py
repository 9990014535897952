"""What a user may ask of a video."""

from __future__ import annotations

from math import isfinite

from relume.errors import ContractError, UnknownNameError
from relume.frozen import frozen
from relume.video.codecs import CODECS

CALM = 0.5
"""Seconds that looks are averaged over, unless asked otherwise."""
MAX_PIXELS = 100_000_000
"""Of a frame, as of a picture: 8K is a third of it."""
DEINTERLACERS = ("bwdif", "yadif", "w3fdif", "estdif")
"""Filters of FFmpeg; each makes one frame of two fields. `auto` is the first of them."""


@frozen
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
    strip_metadata: bool = False
    """Leave out title, place, time, covers and data; languages and chapters stay."""
    max_pixels: int = MAX_PIXELS
    threads: int | None = None

    def __post_init__(self) -> None:
        """Refuse what no video could make good.

        Raises: ContractError, also for what is no number, which every comparison lets through;
        UnknownNameError.
        """
        for option, value in (
            ("--calm", self.calm),
            ("--crf", self.crf),
            ("--from", self.start),
            ("--to", self.end),
            ("--preview", self.preview),
        ):
            if value is not None and not isfinite(value):
                raise ContractError(f"{option}: expected a finite number, got {value}")
        if self.codec is not None and self.codec not in CODECS:
            raise UnknownNameError.of("codec", self.codec, CODECS)
        if self.deinterlace not in ("auto", "no", *DEINTERLACERS):
            raise ContractError(
                f"--deinterlace {self.deinterlace}: choose auto, no, {', '.join(DEINTERLACERS)}"
            )
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise ContractError(f"--from {self.start:g} lies after --to {self.end:g}")
