"""Encoded pieces of a result and the manifest that lets a later run go on where one was stopped.

Each piece is an ordinary file that a fresh encoder wrote: it begins with a key frame and needs no
other piece. Inside, frames are numbered and not timed; their times stand in the record beside it
and come back when the pieces are joined. A piece counts once its record is there, and a record is
written last, so that a run killed at any moment leaves whole pieces only.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from relume.errors import ContractError, RelumeError, UnwritableError
from relume.extras import need
from relume.video.codecs import Encoding
from relume.video.colour import Colour
from relume.video.layout import Planes, views

FRAMES = 240
"""Frames of a piece: ten seconds, about what an encoder puts between key frames itself."""
MANIFEST = "manifest.json"
LEFT = "left.json"
"""Which file a stopped run left for its user."""
REORDERED = 2
"""Frames that x265 decodes a frame ahead at most, at every preset."""
_TRIES = 20
"""Times that a folder is made which others take away at that moment."""


@dataclass(frozen=True)
class Piece:
    """A finished piece and the times of its frames, in units of the source's time base."""

    path: Path
    times: tuple[int, ...]
    durations: tuple[int, ...]


@dataclass(frozen=True)
class Picture:
    """What every frame of a result has in common."""

    width: int
    height: int
    rate: Fraction
    colour: Colour
    aspect: Fraction | None


class Workshop:
    """The folder of a result's pieces, beside the result; one run at a time works in it."""

    def __init__(self, output: Path, settings: Mapping[str, Any]) -> None:
        name = hashlib.sha256(output.name.encode()).hexdigest()[:12]
        self.folder = output.parent / f".relume-{name}.pieces"
        self._output = output
        self._settings = json.loads(json.dumps(settings))
        self._lock: Any = None
        self._is_there = True

    @contextmanager
    def opened(self) -> Generator[list[Piece]]:
        """Hold the folder and yield the pieces that an earlier run with equal settings finished.

        Raises: UnwritableError; ContractError where another run is at work on the same result.
        """
        try:
            self._lock = _locked(self.folder, self._output)
            try:
                yield self._finished()
            finally:
                kept = (self.folder / LEFT).exists() or any(self.folder.glob("0*.json"))
                if self._is_there and not kept:
                    self.remove()  # nothing that a later run could go on from
                self._lock.close()
        except OSError as error:
            if isinstance(error, RelumeError):
                raise
            why = (error.strerror or str(error)).lower()
            raise UnwritableError(f"cannot write {self._output}: {why}") from error

    def path(self, number: int, suffix: str) -> Path:
        """Return where a piece lies."""
        return self.folder / f"{number:06d}{suffix}"

    def record(self, piece: Piece) -> None:
        """Let a piece count from now on."""
        facts = {
            "file": piece.path.name,
            "bytes": piece.path.stat().st_size,
            "times": piece.times,
            "durations": piece.durations,
        }
        _write(piece.path.with_suffix(".json"), facts)

    def leave(self, path: Path) -> None:
        """Remember what is left of a run that was stopped."""
        _write(self.folder / LEFT, _stamp(path))

    def take_back(self, path: Path) -> None:
        """Remove what a stopped run left, unless it is another file by now."""
        with suppress(OSError, ValueError):
            if json.loads((self.folder / LEFT).read_text("utf-8")) == _stamp(path):
                path.unlink()

    def remove(self) -> None:
        """Take the folder away, while it is held: the result is there."""
        self._is_there = False  # whatever is there from now on is another run's
        if not _has_locks():
            self._lock.close()  # an open file cannot be removed there
        shutil.rmtree(self.folder, ignore_errors=True)

    def _finished(self) -> list[Piece]:
        manifest = self.folder / MANIFEST
        try:
            same = json.loads(manifest.read_text("utf-8")) == self._settings
        except (OSError, ValueError):
            same = False
        if not same:
            for path in self.folder.iterdir():
                if path.name not in ("lock", LEFT):
                    path.unlink()
            _write(manifest, self._settings)
            return []
        pieces: list[Piece] = []
        while (piece := self._read(len(pieces))) is not None:
            pieces.append(piece)
        return pieces

    def _read(self, number: int) -> Piece | None:
        try:
            facts = json.loads((self.folder / f"{number:06d}.json").read_text("utf-8"))
            path = self.folder / str(facts["file"])
            whole = path.parent == self.folder and path.stat().st_size == facts["bytes"]
            times, durations = tuple(map(int, facts["times"])), tuple(map(int, facts["durations"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        full = len(times) == len(durations) == FRAMES
        return Piece(path, times, durations) if whole and full else None


class PieceWriter:
    """Encodes the frames of one piece; `close` gives it its name."""

    def __init__(self, path: Path, encoding: Encoding, picture: Picture) -> None:
        self._av = need("av", extra="video")
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self._encoding, self._picture = encoding, picture
        self._container = self._av.open(str(self._part), "w", format=encoding.codec.pieces)
        self._times: list[int] = []
        self._durations: list[int] = []
        self._muxed = 0
        try:
            self._stream = self._add_stream()
        except BaseException:
            self.abandon()
            raise

    def __len__(self) -> int:
        return len(self._times)

    def put(self, planes: Planes, time: int, duration: int) -> None:
        """Encode a frame."""
        picture, colour = self._picture, self._picture.colour
        layout = self._encoding.layout
        frame = self._av.VideoFrame(picture.width, picture.height, layout.name)
        for target, source in zip(
            views(frame.planes, layout, picture.height, picture.width), planes, strict=True
        ):
            target[...] = source
        frame.pts = len(self._times)
        frame.time_base = 1 / picture.rate
        # Tags of the codec alone do not reach every encoder: each frame says what it is.
        frame.color_range = colour.range
        frame.colorspace = colour.matrix
        frame.color_primaries = colour.primaries
        frame.color_trc = colour.transfer
        self._mux(self._stream.encode(frame))
        self._times.append(time)
        self._durations.append(duration)

    def close(self) -> Piece:
        """Finish the piece and give it its name."""
        self._mux(self._stream.encode(None))
        self._container.close()
        self._part.replace(self._path)
        return Piece(self._path, tuple(self._times), tuple(self._durations))

    def _mux(self, packets: Sequence[Any]) -> None:
        for packet in packets:
            if self._encoding.codec.name == "hevc":
                # x265 gives what lay in memory for the time of decoding where there are one or two
                # frames. It counts in no joined file, but no container takes it.
                packet.dts = self._muxed - REORDERED
            self._muxed += 1
            self._container.mux(packet)

    def abandon(self) -> None:
        """Leave nothing of the piece."""
        # It may have failed already, which is being told.
        with suppress(self._av.error.FFmpegError, OSError, ValueError):
            self._container.close()
        self._part.unlink(missing_ok=True)

    def _add_stream(self) -> Any:
        picture, colour, encoding = self._picture, self._picture.colour, self._encoding
        if encoding.codec.name == "av1":
            # SVT-AV1 prints warnings of its own unless told: errors alone.
            os.environ.setdefault("SVT_LOG", "1")
        stream = self._container.add_stream(
            encoding.codec.encoder, rate=picture.rate, options=dict(encoding.options)
        )
        context = stream.codec_context
        context.width, context.height = picture.width, picture.height
        context.pix_fmt = encoding.layout.name
        context.time_base = 1 / picture.rate
        if picture.aspect is not None:
            stream.sample_aspect_ratio = picture.aspect
        context.color_range = colour.range
        context.colorspace = colour.matrix
        context.color_primaries = colour.primaries
        context.color_trc = colour.transfer
        context.thread_count = encoding.threads
        # By frames, packets do not depend on how many threads there are; by slices, pictures do.
        context.thread_type = "SLICE" if encoding.codec.name == "ffv1" else "FRAME"
        if encoding.codec.name == "hevc":
            context.codec_tag = "hvc1"
        return stream


def all_times(pieces: Sequence[Piece]) -> list[int]:
    """Return the times of all frames."""
    return [time for piece in pieces for time in piece.times]


def _has_locks() -> bool:
    return find_spec("fcntl") is not None


def _locked(folder: Path, output: Path) -> Any:
    """Hold a folder, which is made; another run may take it away meanwhile, with its lock.

    Raises: OSError; ContractError where another run holds it.
    """
    for _ in range(_TRIES):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            file = (folder / "lock").open("a")
        except FileNotFoundError:
            continue
        if not _has_locks():
            return file
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat((folder / "lock").stat(), os.fstat(file.fileno())):
                return file
        except BlockingIOError:
            file.close()
            break
        except FileNotFoundError:
            pass
        except OSError:  # there are no locks on this file system
            return file
        file.close()
    raise ContractError(f"another run is at work on {output}; wait for it or end it")


def _stamp(path: Path) -> dict[str, Any]:
    stat = path.stat()
    return {"name": path.name, "bytes": stat.st_size, "modified": stat.st_mtime_ns}


def _write(path: Path, facts: Mapping[str, Any]) -> None:
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8") as file:
        json.dump(facts, file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
