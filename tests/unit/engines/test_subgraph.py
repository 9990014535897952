from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relume import engines
from relume.engines.subgraph import only
from relume.errors import WeightsError
from relume.methods.relume import CARD
from relume.runtime import weights

MODEL = weights.read_published("relume", f"{CARD.weights[0].name}.onnx")


def feeds(graph: engines.Graph) -> dict[str, np.ndarray]:
    image = np.random.default_rng(0).random((1, 3, 48, 64), np.float32) ** 3
    knobs = {knob.name: np.array(knob.default, np.float32) for knob in CARD.knobs}
    return {name: {"image": image, **knobs}[name] for name in graph.inputs}


@pytest.mark.parametrize("outputs", [("noise",), ("slope", "offset", "amount"), ("enhanced",)])
def test_a_part_gives_what_the_whole_gives(outputs):
    whole = engines.open_graph(MODEL, threads=1)
    part = engines.open_graph(only(MODEL, outputs), threads=1)
    assert part.outputs == outputs
    assert part.metadata == whole.metadata
    everything = dict(zip(whole.outputs, whole.run(feeds(whole), whole.outputs), strict=True))
    for name, found in zip(outputs, part.run(feeds(part), outputs), strict=True):
        assert np.abs(everything[name] - found).max() <= 1e-5  # other fusions round differently


def test_the_engine_computes_only_what_is_asked_for():
    graph = engines.open_graph(MODEL, engine="onnxruntime", threads=1)
    image = feeds(graph)["image"]
    (found,) = graph.run({"image": image}, ["noise"])  # the knobs belong to other outputs
    assert found.shape == image.shape
    with pytest.raises(ValueError, match="exposure"):
        graph.run({"image": image}, graph.outputs)


def test_what_is_not_needed_is_gone():
    part = only(MODEL, ("noise",))
    assert len(part) < len(MODEL) / 2
    assert engines.open_graph(part, threads=1).inputs == ("image",)
    assert only(part, ("noise",)) == part


def test_an_unknown_output_is_named():
    with pytest.raises(WeightsError, match="lacks its output sky"):
        only(MODEL, ("sky",))


@settings(max_examples=60, deadline=None)
@given(length=st.integers(0, len(MODEL) - 1))
def test_a_file_that_ends_early_is_refused(length):
    try:
        only(MODEL[:length], ("noise",))
    except WeightsError as error:
        assert str(error)  # noqa: PT017 (a cut after the graph is a whole message)


@given(noise=st.binary(max_size=200))
def test_noise_is_refused(noise):
    with pytest.raises(WeightsError):
        only(noise, ("noise",))
