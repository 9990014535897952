"""From decoded frames to painted ones, each with the steady look of its time.

Frames wait a little, so that the looks that follow are known as well as those before: a change is
met in time and not late. A method looks at every few frames, at the first frame of each scene and
wherever the light has changed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from relume.arrays import Rgb
from relume.looks.look import Look
from relume.video.cuts import Glimpse
from relume.video.frames import Still
from relume.video.layout import Planes
from relume.video.looks import Looker
from relume.video.options import CALM
from relume.video.small import Plane, guide
from relume.video.steady import CHANGE, Sighting, Steady

PER_SECOND = 10
"""Looks a second at least."""
AHEAD = 12
"""Frames that wait at most."""
WAITING = 128 * 2**20
"""Bytes of frames that wait at most."""


@dataclass(frozen=True, eq=False)
class Seen:
    """A frame with the look to paint over it."""

    still: Still
    look: Look
    begins_scene: bool


@dataclass(frozen=True, eq=False)
class _Waiting:
    still: Still
    guide: Plane
    begins_scene: bool


Scene: TypeAlias = "deque[_Waiting]"


class Watcher:
    """Looks at frames and keeps the looks steady; `small` makes small pictures of frames."""

    def __init__(
        self,
        looker: Looker,
        small: Callable[[Planes], Rgb],
        *,
        rate: float,
        calm: float = CALM,
    ) -> None:
        self._looker = looker
        self._small = small
        self._calm = calm
        self._every = max(1, round(rate / PER_SECOND))
        self._before: Glimpse | None = None
        self._last: Sighting | None = None
        self._since = 0

    def watch(self, stills: Iterable[Still]) -> Iterator[Seen]:
        """Yield every frame with its look, in order."""
        steady = Steady(self._calm)
        waiting: Scene = deque()
        for still in stills:
            small = self._small(still.planes)
            light = guide(small)
            glimpse = Glimpse.of(small)
            cut = self._before is not None and glimpse.is_cut_from(self._before)
            if cut:
                yield from _leave(waiting, steady, keep=0)
                steady.begin_scene()
                self._last = None
            self._before = glimpse
            sighting = self._sighting(still, small, light)
            if sighting is not None:
                steady.add(sighting)
            waiting.append(_Waiting(still, light, cut))
            yield from _leave(waiting, steady, keep=self._ahead(still.planes))
        yield from _leave(waiting, steady, keep=0)

    def _ahead(self, planes: Planes) -> int:
        size = sum(plane.nbytes for plane in planes)
        return max(2, min(AHEAD, WAITING // size)) if self._calm > 0 else 0

    def _sighting(self, still: Still, small: Rgb, light: Plane) -> Sighting | None:
        self._since += 1
        last = self._last
        if last is not None and self._since < self._every and self._calm > 0:
            # A small part of the frame in another light, a door that opens, is enough.
            changed = np.abs(light - last.guide) > CHANGE
            if changed.mean() < 0.02:
                return None
        self._since = 0
        self._last = Sighting(still.seconds, self._looker.look(small), light)
        return self._last


def _leave(waiting: Scene, steady: Steady, *, keep: int) -> Iterator[Seen]:
    """Yield the frames that need not wait any longer."""
    while len(waiting) > keep:
        one = waiting.popleft()
        look = steady.at(one.still.seconds, one.guide)
        steady.forget_before(one.still.seconds)
        yield Seen(one.still, look, one.begins_scene)
