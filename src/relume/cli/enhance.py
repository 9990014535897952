"""`relume enhance`: photos, folders and streams, from dark to bright."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, cast

import typer

from relume.cli import loaded
from relume.cli._live import Live, run_live
from relume.cli._network import (
    MIB,
    Input,
    Maps,
    Memory,
    MultipleOf,
    PrecisionOption,
    Reach,
    Threads,
    parse_description,
    parse_precision,
    tell_building,
)
from relume.cli._options import (
    BackgroundOption,
    Engine,
    Json,
    KnobOption,
    MaxBytes,
    MaxPixels,
    complete_method,
    limits,
    parse_background,
    parse_knobs,
)
from relume.cli._raw import (
    Black,
    CfaOption,
    Ev,
    RawTo,
    Size,
    White,
    WhiteBalanceOption,
    lacking,
    parse_sensor,
    parse_white_balance,
    results,
    searched,
)
from relume.cli._repeating import repetition
from relume.cli._runs import (
    ManifestOption,
    On,
    Series,
    ShardsOption,
    Watch,
    WorkerMemory,
    check_series,
    check_watch,
    check_worker_memory,
    command,
    open_manifest,
    resumed,
    watched,
)
from relume.cli._session import Session
from relume.cli._video import (
    Calm,
    CodecOption,
    Crf,
    Deinterlace,
    From,
    PipeOption,
    Preset,
    Preview,
    To,
)
from relume.errors import ContractError

if TYPE_CHECKING:
    from relume.runs.plan import Plan

IMPORTS = True
EXAMPLES = """\
relume enhance party.jpg                      # party.relume.jpg lies beside it
relume enhance holiday/ -r -o bright/         # a tree of folders; run again to resume
relume enhance night.png -m gamma -k gamma=0.6 --strength 0.8
relume enhance party.jpg -m mine.onnx -o better.jpg
relume enhance party.jpg -m theirs.onnx --input srgb --reach 12
relume enhance party.jpg -m sgz --engine openvino --maps maps/
relume enhance night.ARW -o night.tif         # camera RAW in, 16 bits out
relume enhance clip.mp4 -o bright.mp4         # video; sound and times stay as they are
curl … | relume enhance - > bright.jpg"""


def enhance(
    context: typer.Context,
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="INPUT", help="Files, folders and patterns; - is standard input."),
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            help="A folder, or a file for one input; - is standard output. "
            "Otherwise NAME.relume.EXT beside each input.",
        ),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(
            "--method",
            "-m",
            metavar="NAME",
            help="A method (see `relume methods`), a model file, or auto, which looks at each "
            "picture; auto unless set, relume where -k is given.",
            autocompletion=complete_method,
        ),
    ] = None,
    knob: KnobOption = None,
    strength: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="How far to go from the input to the result.")
    ] = 1.0,
    engine: Engine = "auto",
    threads: Threads = None,
    memory: Memory = None,
    precision: PrecisionOption = "fp32",
    input: Input = None,
    reach: Reach = None,
    multiple_of: MultipleOf = None,
    maps: Maps = None,
    recursive: Annotated[
        bool, typer.Option("--recursive", "-r", help="Look into folders inside folders.")
    ] = False,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite",
            help="Enhance again what has a result; otherwise one that is up to date is kept. "
            "An input is never overwritten.",
        ),
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", "-j", min=1, metavar="N", help="Pictures at the same time; 2 unless set."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Say what would be done and do nothing.")
    ] = False,
    as_json: Json = False,
    strip_metadata: Annotated[
        bool, typer.Option("--strip-metadata", help="Leave out all but what states the colours.")
    ] = False,
    quality: Annotated[
        int | None,
        typer.Option(
            min=1, max=100, metavar="Q", help="Of JPEG, WebP, AVIF, JPEG XL; as the input's."
        ),
    ] = None,
    background: BackgroundOption = "white",
    max_pixels: MaxPixels = None,
    max_bytes: MaxBytes = None,
    wb: WhiteBalanceOption = "camera",
    ev: Ev = 0.0,
    raw_to: RawTo = "tif",
    cfa: CfaOption = None,
    black: Black = None,
    white: White = None,
    size: Size = None,
    manifest: ManifestOption = None,
    calm: Calm = 0.5,
    codec: CodecOption = None,
    crf: Crf = None,
    preset: Preset = None,
    deinterlace: Deinterlace = "auto",
    from_: From = None,
    to: To = None,
    preview: Preview = None,
    pipe: PipeOption = None,
    live: Live = None,
    shards: ShardsOption = None,
    on: On = None,
    worker_memory: WorkerMemory = None,
    watch: Watch = False,
    series: Series = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
) -> None:
    """Turn dark photos and videos into good ones.

    Depth, profile and metadata stay as they were. A picture that fails is reported and the rest
    goes on; the end is then 1. Running again continues where an earlier run ended.
    """
    from relume.auto import unless_named
    from relume.cli._report import Report
    from relume.cli._stream import STREAM, at_the_ends, stream_job
    from relume.cli._video import (
        becomes,
        lacking_videos,
        recorded,
        refuse_others,
        refuse_videos,
        renamed,
        run_pipe,
        suffixes,
    )
    from relume.io import SUFFIXES, write
    from relume.runs.map_pictures import MapsFolder
    from relume.runs.plan import Plan, plan
    from relume.runs.shards import parse_shard, part_of
    from relume.runs.treatment import Treatment
    from relume.tiles.cutter import MEMORY
    from relume.video.options import Options

    loaded()
    sensor = parse_sensor(cfa=cfa, black=black, white=white, size=size)
    knobs = parse_knobs(knob or ())
    method = unless_named(method, knobs)
    tell_building(method, knobs, quiet=quiet)
    treatment = Treatment(
        method=method,
        knobs=knobs,
        strength=strength,
        engine=engine,
        precision=parse_precision(method, precision, quiet=quiet),
        description=parse_description(method, input=input, reach=reach, multiple_of=multiple_of),
        white_balance=parse_white_balance(wb),
        ev=ev,
        sensor=sensor,
        quality=quality,
        strip_metadata=strip_metadata,
        background=parse_background(background),
        limits=cast("dict[str, int]", limits(max_pixels=max_pixels, max_bytes=max_bytes)),
        series=series or None,
        threads=threads,
        memory=MEMORY if memory is None else memory * MIB,
    )
    check_series(series=series, whole=not (on or shards or watch or STREAM in (*inputs, output)))
    check_worker_memory(worker_memory, on)
    check_watch(inputs, is_asked=watch)
    again = repetition(context)
    shard = parse_shard(shards) if shards is not None and again is None else None
    enhancer = treatment.enhancer()  # before any file: a wrong name or knob shows at once
    work = treatment.work(enhancer)
    options = Options(
        calm=calm,
        codec=codec,
        crf=crf,
        preset=preset,
        deinterlace=deinterlace,
        start=from_,
        end=to,
        preview=preview,
        strip_metadata=strip_metadata,
        threads=threads,
        **({} if max_pixels is None else {"max_pixels": max_pixels}),
    )
    if pipe is not None:
        refuse_others(context, "--pipe")
        return run_pipe(pipe, inputs, output, enhancer, options)
    if live is not None:
        refuse_others(context, "--live")
        return run_live(live, inputs, output, enhancer, options, quiet=quiet)

    def plan_now() -> Plan:
        found = plan(
            inputs,
            output=output,
            recursive=recursive,
            overwrite=overwrite,
            suffixes=searched(SUFFIXES, sensor) | suffixes(),
            becomes={**results(raw_to), **becomes()},
            lacking={**lacking(), **lacking_videos()},
            renamed=renamed(options, output),
        )
        return found if shard is None else part_of(found, shard)

    report = Report("json" if as_json else "quiet" if quiet else "lines")
    if on is not None:
        from relume.cli._fleet import enhance_on, refuse_here

        refuse_here(dry_run=dry_run, maps=maps, stream=STREAM in (*inputs, output))
        failed = enhance_on(
            on,
            inputs=inputs,
            output=output,
            treatment=treatment,
            record=recorded(treatment.record(), options),
            suffixes=searched(SUFFIXES, sensor),
            becomes=results(raw_to),
            recursive=recursive,
            overwrite=overwrite,
            workers=jobs,
            memory=None if worker_memory is None else worker_memory * MIB,
            shard=shard,
            manifest=manifest,
            command=command(context),
            style=report.style,
            again=again,
        )
        raise typer.Exit(1 if failed else 0)
    if again is not None:
        planned = again.plan
    elif STREAM in inputs or output == STREAM:
        job = stream_job(inputs, output, overwrite=overwrite, suffixes=SUFFIXES)
        planned = Plan((job,), (), 0)
        work = at_the_ends(work, job)
        if str(job.output) == STREAM:
            if report.style == "json":
                raise ContractError("standard output takes the picture, not --json; give -o FILE")
            report.style = "quiet"
    else:
        planned = plan_now()
    # Where all are looked at, what is made again must be seen among them.
    every = plan_now() if again is not None and (series or maps is not None) else planned
    refuse_videos(every.jobs, inputs, maps=maps, series=series)
    if maps is not None:
        folder = MapsFolder(maps, write, tuple(job.input for job in every.jobs))
        work = replace(work, maps=folder)
    for problem in planned.problems:
        if not (watch and problem.is_empty):  # that is why it is watched
            report.problem(problem)
    report.lacking(planned)
    session = Session(planned, every, plan_now, work, enhancer, options, report, jobs)
    with open_manifest(
        planned, manifest, shard=shard, dry=dry_run, watch=watch, again=again
    ) as book:
        folders, resume = watched(inputs, book) if watch else [], None
        if book is not None:
            record = recorded(treatment.record(), options)
            resume = resumed(book, record, planned, shard, overwrite=overwrite, again=again)
            if not dry_run:
                book.open_run(record, command=command(context))
        session(resume, series=series, dry_run=dry_run, folders=folders)
    if report.failed:
        raise typer.Exit(1)
