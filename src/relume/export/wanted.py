"""What an export is asked for, checked without torch, so that what is wrong is told at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from relume import methods
from relume.errors import ContractError, UnknownNameError, UnwritableError
from relume.runtime import weights

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
CHECKPOINTS = (".ckpt", ".pt", ".pth", ".safetensors")


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


def check_source(name: str) -> None:
    """Refuse what is no model file, no checkpoint and no method with a network.

    Raises: UnknownNameError, WeightsError, ContractError.
    """
    path = Path(name)
    if path.suffix.lower() in (".onnx", *CHECKPOINTS):
        if not path.is_file():
            weights.read_model(path)  # which says why not
    elif methods.card(name).kind != "neural":
        raise ContractError(f"{name} is a classical method: it has no network to export")


def check_precision(precision: Precision, *, target: Target) -> None:
    """Raise ContractError for a precision that files for a target do not have."""
    if target == "darktable" and precision != "fp32":
        raise ContractError("a package for darktable is fp32: its sizes change with every picture")


def check_output(output: Path, *, target: Target) -> None:
    """Refuse a name that a target's file cannot have. Raises: ContractError, UnwritableError."""
    suffixes = SUFFIXES[target]
    if output.suffix.lower() not in suffixes:
        raise ContractError(f"-o {output}: a file for {target} ends in {' or '.join(suffixes)}")
    if not output.parent.is_dir():
        raise UnwritableError(f"cannot write {output}: there is no folder {output.parent}")
    if output.is_dir():
        raise UnwritableError(f"cannot write {output}: it is a directory; name a file in it")


def check_opset(opset: int | None) -> None:
    """Raise ContractError for a version of ONNX's operators that is not written."""
    if opset is not None and opset not in OPSETS:
        raise ContractError(f"--opset {opset}: expected {OPSETS[0]} to {OPSETS[-1]}")


def files_of(output: Path, *, target: Target) -> tuple[Path, ...]:
    """Return what will be written."""
    return (output, output.with_suffix(".bin")) if target == "openvino" else (output,)
