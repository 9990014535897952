"""`relume export`: a model file for another program, device or precision."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from relume import methods
from relume.cli._network import Input, MultipleOf, Reach, parse_description
from relume.cli._options import complete_method
from relume.cli._places import Overwrite, check_free
from relume.cli._progress import told
from relume.errors import ContractError, NoDatasetError
from relume.extras import need
from relume.words import counted

GENERATED = 24
"""Pictures drawn when none are given: more change the result by under 0.3 dB."""
PART = (
    "TorchScript holds the network alone: its results are those of {knob}=1; ONNX and OpenVINO "
    "files reduce and enlarge by themselves"
)
EXACT = 'compile it with {"INFERENCE_PRECISION_HINT": "f32"}: AMX computes in bfloat16 otherwise'
EXAMPLES = """\
relume export pairlie -o pairlie.onnx
relume export pairlie --precision int8 --calibrate nights/ -o pairlie.int8.onnx
relume export sgz --to openvino --precision fp16 -o sgz.xml
relume export relume --to darktable -o relume.dtmodel
relume export theirs.onnx --input srgb --reach 12 -o carded.onnx
relume export runs/sgz/checkpoints/last.ckpt --to torchscript -o sgz.pt"""


def export(
    source: Annotated[
        str,
        typer.Argument(
            metavar="NAME|CHECKPOINT|MODEL",
            help="A method, a checkpoint (.ckpt, .pth, .safetensors) or a float32 .onnx file.",
            autocompletion=complete_method,
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", metavar="FILE", help="FILE.onnx, FILE.xml, FILE.pt or FILE.dtmodel."
        ),
    ],
    to: Annotated[str, typer.Option(help="onnx, openvino, torchscript or darktable.")] = "onnx",
    precision: Annotated[str, typer.Option(help="fp32, fp16 or int8.")] = "fp32",
    calibrate: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Dark pictures, or what --npz wrote, for int8."),
    ] = None,
    calibrate_samples: Annotated[
        int | None,
        typer.Option(min=1, max=1024, metavar="N", help="Draw so many pictures instead."),
    ] = None,
    calibration: Annotated[
        str, typer.Option(help="How ranges are chosen: percentile, minmax or entropy.")
    ] = "percentile",
    npz: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Also write the pictures there for other toolchains."),
    ] = None,
    shape: Annotated[
        str, typer.Option(metavar="HxW|dynamic", help="The only size the file takes, or any.")
    ] = "dynamic",
    opset: Annotated[
        int | None, typer.Option(metavar="N", help="Version of ONNX's operators, 18 to 23.")
    ] = None,
    method: Annotated[
        str | None, typer.Option(metavar="NAME", help="Whose weights a checkpoint holds.")
    ] = None,
    input: Input = None,
    reach: Reach = None,
    multiple_of: MultipleOf = None,
    overwrite: Overwrite = False,
) -> None:
    """Write a model file, once it agrees with the network.

    float32 agrees to 1e-4, float16 to 2e-3, and int8 is at least 35 dB from float32 on the pictures
    it is given; a file that does not agree is not written.
    """
    from relume.export import wanted as asked
    from relume.export.ranges import as_calibration

    # What can be wrong is told before torch is loaded, which takes seconds.
    target, precise = asked.as_target(to), asked.as_precision(precision)
    chosen, size = as_calibration(calibration), _size(shape)
    if calibrate is not None and calibrate_samples is not None:
        raise ContractError("--calibrate and --calibrate-samples: choose one of them")
    if Path(source).exists() and output.exists() and output.samefile(source):
        raise ContractError(f"{output} is the source and would be overwritten; choose another -o")
    described = parse_description(source, input=input, reach=reach, multiple_of=multiple_of)
    asked.check_source(source)
    asked.check_opset(opset)
    if method is not None:
        methods.card(method)
    asked.check_precision(precise, target=target)
    asked.check_output(output, target=target)
    check_free(*asked.files_of(output, target=target), overwrite=overwrite)
    if calibrate is not None and not calibrate.is_dir():
        raise NoDatasetError(f"--calibrate {calibrate}: no such folder of pictures")
    if npz is not None:
        check_free(npz / "calibration.txt", npz / "evaluation.txt", overwrite=overwrite)
    for module in ("torch", "safetensors", "onnx", "onnxscript", "yaml"):
        need(module, extra="train")
    if target == "openvino":
        need("openvino", extra="openvino")
    from relume.export import request, sample_files, samples
    from relume.export.carded import carded
    from relume.export.run import export as export_to
    from relume.export.source import of_model, open_source
    from relume.export.whole import as_whole

    if described is None:
        opened = open_source(source, method=method)
    else:
        opened = of_model(carded(Path(source), described), where=source)
    if target == "torchscript":
        if opened.card.estimate is not None:
            typer.echo(PART.format(knob=opened.card.estimate.scale_knob), err=True)
    else:
        opened = as_whole(opened)
    request.check_request(opened, output, target=target, shape=size, opset=opset)
    wanted = None
    with told() as say:
        if precise == "int8" or npz is not None:
            if calibrate is None:
                count = calibrate_samples or GENERATED
                drawing = f"calibrating with {counted(count, 'drawn picture')}"
                typer.echo(f"{drawing}; real ones are better", err=True)
                wanted = samples.split(samples.generate(count, opened.card, say=say))
            elif (calibrate / sample_files.CALIBRATION).is_file():
                wanted = sample_files.read_samples(calibrate, opened.card)
            else:
                wanted = samples.split(samples.read_folder(calibrate, opened.card, say=say))
        if npz is not None and wanted is not None:
            knobs = {knob.name: knob.default for knob in opened.face.knobs}
            sample_files.write_samples(wanted, npz, knobs=knobs)
        made = export_to(
            opened,
            output,
            target=target,
            precision=precise,
            samples=wanted,
            calibration=chosen,
            shape=size,
            opset=opset,
            say=say,
        )
    for note in made.notes:
        typer.echo(note, err=True)
    for file in made.files:
        typer.echo(f"{file}: {file.stat().st_size:,} bytes")
    if made.fidelity is not None:
        drawn = (
            "" if calibrate is not None else "; drawn ones: real dark pictures may lose 10 dB more"
        )
        typer.echo(f"{made.fidelity:.1f} dB from float32 on pictures set aside{drawn}")
    if target == "openvino":
        typer.echo(EXACT)


def _size(shape: str) -> tuple[int, int] | None:
    """Understand --shape. Raises: ContractError."""
    if shape == "dynamic":
        return None
    found = re.fullmatch(r"(\d{1,5})x(\d{1,5})", shape)
    if found is None:
        raise ContractError(f"--shape {shape}: expected HEIGHTxWIDTH such as 400x600, or dynamic")
    return int(found[1]), int(found[2])
