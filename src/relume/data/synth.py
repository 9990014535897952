"""Pairs for training from any folder of well-exposed pictures: each darkened as a model says.

    output/high/NAME.png     the picture, reduced by area to at most `side` pixels a side
    output/low/NAME.png      what the darkening model makes of it
    output/pairs.jsonl       a line per pair: source, seed, model, options, and how dark it became

A pair depends on its name, the seed and the options alone: a run that was stopped goes on where it
stood, and another machine makes the same pairs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from relume.arrays import Rgb
from relume.colour import decode_srgb, luminance
from relume.data.darkening import Darkening, make
from relume.errors import ContractError, NoDatasetError, RelumeError, UnreadableError

Bytes = NDArray[np.uint8]
Read = Callable[[Path], Bytes]
"""A file's picture as (H, W, 3) uint8; raises UnreadableError."""
Write = Callable[[Path, bytes], None]
"""Puts bytes in place, whole or not at all; raises UnwritableError."""

MANIFEST = "pairs.jsonl"


@dataclass(frozen=True)
class Wish:
    """What pairs are made of and how."""

    darkening: str
    options: Mapping[str, Any]
    seed: int = 0
    count: int = 0
    """Pairs; 0 means one of each picture. Pictures are taken in turn, so some serve twice."""
    side: int = 1200
    """Longest side of the results; 0 keeps that of the picture."""

    def __post_init__(self) -> None:
        if min(self.seed, self.count, self.side) < 0:
            raise ContractError("synth: seed, count and side: expected 0 or more")

    def about(self) -> dict[str, Any]:
        """Return what decides the pixels of every pair."""
        return {
            "darkening": self.darkening,
            "options": dict(self.options),
            "seed": self.seed,
            "side": self.side,
        }


@dataclass(frozen=True)
class Made:
    """What became of one wanted pair."""

    name: str
    stops: float | None = None
    """Mean light that was lost; None where the pair was there already or could not be made."""
    error: RelumeError | None = None


def synth(
    pictures: Sequence[Path], folder: Path, output: Path, wish: Wish, *, read: Read, write: Write
) -> Iterator[Made]:
    """Make the wanted pairs one by one; `pictures` lie below `folder`.

    A picture that cannot be read is told of and left out.
    Raises: NoDatasetError when there are none; ContractError when `output` holds pairs made
    otherwise, or for a wrong option; UnwritableError.
    """
    darken = make(wish.darkening, wish.options)
    inputs = [path for path in pictures if not path.is_relative_to(output)]
    if not inputs:
        raise NoDatasetError(f"{folder}: holds no pictures to darken; name a folder that does")
    manifest = _Manifest(output / MANIFEST, _known(output, wish), write)
    try:
        for name, path in _names(inputs, folder, wish.count):
            places = [output / side / f"{name}.png" for side in ("high", "low")]
            if name in manifest.known and all(place.is_file() for place in places):
                yield Made(name)
                continue
            try:
                high = reduced(read(path), wish.side)
            except UnreadableError as error:
                yield Made(name, error=error)
                continue
            low, stops = _darkened(high, darken, seed=wish.seed, name=name)
            for place, pixels in zip(places, (high, low), strict=True):
                place.parent.mkdir(parents=True, exist_ok=True)
                write(place, _png(pixels))
            source = path.relative_to(folder).as_posix()
            manifest.add({"name": name, "source": source, "stops": round(stops, 3), **wish.about()})
            yield Made(name, stops)
    finally:
        manifest.save()


class _Manifest:
    """The list of pairs, written now and then: what is missing after a crash is made again."""

    EVERY = 50

    def __init__(self, path: Path, known: dict[str, dict[str, Any]], write: Write) -> None:
        self.path, self.known, self.write = path, known, write
        self.unsaved = self.EVERY  # an empty list, before the first pair, tells whose folder it is
        self.save()

    def add(self, line: dict[str, Any]) -> None:
        self.known[line["name"]] = line
        self.unsaved += 1
        if self.unsaved >= self.EVERY:
            self.save()

    def save(self) -> None:
        if self.unsaved:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            lines = (json.dumps(line, sort_keys=True) + "\n" for line in self.known.values())
            self.write(self.path, "".join(lines).encode())
            self.unsaved = 0


def reduced(pixels: Bytes, side: int) -> Bytes:
    """Reduce a picture by area until no side is longer than `side`; 0 leaves it."""
    longest = max(pixels.shape[:2])
    if not side or longest <= side:
        return pixels
    height, width = (max(1, round(length * side / longest)) for length in pixels.shape[:2])
    image = Image.fromarray(pixels).resize((width, height), Image.Resampling.BOX)
    return np.array(image)


def _darkened(high: Bytes, darken: Darkening, *, seed: int, name: str) -> tuple[Bytes, float]:
    """Return a dark counterpart and the stops of mean light it lacks."""
    random = np.random.default_rng((seed, crc32(name.encode())))
    image = high.astype(np.float32) / np.float32(255)
    low = darken(image, random=random)
    # What is rounded to black has lost an unknown amount: half a level stands for it.
    lost = np.log2(_light(image) / max(_light(low), 1e-6))
    return np.rint(low * 255).astype(np.uint8), float(lost)


def _light(image: Rgb) -> float:
    return max(float(luminance(decode_srgb(image)).mean()), 1e-6)


def _names(pictures: Sequence[Path], folder: Path, count: int) -> Iterator[tuple[str, Path]]:
    """Yield a name, unique whatever the case, and the picture of each pair."""
    taken: set[str] = set()
    for number in range(count or len(pictures)):
        path = pictures[number % len(pictures)]
        inside = path.relative_to(folder)
        again = number // len(pictures)
        name = inside.with_suffix("").as_posix() + (f".{again + 1}" if again else "")
        while name.lower() in taken:
            name += "_" + path.suffix.lstrip(".").lower()
        taken.add(name.lower())
        yield name, path


def _known(output: Path, wish: Wish) -> dict[str, dict[str, Any]]:
    """Return the lines of pairs made before, by name.

    Raises: ContractError when they were made otherwise, or the file holds something else.
    """
    manifest = output / MANIFEST
    if not manifest.is_file():
        if any((output / side).is_dir() for side in ("low", "high")):
            raise ContractError(f"{output}: already holds low or high; name another folder with -o")
        return {}
    known: dict[str, dict[str, Any]] = {}
    for line in manifest.read_text(encoding="utf-8").splitlines():
        try:
            found: dict[str, Any] = json.loads(line)
            known[found["name"]] = found
        except (ValueError, KeyError, TypeError) as error:
            raise ContractError(
                f"{manifest}: not a list of pairs; name another folder with -o"
            ) from error
        wanted = json.loads(json.dumps(wish.about()))
        for key, value in wanted.items():
            if found.get(key) != value:
                raise ContractError(
                    f"{output}: holds pairs made with {key} {found.get(key)}, not {value}; "
                    "name another folder with -o"
                )
    return known


def _png(pixels: Bytes) -> bytes:
    stream = BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", compress_level=1)
    return stream.getvalue()
