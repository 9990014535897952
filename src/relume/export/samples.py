"""Pictures by which a model is quantised and measured, in the form its graph takes them.

| network                        | a sample of a picture is                                      |
|--------------------------------|---------------------------------------------------------------|
| runs on a reduced picture      | the whole picture, reduced as the card's default says          |
| sees a whole picture at once   | the whole picture, reduced by area to at most 256 pixels a side |
| develops a mosaic              | the middle 512×512 sites                                      |
| else                           | the middle 256×256 pixels                                     |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from relume import io
from relume.arrays import Floats, Picture, Plane, Rgb
from relume.card import Card
from relume.colour import decode_srgb
from relume.data.drawn_nights import draw_night
from relume.data.files import list_files
from relume.data.mosaicking import mosaicked
from relume.errors import ContractError, NoDatasetError
from relume.export.saying import Say, silent, telling
from relume.levels import to_rgb
from relume.render import reduce
from relume.tiles import fit

CROP = 256
CROP_OF_MOSAIC = 512
WHOLE = 256
MOST = 64
"""Pictures taken of a folder, evenly spread: more do not change a range by what matters."""
EVALUATED = 4
"""Every fourth sample measures the result instead of making it."""
GENERATED = (400, 600)
"""Height and width of a generated picture."""


@dataclass(frozen=True, eq=False)
class Sample:
    """One picture as the graph takes it."""

    name: str
    image: Floats
    """(C, H, W) float32 in [0, 1]."""


@dataclass(frozen=True)
class Samples:
    """What a model is quantised by, and what it is measured on."""

    calibration: Sequence[Sample]
    evaluation: Sequence[Sample]


def split(samples: Sequence[Sample]) -> Samples:
    """Put every fourth sample aside to measure on; fewer than four serve for both."""
    if len(samples) < EVALUATED:
        return Samples(samples, samples)
    kept = [each for place, each in enumerate(samples) if (place + 1) % EVALUATED]
    return Samples(kept, samples[EVALUATED - 1 :: EVALUATED])


def read_folder(folder: Path, card: Card, *, say: Say = silent) -> list[Sample]:
    """Return samples of the pictures in a folder, at most `MOST`.

    Raises: NoDatasetError where there is none; UnreadableError for one that cannot be read.
    """
    suffixes = frozenset(io.SUFFIXES)
    if not folder.is_dir():
        raise NoDatasetError(f"--calibrate {folder}: no such folder of pictures")
    files = list_files(folder, suffixes=suffixes).files
    if not files:
        raise NoDatasetError(f"--calibrate {folder}: there is no picture in it")
    chosen = [files[place * len(files) // MOST] for place in range(MOST)]
    samples: list[Sample] = []
    wanted = list(dict.fromkeys(chosen)) if len(files) > MOST else files
    for number, path in enumerate(telling(wanted, say, "reading", "picture")):
        photo = io.read(path)
        if photo.mosaic is not None and card.input == "mosaic":
            red = photo.mosaic.offset_of_red()
            image = _middle_of(photo.mosaic.normalised()[red[0] :, red[1] :], card)
        elif photo.mosaic is not None:
            raise ContractError(
                f"--calibrate {folder}: {path.name} is camera RAW, {card.name} takes pictures"
            )
        else:
            image = prepare(photo.pixels, card)
        samples.append(Sample(f"{number:03d}-{path.stem}", image))
    return samples


def generate(count: int, card: Card, *, say: Say = silent) -> list[Sample]:
    """Return samples of drawn pictures."""
    return [
        Sample(f"{seed:03d}-drawn", prepare(draw_night(*GENERATED, seed=seed), card))
        for seed in telling(range(count), say, "drawing", "picture")
    ]


def prepare(picture: Picture, card: Card) -> Floats:
    """Return a picture as the graph of a method takes it."""
    if card.input == "mosaic":
        return _middle_of(mosaicked(decode_srgb(to_rgb(picture)).astype(np.float32)), card)
    rows, columns = picture.shape[:2]
    if card.estimate is not None:
        scale = {knob.name: int(knob.default) for knob in card.knobs}[card.estimate.scale_knob]
        return _channels_first(_reduced(picture, max(rows, columns) // scale, card))
    if card.reach is None:
        return _channels_first(_reduced(picture, WHOLE, card))
    return _channels_first(to_rgb(_middle(picture, CROP, multiple_of=card.multiple_of)))


def _reduced(picture: Picture, longest: int, card: Card) -> Rgb:
    rows, columns = picture.shape[:2]
    share = min(1.0, longest / max(rows, columns))
    height, width = (max(1, round(share * side)) for side in (rows, columns))
    small = reduce(picture, height=height, width=width)
    return fit.pad_to_multiple(small, card.multiple_of)


def _middle(picture: Picture, side: int, *, multiple_of: int) -> Picture:
    """Cut out the middle, at an even place and in a size that is a multiple."""
    spans: list[slice] = []
    for length in picture.shape[:2]:
        kept = min(length, side)
        kept -= kept % multiple_of
        if not kept:
            raise ContractError(
                f"a picture of {picture.shape[1]} x {picture.shape[0]} is too small to calibrate "
                f"by: at least {multiple_of} pixels a side"
            )
        start = (length - kept) // 2
        spans.append(slice(start - start % 2, start - start % 2 + kept))
    return picture[spans[0], spans[1]]


def _middle_of(mosaic: Plane, card: Card) -> Floats:
    side = CROP_OF_MOSAIC
    return np.ascontiguousarray(_middle(mosaic, side, multiple_of=card.multiple_of)[None])


def _channels_first(image: Rgb) -> Floats:
    return np.ascontiguousarray(image.transpose(2, 0, 1), np.float32)


def feeds_of(sample: Sample, card: Card, *, inputs: Sequence[str]) -> dict[str, Floats]:
    """Return what a graph is fed: the picture, and the defaults of its knobs; a picture that is
    reduced already is not reduced again."""
    knobs = {knob.name: np.array(knob.default, np.float32) for knob in card.knobs}
    if card.estimate is not None:
        knobs[card.estimate.scale_knob] = np.array(1.0, np.float32)
    return {name: knobs.get(name, sample.image[None]) for name in inputs}
