"""Decoded frames brought to one size and one layout, progressive, in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from relume.errors import UnreadableError
from relume.extras import need
from relume.video.colour import FULL
from relume.video.layout import Layout, Planes, planes_of
from relume.video.options import DEINTERLACERS
from relume.video.source import Shot, Source

if TYPE_CHECKING:
    from av.video.frame import VideoFrame


@dataclass(frozen=True, eq=False)
class Still:
    """A frame as planes of the layout worked in, and when it is shown."""

    planes: Planes
    index: int
    time: int
    duration: int
    seconds: float
    owner: Any
    """What the memory of the planes belongs to."""


class Frames:
    """The frames of a source as planes of one layout."""

    def __init__(
        self,
        source: Source,
        layout: Layout,
        *,
        deinterlace: str = "auto",
        start: float | None = None,
        end: float | None = None,
    ) -> None:
        self._av = need("av", extra="video")
        self._source, self._layout = source, layout
        self._start, self._end = start, end
        self._mode = DEINTERLACERS[0] if deinterlace == "auto" else deinterlace
        self._graph: Any = None
        self._held: list[Shot] = []

    def __iter__(self) -> Iterator[Still]:
        base = self._source.facts.time_base
        for shot in self._progressive():
            frame = self._fitted(shot.frame)
            planes = planes_of(frame, self._layout)
            seconds = float(shot.time * base)
            yield Still(planes, shot.index, shot.time, shot.duration, seconds, frame)

    def _progressive(self) -> Iterator[Shot]:
        """Yield shots; from the first interlaced one on, all go through the filter."""
        for shot in self._wanted():
            if self._graph is None and not shot.frame.interlaced_frame:
                yield shot
                continue
            if self._graph is None:
                if self._mode == "no":
                    raise UnreadableError(
                        f"{self._source.path}: frame {shot.index} is interlaced; "
                        "--deinterlace auto makes whole frames of it"
                    )
                self._graph = self._built(shot.frame)
                self._note(f"deinterlaced by {self._mode}")
            self._held.append(shot)
            # The filter counts: times may have gaps that it would fill or round.
            shot.frame.pts = shot.index
            shot.frame.time_base = Fraction(1, 1000)
            self._graph.push(shot.frame)
            yield from self._pulled()
        if self._graph is not None:
            self._graph.push(None)
            yield from self._pulled()

    def _wanted(self) -> Iterator[Shot]:
        """Yield the shots between start and end, counted anew."""
        base, first, count = self._source.facts.time_base, None, 0
        for shot in self._source.shots():
            first = shot.time if first is None else first
            seconds = float((shot.time - first) * base)
            if self._end is not None and seconds >= self._end:
                return
            if self._start is None or seconds >= self._start:
                yield replace(shot, index=count)
                count += 1

    def _pulled(self) -> Iterator[Shot]:
        from av.error import BlockingIOError as NotYet
        from av.error import EOFError as Ended

        while self._held:
            try:
                frame: VideoFrame = self._graph.pull()
            except (NotYet, Ended):
                return
            shot = self._held.pop(0)
            yield Shot(frame, shot.index, shot.time, shot.duration)

    def _built(self, frame: VideoFrame) -> Any:
        graph = self._av.filter.Graph()
        buffer = graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1, 1000)
        )
        # "interlaced" leaves frames alone that say they are whole.
        how = {} if self._mode in ("w3fdif", "estdif") else {"mode": "send_frame"}
        middle = graph.add(self._mode, **how, deint="interlaced")
        end = graph.add("buffersink")
        buffer.link_to(middle)
        middle.link_to(end)
        graph.configure()
        return graph

    def _fitted(self, frame: VideoFrame) -> VideoFrame:
        facts, layout = self._source.facts, self._layout
        if (frame.width, frame.height) != (facts.width, facts.height):
            self._note(
                f"the size changes to {frame.width} × {frame.height}, "
                f"scaled to {facts.width} × {facts.height}"
            )
        elif frame.format.name.replace("yuvj", "yuv") == layout.name and (
            facts.range == facts.colour.range
        ):
            return frame
        colour = facts.colour
        return frame.reformat(
            width=facts.width,
            height=facts.height,
            format=layout.name,
            interpolation="BICUBIC",
            dst_colorspace="ITU709" if colour.matrix == 1 else None,
            src_color_range="JPEG" if facts.range == FULL or frame.format.is_rgb else "MPEG",
            dst_color_range="JPEG" if colour.range == FULL else "MPEG",
        )

    def _note(self, text: str) -> None:
        if text not in self._source.notes:
            self._source.notes.append(text)
