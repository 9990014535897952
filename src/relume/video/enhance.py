"""One video, from dark to bright: what happens between its path and that of its result."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

from relume import __version__
from relume.arrays import Rgb
from relume.errors import ContractError, RelumeError, UnwritableError
from relume.io.atomic import replacing
from relume.render import backend
from relume.render.bands import thread_count
from relume.render.restoration import instructions
from relume.video import siting
from relume.video.behind import made_ahead
from relume.video.choice import Chosen, darkest
from relume.video.codecs import Encoding, chosen, cpu_class, encoding
from relume.video.compiled import plane_code
from relume.video.frames import Frames, Still
from relume.video.join import join
from relume.video.layout import Layout, Planes, nearest
from relume.video.looks import Looker
from relume.video.options import Options
from relume.video.paint import Painter
from relume.video.part import Part
from relume.video.pieces import FRAMES, Picture, Piece, PieceWriter, Workshop
from relume.video.recursive import Recursive
from relume.video.small import seen
from relume.video.source import Source
from relume.video.stream import Seen, Watcher

FORMAT = 3
"""Of the manifest and of what decides a piece's bytes; another number begins anew."""
BUFFERED = 2
"""Frames between two threads."""


@dataclass(frozen=True)
class Finished:
    """What became of a video."""

    frames: int
    width: int
    height: int
    notes: tuple[str, ...]


Progress = Callable[[int, int], None]
"""Told after each frame: how many are done, and how many there are, or 0."""


class Stopped(Exception):  # noqa: N818 (not an error)
    """The run was called off; what was finished stays for the next one."""


@dataclass
class VideoRun:
    """Enhances one video; running again continues where an earlier run ended."""

    path: Path
    output: Path
    choose: Callable[[Source], Chosen]
    options: Options = field(default_factory=Options)
    progress: Progress | None = None
    is_called_off: Callable[[], bool] = bool
    """Asked at every frame."""

    def __call__(self) -> Finished:
        """Write the result.

        Raises: RelumeError of any kind; Stopped, after a playable part was left beside the output.
        """
        suffix = self.output.suffix.lower()
        with Source(self.path, max_pixels=self.options.max_pixels) as source:
            facts = source.facts
            codec, crf, preset = chosen(
                self.options.codec,
                source=facts.codec,
                suffix=suffix,
                crf=self.options.crf,
                preset=self.options.preset,
            )
            layout, told = nearest(source.pixels)
            source.notes.extend(filter(None, [told, codec.loses(layout)]))
            how = encoding(
                codec,
                layout,
                crf=crf,
                preset=preset,
                threads=min(thread_count(self.options.threads), 16),
                reorders=has_even_times(source),
                pixels=facts.width * facts.height,
            )
            layout = how.layout
            placed = (codec.name, suffix, layout, facts.siting)
            how = replace(how, options={**how.options, **siting.options(*placed)})
            source.notes.extend(filter(None, [siting.lost(*placed)]))
            who = self.choose(source)
            part = self._part(source)
            if self._stays(who):
                with self.path.open("rb") as before, replacing(self.output) as after:
                    shutil.copyfileobj(before, after)
                return Finished(facts.frames, facts.width, facts.height, ())
            if codec.name == "prores":
                source.narrow()
            shop = Workshop(self.output, self._settings(who, how, part))
            with shop.opened() as pieces:
                self._make(pieces, source, who, how, shop, part)
                if not pieces:
                    raise ContractError(f"{self.path}: no frame lies between --from and --to")
                if part.end is None:
                    source.notes.extend(_missing(source, pieces))
                notes = self._written(self.output, pieces, source, shop, part)
                frames = sum(len(piece.times) for piece in pieces)
                shop.take_back(self._part_left)
                shop.remove()
            return Finished(frames, facts.width, facts.height, (*source.notes, *notes))

    def _stays(self, who: Chosen) -> bool:
        """Tell whether the result is the file as it is: nothing is asked but what is there."""
        same = self.path.suffix.lower() == self.output.suffix.lower()
        asked = self.options
        asks = (asked.codec, asked.crf, asked.preset, asked.start, asked.end, asked.preview)
        asks = (*asks, asked.strip_metadata)
        return who.method.card.name == "identity" and same and not any(asks)

    def _make(
        self,
        pieces: list[Piece],
        source: Source,
        who: Chosen,
        how: Encoding,
        shop: Workshop,
        part: Part,
    ) -> None:
        """Encode what is missing of the pieces."""
        from av.error import FFmpegError

        facts = source.facts
        layout = how.layout
        width = part.width(facts.width)
        picture = Picture(width, facts.height, facts.rate, facts.colour, facts.aspect)
        suffix = {"mp4": ".mp4", "mov": ".mov", "matroska": ".mkv"}[how.codec.pieces]
        done = len(pieces) * FRAMES
        writer: PieceWriter | None = None
        total = part.count(facts.frames, facts.rate)
        try:
            with closing(self._painted(source, who, layout, part, first=done)) as painted:
                for still, planes in painted:
                    if self.is_called_off():
                        raise Stopped
                    if planes is None:
                        continue
                    if writer is None:
                        writer = PieceWriter(shop.path(len(pieces), suffix), how, picture)
                    writer.put(planes, still.time, still.duration)
                    if self.progress is not None:
                        self.progress(still.index + 1, total)
                    if len(writer) == FRAMES:
                        writer = _kept(writer, pieces, shop)
            if writer is not None:
                writer = _kept(writer, pieces, shop)
        except Stopped:
            if writer is not None:
                last, writer = writer.close(), None
                self._leave_part([*pieces, last], source, shop, part)
                last.path.unlink()
            elif pieces:
                self._leave_part(pieces, source, shop, part)
            raise
        except RelumeError:
            raise
        except (OSError, FFmpegError) as error:
            why = (getattr(error, "strerror", None) or str(error)).lower()
            kept = f"; run again to go on after {len(pieces) * FRAMES} frames" if pieces else ""
            raise UnwritableError(f"cannot write {self.output}: {why}{kept}") from error
        finally:
            if writer is not None:
                writer.abandon()

    def _painted(
        self, source: Source, who: Chosen, layout: Layout, part: Part, *, first: int
    ) -> Generator[tuple[Still, Planes | None]]:
        """Yield every frame, painted from `first` on: those before are done already."""
        looker = Looker(who.method, who.knobs, who.strength)
        colour, rate = source.facts.colour, float(source.facts.rate)
        painter = Painter(looker, layout, colour, threads=self.options.threads)
        quiet = Recursive(layout.depth)

        def small(planes: Planes) -> Rgb:
            return seen(planes, layout, colour)

        watcher = Watcher(looker, small, rate=rate, calm=self.options.calm)

        frames = Frames(
            source,
            layout,
            deinterlace=self.options.deinterlace,
            start=part.start,
            end=part.end,
        )

        def watched() -> Generator[Seen]:
            with closing(made_ahead(iter(frames), most=BUFFERED)) as stills:
                yield from watcher.watch(stills)

        def left_alone() -> Iterator[tuple[Still, Planes | None]]:
            for still in frames:
                shown = part.shown(still.planes, still.planes, layout)
                yield still, shown if still.index >= first else None

        def painted() -> Iterator[tuple[Still, Planes | None]]:
            with closing(watched()) as seen:
                for one in seen:
                    planes = one.still.planes
                    if one.begins_scene:
                        quiet.begin_scene()
                    if looker.calms_noise(one.look):
                        planes = quiet(planes)
                    if one.still.index < first:
                        yield one.still, None
                        continue
                    new = painter.paint(one.look, planes)
                    yield one.still, part.shown(one.still.planes, new, layout)

        source_of = left_alone() if looker.leaves_alone else painted()
        with closing(made_ahead(source_of, most=BUFFERED)) as results:
            yield from results

    def _part(self, source: Source) -> Part:
        """Return what of the video is wanted."""
        asked = self.options
        if asked.preview is None:
            return Part(asked.start, asked.end)
        middle = darkest(source) if asked.start is None else asked.start
        return Part(middle, middle + asked.preview, is_preview=True)

    def _leave_part(self, pieces: list[Piece], source: Source, shop: Workshop, part: Part) -> None:
        self._written(self._part_left, pieces, source, shop, part)
        shop.leave(self._part_left)

    @property
    def _part_left(self) -> Path:
        """Where a run that is called off leaves what is done."""
        return self.output.with_name(f"{self.output.stem}.part{self.output.suffix.lower()}")

    def _written(
        self, target: Path, pieces: list[Piece], source: Source, shop: Workshop, part: Part
    ) -> tuple[str, ...]:
        # Among the pieces: what a run that is killed meanwhile leaves is taken away with them.
        temporary = shop.folder / "joined.part"
        try:
            suffix = target.suffix.lower()
            notes = join(
                pieces,
                source,
                temporary,
                suffix=suffix,
                is_cut=part.is_cut,
                is_stripped=self.options.strip_metadata,
            )
            temporary.replace(target)
        except OSError as error:
            why = str(error) if isinstance(error, UnwritableError) else error.strerror or str(error)
            raise UnwritableError(f"cannot write {target}: {why.lower()}") from error
        finally:
            temporary.unlink(missing_ok=True)
        return notes

    def _settings(self, who: Chosen, how: Encoding, part: Part) -> dict[str, Any]:
        import av

        stat = self.path.stat()
        card = who.method.card
        return {
            "format": FORMAT,
            "relume": __version__,
            "av": av.__version__,
            "libraries": {name: list(version) for name, version in av.library_versions.items()},
            "processor": cpu_class(),
            "painted by": [backend(), plane_code() is not None, instructions()],
            "source": [self.path.name, stat.st_size, stat.st_mtime_ns],
            "method": [card.name, [weights.sha256 for weights in card.weights]],
            "knobs": dict(who.knobs),
            "strength": who.strength,
            "calm": self.options.calm,
            "deinterlace": self.options.deinterlace,
            "frames": FRAMES,
            "part": [part.start, part.end, part.is_preview],
            "codec": [how.codec.encoder, how.layout.name, dict(how.options), how.threads],
        }


def has_even_times(source: Source) -> bool:
    """Tell whether frames follow each other evenly, by the container's index."""
    entries = [entry.timestamp for entry in source.stream.index_entries]
    if len(entries) < 3:
        return True
    steps = [after - before for before, after in pairwise(entries)]
    return max(steps) - min(steps) <= 2


def _kept(writer: PieceWriter, pieces: list[Piece], shop: Workshop) -> None:
    piece = writer.close()
    shop.record(piece)
    pieces.append(piece)


def _missing(source: Source, pieces: list[Piece]) -> list[str]:
    """Say what of a broken source is not there."""
    notes: list[str] = []
    if source.faults:
        notes.append(f"{source.faults} damaged packets left out")
    facts = source.facts
    if facts.end is not None and pieces:
        last = pieces[-1]
        end = (last.times[-1] + last.durations[-1]) * facts.time_base
        lost = facts.end - end
        if lost > max(Fraction(1, 4), 2 / facts.rate):
            notes.append(f"the last {float(lost):.2f} of {float(facts.end):.2f} s are missing")
    return notes
