"""torch as an engine: a method's own network, run eagerly, to look into it and to compare.

A model file names its method and its parameters on its card. The parameters are taken from the
safetensors file published beside the model, never from the model itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from relume import methods
from relume.card import Card, from_json, to_json
from relume.engines import Array, Port
from relume.errors import ContractError, UnknownNameError, WeightsError
from relume.export.interface import interface
from relume.export.parameters import published as parameters_of
from relume.runtime import weights


class TorchGraph:
    """A network under the names of its exported graph."""

    def __init__(self, network: nn.Module, card: Card) -> None:
        face = interface(network, card)
        self._network = network.eval()
        self.inputs = face.inputs
        self._usual: Mapping[str, float] = {knob.name: knob.default for knob in face.knobs}
        self.outputs = face.outputs
        self.metadata: Mapping[str, str] = {weights.CARD_KEY: to_json(card)}
        picture = Port((None, face.channels, None, None), "float32")
        self.ports: Mapping[str, Port] = {
            "image": picture,
            **{name: Port((), "float32") for name in face.inputs[1:]},
            **{name: Port(None, "float32") for name in face.outputs},
        }

    def run(self, feeds: Mapping[str, Array], outputs: Sequence[str]) -> list[Array]:
        """Compute everything and return the named outputs. A knob that is not fed is one that
        they do not depend on: it takes its default."""
        fed = {**self._usual, **feeds}
        given = [torch.from_numpy(np.array(fed[name], np.float32)) for name in self.inputs]
        with torch.inference_mode():
            results: tuple[Tensor, ...] = self._network(*given)
        named = dict(zip(self.outputs, results, strict=True))
        return [named[name].numpy() for name in outputs]


def open_graph(data: bytes, *, device: str = "cpu", threads: int | None) -> TorchGraph:
    """Build the network that a model file was exported from; `device` is the CPU.

    torch has one pool of threads for the whole process, so `threads` cannot be set for a graph.
    Raises: WeightsError for a file without a card, or whose parameters are not published.
    """
    card = _card(data)
    return TorchGraph(_network(card), card)


def _card(data: bytes) -> Card:
    try:
        model: Any = onnx.load_model_from_string(data)
    except Exception as error:  # the parser's errors differ between its two implementations
        raise WeightsError("torch runs a model file by its card; this is no model file") from error
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    if weights.CARD_KEY not in metadata:
        raise WeightsError("torch runs methods with published weights; this model has no card")
    try:
        return from_json(metadata[weights.CARD_KEY])
    except ContractError as error:
        raise WeightsError(f"its card is malformed: {error}") from error


def _network(card: Card) -> nn.Module:
    trained = card.weights[0] if card.weights else None
    try:
        published = methods.card(card.name).weights
    except UnknownNameError:
        published = ()
    if trained is None or trained.sha256 not in {one.sha256 for one in published}:
        raise WeightsError(
            f"torch runs methods with published weights; those of {card.name} in this file are "
            "not: take another --engine"
        )
    parameters = parameters_of(card.name, trained.name)
    return import_module(f"relume.methods.{card.name}.network").from_state(parameters)
