"""Pictures of one event in capture order, enhanced so that neighbours match.

Two passes. The first looks at each picture and keeps 1.5 kB of what it becomes; the second
enhances each and corrects its light by what `evenness` found. Where `auto` would change the method
within a scene, the one it chose most often is taken for all of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from os import fspath
from pathlib import Path

import numpy as np

from relume import render
from relume.arrays import Floats, Map, Picture, Pixels
from relume.auto import AUTO
from relume.colour import decode_srgb, encode_srgb, roll_off
from relume.errors import RelumeError
from relume.io.metadata import exif
from relume.io.metadata.ifd import MalformedError
from relume.photo import Photo
from relume.render import Tone
from relume.runs.batch import Done, FileWork, Gate
from relume.runs.evenness import SIDES, Glimpse, Move, corrections, glimpse, scenes
from relume.runs.plan import Job
from relume.runtime import Enhancer
from relume.runtime.enhancer import Enhanced

LEAST = 0.004
"""Stops nobody sees, a third of a level of eight bits in the middle: left alone."""
SHOULDER = 0.8
"""Linear light from which a brighter picture's highlights are compressed instead of clipped."""
ENOUGH = 384
"""Rows and columns of a thinned picture: hundreds of pixels for each that a glimpse keeps."""
DARKEST = 2.0**-20
"""Linear light under which none is looked at: a sixteenth of a level of sixteen bits."""
_SEED = 11


@dataclass(frozen=True)
class Corrected:
    """Enhances one picture of a series: by the scene's method, and moved by some stops."""

    enhancer: Enhancer
    move: Move

    def maps(self, photo: Photo) -> dict[str, Map]:
        """Return what the method saw, without the correction."""
        return self.enhancer.maps(photo)

    def photo(self, photo: Photo) -> Enhanced:
        """Enhance a photo as `Enhancer.photo` does, and correct its light."""
        move = self.move
        if max(abs(move.dark), abs(move.bright)) < LEAST or photo.mosaic is not None:
            return self.enhancer.photo(photo)
        enhanced = self.enhancer.photo(photo)
        # Moved at 16 bits, so that it rounds only once more.
        fine = enhanced.photo if photo.bits == 16 else _deep(enhanced.photo)
        result = fine.with_pixels(
            render.apply(Tone(partial(toned, move=move), by="luma"), fine.pixels)
        )
        even = abs(move.dark - move.bright) < 0.005
        span = f"{move.dark:+.2f}" if even else f"{move.dark:+.2f} (dark) to {move.bright:+.2f}"
        note = f"moved by {span} stops to match its neighbours"
        reason = f"{enhanced.reason}; {note}" if enhanced.reason else note
        return replace(enhanced, photo=_shallow(result, photo), reason=reason)


def toned(luma: Floats, *, move: Move) -> Floats:
    """Return encoded luma in [0, 1] after a correction, which rises with what it was.

    White stays white: what is made brighter is compressed above SHOULDER, and what is made darker
    is darkened less there, since where a picture clips it does not tell its light.
    """
    light = decode_srgb(np.asarray(luma, np.float64))
    moved = light * np.exp2(move.at(np.log2(np.maximum(light, DARKEST))))
    if move.bright > 0.0:
        rolled = roll_off(moved, gain=2.0**move.bright, shoulder=SHOULDER)
        moved = np.where(moved > SHOULDER, rolled, moved)
    else:
        clips = np.clip((light - SHOULDER) / (1.0 - SHOULDER), 0.0, 1.0)
        moved += (light - moved) * clips
    return encode_srgb(np.clip(moved, 0.0, 1.0))


@dataclass(frozen=True)
class SeriesWork:
    """What is done to each picture of a series."""

    work: FileWork
    enhancers: Mapping[str, Corrected]
    """By input."""

    def __call__(self, job: Job, gate: Gate) -> Done:
        """Read, enhance, correct and write one picture. Raises: as `FileWork`."""
        found = self.enhancers.get(fspath(job.input))
        work = self.work if found is None else replace(self.work, enhancer=found)
        return work(job, gate)


@dataclass(frozen=True)
class _Seen:
    input: str
    method: str
    low: Glimpse
    enhanced: Glimpse


def survey(jobs: Sequence[Job], work: FileWork, enhancer: Enhancer, *, workers: int) -> SeriesWork:
    """Look at all pictures of a series and return the work that enhances them evenly.

    A picture that cannot be read is left out here; the work will tell of it.
    """

    def look(job: Job) -> _Seen | None:
        return _seen(fspath(job.input), work, enhancer)

    with ThreadPoolExecutor(workers) as pool:
        seen = [one for one in pool.map(look, jobs) if one is not None]
    times = [one.low.seconds for one in seen]
    if all(time is not None for time in times):
        seen.sort(key=lambda one: (one.low.seconds or 0.0, one.input))
    enhancers = {one.input: enhancer for one in seen}
    if enhancer.named == AUTO:
        for first, last in scenes([one.low for one in seen]):
            chosen, _ = Counter(one.method for one in seen[first:last]).most_common(1)[0]
            named = replace(enhancer, method=chosen)
            for index in range(first, last):
                enhancers[seen[index].input] = named
                if seen[index].method != chosen:
                    again = _seen(seen[index].input, work, named)
                    seen[index] = again if again is not None else seen[index]
    moves = corrections([one.enhanced for one in seen])
    return SeriesWork(
        work,
        {
            one.input: Corrected(enhancers[one.input], move)
            for one, move in zip(seen, moves, strict=True)
        },
    )


def _seen(name: str, work: FileWork, enhancer: Enhancer) -> _Seen | None:
    try:
        photo = work.read(Path(name))
        if photo.mosaic is not None:
            return None
        look = enhancer.look(photo.pixels)
        height, width = (
            min(side, most) for side, most in zip(photo.pixels.shape, SIDES, strict=False)
        )
        small = render.reduce(photo.pixels, height=height, width=width)
        # Painted with its noise, and reduced afterwards: what clips at black makes shadows
        # brighter the more they are raised, and a reduced picture has none of that.
        result = render.reduce(
            enhancer.paint(look, _thinned(photo.pixels)), height=height, width=width
        )
    except RelumeError:
        return None
    seconds = captured(photo)
    return _Seen(
        name, look.method, glimpse(small, seconds=seconds), glimpse(result, seconds=seconds)
    )


def _thinned(pixels: Pixels) -> Picture:
    """Return every n-th row and column, so many that the shorter side has at least ENOUGH."""
    step = max(1, min(pixels.shape[:2]) // ENOUGH)
    return np.ascontiguousarray(pixels[::step, ::step])


def captured(photo: Photo) -> float | None:
    """Return when a photo was taken, in seconds of its camera's clock, if it says so."""
    try:
        return exif.captured(photo.exif) if photo.exif is not None else None
    except MalformedError:
        return None


def _deep(photo: Photo) -> Photo:
    alpha = None if photo.alpha is None else photo.alpha.astype(np.uint16) * np.uint16(257)
    return replace(photo, pixels=photo.pixels.astype(np.uint16) * np.uint16(257), alpha=alpha)


def _shallow(result: Photo, source: Photo) -> Photo:
    """Return a photo at its source's depth: dithered, so that what was fine shows no steps."""
    if source.bits == 16:
        return result
    noise = np.random.default_rng(_SEED).random(result.pixels.shape[:2], np.float32)
    if result.pixels.ndim == 3:
        noise = noise[..., None]
    levels = np.floor(result.pixels.astype(np.float32) / np.float32(257) + noise)
    pixels = np.minimum(levels, np.float32(255)).astype(np.uint8)
    return replace(result, pixels=pixels, alpha=source.alpha)
