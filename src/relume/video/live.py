"""What a camera or an address sends, recorded as it comes, so that it can be enhanced like a file.

Packets are copied, sound too; nothing is decoded here. Only what is named is opened, and only if it
is one of these:

| source                          | read by                                                 |
|---------------------------------|---------------------------------------------------------|
| rtsp://, rtsps://               | RTSP over TCP                                           |
| http://, https://               | a stream of one of the formats of files; no playlists   |
| /dev/video0 and its like        | Video4Linux                                             |

Opening and every read may take PATIENCE seconds, and the whole no longer than was asked for and
twice that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from time import monotonic
from typing import Any

from relume.errors import ContractError, UnreadableError, UnwritableError
from relume.extras import need
from relume.runs.addresses import shown
from relume.video.source import FORMATS
from relume.words import counted

PATIENCE = 10.0
"""Seconds without a packet after which a source is given up."""
LONGEST = 24 * 3600.0
_FORMATS = ",".join(sorted({*FORMATS.values(), "mp4", "webm", "mpjpeg", "rtsp", "rtp", "sdp"}))
_KINDS: tuple[tuple[str, dict[str, str], str | None], ...] = (
    (
        r"rtsps?://\S+",
        {"rtsp_transport": "tcp", "protocol_whitelist": "rtsp,rtsps,rtp,tcp,tls,udp"},
        None,
    ),
    (r"https?://\S+", {"protocol_whitelist": "http,https,httpproxy,tcp,tls"}, None),
    (r"/dev/video\d+", {"protocol_whitelist": "file"}, "v4l2"),
)


@dataclass(frozen=True)
class Recording:
    """What was recorded."""

    seconds: float
    notes: tuple[str, ...]


def record(
    address: str,
    target: Path,
    *,
    seconds: float,
    patience: float = PATIENCE,
    approve: Callable[[str], object] = str,
) -> Recording:
    """Write at most so many seconds of a camera or an address to a Matroska file.

    `approve` is told the codec before anything is recorded, and may raise.

    Raises: ContractError for an address of no such kind; UnreadableError for one that does not
    answer, or sends no video; UnwritableError; what `approve` raises.
    """
    if not 0 < seconds <= LONGEST:
        raise ContractError(f"--live {seconds:g}: expected seconds, at most {LONGEST:g}")
    av = need("av", extra="video")
    av.logging.set_level(None)
    options, format = _kind(address)
    begun = monotonic()
    try:
        container = av.open(
            address, "r", format=format, options=options, timeout=(patience, patience)
        )
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise UnreadableError(f"{shown(address)}: {_why(error, begun, patience)}") from error
    with closing(container):
        if not container.streams.video:
            raise UnreadableError(f"{shown(address)}: sends no video")
        context: Any = container.streams.video[0].codec_context
        approve(context.codec.canonical_name if context is not None else "")
        try:
            with av.open(str(target), "w", format="matroska") as out:
                return _Copy(container, out, address, seconds, patience)()
        except (av.error.FFmpegError, OSError) as error:
            if isinstance(error, UnreadableError):
                raise
            why = (getattr(error, "strerror", None) or str(error)).lower()
            raise UnwritableError(f"cannot write {target}: {why}") from error


def _kind(address: str) -> tuple[dict[str, str], str | None]:
    """Return FFmpeg's options and format for an address."""
    for pattern, options, format in _KINDS:
        if re.fullmatch(pattern, address):
            return {**options, **({} if format else {"format_whitelist": _FORMATS})}, format
    raise ContractError(
        f"--live {shown(address)}: expected rtsp://…, http://… or a camera such as /dev/video0"
    )


class _Copy:
    """Packets of the first video and the first sound, from one origin on."""

    def __init__(
        self, container: Any, out: Any, address: str, seconds: float, patience: float
    ) -> None:
        self._container, self._out = container, out
        self._address, self._seconds, self._patience = address, seconds, patience
        self._video = container.streams.video[0]
        streams = [self._video, *container.streams.audio[:1]]
        self._taken = {each.index: out.add_stream_from_template(each) for each in streams}
        self._streams = streams
        self._notes: list[str] = []

    def __call__(self) -> Recording:
        origin: Fraction | None = None
        length, lost = 0.0, 0
        last: dict[int, int] = {}
        for packet in self._packets():
            time = packet.dts if packet.dts is not None else packet.pts
            index = packet.stream.index
            if packet.size == 0 or time is None:
                continue
            seconds = time * packet.time_base
            if origin is None:
                if index != self._video.index or not packet.is_keyframe:
                    continue  # what comes before the first whole picture cannot be decoded
                origin = seconds
            if float(seconds - origin) >= self._seconds:
                break
            shift = round(origin / packet.time_base)
            if time - shift < 0 or time <= last.get(index, time - 1):
                lost += 1
                continue
            last[index] = time
            if index == self._video.index:
                length = float(seconds - origin)
            packet.pts = None if packet.pts is None else packet.pts - shift
            packet.dts = None if packet.dts is None else packet.dts - shift
            packet.stream = self._taken[index]
            self._out.mux(packet)
        if origin is None:
            raise UnreadableError(f"{shown(self._address)}: sent no picture that can be decoded")
        if lost:
            self._notes.append(f"{counted(lost, 'packet')} left out, time stamps do not rise")
        return Recording(length, tuple(self._notes))

    def _packets(self) -> Iterator[Any]:
        av = need("av", extra="video")
        ends = monotonic() + 2 * self._seconds + self._patience
        packets = self._container.demux(self._streams)
        while monotonic() < ends:
            begun = monotonic()
            try:
                packet = next(packets)
            except StopIteration:
                self._notes.append("the source ended before the time was up")
                return
            except (av.error.FFmpegError, OSError) as error:
                self._notes.append(f"the source broke off: {_why(error, begun, self._patience)}")
                return
            yield packet
        self._notes.append("the source is too slow for the time that was asked for")


def _why(error: BaseException, begun: float, patience: float) -> str:
    # What a time-out is called differs from protocol to protocol.
    if type(error).__name__ == "ExitError" or monotonic() - begun >= 0.9 * patience:
        return f"nothing came for {patience:g} s"
    text = getattr(error, "strerror", None) or str(error)
    return str(text).strip().rstrip(".").lower() or type(error).__name__
