"""Options for video, and work that tells videos from pictures."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from relume.cli import clean
from relume.frozen import frozen

if TYPE_CHECKING:
    from relume.cli._report import Style
    from relume.runs.batch import Done, Gate
    from relume.runs.plan import Job
    from relume.runtime import Enhancer
    from relume.video.enhance import Progress
    from relume.video.options import Options

    OneWork: TypeAlias = Callable[[Job, Gate], Done]
    """What is done to one file."""

Calm: TypeAlias = Annotated[
    float,
    typer.Option(
        "--calm",
        min=0.0,
        max=10.0,
        metavar="SECONDS",
        help="How long a video's light is averaged over; 0 looks at each frame by itself.",
    ),
]
CodecOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--codec",
        metavar="h264|hevc|av1|ffv1|prores",
        help="Of a video; as the input's where the container takes it.",
    ),
]
Crf: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--crf",
        metavar="N",
        help="Quality of a video, lower is better; 18 (h264), 20 (hevc), 25 (av1) unless set.",
    ),
]
Preset: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--preset",
        metavar="NAME",
        help="Speed of a video's encoder, such as fast (h264, hevc) or 10 (av1).",
    ),
]
Deinterlace: TypeAlias = Annotated[
    str,
    typer.Option(
        "--deinterlace",
        metavar="auto|no|FILTER",
        help="Make whole frames of interlaced ones, or refuse them; bwdif, yadif, w3fdif, estdif.",
    ),
]

From: TypeAlias = Annotated[
    float | None,
    typer.Option("--from", min=0.0, metavar="SECONDS", help="Enhance a video from here on."),
]
To: TypeAlias = Annotated[
    float | None,
    typer.Option("--to", min=0.0, metavar="SECONDS", help="And up to here."),
]
Preview: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--preview",
        min=0.1,
        max=600.0,
        metavar="SECONDS",
        help="Only so much of a video, from its darkest place or --from, beside what it was.",
    ),
]

PipeOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--pipe",
        metavar="y4m|rgb24:WxH@RATE",
        help="Raw frames from standard input to standard output, for ffmpeg on both sides.",
    ),
]


def run_pipe(
    name: str, inputs: Sequence[str], output: str | None, enhancer: Enhancer, options: Options
) -> None:
    """Enhance raw frames from standard input to standard output.

    Raises: RelumeError; BrokenPipeError where the reader has gone.
    """
    from relume.auto import AUTO
    from relume.errors import ContractError
    from relume.video.choice import named
    from relume.video.looks import Looker
    from relume.video.pipes import opened, run

    if list(inputs) != ["-"] or output not in (None, "-"):
        raise ContractError("--pipe goes from - to standard output; give no files with it")
    if sys.stdin.isatty() or sys.stdout.isatty():
        raise ContractError("--pipe wants frames at standard input and a reader of its output")
    # A stream cannot be looked through beforehand.
    chosen = named("relume" if enhancer.named == AUTO else enhancer.named, enhancer)
    looker = Looker(chosen.method, chosen.knobs, chosen.strength)
    pipe = opened(name, sys.stdin.buffer, sys.stdout.buffer, options)
    run(pipe, looker, options, tell=lambda why: typer.echo(f"relume: {clean(why)}", err=True))
    sys.stdout.buffer.flush()


_OF_FILES = (
    "maps",
    "series",
    "watch",
    "shards",
    "on",
    "manifest",
    "overwrite",
    "dry_run",
    "as_json",
)
_OF_STORED = ("codec", "crf", "preset", "deinterlace", "from_", "to", "preview", "live")


def refuse_others(context: typer.Context, option: str) -> None:
    """Raise ContractError for options that say nothing to --live, or to --pipe."""
    from relume.errors import ContractError

    for parameter in context.command.params:
        name = parameter.name or ""
        source = context.get_parameter_source(name)
        if source is None or source.name == "DEFAULT":
            continue
        if name in (*_OF_FILES, *(_OF_STORED if option == "--pipe" else ("preview",))):
            raise ContractError(f"{option} does not go with {parameter.opts[0]}")


def refuse_videos(
    jobs: Sequence[Job], inputs: Sequence[str], *, maps: Path | None, series: bool
) -> None:
    """Raise ContractError where what is for pictures is asked of a video that is named, or of
    videos alone; standard output is for pictures, too."""
    from relume.errors import ContractError
    from relume.runs.search import suffix_of
    from relume.video.suffixes import SUFFIXES

    names = (job.input_name for job in jobs)  # as text: paths of a million take seconds
    films = [name for name in names if suffix_of(name).lower() in SUFFIXES]
    named = next((film for film in films if film in inputs or len(films) == len(jobs)), None)
    if films and jobs[0].output_name == "-":
        raise ContractError(f"{films[0]} is a video: give -o FILE, or frames through --pipe y4m")
    option = "--maps" if maps is not None else "--series" if series else ""
    if option and named is not None:
        raise ContractError(f"{named} is a video, {option} is for pictures")


def suffixes() -> frozenset[str]:
    """Return the suffixes of videos, where they can be read."""
    from relume.extras import missing
    from relume.video.suffixes import SUFFIXES

    return frozenset() if missing("video") else SUFFIXES


def lacking_videos() -> dict[str, str]:
    """Return the suffixes of videos → the line that lets them be read, where they cannot be."""
    from relume.extras import missing, pip_line
    from relume.video.suffixes import SUFFIXES

    return dict.fromkeys(SUFFIXES, pip_line("video")) if missing("video") else {}


def becomes() -> dict[str, str]:
    """Return the suffix of a video → that of its result, where it is another one."""
    from relume.video.suffixes import SUFFIXES, suffix_of_result

    return {suffix: result for suffix in SUFFIXES if (result := suffix_of_result(suffix)) != suffix}


def renamed(options: Options, output: str | None) -> Callable[[str, str], str] | None:
    """Return what names previews: not as the whole result, which would count as done.

    bright.mp4 → bright.preview.mp4, clip.relume.mp4 → clip.preview.relume.mp4, and as -o says where
    that names a preview already.
    """
    from relume.runs.search import MARK
    from relume.video.suffixes import SUFFIXES

    def name(source: str, target: str) -> str:
        path = Path(target)
        if Path(source).suffix.lower() not in SUFFIXES or (target == output and is_so(path)):
            return target
        stem = path.stem.removesuffix(MARK)
        return str(path.with_name(f"{stem}.preview{path.name[len(stem) :]}"))

    def is_so(path: Path) -> bool:
        return "preview" in path.stem.lower()

    return name if options.preview is not None else None


def recorded(record: str, options: Options) -> str:
    """Return what a run's results depend on, those of videos too, as one line of JSON."""
    facts = {name: value for name, value in asdict(options).items() if name in _DECIDE}
    return json.dumps({**json.loads(record), "video": facts}, sort_keys=True)


_DECIDE = ("calm", "codec", "crf", "preset", "deinterlace", "start", "end", "preview")
"""The options that a video's result depends on."""


def idle(name: str) -> frozenset[str]:
    """Return the settings of a record that do not matter to an input."""
    from relume.video.suffixes import SUFFIXES

    return _OF_PICTURES if Path(name).suffix.lower() in SUFFIXES else frozenset({"video"})


_OF_PICTURES = frozenset({"quality", "background", "white_balance", "ev", "sensor", "series"})


def with_videos(
    pictures: OneWork, enhancer: Enhancer, options: Options, *, style: Style
) -> OneWork:
    """Return work that does with pictures as it is told and enhances videos."""
    shown = style == "lines" and sys.stderr.isatty()
    return _Both(pictures, enhancer, options, _progress_line if shown else _no_progress)


@frozen
class _Both:
    """What is done to each file of a run: by its suffix that of pictures or that of videos."""

    pictures: OneWork
    enhancer: Enhancer
    options: Options
    progress: Callable[[Path], Progress | None]

    def __call__(self, job: Job, gate: Gate) -> Done:
        """Raises: RelumeError of any kind; CalledOff."""
        from relume.video.suffixes import SUFFIXES

        if job.input.suffix.lower() not in SUFFIXES:
            return self.pictures(job, gate)
        return self._video(job, gate)

    def _video(self, job: Job, gate: Gate) -> Done:
        from relume.io.atomic import refuse_link
        from relume.runs.batch import CalledOff, Done, make_folder
        from relume.video.choice import Chosen, choose
        from relume.video.enhance import Stopped, VideoRun
        from relume.video.source import Source

        start = perf_counter()
        refuse_link(job.output)
        gate.enter()  # so that leaving waits until what was finished is playable
        make_folder(job.output.parent)
        chosen: list[Chosen] = []

        def chose(source: Source) -> Chosen:
            chosen.append(choose(source, self.enhancer))
            return chosen[-1]

        run = VideoRun(
            job.input,
            job.output,
            chose,
            self.options,
            progress=self.progress(job.input),
            is_called_off=lambda: gate.is_shutting,
        )
        try:
            finished = run()
        except Stopped as stopped:
            raise CalledOff from stopped
        who = chosen[-1]
        return Done(
            job=job,
            method=who.method.card.name,
            knobs=who.knobs,
            reason=who.reason,
            seconds=perf_counter() - start,
            width=finished.width,
            height=finished.height,
            notes=finished.notes,
        )


def _no_progress(path: Path) -> None:
    """Tell nothing."""


def _progress_line(path: Path) -> Progress:
    """Return what shows how far a video is, with frames a second and time left, on one line."""
    return partial(_show, path.name, perf_counter())


def _show(name: str, start: float, done: int, total: int) -> None:
    if done % 5 and done != total:
        return
    rate = done / max(perf_counter() - start, 1e-6)
    share = f"{done}/{total}" if total else f"{done} frames"
    left = f"  {(total - done) / rate:.0f} s left" if total > done else ""
    typer.echo(f"\r{name}  {share}  {rate:.1f} frames/s{left}   ", nl=done == total, err=True)
