"""Small questions about an ONNX graph, and what model files say of themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import onnx

from relume.errors import WeightsError

FLOAT = onnx.TensorProto.FLOAT

WEIGHTED = ("Conv", "ConvTranspose", "Gemm", "MatMul")
"""Operators that multiply by trained parameters: nearly all the work of a network."""

PRECISION_KEY = "relume.precision"
"""Under which a model file says what it computes with: fp32, fp16 or int8."""
FIDELITY_KEY = "relume.fidelity"
"""Under which a file of less than float32 holds the mean PSNR in dB of its results to those of
float32, measured when it was made."""


def parse(content: bytes, *, where: str) -> Any:
    """Return the model in the bytes of a file.

    Raises: WeightsError when they are none.
    """
    try:
        model = onnx.load_model_from_string(content)
        onnx.checker.check_model(model)
    except Exception as error:  # the parser's errors share no base class
        reason = " ".join(str(error).split())[:160]
        raise WeightsError(f"{where}: not a sound ONNX model ({reason})") from error
    return model


def weighted(model: Any) -> list[Any]:
    """Return the nodes that multiply by parameters kept in the file, in order, each with a name."""
    known = {tensor.name for tensor in model.graph.initializer}
    found = [
        node for node in model.graph.node if node.op_type in WEIGHTED and node.input[1] in known
    ]
    for place, node in enumerate(found):
        node.name = node.name or f"{node.op_type}{place}"
    return found


def shape_of_weights(model: Any, node: Any) -> tuple[int, ...]:
    """Return the shape of a node's parameters."""
    return next(tuple(each.dims) for each in model.graph.initializer if each.name == node.input[1])


def float_values(model: Any) -> set[str]:
    """Return the names of all float32 values, initialisers among them."""
    known = onnx.shape_inference.infer_shapes(model).graph
    values = (*known.value_info, *known.input, *known.output)
    typed = {value.name for value in values if value.type.tensor_type.elem_type == FLOAT}
    return typed | {each.name for each in known.initializer if each.data_type == FLOAT}


def state(model: Any, facts: Mapping[str, str]) -> None:
    """Add facts to what a model says of itself, or replace them."""
    known = {entry.key: entry.value for entry in model.metadata_props}
    onnx.helper.set_model_props(model, {**known, **facts})


def facts(model: Any) -> dict[str, str]:
    """Return what a model says of itself."""
    return {entry.key: entry.value for entry in model.metadata_props}


def opset_of(model: Any) -> int:
    """Return the opset that a model is written in."""
    return next(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx"))
