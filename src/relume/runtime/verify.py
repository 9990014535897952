"""Check every method on the machine it runs on: weights, card, goldens, the renderer."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

import numpy as np

from relume import methods
from relume.errors import WeightsError
from relume.runtime import engines, weights
from relume.runtime.method import load

GRAPH_LIMIT = 1e-4
"""float32 engines order their sums differently; the published systems' parity is 1e-4 too."""


@dataclass(frozen=True)
class Check:
    """One comparison and how it went."""

    name: str
    what: str
    engine: str
    error: float
    """Largest absolute difference."""
    limit: float
    passed: bool


def verify(name: str) -> list[Check]:
    """Check one method; a classical one is checked for being finite and in range.

    Raises: UnknownNameError for a method nothing answers to.
    """
    card = methods.card(name)
    if card.kind == "classical":
        return [_in_range(name)]
    return [
        check
        for engine in engines.available()
        for stem in [trained.name for trained in card.weights]
        for check in _graph_checks(name, stem, engine)
    ]


def _graph_checks(name: str, stem: str, engine: str) -> list[Check]:
    try:
        graph = engines.open_graph(weights.read_published(name, f"{stem}.onnx"), engine=engine)
        golden = np.load(BytesIO(weights.read_published(name, "golden.npz")), allow_pickle=False)
        inside = weights.card_of(graph, where=name)
    except WeightsError as error:
        return [Check(name, str(error), engine, float("inf"), 0.0, passed=False)]
    checks = [
        _check(name, "card in the model file", engine, float(inside != methods.card(name)), 0.0)
    ]
    image = golden["input"].astype(np.float32).transpose(2, 0, 1)[None] / np.float32(255)
    for output in graph.outputs:
        if output not in golden.files:
            continue
        found = graph.run({"image": image}, [output])[0]
        error = float(np.abs(found - golden[output]).max())
        checks.append(_check(name, f"golden {output}", engine, error, GRAPH_LIMIT))
    return checks


def _in_range(name: str) -> Check:
    ramp = np.linspace(0, 1, 48 * 32 * 3, dtype=np.float32).reshape(32, 48, 3) ** 2
    out = load(name)(ramp)
    excess = float(np.maximum(out - 1, -out).max()) if np.isfinite(out).all() else float("inf")
    return _check(name, "output finite and in range", "numpy", max(excess, 0.0), 0.0)


def _check(name: str, what: str, engine: str, error: float, limit: float) -> Check:
    return Check(name, what, engine, error, limit, passed=error <= limit)
