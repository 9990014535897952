"""Which engine `auto` takes: measured, still valid, and faster by a margin; else the default."""

from __future__ import annotations

import json
from pathlib import Path
from time import sleep

import numpy as np
import pytest

from relume import engines
from relume.engines import measured as module
from relume.engines import table
from relume.engines.measured import Measured, circumstances, fastest, recall, remember, settled
from relume.proof import engine_bench
from relume.runtime import load, weights

MODEL = b"a model"


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "relume" / module.FILE


def measured(**seconds: float) -> Measured:
    return Measured("sgz", seconds, circumstances())


def test_without_a_measurement_it_is_the_default() -> None:
    assert fastest(MODEL) == "onnxruntime"
    assert settled("auto", MODEL) == "onnxruntime"
    assert settled("torch", MODEL) == "torch"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ({"onnxruntime": 1.0, "openvino": 0.5}, "openvino"),
        ({"onnxruntime": 1.0, "openvino": 0.95}, "onnxruntime"),
        ({"onnxruntime": 1.0, "openvino": 2.0}, "onnxruntime"),
        ({"openvino": 2.0}, "openvino"),
    ],
    ids=["faster", "hardly faster", "slower", "alone"],
)
def test_the_fastest_is_taken_when_it_pays(seconds: dict[str, float], expected: str) -> None:
    remember(MODEL, measured(**seconds))
    assert fastest(MODEL) == expected
    assert fastest(b"another model") == "onnxruntime"


def test_models_are_remembered_side_by_side() -> None:
    remember(MODEL, measured(onnxruntime=1.0, openvino=0.5))
    remember(b"other", measured(onnxruntime=1.0))
    assert recall(MODEL) == measured(onnxruntime=1.0, openvino=0.5)
    assert recall(b"other") == measured(onnxruntime=1.0)


def test_another_version_or_number_of_threads_makes_it_expire(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    remember(MODEL, measured(onnxruntime=1.0, openvino=0.5))
    with monkeypatch.context() as patch:
        patch.setenv("RELUME_THREADS", "61")
        assert recall(MODEL) is None
    assert recall(MODEL) is not None
    monkeypatch.setattr(table, "available", lambda: {"onnxruntime": "99.0"})
    assert recall(MODEL) is None


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", "\x00\xff", " " * (2**20 + 2)])
def test_a_damaged_file_is_ignored_with_a_warning(file: Path, text: str) -> None:
    file.parent.mkdir()
    file.write_text(text, encoding="utf-8")
    with pytest.warns(RuntimeWarning, match="doctor --bench"):
        assert fastest(MODEL) == "onnxruntime"
    with pytest.warns(RuntimeWarning):
        remember(MODEL, measured(onnxruntime=1.0, openvino=0.5))
    assert fastest(MODEL) == "openvino"


@pytest.mark.parametrize(
    "change",
    [
        {"seconds": "fast"},
        {"seconds": {"onnxruntime": "soon"}},
        {"circumstances": None},
        {"method": None, "seconds": [1]},
    ],
)
def test_a_malformed_entry_is_ignored_with_a_warning(file: Path, change: dict[str, object]) -> None:
    remember(MODEL, measured(onnxruntime=1.0, openvino=0.5))
    content = json.loads(file.read_text())
    content[module.digest(MODEL)] |= change
    file.write_text(json.dumps(content))
    with pytest.warns(RuntimeWarning, match="malformed"):
        assert fastest(MODEL) == "onnxruntime"


def test_an_engine_that_is_gone_is_not_taken(file: Path) -> None:
    remember(MODEL, measured(onnxruntime=1.0, steam=0.5))
    assert fastest(MODEL) == "onnxruntime"


def test_measuring_remembers_every_engine_that_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_bench, "REPEATS", 1)
    runs = engine_bench.measure("sgz")
    assert {run.engine for run in runs} == set(engines.usable())
    assert all(run.difference <= 1e-4 and not run.fault for run in runs)
    found = recall(weights.read_published("sgz", "nights.onnx"))
    assert found is not None
    assert found.seconds == {run.engine: run.seconds for run in runs}


def test_an_engine_that_differs_is_told_and_never_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    real = load

    def other(name: str, *, engine: str) -> object:
        method = real(name)
        return method if engine == "onnxruntime" else lambda picture: method(picture) + 1

    monkeypatch.setattr(engine_bench, "REPEATS", 1)
    monkeypatch.setattr(engine_bench, "load", other)
    monkeypatch.setattr(engines, "usable", lambda: ("onnxruntime", "openvino"))
    good, bad = engine_bench.measure("sgz")
    assert not good.fault
    assert "differs" in bad.fault
    found = recall(weights.read_published("sgz", "nights.onnx"))
    assert found is not None
    assert set(found.seconds) == {"onnxruntime"}


def test_an_engine_that_prepares_for_each_size_pays_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real, work = load, {"onnxruntime": 0.02, "openvino": 0.005}

    def timed(name: str, *, engine: str) -> object:
        method, seen = real(name), set[tuple[int, ...]]()

        def run(picture: np.ndarray) -> np.ndarray:
            new = picture.shape not in seen
            seen.add(picture.shape)
            sleep(work[engine] + (0.2 if new and engine == "openvino" else 0.0))
            return method(picture)

        return run

    monkeypatch.setattr(engine_bench, "REPEATS", 3)
    monkeypatch.setattr(engine_bench, "load", timed)
    monkeypatch.setattr(engines, "usable", lambda: ("onnxruntime", "openvino"))
    runs = {run.engine: run.seconds for run in engine_bench.measure("sgz")}
    assert runs["openvino"] >= 0.2
    found = recall(weights.read_published("sgz", "nights.onnx"))
    assert found is not None
    assert found.best == "onnxruntime"
