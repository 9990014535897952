"""A video that is read: what it is, its frames in order, and what is wrong with it.

Frames come from the start, one after the other: where a jump lands is not exact in every format.
Nothing beyond the file that was named is opened, whatever it points to.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from relume.errors import TooLargeError, UnreadableError
from relume.extras import need
from relume.video.avi import stated_end
from relume.video.colour import BT709, FULL, LIMITED, Colour
from relume.video.dolby import refuse_without_base
from relume.video.options import MAX_PIXELS
from relume.video.others import is_cover, states_transparency
from relume.video.siting import siting
from relume.video.suffixes import FORMATS

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

CLOCKS = ("mpegts", "mpeg")
"""Formats whose time stamps begin at a clock's reading, which means nothing."""

FARTHEST = 2**31
"""Units of time between two frames that no container of a result holds."""
MOST_FAULTS = 1000
"""Packets that cannot be decoded before a video is given up."""


@dataclass(frozen=True)
class Shot:
    """A decoded frame and when it is shown."""

    frame: VideoFrame
    index: int
    time: int
    """In units of the stream's time base."""
    duration: int


@dataclass(frozen=True)
class Facts:
    """What a video's stream and its first frame say."""

    format: str
    width: int
    height: int
    time_base: Fraction
    rate: Fraction
    """Frames per second on average."""
    codec: str
    colour: Colour
    aspect: Fraction | None
    """Of a pixel, where it is stated."""
    turned: tuple[int, ...] | None
    """The display matrix, nine numbers, where there is one."""
    frames: int
    """How many the container states; 0 where it does not."""
    end: Fraction | None
    """Second at which the stream ends as the container states it."""
    siting: str
    """Where chroma samples lie by FFmpeg's names; nothing where it is not stated."""
    range: int
    """Of the stored codes; that of `colour` is what is worked in."""


class Source:
    """An opened video; use it in a `with` block.

    Raises: UnreadableError for what is no video that can be read; TooLargeError; MissingExtraError.
    """

    def __init__(self, path: Path, *, max_pixels: int = MAX_PIXELS) -> None:
        self._av = need("av", extra="video")
        self._silence()
        self.path = path
        self.notes: list[str] = []
        self.faults = 0
        self._limit = max_pixels
        self._last: int | None = None
        self.container = self._open()
        try:
            self.stream = self._find()
            refuse_without_base(path, self.container.format.name)
            self._frames = self._decode()
            self._first = next(self._frames, None)
            if self._first is None:
                raise UnreadableError(f"{path}: no frame of this video can be decoded")
            self.pixels = self._first.frame.format
            self.facts = self._facts(self._first.frame)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self.container.close()

    def shots(self) -> Iterator[Shot]:
        """Yield every frame in the order it is shown; only once."""
        if self._first is not None:
            first, self._first = self._first, None
            yield first
        yield from self._frames

    def narrow(self) -> None:
        """Work in limited range, which is all that some codecs hold."""
        facts = self.facts
        if facts.colour.range == FULL:
            self.notes.append("full range becomes limited, prores holds no other")
            self.facts = replace(facts, colour=replace(facts.colour, range=LIMITED))

    def opened_again(self) -> InputContainer:
        """Open the same file once more, with the same bounds."""
        options = {
            "format_whitelist": ",".join(sorted({*FORMATS.values(), "mp4", "webm"})),
            "protocol_whitelist": "file",
        }
        # The prefix keeps a name such as http:x or concat:x a name.
        return self._av.open(f"file:{self.path}", "r", options=options)

    def _silence(self) -> None:
        # FFmpeg's own lines would mix with ours; what matters arrives as errors.
        self._av.logging.set_level(None)

    def _open(self) -> InputContainer:
        try:
            return self.opened_again()
        except (self._av.error.FFmpegError, OSError, ValueError) as error:
            known = not isinstance(error, self._av.error.ArgumentError)
            why = _why(error) if known else "it is of no format that is opened"
            raise UnreadableError(f"{self.path}: no video that can be read: {why}") from error

    def _find(self) -> VideoStream:
        streams = [s for s in self.container.streams.video if not is_cover(s)]
        if not streams:
            raise UnreadableError(f"{self.path}: {self._what_else()}")
        stream = next((s for s in streams if int(s.disposition) & 1), streams[0])
        context: Any = stream.codec_context
        if context is None:
            raise UnreadableError(f"{self.path}: its video codec is not known")
        if len(streams) > 1:
            which = "the first" if stream is streams[0] else f"stream {stream.index}"
            self.notes.append(f"{len(streams)} video streams, {which} is enhanced")
        self._check_size(stream.codec_context.width, stream.codec_context.height)
        stream.thread_type = "AUTO"
        return stream

    def _what_else(self) -> str:
        """Tell what there is where there is no video."""
        found = self.container.streams
        if not found.audio:
            return "holds no video stream"
        return f"holds sound{' and a cover picture' if found.video else ''}, but no video"

    def _check_size(self, width: int, height: int) -> None:
        if width * height > self._limit:
            raise TooLargeError(
                f"{self.path}: {width} × {height} pixels are more than {self._limit}; "
                "--max-pixels raises the limit"
            )

    def _facts(self, frame: VideoFrame) -> Facts:
        stream, context = self.stream, self.stream.codec_context
        base = stream.time_base or Fraction(1, 90000)
        stated = _colour(frame, context)
        try:
            colour, told = stated.settled(frame.height)
        except UnreadableError as error:
            raise UnreadableError(f"{self.path}: {error}") from error
        if told:
            self.notes.append(told)
        aspect = stream.sample_aspect_ratio
        end = None
        if stream.duration:
            end = (stream.duration + (stream.start_time or 0)) * base
        elif self.container.duration and self.container.format.name not in CLOCKS:
            end = Fraction(self.container.duration + (self.container.start_time or 0), 1_000_000)
        if self.container.format.name == "avi":
            end = stated_end(self.path) or end
        self._note_light(frame)
        if states_transparency(stream) and not any(p.is_alpha for p in frame.format.components):
            self.notes.append("transparency left out")
        return Facts(
            format=self.container.format.name,
            width=frame.width,
            height=frame.height,
            time_base=base,
            rate=_rate(stream),
            codec=context.codec.canonical_name,
            colour=colour,
            aspect=Fraction(aspect) if aspect else None,
            turned=display_matrix(frame),
            frames=stream.frames,
            end=end,
            siting=siting(stream),
            range=colour.range,
        )

    def _note_light(self, frame: VideoFrame) -> None:
        told = ("MASTERING_DISPLAY_METADATA", "CONTENT_LIGHT_LEVEL", "DYNAMIC_HDR_PLUS")
        if any(beside(frame, each) is not None for each in told):
            self.notes.append("HDR10 metadata left out: the light it states has changed")
        if beside(frame, "DOVI_METADATA") is not None:
            self.notes.append("Dolby Vision's metadata left out: they speak of other pictures")

    def _decode(self) -> Iterator[Shot]:
        index = 0
        for packet in self._packets():
            for frame in self._frames_of(packet):
                self._check_size(frame.width, frame.height)
                yield self._shot(frame, index)
                index += 1

    def _packets(self) -> Iterator[Any]:
        """Yield the stream's packets and, at its end or where the file breaks off, an empty one."""
        packets = self.container.demux(self.stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except (self._av.error.FFmpegError, OSError) as error:
                self.notes.append(f"the file breaks off: {_why(error)}")
                yield self._av.Packet()
                return
            yield packet

    def _frames_of(self, packet: Any) -> list[VideoFrame]:
        flush = packet.size == 0
        try:
            return self.stream.decode(None if flush else packet)
        except (self._av.error.FFmpegError, OSError) as error:
            if isinstance(error, self._av.error.EOFError):
                return []
            self.faults += 1
            if self.faults > MOST_FAULTS:
                raise UnreadableError(
                    f"{self.path}: more than {MOST_FAULTS} packets cannot be decoded: {_why(error)}"
                ) from error
            return []

    def _shot(self, frame: VideoFrame, index: int) -> Shot:
        base = self.stream.time_base or Fraction(1, 90000)
        step = max(1, round(1 / (_rate(self.stream) * base)))
        time = frame.pts
        if time is None:
            time = 0 if self._last is None else self._last + step
        elif self._last is not None and not 0 < time - self._last < FARTHEST:
            time = self._last + (1 if time <= self._last else step)
            told = "time stamps that do not rise, or jump by hours, are mended"
            if told not in self.notes:
                self.notes.append(told)
        self._last = time
        duration = int(frame.duration or step)
        return Shot(frame, index, time, duration if 0 < duration < FARTHEST else step)


def _rate(stream: VideoStream) -> Fraction:
    """Return frames per second on average, within what is possible."""
    rate = Fraction(stream.average_rate or stream.guessed_rate or 25)
    return min(max(rate, Fraction(1, 100)), Fraction(1000))


def beside(frame: VideoFrame, name: str) -> bytes | None:
    """Return side data of a frame by FFmpeg's name of them."""
    from av.sidedata.sidedata import Type

    found: Any = frame.side_data
    data = found.get(Type[name])
    return None if data is None else bytes(data)


def display_matrix(frame: VideoFrame) -> tuple[int, ...] | None:
    """Return the display matrix: rotation and mirroring both."""
    data = beside(frame, "DISPLAYMATRIX")
    if data is None or len(data) != 36:
        return None
    matrix = struct.unpack("=9i", data)
    unchanged = (65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30)
    return None if matrix == unchanged else matrix


def _colour(frame: VideoFrame, context: Any) -> Colour:
    if frame.format.is_rgb and int(frame.colorspace) == 0:
        # Worked on as YCbCr, which an encoder of ours writes; tags of light stay.
        primaries, transfer = int(frame.color_primaries), int(frame.color_trc)
        return Colour(LIMITED, BT709, primaries, transfer)
    full = frame.format.name.startswith("yuvj") or int(frame.color_range) == 2
    return Colour(
        range=2 if full else 1,
        matrix=int(frame.colorspace),
        primaries=int(frame.color_primaries),
        transfer=int(frame.color_trc),
    )


def _why(error: BaseException) -> str:
    text = getattr(error, "strerror", None) or str(error)
    return str(text).strip().rstrip(".").lower() or type(error).__name__
