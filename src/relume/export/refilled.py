"""A published graph with the parameters of another training, where only they differ.

torch's exporter follows a network step by step, twenty seconds for some; what it writes for two
trainings of one network is the same but for parameters. What else stands in a graph stays only
where nothing can follow from a parameter that changed, and the result is compared with the network
as anything that is written; where that does not hold, the exporter is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import onnx
import torch
from torch import nn

from relume import methods
from relume.card import Card, to_json
from relume.errors import WeightsError
from relume.export.agreement import DisagreementError, require_agreement, run_of
from relume.export.graphs import opset_of, parse
from relume.export.interface import interface
from relume.export.onnx import CARD_KEY, runner
from relume.export.parameters import published
from relume.nn.checkpoint import State
from relume.runtime import weights


def refilled(network: nn.Module, card: Card, *, opset: int) -> bytes | None:
    """Return a network of a method as a model with its card; None where no published graph of the
    method is the same but for parameters."""
    state = {name: value.detach().cpu() for name, value in network.state_dict().items()}
    for model, own in _published(card.name):
        if opset_of(model) != opset or not _fill(model, own, state):
            continue
        onnx.helper.set_model_props(model, {CARD_KEY: to_json(card)})
        content: bytes = model.SerializeToString(deterministic=True)
        try:
            face = interface(network, card)
            require_agreement(run_of(network), runner(content), face, name=card.name)
        except DisagreementError:
            continue
        return content
    return None


def _published(name: str) -> Iterator[tuple[Any, State]]:
    """Yield the graphs of a method's weights and the parameters that are in them."""
    for each in methods.card(name).weights:
        try:
            model = parse(weights.read_published(name, f"{each.name}.onnx"), where=name)
            yield model, published(name, each.name)
        except WeightsError:  # whoever wants these weights is told; the exporter needs none
            continue


def _fill(model: Any, own: Mapping[str, torch.Tensor], state: State) -> bool:
    """Put parameters in the place of a graph's own; say whether that is all that differs."""
    kinds = {name: (value.shape, value.dtype) for name, value in own.items()}
    if kinds != {name: (value.shape, value.dtype) for name, value in state.items()}:
        return False
    held = {each.name: each for each in model.graph.initializer}
    for name in (name for name in own if not torch.equal(own[name], state[name])):
        tensor = held.get(name)
        # What is not there under its name went into other constants. A round number may stand for
        # others like it: the exporter keeps one of equal constants, whatever they are called.
        if tensor is None or _is_round(own[name]):
            return False
        if tensor.raw_data != _bytes(own[name]):
            return False
        tensor.raw_data = _bytes(state[name])
    return True


def _bytes(value: torch.Tensor) -> bytes:
    """Return a tensor as model files hold it, the lowest byte of a number first."""
    samples = value.numpy()
    return samples.astype(samples.dtype.newbyteorder("<")).tobytes()


def _is_round(value: torch.Tensor) -> bool:
    """Say whether all of a tensor is one number of at most three decimals, as people write them."""
    first = float(value.reshape(-1)[0]) if value.numel() else 0.0
    return bool((value == first).all()) and float(np.float32(round(first, 3))) == first
