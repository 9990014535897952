"""Metrics by the names a user gives, and pictures scored by them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from relume import io
from relume.arrays import Picture
from relume.bench.sets import Side
from relume.errors import ContractError, RelumeError
from relume.io.pixels import to_eight_bits
from relume.metrics.scorer import Scorer, scorer


def scorers(
    names: str, *, protocol: str | None = None, files: Mapping[str, Path] | None = None
) -> list[Scorer]:
    """Build the metrics of a list like `psnr,ssim-uniform7,psnr[gt-mean]`.

    `protocol` is that of the names that hold none; `files` are parameters by the name of a metric.

    Raises: UnknownNameError; ContractError; WeightsError for absent parameters.
    """
    given = dict(files or {})
    found: dict[str, Scorer] = {}
    for name in filter(None, (part.strip() for part in names.split(","))):
        full = name if protocol is None or "[" in name else f"{name}[{protocol}]"
        made = scorer(full, model=given.pop(name, None))
        found.setdefault(str(made.label), made)
    if not found:
        raise ContractError("no metric is named; --metrics psnr,ssim for one")
    if given:
        raise ContractError(f"parameters for {next(iter(given))}, which is not among the metrics")
    return list(found.values())


def measure(
    result: Picture,
    scorers: Sequence[Scorer],
    *,
    reference: Picture | None,
    low: Picture | None,
) -> tuple[dict[str, float], dict[str, str]]:
    """Return the numbers by full name, and why others could not be had."""
    values: dict[str, float] = {}
    faults: dict[str, str] = {}
    for each in scorers:
        other = {"full": reference, "input": low, "none": None}[each.metric.reference]
        try:
            values[str(each.label)] = each(result, other)
        except RelumeError as error:
            faults[str(each.label)] = str(error)
    return values, faults


@dataclass(frozen=True)
class Scored:
    """One picture's numbers."""

    side: Side
    values: Mapping[str, float]
    faults: Mapping[str, str]
    notes: tuple[str, ...] = ()
    """What was done to pictures before they were measured, for people."""


def score(sides: Sequence[Side], scorers: Sequence[Scorer]) -> Iterator[Scored]:
    """Measure pictures that are there, as sRGB; one that fails has faults instead of values."""
    for side in sides:
        notes: list[str] = []
        try:
            result, reference, low = (
                _seen(path, notes) if path is not None else None
                for path in (side.enhanced, side.reference, side.low)
            )
            if result is None:
                raise ContractError(f"{side.key}: there is no result")
            values, faults = measure(result, scorers, reference=reference, low=low)
        except RelumeError as error:
            values, faults = {}, {str(each.label): str(error) for each in scorers}
        yield Scored(side, values, faults, tuple(notes))


def _seen(path: Path, notes: list[str]) -> Picture:
    """Return a picture in the numbers of sRGB: those of two profiles cannot be compared."""
    photo = io.read(path)
    if photo.colour.is_srgb:
        return photo.pixels
    from relume.runtime.working import working  # not needed for most pictures

    notes.append(f"{path}: measured as sRGB, converted from {photo.colour.name}")
    seen = working(photo).seen
    return seen if photo.bits == 16 else to_eight_bits(seen)
