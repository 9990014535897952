"""Which method a whole video gets: one, because a change of method within it would be seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from relume.arrays import Rgb
from relume.auto import AUTO
from relume.auto import choose as choose_for_picture
from relume.card import settle
from relume.extras import need
from relume.runs.batch import LEFT_ALONE
from relume.runtime.enhancer import Enhancer
from relume.runtime.method import Method, load
from relume.video.layout import nearest, planes_of
from relume.video.small import seen
from relume.video.source import Source

PLACES = 9
"""Frames that `auto` looks at, evenly over the video."""


@dataclass(frozen=True)
class Chosen:
    """The method for a video and why."""

    method: Method
    knobs: Mapping[str, float]
    strength: float
    reason: str = ""


def choose(source: Source, enhancer: Enhancer) -> Chosen:
    """Return the method that was named, or what `auto` says of most frames."""
    if enhancer.named != AUTO:
        return named(enhancer.named, enhancer)
    choices = [choose_for_picture(picture) for _, picture in _places(source)]
    wanted = [one for one in choices if one.method != LEFT_ALONE]
    if len(wanted) * 4 < len(choices) or not choices:
        alone = Counter(one.reason for one in choices).most_common(1)
        reason = alone[0][0] if alone else "nothing to judge, left alone"
        return Chosen(_loaded(LEFT_ALONE, enhancer), {}, enhancer.strength, reason)
    name, _ = Counter(one.method for one in wanted).most_common(1)[0]
    reason, _ = Counter(one.reason for one in wanted if one.method == name).most_common(1)[0]
    method = _loaded(name, enhancer)
    return Chosen(method, settle(method.card), enhancer.strength, reason)


def named(method: str | Method, enhancer: Enhancer) -> Chosen:
    """Return a method with the enhancer's knobs and strength."""
    loaded = _loaded(method, enhancer) if isinstance(method, str) else method
    return Chosen(loaded, settle(loaded.card, enhancer.knobs), enhancer.strength)


def darkest(source: Source) -> float:
    """Return the second, counted from the first frame, of the darkest of the places."""
    places = [(float(picture.mean()), seconds) for seconds, picture in _places(source)]
    return min(places, default=(0.0, 0.0))[1]


def _loaded(name: str, enhancer: Enhancer) -> Method:
    return load(
        name,
        engine=enhancer.engine,
        threads=enhancer.threads,
        memory=enhancer.memory,
        description=enhancer.description,
        precision=enhancer.precision,
    )


def _places(source: Source) -> Iterator[tuple[float, Rgb]]:
    """Yield seconds and small pictures all over the video, as far as it can be jumped in."""
    av = need("av", extra="video")
    facts = source.facts
    with source.opened_again() as container:
        stream = container.streams[source.stream.index]
        first = stream.start_time or 0
        length = stream.duration or 0
        for place in range(PLACES):
            with suppress(av.error.FFmpegError, OSError, StopIteration, ValueError):
                if place:
                    container.seek(first + length * place // PLACES, stream=stream)
                frame: Any = next(iter(container.decode(stream)))
                layout, _ = nearest(frame.format)
                frame = frame.reformat(format=layout.name)
                small = seen(planes_of(frame, layout), layout, facts.colour)
                seconds = float((frame.pts or 0) * (stream.time_base or 0)) - float(
                    first * (stream.time_base or 0)
                )
                yield max(0.0, seconds), np.ascontiguousarray(small)
            if not length:
                return
