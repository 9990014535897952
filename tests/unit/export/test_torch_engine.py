"""torch as an engine: the network itself behind the names of its graph."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fake.models import model_bytes
from relume import engines, methods
from relume.card import Card, Knob, Weights
from relume.errors import WeightsError
from relume.export.torch_engine import open_graph
from relume.runtime import load, weights


def test_it_has_the_names_and_the_card_of_the_model_file() -> None:
    data = weights.read_published("sgz", "nights.onnx")
    graph, usual = open_graph(data, threads=1), engines.open_graph(data, engine="onnxruntime")
    assert (graph.inputs, graph.outputs) == (usual.inputs, usual.outputs)
    assert weights.card_of(graph, where="sgz") == weights.card_of(usual, where="sgz")
    assert graph.ports["image"].type == usual.ports["image"].type == "float32"


def test_a_method_runs_on_it_by_name() -> None:
    image = np.random.default_rng(0).random((40, 50, 3), np.float32) ** 3
    usual, torch = load("sgz"), load("sgz", engine="torch")
    assert np.abs(usual(image, scale=1) - torch(image, scale=1)).max() < 1e-5
    maps = torch.maps(image, scale=1)
    assert set(maps) == {"curve"}
    assert np.abs(maps["curve"] - usual.maps(image, scale=1)["curve"]).max() < 1e-5


OF_PICTURES = [
    f"{card.name}@{trained.name}"
    for card in methods.cards()
    if card.kind == "neural" and card.input != "mosaic"
    for trained in card.weights
]


@pytest.mark.parametrize("name", OF_PICTURES)
def test_every_network_of_pictures_runs_on_it(name: str) -> None:
    """Also those of which single parts are asked for, as `relume` does without its knobs."""
    image = np.random.default_rng(0).random((40, 50, 3), np.float32) ** 3
    usual, torch = load(name), load(name, engine="torch")
    assert np.abs(usual(image) - torch(image)).max() < 1e-5
    maps, known = torch.maps(image), usual.maps(image)
    assert set(maps) == set(known)
    assert all(np.abs(maps[each] - known[each]).max() < 1e-5 for each in known)


STRANGE = Card(
    "brighter",
    "Brighter",
    "Multiplies.",
    "neural",
    0,
    knobs=(Knob("gain", 2.0, low=1.0, high=8.0, meaning="factor"),),
    weights=(Weights("w", "0" * 64, ("nothing",), license=None),),
)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"no model", "no model file"),
        (model_bytes(None), "no card"),
        (model_bytes(), "not: take another --engine"),
        (model_bytes(STRANGE), "not: take another --engine"),
    ],
    ids=["text", "no card", "no weights on the card", "weights of another"],
)
def test_only_published_weights_are_run(data: bytes, reason: str) -> None:
    with pytest.raises(WeightsError, match=reason):
        open_graph(data, threads=1)


def test_weights_of_another_training_are_not_mistaken_for_the_published() -> None:
    card = methods.card("sgz")
    other = replace(card, weights=(replace(card.weights[0], sha256="1" * 64),))
    with pytest.raises(WeightsError, match="of sgz in this file are not"):
        open_graph(model_bytes(other), threads=1)
