"""The section `data` of a recipe: which pictures, and how they become what a network sees."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from relume.errors import ContractError


def expect(where: str, value: object, holds: bool, wanted: str) -> None:
    """Raises: ContractError unless `holds`."""
    if not holds:
        raise ContractError(f"recipe.{where}: expected {wanted}, got {value}")


@dataclass(frozen=True)
class Source:
    """A folder of pictures and how its light is varied."""

    folder: str = "."
    """Relative to the data folder."""
    share: float = 1.0
    """How often it is drawn from, relative to the other sources."""
    exclude: tuple[str, ...] = ()
    """Pictures and scenes that are left out: file names, stems, keys or names of scene folders."""
    exposure: tuple[float, ...] = (0.0, 0.0)
    """Range of the random exposure change in stops, in linear light."""
    exposure_chance: float = 1.0
    """Part of the pictures that are changed at all."""

    def __post_init__(self) -> None:
        expect("data.sources.exposure", self.exposure, len(self.exposure) == 2, "two numbers")
        expect("data.sources.share", self.share, self.share >= 0, "at least 0")


@dataclass(frozen=True)
class Darkened:
    """How dark counterparts of well-exposed pictures are made."""

    name: str = ""
    """A module of relume.data.darkening; empty means that pictures come in pairs."""
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    """Fields of the module's `Darkening`."""
    identity: float = 0.0
    """Part of the pictures that stay as they are, so that good pictures are left alone."""

    def __post_init__(self) -> None:
        expect("data.darkening.identity", self.identity, 0 <= self.identity <= 1, "0 to 1")


@dataclass(frozen=True)
class Data:
    """How pictures become what the network sees."""

    sources: tuple[Source, ...] = (Source(),)
    """Where training pictures come from."""
    darkening: Darkened = Darkened()
    """For objectives that need pairs, where a source holds no folders low and high."""
    unprocess: dict[str, Any] = field(default_factory=dict[str, Any])
    """Options of relume.data.unprocess, for objectives that need mosaics."""
    size: tuple[int, ...] = (512, 512)
    """Height and width every picture is first resized to (Lanczos); empty keeps its own."""
    longest_side: int = 0
    """Pictures with longer sides are reduced by area when they are read, which spares memory and
    decoding; 0 means no limit."""
    sides: tuple[int, ...] = ()
    """Sides of the network's input, drawn per batch; empty gives whole pictures."""
    reduction: tuple[float, ...] = (1.0, 1.0)
    """Range of the random reduction of a crop to `sides`; below 1 enlarges."""
    reduction_filter: Literal["bilinear", "area"] = "bilinear"
    """`bilinear` keeps the noise of a pixel, `area` averages it away."""
    flip: bool = False
    """Mirror every other picture."""
    rotation: float = 0.0
    """Largest random rotation in degrees, of the pictures that are rotated."""
    rotation_chance: float = 0.4
    """Part of the pictures that are rotated, if `rotation` is above 0."""
    white_balance: float = 0.0
    """Largest relative gain or loss of a channel in linear light."""
    noise: float = 0.0
    """Largest standard deviation of the noise added to every other dark picture."""
    epoch: int = 0
    """Pictures per epoch; 0 means as many as there are files."""
    batch: int = 6
    """Pictures per step and per device."""
    validation: str = ""
    """Folder with low/ and high/ of equal names, relative to the data folder; empty means none."""
    holdout: float = 0.0
    """Part of the training scenes that only validate, chosen by their names."""
    held_out: tuple[str, ...] = ()
    """Scenes that only validate, by name as in `exclude`."""
    validation_count: int = 0
    """At most so many pictures validate; 0 means all."""
    validation_side: int = 0
    """Longest side of pictures that validate; longer ones are reduced by area. 0 means no limit."""
    validation_batch: int = 1
    """Pictures at a time; more than 1 needs pictures of one size."""
    test: tuple[str, ...] = ()
    """Folders with low/ and high/, relative to the data folder, for the stage `test`."""
    predict: tuple[str, ...] = ()
    """Folders of pictures, relative to the data folder, for the stage `predict`."""
    workers: int = 0
    """Processes that prepare pictures; 0 prepares them between steps."""
    cache_megabytes: int = 2000
    """Decoded pictures kept in memory, per process."""

    def __post_init__(self) -> None:
        sizes = (*self.size, *self.sides, self.batch, self.validation_batch)
        expect("data", sizes, min(sizes) >= 1, "sizes and batches of at least 1")
        expect("data.size", self.size, len(self.size) in (0, 2), "height and width, or nothing")
        ordered = len(self.reduction) == 2 and 0 < self.reduction[0] <= self.reduction[1]
        expect("data.reduction", self.reduction, ordered, "two numbers above 0, in order")
        counts = (self.epoch, self.workers, self.validation_count, self.validation_side)
        counts = (*counts, self.longest_side, self.cache_megabytes)
        expect("data.epoch, .workers, …_side, …", counts, min(counts) >= 0, "at least 0")
        expect("data.holdout", self.holdout, 0 <= self.holdout < 1, "0 up to less than 1")
