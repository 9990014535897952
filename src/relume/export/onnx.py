"""A network as one ONNX file that holds its card and is proven to agree with torch."""

from __future__ import annotations

import contextlib
import io
import logging
import re
import warnings
from pathlib import Path
from typing import Any

import onnx
import torch
from torch import nn

from relume.card import Card, to_json
from relume.export.agreement import TOLERANCE, Feeds, Run, require_agreement, run_of
from relume.export.interface import AXES, Interface, interface
from relume.export.sessions import open_session
from relume.io.atomic import replacing

CARD_KEY = "relume.card"
"""Under which the metadata of a model file hold the card, as JSON."""

OPSET = 18
"""Old enough for every runtime we support, new enough for nearly every operator we use."""


def to_onnx(network: nn.Module, card: Card, path: Path, *, tolerance: float = TOLERANCE) -> None:
    """Write `network` to `path`: input `image`, (N, 3, H, W) float32 in [0, 1], any size that is
    a multiple of the card's, (N, 1, H, W) for a mosaic; one 0-d input for each of its graph knobs.

    Raises: DisagreementError, and writes nothing, when the file's results differ from torch's by
    more than `tolerance` at any size or knob; UnwritableError.
    """
    network = network.eval()
    content = onnx_bytes(network, card)
    require_agreement(
        run_of(network),
        runner(content),
        interface(network, card),
        name=path.name,
        tolerance=tolerance,
    )
    with replacing(path) as file:
        file.write(content)


def runner(content: bytes) -> Run:
    """Return a function that runs a model on the CPU, all outputs."""
    session = open_session(content)

    def run(feeds: Feeds) -> Any:
        return session.run(None, dict(feeds))

    return run


def least_opset(network: nn.Module) -> int:
    """Return the oldest opset that has every operator of a network; a module that writes newer
    ones than `OPSET` has says so by an attribute `opset`."""
    return max(getattr(each, "opset", OPSET) for each in network.modules())


def onnx_bytes(network: nn.Module, card: Card, *, opset: int | None = None) -> bytes:
    """Return `network` as the bytes of a model with its card; not yet compared with torch."""
    face = interface(network, card)
    # The exporter reports its progress, deprecations and absent packages; only the result matters.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        program: Any = torch.onnx.export(
            network,
            face.example(),
            dynamo=True,
            input_names=list(face.inputs),
            output_names=list(face.outputs),
            dynamic_shapes=_dynamic_shapes(face),
            opset_version=opset or least_opset(network),
            verbose=False,
        )
    model: Any = program.model_proto
    _forget_origin(model)
    _name_sizes(model)
    onnx.helper.set_model_props(model, {CARD_KEY: to_json(card)})
    onnx.checker.check_model(model)
    return model.SerializeToString(deterministic=True)


def _dynamic_shapes(face: Interface) -> tuple[Any, ...]:
    """Let the picture have any size; DYNAMIC admits multiples and least sizes that a network
    implies, and what it does not admit, a fixed size, is an error of the exporter."""
    image = dict.fromkeys(AXES, torch.export.Dim.DYNAMIC)
    return (image, *({} for _ in face.knobs))


def _name_sizes(model: Any) -> None:
    """Call the exporter's symbols batch, height and width."""
    shape = model.graph.input[0].type.tensor_type.shape
    names = {shape.dim[axis].dim_param: name for axis, name in AXES.items()}
    symbols = re.compile("|".join(rf"\b{re.escape(symbol)}\b" for symbol in names))
    for side in (*model.graph.input, *model.graph.output):
        for dim in side.type.tensor_type.shape.dim:
            if dim.dim_param:
                dim.dim_param = symbols.sub(lambda found: names[found[0]], dim.dim_param)
    enhanced = model.graph.output[0].type.tensor_type.shape
    for axis, name in AXES.items():  # not "8*(height//8)"
        enhanced.dim[axis].dim_param = name


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
