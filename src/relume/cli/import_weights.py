"""The verb `import-weights`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from relume.extras import need

EXAMPLES = """\
relume import-weights sgz Epoch99.pth -o published.onnx
relume import-weights sgz runs/sgz/checkpoints/last.ckpt -o mine.onnx"""


def import_weights(
    method: Annotated[str, typer.Argument(help="The method the weights belong to.")],
    file: Annotated[Path, typer.Argument(help="Published or own: .pth, .pt, .ckpt, .safetensors.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The ONNX file to write.")],
) -> None:
    """Turn published or own weights into a model file."""
    for module in ("torch", "safetensors", "onnx", "onnxscript"):
        need(module, extra="train")
    from relume.export.weights import import_file

    import_file(method, file, output)
    typer.echo(f"relume enhance -m {output} PICTURE")
