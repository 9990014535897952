"""Videos with more than a picture in them, for tests, and the run that lifts them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import clips

from relume.runtime.method import load
from relume.video.choice import Chosen
from relume.video.enhance import Finished, Options, VideoRun

GAMMA = load("gamma")
FAST = Options(preset="ultrafast", codec="h264", threads=1)
MILLI = Fraction(1, 1000)


def lift(source: Path, target: Path, options: Options = FAST) -> Finished:
    return VideoRun(source, target, lambda _: Chosen(GAMMA, {}, 1.0), options)()


def data_stream(out: Any, name: str) -> list[Any]:
    """Add a stream of data and return its packets."""
    stream = out.add_data_stream(name)
    stream.time_base = MILLI
    packets: list[Any] = []
    for time in (0, 100):
        packet: Any = av.Packet(b"seen and heard")
        packet.pts = packet.dts = time
        packet.duration, packet.time_base, packet.stream = 100, MILLI, stream
        packets.append(packet)
    return packets


def nothing(_: Any, __: Any) -> None:
    """Add nothing."""


def with_more(
    path: Path,
    add: Callable[[Any, Any], list[Any] | None],
    *,
    times: Sequence[int] = range(4),
    metadata: dict[str, str] | None = None,
) -> Path:
    """Write a video and, before its first packet, whatever `add` adds to the container."""
    base = clips.write(path.with_name(f"base-{path.stem}.mp4"), times=times)
    with av.open(str(base)) as plain, av.open(str(path), "w") as out:
        out.metadata.update(metadata or {})
        source = plain.streams.video[0]
        stream = out.add_stream_from_template(source, opaque=True)
        more = add(out, stream) or []
        for packet in plain.demux(source):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
                out.mux(more)
                more = []
    base.unlink()
    return path
