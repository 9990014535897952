"""`relume enhance --live`: a camera or an address, recorded for a time and then enhanced."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from relume.words import counted

if TYPE_CHECKING:
    from relume.runtime import Enhancer
    from relume.video.options import Options

Live: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--live",
        metavar="SECONDS",
        help="Record so long from a camera (/dev/video0) or an address (rtsp, http, https), then "
        "enhance it.",
    ),
]


def run_live(
    seconds: float,
    inputs: Sequence[str],
    output: str | None,
    enhancer: Enhancer,
    options: Options,
    *,
    quiet: bool,
) -> None:
    """Record, enhance, and take the recording away; it stays where enhancing it fails.

    Raises: RelumeError.
    """
    from relume.errors import ContractError, RelumeError
    from relume.runs.addresses import shown
    from relume.video.choice import Chosen, choose
    from relume.video.codecs import CONTAINERS, check_ahead
    from relume.video.codecs import chosen as codec_for
    from relume.video.enhance import VideoRun
    from relume.video.live import record
    from relume.video.source import Source

    target = Path(output or "-")
    if len(inputs) != 1 or target.suffix.lower() not in CONTAINERS:
        raise ContractError(
            f"--live takes one camera or address, and -o FILE ({', '.join(CONTAINERS)})"
        )
    suffix, crf, preset = target.suffix.lower(), options.crf, options.preset
    # What cannot be stored as asked is not recorded first.
    check_ahead(options.codec, suffix=suffix, crf=crf, preset=preset)
    if options.start is not None and options.start >= seconds:
        raise ContractError(f"--from {options.start:g}: --live records {seconds:g} s")
    if target.exists():
        raise ContractError(f"{target} is there already; choose another name")
    start = perf_counter()
    kept = target.with_name(f"{target.stem}.recording.mkv")
    if kept.exists():
        raise ContractError(
            f"{kept} is there already, from a run that did not end; enhance it or remove it"
        )
    try:
        recording = record(
            inputs[0],
            kept,
            seconds=seconds,
            approve=lambda codec: codec_for(
                options.codec, source=codec, suffix=suffix, crf=crf, preset=preset
            ),
        )
    except RelumeError:
        kept.unlink(missing_ok=True)
        raise
    chosen: list[Chosen] = []

    def chose(source: Source) -> Chosen:
        chosen.append(choose(source, enhancer))
        return chosen[-1]

    try:
        finished = VideoRun(kept, target, chose, options)()
    except BaseException:
        typer.echo(f"the recording stays in {kept}", err=True)
        raise
    kept.unlink()
    if not quiet:
        told = "; ".join((*recording.notes, *finished.notes))
        typer.echo(
            f"{shown(inputs[0])} → {target}  {chosen[-1].method.card.name}  "
            f"{counted(finished.frames, 'frame')}, {recording.seconds:.1f} s, in "
            f"{perf_counter() - start:.1f} s" + (f"; {told}" if told else "")
        )
