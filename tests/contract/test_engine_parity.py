"""Every shipped model on every installed engine: the same results, maps and card."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from io import BytesIO
from typing import Any

import numpy as np
import pytest

from relume import engines, methods
from relume.card import Card, settle
from relume.engines import Array, Graph
from relume.runtime import weights

PARITY = 1e-4
"""Relative to 1 or to an output's largest value: engines order their float32 sums differently."""


def shipped() -> list[Any]:
    """Return every model and engine; those that prepare for long are slow."""
    return [
        pytest.param(
            card.name,
            trained.name,
            engine,
            id=f"{trained.name}-{card.name}-{engine}",
            marks=[pytest.mark.slow] if card.most_pixels is not None else [],
        )
        for card in methods.cards()
        if card.kind == "neural"
        for trained in card.weights
        for engine in engines.installed()
    ]


Open = Callable[[str, str, str], Graph]


@pytest.fixture(scope="module")
def opened() -> Open:
    """Return what opens each model once on each engine: networks with attention take seconds."""

    @cache
    def open_graph(name: str, stem: str, engine: str) -> Graph:
        data = weights.read_published(name, f"{stem}.onnx")
        return engines.open_graph(data, engine=engine, threads=1)

    return open_graph


def with_knobs(graph: Graph, card: Card, image: Array) -> dict[str, Array]:
    """Return what a graph is fed: a picture and the card's defaults."""
    feeds = {"image": image}
    for knob, value in settle(card).items():
        if knob in graph.inputs:
            feeds[knob] = np.asarray(value, np.float32)
    return feeds


def agree(expected: Array, found: Array, *, what: str) -> None:
    assert expected.shape == found.shape, what
    assert expected.dtype == found.dtype == np.float32, what
    limit = PARITY * max(1.0, float(np.abs(expected).max()))
    assert np.abs(expected - found).max() <= limit, what


@pytest.mark.parametrize(("name", "stem", "engine"), shipped())
def test_the_golden_comes_out_on_every_engine(
    opened: Open, name: str, stem: str, engine: str
) -> None:
    stored = BytesIO(weights.read_published(name, f"{stem}.golden.npz"))
    golden = np.load(stored, allow_pickle=False)
    graph = opened(name, stem, engine)
    card = weights.card_of(graph, where=name)
    assert card == methods.card(f"{name}@{stem}")
    picture = np.atleast_3d(golden["input"]).astype(np.float32) / np.float32(255)
    feeds = with_knobs(graph, card, np.ascontiguousarray(picture.transpose(2, 0, 1)[None]))
    before = {key: value.copy() for key, value in feeds.items()}
    outputs = [output for output in graph.outputs if output in golden.files]
    assert "enhanced" in outputs
    results = graph.run(feeds, outputs)
    for output, result in zip(outputs, results, strict=True):
        agree(golden[output], result[0], what=output)
    again = graph.run(feeds, outputs)
    for one, other in zip(results, again, strict=True):
        assert np.array_equal(one, other), "two runs differ"
    assert all(np.array_equal(feeds[key], before[key]) for key in feeds), "the input was written to"


@pytest.mark.parametrize(("name", "stem", "engine"), shipped())
def test_the_smallest_picture_agrees_on_every_engine(
    opened: Open, name: str, stem: str, engine: str
) -> None:
    usual, other = opened(name, stem, engines.DEFAULT), opened(name, stem, engine)
    assert set(other.inputs) == set(usual.inputs)
    assert other.outputs == usual.outputs
    card = methods.card(name)
    channels = 1 if card.input == "mosaic" else 3
    side = card.multiple_of
    image = np.random.default_rng(1).random((1, channels, side, side), np.float32) ** 3
    feeds = with_knobs(usual, card, image)
    expected = usual.run(feeds, usual.outputs)
    found = other.run(feeds, usual.outputs)
    for output, one, two in zip(usual.outputs, expected, found, strict=True):
        agree(one, two, what=output)
