"""A model file of another project with a card written in: every verb knows then what it wants."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx

from relume import engines
from relume.card import to_json
from relume.errors import ContractError
from relume.export.graphs import PRECISION_KEY, facts, parse, state
from relume.export.onnx import CARD_KEY
from relume.runtime import weights
from relume.runtime.foreign import Description, adopt


def carded(path: Path, description: Description) -> bytes:
    """Return a model with a card from a description, and with relume's names of input and output.

    Raises: WeightsError for a file that is no model of one picture to one; ContractError for one
    that has a card.
    """
    content = weights.read_model(path)
    model = parse(content, where=str(path))
    if CARD_KEY in facts(model):
        raise ContractError(f"{path}: has a card inside; leave out its description")
    graph = engines.open_graph(content, engine=engines.DEFAULT, where=str(path))
    _, card = adopt(graph, description, where=str(path))
    _rename(model.graph, {graph.inputs[0]: "image", graph.outputs[0]: "enhanced"})
    state(model, {CARD_KEY: to_json(card), PRECISION_KEY: "fp32"})
    onnx.checker.check_model(model)
    return model.SerializeToString(deterministic=True)


def _rename(graph: Any, names: dict[str, str]) -> None:
    """Give values new names; one that has such a name already gives way."""
    taken = {value for node in graph.node for value in (*node.input, *node.output)}
    for name in names.values():
        if name in taken and name not in names:
            names = {**names, name: f"their.{name}"}
    for node in graph.node:
        for values in (node.input, node.output):
            values[:] = [names.get(value, value) for value in values]
    for value in (*graph.input, *graph.output, *graph.value_info, *graph.initializer):
        value.name = names.get(value.name, value.name)
