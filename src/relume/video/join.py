"""Pieces joined to one video, with everything else of the source copied packet by packet.

Packet k of the whole video in the order it is decoded gets

    presented = T(n_k)          decoded = T(k − D)

with T(n) the source's time of frame n, continued below 0, n_k the frame it holds, and D the least
number for which no frame is decoded after it is shown. Times of all streams are counted from one
origin, so that sound stays where it was.
"""

from __future__ import annotations

import errno
import heapq
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relume.errors import UnwritableError
from relume.extras import need
from relume.video import iso
from relume.video.others import (
    ISO,
    MUXERS,
    called,
    clip,
    cover_file,
    cut_chapters,
    holds,
    is_cover,
    is_made_anew,
    kept,
    language,
    takes,
    takes_cover,
    timecode,
)
from relume.video.pieces import Piece
from relume.video.source import CLOCKS, Source
from relume.words import counted

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer
    from av.stream import Stream

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


def join(
    pieces: Sequence[Piece],
    source: Source,
    target: Path,
    *,
    suffix: str,
    is_cut: bool,
    is_stripped: bool = False,
) -> tuple[str, ...]:
    """Write `target` from the pieces and from what else the source holds; `is_cut` leaves out what
    lies before or after the pieces, `is_stripped` metadata, covers and data.

    Returns what the container could not take. Raises: UnwritableError.
    """
    try:
        wanted = _Join(pieces, source, suffix, is_cut, is_stripped=is_stripped, with_others=True)
        return wanted.write(target)
    except UnwritableError as error:
        cause = error.__cause__
        if isinstance(cause, OSError) and cause.errno in _NO_ROOM:
            raise
        try:  # what is damaged in sound or subtitles must not cost the pictures
            less = _Join(pieces, source, suffix, is_cut, is_stripped=is_stripped, with_others=False)
            notes = less.write(target)
        except UnwritableError:
            raise error from cause
        why = getattr(cause, "strerror", None) or str(error)
        return (*notes, f"sound and other streams left out, they cannot be copied: {why}".lower())


class _Join:
    def __init__(
        self,
        pieces: Sequence[Piece],
        source: Source,
        suffix: str,
        is_cut: bool,
        *,
        is_stripped: bool,
        with_others: bool,
    ) -> None:
        self._av = need("av", extra="video")
        self._pieces, self._source = pieces, source
        self._suffix, self._is_cut, self._with_others = suffix, is_cut, with_others
        self._is_stripped = is_stripped
        self._times = [time for piece in pieces for time in piece.times]
        self._durations = [each for piece in pieces for each in piece.durations]
        self._notes: list[str] = []
        self._covers: list[Any] = []
        self._kinds: Mapping[int, str] = {}
        if source.facts.format.startswith("mov"):
            self._kinds = iso.kinds(source.path)

    def write(self, target: Path) -> tuple[str, ...]:
        options: dict[str, str] = {}
        muxer = MUXERS[self._suffix]
        if self._suffix in ISO:
            # The edit list counts in the movie's unit: in the usual milliseconds a start is off.
            unit = min(self._source.facts.time_base.denominator, 1_000_000)
            options = {"movflags": "+faststart", "movie_timescale": str(unit)}
        try:
            with (
                self._source.opened_again() as beside,
                self._av.open(str(target), "w", format=muxer, options=options) as out,
            ):
                languages = self._fill(out, beside)
            if muxer == "mov":
                iso.write_languages(target, languages)
        except (self._av.error.FFmpegError, OSError) as error:
            if isinstance(error, UnwritableError):
                raise
            why = (getattr(error, "strerror", None) or str(error)).lower()
            raise UnwritableError(f"the result cannot be joined: {why}") from error
        return tuple(dict.fromkeys(self._notes))

    def _fill(self, out: OutputContainer, beside: InputContainer) -> list[str]:
        """Write everything and return the language of each track."""
        self._origin = self._common_origin(beside)
        video = self._add_video(out, beside)
        others = self._add_others(out, beside) if self._with_others else {}
        if not self._is_stripped:
            out.metadata.update(kept(beside.metadata))
            self._begin_timecode(out.metadata)
            self._note_timecode(beside)
        self._keep_chapters(out, beside)
        parts = [self._video_packets(video), self._other_packets(beside, others)]
        begun, lost = False, 0
        for _, packet in heapq.merge(*parts, key=itemgetter(0)):
            try:
                out.mux(packet)
                if not begun:
                    out.mux(self._covers)
                begun = True
            except (self._av.error.FFmpegError, OSError) as error:
                if packet.stream is video or not begun or error.errno in _NO_ROOM:
                    raise
                lost += 1
        if lost:
            self._notes.append(f"{lost} damaged packets of sound or subtitles left out")
        return [each.metadata.get("language", "") for each in out.streams if not is_cover(each)]

    def _common_origin(self, beside: InputContainer) -> Fraction:
        """Return the second that becomes 0."""
        if self._is_cut:
            return self._times[0] * self._source.facts.time_base
        if beside.format.name not in CLOCKS:
            return Fraction(0)
        starts = [
            stream.start_time * stream.time_base
            for stream in beside.streams
            if stream.start_time is not None and stream.time_base is not None
        ]
        return min(starts, default=Fraction(0))

    def _add_video(self, out: OutputContainer, beside: InputContainer) -> Any:
        facts = self._source.facts
        with self._av.open(str(self._pieces[0].path)) as first:
            stream: Any = out.add_stream_from_template(first.streams.video[0], opaque=True)
        stream.time_base = facts.time_base
        if facts.aspect is not None:
            stream.sample_aspect_ratio = facts.aspect
        if stream.codec_context.codec.canonical_name == "hevc" and self._suffix in ISO:
            stream.codec_context.codec_tag = "hvc1"  # the other tag is not played by Apple's
        if not stream.codec_context.framerate and self._suffix in ISO:
            stream.codec_context.framerate = facts.rate  # without it there is no time code
        if facts.turned is not None:
            if self._suffix == ".ts":
                self._notes.append("rotation or mirroring left out, .ts does not hold it")
            stream.set_display_matrix(facts.turned)
        self._describe(stream, beside.streams[self._source.stream.index])
        self._begin_timecode(stream.metadata)
        return stream

    def _add_others(self, out: OutputContainer, beside: InputContainer) -> dict[int, Stream]:
        taken: dict[int, Stream] = {}
        for stream in beside.streams:
            if stream.index == self._source.stream.index:
                continue
            if stream.type == "video" and not is_cover(stream):
                continue  # told when the source was opened
            if self._is_stripped and (is_cover(stream) or stream.type == "data"):
                continue
            add = self._add_cover if is_cover(stream) else self._copy_of
            added = add(out, stream)
            if added is not None:
                if not is_cover(stream):
                    taken[stream.index] = added
                self._describe(added, stream)
            elif not is_made_anew(stream, self._kinds, suffix=self._suffix):
                name = called(stream, self._kinds)
                self._notes.append(f"{name} left out, {self._suffix} does not take it")
        return taken

    def _describe(self, stream: Any, source: Any) -> None:
        if not self._is_stripped:
            stream.metadata.update(kept(source.metadata))
        if "language" in source.metadata:
            stream.metadata["language"] = language(source, self._suffix)
        stream.disposition = source.disposition

    def _begin_timecode(self, metadata: dict[str, str]) -> None:
        """Let a time code begin with the part, or leave it out."""
        facts = self._source.facts
        start = (self._source.stream.start_time or 0) * facts.time_base
        frames = round((self._origin - start) * facts.rate) if self._is_cut else 0
        for name in [each for each in metadata if frames and each.lower() == "timecode"]:
            code = timecode(metadata.pop(name), frames, facts.rate)
            if code is not None:
                metadata[name] = code

    def _note_timecode(self, beside: InputContainer) -> None:
        video = beside.streams[self._source.stream.index]
        names = {name.lower() for each in (beside, video) for name in each.metadata}
        tracks = any("timecode" in each.metadata for each in beside.streams.data)  # which are told
        if self._suffix == ".ts" and "timecode" in names and not tracks:
            self._notes.append("time code left out, .ts does not take it")

    def _copy_of(self, out: OutputContainer, stream: Stream) -> Stream | None:
        if not takes(self._suffix, stream, self._kinds) or not holds(self._suffix, stream):
            return None
        try:
            return out.add_stream_from_template(stream)
        except (ValueError, self._av.error.FFmpegError):
            return None

    def _add_cover(self, out: OutputContainer, stream: Any) -> Stream | None:
        if not takes_cover(self._suffix, stream):
            return None
        # It comes before everything else, but as a packet without a time.
        with self._source.opened_again() as again:
            packet = next(iter(again.demux(again.streams[stream.index])))
        if self._suffix == ".mkv":
            return out.add_attachment(*cover_file(stream), bytes(packet))
        added = out.add_stream_from_template(stream, opaque=True)
        packet.pts = packet.dts = 0
        packet.stream = added
        self._covers.append(packet)
        return added

    def _keep_chapters(self, out: OutputContainer, beside: InputContainer) -> None:
        chapters = beside.chapters()
        if not chapters:
            return
        if self._suffix == ".ts":
            self._notes.append(f"{_chapters(len(chapters))} left out, .ts does not take them")
            return
        if self._is_cut:
            end = (self._times[-1] + self._durations[-1]) * self._source.facts.time_base
            chapters, lost = cut_chapters(chapters, self._origin, end)
            if lost:
                self._notes.append(f"{_chapters(lost)} outside the part left out")
        out.set_chapters(chapters)

    def _video_packets(self, stream: Any) -> Iterator[tuple[Fraction, Any]]:
        base = self._source.facts.time_base
        origin = round(self._origin / base)
        delay = max((number - index for number, index, _ in self._encoded()), default=0)
        total = len(self._times)
        for number, index, packet in self._encoded():
            packet.time_base = base
            packet.pts = self._times[index] - origin
            packet.dts = self._time(number - delay) - origin
            packet.duration = self._length(index)
            if number == total - 1 and self._suffix in ISO:
                # The track lasts from the first decoded to the end of the last decoded.
                end = self._times[-1] + self._durations[-1]
                lead = self._times[0] - self._time(-delay)
                packet.duration = end - lead - self._time(number - delay)
            packet.stream = stream
            yield packet.dts * base, packet

    def _encoded(self) -> Iterator[tuple[int, int, Any]]:
        """Yield every packet with its number as decoded and the index of the frame it holds."""
        number = first = 0
        for piece in self._pieces:
            with self._av.open(str(piece.path)) as container:
                track = container.streams.video[0]
                # A piece counts frames, in whatever unit its container made of the rate.
                step = track.time_base * self._source.facts.rate
                for packet in container.demux(track):
                    if packet.size:
                        yield number, first + round(packet.pts * step), packet
                        number += 1
            first += len(piece.times)

    def _time(self, index: int) -> int:
        """Return T(index), continued below 0."""
        if index >= 0:
            return self._times[index]
        step = self._times[1] - self._times[0] if len(self._times) > 1 else self._durations[0]
        return self._times[0] + index * step

    def _length(self, index: int) -> int:
        if index + 1 < len(self._times):
            return self._times[index + 1] - self._times[index]
        return self._durations[index]

    def _other_packets(
        self, beside: InputContainer, taken: Mapping[int, Stream]
    ) -> Iterator[tuple[Fraction, Any]]:
        if not taken:
            return
        streams = [beside.streams[index] for index in taken]
        end = (self._times[-1] + self._durations[-1]) * self._source.facts.time_base
        for packet in self._demuxed(beside, streams):
            if packet.size == 0 or packet.pts is None:
                continue
            base = packet.time_base
            if self._is_cut and not clip(packet, self._origin, end):
                continue
            time = (packet.dts if packet.dts is not None else packet.pts) * base
            shift = round(self._origin / base)
            packet.pts -= shift
            if packet.dts is not None:
                packet.dts -= shift
            packet.stream = taken[packet.stream_index]
            yield time - self._origin, packet

    def _demuxed(self, beside: InputContainer, streams: Sequence[Stream]) -> Iterator[Any]:
        packets = beside.demux(*streams)
        while True:
            try:
                yield next(packets)
            except StopIteration:
                return
            except (self._av.error.FFmpegError, OSError):
                return  # the source breaks off, which was told when it was decoded


def _chapters(count: int) -> str:
    return f"{counted(count, 'chapter')}"
