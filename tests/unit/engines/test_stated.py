"""What a model file states, read without an engine, is what ONNX Runtime says of it."""

from __future__ import annotations

import pytest

from fake.models import model_bytes
from relume import engines, methods
from relume.engines import onnx_runtime
from relume.engines.stated import stated
from relume.errors import WeightsError
from relume.runtime import weights

PUBLISHED = [
    (card.name, file)
    for card in methods.cards()
    if card.weights
    for file in weights.installed(card.name)
    if file.endswith(".onnx")
]


@pytest.mark.parametrize(("name", "file"), PUBLISHED)
def test_published_models_state_what_a_session_says(name: str, file: str) -> None:
    data = weights.read_published(name, file)
    told, session = stated(data), onnx_runtime.open_graph(data, threads=1)
    assert told.inputs == session.inputs
    assert told.outputs == session.outputs
    assert told.ports == session.ports
    assert told.metadata == session.metadata


def test_what_is_published_opens_no_session_before_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[int] = []
    onnxruntime = pytest.importorskip("onnxruntime")
    usual = onnxruntime.InferenceSession

    def session(model: bytes, *others: object, **named: object) -> object:
        opened.append(len(model))
        return usual(model, *others, **named)

    monkeypatch.setattr(onnxruntime, "InferenceSession", session)
    data = weights.read_published("sgz", "nights.onnx")
    graph = engines.open_graph(data, threads=1, published=True)
    assert graph.inputs == ("image",)
    assert not opened
    engines.open_graph(data, threads=1)
    assert opened == [len(data)]


def test_a_strange_file_is_opened_at_once() -> None:
    with pytest.raises(WeightsError, match="cannot read"):
        engines.open_graph(model_bytes()[:-40])


@pytest.mark.parametrize("cut", [1, 7, 40, 200])
def test_a_cut_file_states_nothing(cut: int) -> None:
    with pytest.raises(WeightsError, match="not a model file"):
        stated(model_bytes()[:-cut])
