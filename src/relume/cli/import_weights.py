"""The verb `import-weights`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from relume import methods
from relume.cli._places import Overwrite, check_free
from relume.errors import ContractError
from relume.extras import need

EXAMPLES = """\
relume import-weights sgz Epoch99.pth -o published.onnx
relume import-weights sgz runs/sgz/checkpoints/last.ckpt -o mine.onnx
relume import-weights lpips-alex alexnet.pth --heads alex.pth -o lpips-alex.onnx"""


def import_weights(
    method: Annotated[
        str,
        typer.Argument(help="The method the weights belong to, or lpips-alex, -squeeze, -vgg."),
    ],
    file: Annotated[
        Path,
        typer.Argument(help="Published or own: .pth, .pt, .ckpt, .safetensors; LPIPS's backbone."),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="The ONNX file to write.")],
    heads: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="LPIPS's linear layers, version 0.1; only for lpips-…"),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Turn published or own weights into a model file.

    A method's file is for `relume enhance -m FILE`, that of LPIPS for the metric of its name.
    """
    for given in (file, heads):
        if given is not None and given.exists() and output.exists() and output.samefile(given):
            raise ContractError(f"{output} is an input and would be overwritten")
    check_free(output, overwrite=overwrite)
    metric, sign, network = method.partition("-")
    if metric == "lpips" and sign:
        if heads is None:
            raise ContractError(f"{method} has two files: add --heads FILE, its linear layers")
        _need()
        from relume.export.lpips import as_network, lpips_to_onnx

        lpips_to_onnx(as_network(network), backbone=file, heads=heads, output=output)
        typer.echo(f"{output}: the model of {method}")
        return
    if heads is not None:
        raise ContractError(f"--heads: only lpips-alex, -squeeze and -vgg have it, not {method}")
    if methods.card(method).kind != "neural":  # told before torch is loaded, which takes seconds
        raise ContractError(f"{method} has no weights; see `relume methods`")
    _need()
    from relume.export.weights import import_file

    import_file(method, file, output)
    typer.echo(f"relume enhance -m {output} PICTURE")


def _need() -> None:
    for module in ("torch", "safetensors", "onnx", "onnxscript"):
        need(module, extra="train")
