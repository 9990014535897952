"""A network as one ONNX file that holds its card and is proven to agree with torch."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from relume.arrays import Floats
from relume.card import Card, to_json
from relume.errors import RelumeError
from relume.io.atomic import replacing

CARD_KEY = "relume.card"
"""Under which the metadata of a model file hold the card, as JSON."""

OPSET = 18
"""Old enough for every runtime we support, new enough for every operator we use."""

TOLERANCE = 1e-4
"""Largest difference to torch, of values in [−1, 1]: float32 rounding through a dozen layers stays
a hundred times below it, a wrong operator far above."""

SIZES = ((1, 1), (1, 17), (40, 1), (2, 2), (33, 50), (64, 96), (127, 65))
"""Heights and widths the two are compared at: single pixels and lines, odd, even, both ways."""


class DisagreementError(RelumeError):
    """A model file that would not give what the network gives."""


def to_onnx(
    network: nn.Module,
    card: Card,
    path: Path,
    *,
    outputs: tuple[str, ...] = ("enhanced", "curve"),
    tolerance: float = TOLERANCE,
) -> None:
    """Write `network` to `path`: input `image`, (N, 3, H, W) float32 in [0, 1], any size.

    Raises: DisagreementError, and writes nothing, when the file's results differ from torch's by
    more than `tolerance` at any size; UnwritableError.
    """
    network = network.eval()
    content = _serialise(network, card, outputs=outputs)
    _compare(network, content, tolerance=tolerance, name=path.name)
    with replacing(path) as file:
        file.write(content)


def _serialise(network: nn.Module, card: Card, *, outputs: tuple[str, ...]) -> bytes:
    example = torch.linspace(0, 1, 2 * 3 * 24 * 40).reshape(2, 3, 24, 40)
    axes = {0: "batch", 2: "height", 3: "width"}
    # The exporter reports its progress, deprecations and absent packages; only the result matters.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        program: Any = torch.onnx.export(
            network,
            (example,),
            dynamo=True,
            input_names=["image"],
            output_names=list(outputs),
            dynamic_shapes=({dim: torch.export.Dim(name) for dim, name in axes.items()},),
            opset_version=OPSET,
            verbose=False,
        )
    model: Any = program.model_proto
    _forget_origin(model)
    for side in (*model.graph.input, *model.graph.output):
        for dim, name in axes.items():
            side.type.tensor_type.shape.dim[dim].dim_param = name
    onnx.helper.set_model_props(model, {CARD_KEY: to_json(card)})
    onnx.checker.check_model(model)
    return model.SerializeToString(deterministic=True)


def _forget_origin(model: Any) -> None:
    """Drop names of source files and versions: the same network gives the same bytes anywhere."""
    model.producer_name, model.producer_version, model.doc_string = "relume", "", ""
    del model.metadata_props[:]
    model.graph.doc_string = ""
    del model.graph.metadata_props[:]
    del model.graph.value_info[:]
    for part in (
        *model.graph.node,
        *model.graph.input,
        *model.graph.output,
        *model.graph.initializer,
    ):
        part.doc_string = ""
        del part.metadata_props[:]


def _compare(network: nn.Module, content: bytes, *, tolerance: float, name: str) -> None:
    session: Any = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    random = np.random.default_rng(0)
    for height, width in SIZES:
        image = random.random((1, 3, height, width), np.float32) ** 3  # mostly dark
        theirs: list[Floats] = session.run(None, {"image": image})
        with torch.no_grad():
            ours: tuple[Tensor, ...] = network(torch.from_numpy(image))
        for output, one, other in zip(session.get_outputs(), ours, theirs, strict=True):
            difference = (
                float(np.abs(one.numpy() - other).max()) if one.shape == other.shape else np.inf
            )
            if not difference <= tolerance:  # NaN must not pass
                raise DisagreementError(
                    f"{name}: not written: output {output.name} at {height}×{width} differs from "
                    f"torch by {difference:g}, more than {tolerance:g}"
                )
