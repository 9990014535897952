"""Check on this machine that a model file gives what the network gave."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from relume import engines
from relume.errors import WeightsError
from relume.proof.verify import GRAPH_LIMIT, golden_feeds
from relume.runtime import weights
from relume.words import counted


def prove(model: Path, *, golden: Path) -> Iterator[str]:
    """Compare every engine's outputs for the golden picture with the stored ones; yield lines.

    Raises: WeightsError when one differs by more than relume.proof.verify allows.
    """
    with np.load(golden, allow_pickle=False) as stored:
        expected: dict[str, Any] = {name: stored[name] for name in stored.files}
    for engine in engines.available():
        graph = engines.open_graph(model.read_bytes(), engine=engine)
        card = weights.card_of(graph, where=str(model))
        feeds = golden_feeds(expected["input"], graph, card)
        compared = [name for name in graph.outputs if name in expected]
        results = graph.run(feeds, compared)
        error = max(
            float(np.abs(result - expected[name]).max())
            for name, result in zip(compared, results, strict=True)
        )
        if not error <= GRAPH_LIMIT:  # NaN must not pass
            raise WeightsError(
                f"{model}: {engine} differs from the network by {error:g}, more than "
                f"{GRAPH_LIMIT:g}; use another engine, or export again with another opset"
            )
        yield f"verified with {engine}: {counted(len(compared), 'output')} within {error:.1e}"
