"""Raw frames through standard input and output, for whoever decodes and encodes with FFmpeg.

    ffmpeg -i dark.mkv -f yuv4mpegpipe - | relume enhance - --pipe y4m | ffmpeg -i - bright.mkv

| pipe              | a frame is                                                             |
|-------------------|------------------------------------------------------------------------|
| y4m               | YUV4MPEG2 (mjpegtools, yuv4mpeg(5)): a header line, then planes        |
| rgb24:WxH@RATE    | W · H · 3 bytes, sRGB, nothing else                                    |

What is read says how it is written: the header is passed on as it came.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, BinaryIO, Protocol

import numpy as np

from relume import render
from relume.arrays import Rgb
from relume.errors import ContractError, TooLargeError, UnreadableError
from relume.looks.look import Look
from relume.video.behind import made_ahead
from relume.video.colour import BT601, BT709, FULL, HD_LINES, LIMITED, Colour
from relume.video.frames import Still
from relume.video.layout import LAYOUTS, Layout, Planes
from relume.video.looks import Looker
from relume.video.options import Options
from relume.video.paint import Painter
from relume.video.small import SIDE, seen
from relume.video.stream import Watcher

_LONGEST_LINE = 1024
"""Bytes of a header; those in use have under a hundred."""
_NAMES = {
    **dict.fromkeys(("420", "420jpeg", "420mpeg2", "420paldv"), "yuv420p"),
    **{name: f"yuv{name}p" for name in ("422", "444")},
    **{
        f"{shape}p{depth}": f"yuv{shape}p{depth}le"
        for shape in ("420", "422", "444")
        for depth in (10, 12)
    },
    "mono": "gray",
    "mono10": "gray10le",
    "mono12": "gray12le",
}
"""Word after C in a header → layout."""


class Pipe(Protocol):
    """How frames stand in a stream."""

    rate: Fraction

    def frames(self) -> Iterator[Planes]:
        """Yield frames until the stream ends. Raises: UnreadableError where it breaks off."""
        ...

    def small(self, planes: Planes) -> Rgb: ...

    def painter(self, looker: Looker, options: Options) -> Callable[[Look, Planes], Planes]: ...

    def write(self, planes: Planes) -> None: ...


def opened(text: str, source: BinaryIO, target: BinaryIO, options: Options) -> Pipe:
    """Understand a pipe's name and read its header, if it has one.

    Raises: ContractError; UnreadableError; TooLargeError.
    """
    if text == "y4m":
        return _Y4m(source, target, options.max_pixels)
    found = re.fullmatch(r"rgb24:(\d{1,6})x(\d{1,6})@(\d{1,6})(?:/(\d{1,6}))?", text)
    if found is None:
        raise ContractError(f"--pipe {text}: write y4m, or rgb24:WIDTHxHEIGHT@RATE")
    width, height, over, under = (int(part or 1) for part in found.groups())
    if 0 in (width, height, over, under):
        raise ContractError(f"--pipe {text}: sizes and rate are at least 1")
    return _Rgb24(source, target, width, height, Fraction(over, under), options.max_pixels)


def run(
    pipe: Pipe, looker: Looker, options: Options, *, tell: Callable[[str], None] | None = None
) -> int:
    """Enhance every frame of a pipe and return how many there were.

    Where the stream breaks off, the whole frames before are written and `tell` is told.

    Raises: UnreadableError where there is no whole frame, or nobody to tell.
    """
    paint = pipe.painter(looker, options)
    watcher = Watcher(looker, pipe.small, rate=float(pipe.rate), calm=options.calm)
    count = 0
    broken: list[UnreadableError] = []

    def stills() -> Iterator[Still]:
        try:
            for index, planes in enumerate(pipe.frames()):
                yield Still(planes, index, index, 1, float(index / pipe.rate), None)
        except UnreadableError as error:
            broken.append(error)

    with closing(made_ahead(stills(), most=4)) as ahead:
        for one in watcher.watch(ahead):
            pipe.write(paint(one.look, one.still.planes))
            count += 1
    if broken and (tell is None or not count):
        raise broken[0]
    for error in broken:
        if tell is not None:
            tell(f"{error}; {count} whole frames before are enhanced")
    return count


def _read(source: BinaryIO, size: int, index: int) -> bytearray | None:
    """Read a frame, or None at the end."""
    data = bytearray(size)
    view, have = memoryview(data), 0
    while have < size:
        got = source.readinto(view[have:])  # type: ignore[attr-defined]
        if not got:
            break
        have += got
    if have == 0:
        return None
    if have < size:
        raise UnreadableError(f"standard input ends within frame {index}")
    return data


def _check(width: int, height: int, most: int) -> None:
    if width * height > most:
        raise TooLargeError(
            f"standard input: {width} × {height} pixels are more than {most}; "
            "--max-pixels raises the limit"
        )


@dataclass
class _Rgb24:
    source: BinaryIO
    target: BinaryIO
    width: int
    height: int
    rate: Fraction
    most: int

    def __post_init__(self) -> None:
        _check(self.width, self.height, self.most)

    def frames(self) -> Iterator[Planes]:
        index = 0
        while (data := _read(self.source, self.width * self.height * 3, index)) is not None:
            yield (np.frombuffer(data, np.uint8).reshape(self.height, self.width, 3),)
            index += 1

    def small(self, planes: Planes) -> Rgb:
        scale = min(1.0, SIDE / max(self.width, self.height))
        size = max(1, round(self.height * scale)), max(1, round(self.width * scale))
        return render.reduce(planes[0], height=size[0], width=size[1])

    def painter(self, looker: Looker, options: Options) -> Callable[[Look, Planes], Planes]:
        def paint(look: Look, planes: Planes) -> Planes:
            how = looker.restore if looker.restores(look) else looker.paint
            return (how(look, planes[0]),)

        return paint

    def write(self, planes: Planes) -> None:
        self.target.write(np.ascontiguousarray(planes[0]).data)


class _Y4m:
    def __init__(self, source: BinaryIO, target: BinaryIO, most: int) -> None:
        self._source, self._target = source, target
        line = source.readline(_LONGEST_LINE)
        if not line.startswith(b"YUV4MPEG2 ") or not line.endswith(b"\n"):
            raise UnreadableError(f"standard input is no y4m; it begins with {line[:12]!r}")
        self._header = line
        words = line[:-1].decode("ascii", "replace").split(" ")[1:]
        facts = {word[0]: word[1:] for word in words if word and word[0] != "X"}
        more = dict(word[1:].split("=", 1) for word in words if word[:1] == "X" and "=" in word)
        shape = facts.get("C", "420")
        if shape not in _NAMES:
            raise UnreadableError(
                f"standard input: y4m with C{shape[:20]} is not read; let ffmpeg write it with "
                "-pix_fmt yuv420p (or 422, 444, gray; 8, 10, 12 bits)"
            )
        try:
            self._width, self._height = int(facts["W"]), int(facts["H"])
            over, under = facts.get("F", "25:1").split(":")
            self.rate = Fraction(int(over), int(under))
            self._layout: Layout = LAYOUTS[_NAMES[shape]]
        except (KeyError, ValueError, ZeroDivisionError) as error:
            raise UnreadableError(
                f"standard input: this y4m header is not understood: {line[:80]!r}"
            ) from error
        if min(self._width, self._height) < 1 or not 0 < self.rate <= 1000:
            raise UnreadableError(f"standard input: no size or rate in {line[:80]!r}")
        if facts.get("I", "p") not in ("p", "?"):
            raise UnreadableError("standard input is interlaced; let ffmpeg deinterlace it")
        _check(self._width, self._height, most)
        self._sizes = self._layout.sizes(self._height, self._width)
        full = more.get("COLORRANGE", "LIMITED") == "FULL"
        # The format states no matrix: players take it by the number of lines.
        matrix = BT709 if self._height >= HD_LINES else BT601
        self._colour = Colour(FULL if full else LIMITED, matrix)
        self._begun = False

    def frames(self) -> Iterator[Planes]:
        item, index = self._layout.dtype.itemsize, 0
        size = sum(tall * wide for tall, wide in self._sizes) * item
        while line := self._source.readline(_LONGEST_LINE):
            if not line.startswith(b"FRAME"):
                raise UnreadableError(f"standard input: no frame where frame {index} should be")
            data = _read(self._source, size, index)
            if data is None:
                raise UnreadableError(f"standard input ends within frame {index}")
            yield self._planes(data)
            index += 1

    def _planes(self, data: bytearray) -> Planes:
        planes: list[Any] = []
        samples, at = np.frombuffer(data, self._layout.dtype), 0
        for tall, wide in self._sizes:
            planes.append(samples[at : at + tall * wide].reshape(tall, wide))
            at += tall * wide
        return tuple(planes)

    def small(self, planes: Planes) -> Rgb:
        return seen(planes, self._layout, self._colour)

    def painter(self, looker: Looker, options: Options) -> Callable[[Look, Planes], Planes]:
        return Painter(looker, self._layout, self._colour, threads=options.threads).paint

    def write(self, planes: Planes) -> None:
        if not self._begun:
            self._target.write(self._header)
            self._begun = True
        self._target.write(b"FRAME\n")
        for plane in planes:
            self._target.write(np.ascontiguousarray(plane).data)
