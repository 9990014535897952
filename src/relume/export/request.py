"""What an export is asked for: targets, precisions, and what could not be written is refused."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from relume.errors import ContractError, UnknownNameError, UnwritableError
from relume.export.source import Source

Target: TypeAlias = Literal["onnx", "openvino", "torchscript", "darktable"]
Precision: TypeAlias = Literal["fp32", "fp16", "int8"]
TARGETS: tuple[Target, ...] = get_args(Target)
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
SUFFIXES: Mapping[Target, tuple[str, ...]] = {
    "onnx": (".onnx",),
    "openvino": (".xml",),
    "torchscript": (".pt", ".ts"),
    "darktable": (".dtmodel",),
}
OPSETS = range(18, 24)
"""18 is what the exporter writes without conversion, 23 the newest that every engine reads."""

NEWEST_FOR_DARKTABLE = 20
"""What the oldest ONNX Runtime that darktable 5.6 is built with reads."""


def as_target(name: str) -> Target:
    """Return a target by its name. Raises: UnknownNameError."""
    for target in TARGETS:
        if target == name:
            return target
    raise UnknownNameError.of("export target", name, TARGETS)


def as_precision(name: str) -> Precision:
    """Return a precision by its name. Raises: UnknownNameError."""
    for precision in PRECISIONS:
        if precision == name:
            return precision
    raise UnknownNameError.of("precision", name, PRECISIONS)


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
    suffixes = SUFFIXES[target]
    if output.suffix.lower() not in suffixes:
        raise ContractError(f"-o {output}: a file for {target} ends in {' or '.join(suffixes)}")
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
    if opset is not None and opset not in OPSETS:
        raise ContractError(f"--opset {opset}: expected {OPSETS[0]} to {OPSETS[-1]}")
    if opset is not None and opset < source.opset and source.network is not None:
        raise ContractError(
            f"--opset {opset}: {source.card.name} has operators of opset {source.opset}; "
            "take that or a later one"
        )
    if shape is not None and (min(shape) < 1 or source.face.size(*shape) != shape):
        raise ContractError(
            f"--shape {shape[0]}x{shape[1]}: expected multiples of {source.face.multiple_of}"
        )
    if not output.parent.is_dir():
        raise UnwritableError(f"cannot write {output}: there is no folder {output.parent}")
    if output.is_dir():
        raise UnwritableError(f"cannot write {output}: it is a directory; name a file in it")
