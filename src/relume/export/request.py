"""What is asked of a source and could not be written is refused."""

from __future__ import annotations

from pathlib import Path

from relume.errors import ContractError
from relume.export.source import Source
from relume.export.wanted import Target, check_opset, check_output

NEWEST_FOR_DARKTABLE = 20
"""What the oldest ONNX Runtime that darktable 5.6 is built with reads."""


def check_request(
    source: Source,
    output: Path,
    *,
    target: Target,
    shape: tuple[int, int] | None = None,
    opset: int | None = None,
) -> None:
    """Refuse at once what could not be written after a long calibration.

    Raises: ContractError, UnwritableError.
    """
    check_output(output, target=target)
    if target == "torchscript":
        if source.network is None:
            raise ContractError("TorchScript is made from a network, not from a model file")
        if shape is not None:
            raise ContractError("--shape: a TorchScript file takes every size; leave it out")
        if opset is not None:
            raise ContractError("--opset: TorchScript has none; leave it out")
    if target == "darktable":
        if shape is not None:
            raise ContractError("--shape: a package for darktable takes every size; leave it out")
        if source.card.input != "srgb" or source.card.output != "srgb":
            raise ContractError(f"{source.card.name}: darktable hands over sRGB pictures only")
        if max(opset or 0, source.opset) > NEWEST_FOR_DARKTABLE:
            raise ContractError(
                f"{source.card.name} has operators newer than darktable reads "
                f"(opset {max(opset or 0, source.opset)}, not {NEWEST_FOR_DARKTABLE} or older)"
            )
    check_opset(opset)
    if opset is not None and opset < source.opset and source.network is not None:
        raise ContractError(
            f"--opset {opset}: {source.card.name} has operators of opset {source.opset}; "
            "take that or a later one"
        )
    if shape is not None and (min(shape) < 1 or source.face.size(*shape) != shape):
        raise ContractError(
            f"--shape {shape[0]}x{shape[1]}: expected multiples of {source.face.multiple_of}"
        )
