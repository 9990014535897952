"""What `auto` learns of engines: each measured picture is the first of its size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from relume import engines, methods
from relume.engines import measured
from relume.proof import engine_bench
from relume.runtime import weights


def test_an_engine_that_compiles_for_each_size_pays_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    seen: dict[str, list[tuple[int, ...]]] = {}
    now = 0.0

    def load(name: str, *, engine: str) -> Any:
        sizes = seen.setdefault(engine, [])

        def method(picture: Any) -> Any:
            nonlocal now
            # Quick for a size it knows, slow for a new one; the usual engine is alike for all.
            known = engine == engines.DEFAULT or picture.shape in sizes
            now += (0.2 if engine == engines.DEFAULT else 0.1) if known else 0.4
            sizes.append(picture.shape)
            return np.zeros(picture.shape, np.float32)

        return method

    monkeypatch.setattr(engine_bench, "load", load)
    monkeypatch.setattr(engine_bench, "perf_counter", lambda: now)
    monkeypatch.setattr(engines, "usable", lambda: (engines.DEFAULT, "openvino"))
    draws = iter(range(100))
    monkeypatch.setattr(engine_bench, "randbelow", lambda most: next(draws) % most)
    engine_bench.measure("sgz")
    assert len(set(seen["openvino"])) == len(seen["openvino"]) > 2
    card = methods.card("sgz")
    data = weights.read_published("sgz", f"{card.weights[0].name}.onnx")
    kept = measured.recall(data)
    assert kept is not None
    assert kept.seconds["openvino"] == pytest.approx(0.4)
    assert measured.fastest(data) == engines.DEFAULT
