"""`relume speed`: how fast methods are here, by size, engine and precision."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relume.cli._network import Input, MultipleOf, Reach, parse_descriptions
from relume.cli._options import Json, complete_method
from relume.cli._places import Overwrite, check_free
from relume.errors import ContractError

if TYPE_CHECKING:
    from relume.bench.speed import Speed

FILES = ("speed.md", "speed.json", "speed.svg")
EXAMPLES = """\
relume speed sgz pairlie
relume speed pairlie --size 600x400 --size 1920x1080 --engine all --precision fp32,int8
relume speed sgz mine.onnx -o speed/
relume speed relume --check-memory --size 8000x6000
relume speed theirs.onnx --input srgb --reach 12"""


def speed(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME...", help="Methods or model files.", autocompletion=complete_method
        ),
    ],
    size: Annotated[
        list[str] | None,
        typer.Option(metavar="WxH", help="Width and height of a picture; may be repeated."),
    ] = None,
    engine: Annotated[
        str, typer.Option(metavar="A,B", help="Engines, or all that are installed.")
    ] = "auto",
    input: Input = None,
    reach: Reach = None,
    multiple_of: MultipleOf = None,
    precision: Annotated[str, typer.Option(metavar="A,B", help="fp32, fp16, int8.")] = "fp32",
    repeats: Annotated[
        int, typer.Option(min=3, max=1000, metavar="N", help="Runs after the warm-up.")
    ] = 10,
    check_memory: Annotated[
        bool,
        typer.Option(
            "--check-memory",
            help="Run each case once, on every engine unless one is named, and say what memory "
            "it takes.",
        ),
    ] = False,
    threads: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Threads; all there are unless set.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="DIR", help="Write speed.md, .json and .svg there."),
    ] = None,
    as_json: Json = False,
    overwrite: Overwrite = False,
) -> None:
    """Measure time, memory, operations and parameters.

    Every line is measured in a process of its own: median and 95th percentile of the time for a
    picture from bytes to bytes, and the peak of memory over that of the bare process.
    """
    from relume import engines
    from relume.bench.speed import SIZES, Case, measure
    from relume.bench.speed_tables import to_json, to_markdown, to_svg
    from relume.io.atomic import replacing
    from relume.runtime.variants import as_precision

    if output is not None:
        check_free(*(output / name for name in FILES), overwrite=overwrite)
    every = engine == "all" or (check_memory and engine == "auto")
    chosen = engines.usable() if every else tuple(engine.split(","))
    for each in chosen:
        engines.require(each)
    precisions = [as_precision(each) for each in precision.split(",")]
    described = parse_descriptions(names, input=input, reach=reach, multiple_of=multiple_of)
    sizes = [_size(text) for text in size] if size else list(SIZES)
    cases = [
        Case(name, width, height, each, precise, described.get(name))
        for name in names
        for width, height in sizes
        for precise in precisions
        for each in chosen
    ]
    results = []
    for case in cases:
        results.append(measure(case, repeats=0 if check_memory else repeats, threads=threads))
        if check_memory and not as_json:
            typer.echo(f"{case}: {_memory(results[-1])}")
        elif not as_json:
            typer.echo(f"measured {case}", err=True)
    if as_json or not check_memory:
        typer.echo(to_json(results) if as_json else to_markdown(results))
    if output is not None:
        try:
            output.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ContractError(f"-o {output}: {error.strerror or error}") from error
        for name, text in zip(FILES, (to_markdown, to_json, to_svg), strict=True):
            with replacing(output / name) as file:
                file.write(text(results).encode())
    if all(result.fault for result in results):
        raise typer.Exit(1)


def _memory(result: Speed) -> str:
    if result.fault:
        return result.fault
    if result.mebibytes is None:
        return "not told by this system"
    return f"{result.mebibytes:,.0f} MiB at its peak, over the bare process"


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,4})", text)
    if found is None:
        raise ContractError(f"--size {text}: expected WIDTHxHEIGHT such as 1920x1080")
    return int(found[1]), int(found[2])
