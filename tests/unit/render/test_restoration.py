"""The compiled layers against ONNX Runtime, and what they do with arguments that lie."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from typing import ClassVar, NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fake.night import night
from relume import engines
from relume.card import Card
from relume.engines import cell_layers
from relume.export.onnx import onnx_bytes
from relume.levels import to_rgb
from relume.methods.relume import CARD
from relume.nn.cell_shrinkage import CellShrinkage, without
from relume.render import restoration
from relume.render.restoration import SETS, CellLayers, noise
from relume.runtime import weights

if restoration.instructions() is None:
    pytest.skip("no layers were compiled, or they are switched off", allow_module_level=True)

COMPILED = import_module("relume.render._restoration")
MODEL = weights.read_published("relume", f"{CARD.weights[0].name}.onnx")
TOLERANCE = 1e-5
"""Of roots in [0, 1]; sums are taken in another order. Seen: 1.1e-6."""


def layers_of(model: bytes) -> CellLayers:
    layers = cell_layers.read(model)
    assert layers is not None
    return layers


LAYERS = layers_of(MODEL)


def here(name: str) -> bool:
    """Say whether this processor has an instruction set."""
    try:
        noise(LAYERS, np.zeros((1, 1, 3), np.uint8), instructions=name)
    except restoration.ContractError:
        return False
    return True


@pytest.fixture(scope="module", params=[name for name in SETS if name])
def instructions(request) -> str:
    if not here(request.param):
        pytest.skip(f"this processor has no {request.param}")
    return request.param


@pytest.fixture(scope="module")
def reference() -> engines.Graph:
    return engines.open_graph(MODEL, engine="onnxruntime", threads=1)


def expected(graph: engines.Graph, picture: np.ndarray) -> np.ndarray:
    """Return the noise of a picture by an engine, (3, h, w) padded to whole blocks."""
    rgb = to_rgb(picture)
    bottom, right = (-size % 8 for size in rgb.shape[:2])
    rgb = np.pad(rgb, ((0, bottom), (0, right), (0, 0)), mode="edge")
    return graph.run({"image": np.ascontiguousarray(rgb.transpose(2, 0, 1)[None])}, ["noise"])[0][0]


@pytest.mark.parametrize(
    "size", [(1, 1), (1, 40), (8, 8), (9, 17), (7, 130), (130, 7), (64, 48), (99, 233)]
)
def test_any_size_is_what_the_engine_finds(reference, instructions, size):
    picture = np.rint(night(*size) * 255).astype(np.uint8)
    picture[size[0] // 2 :, : size[1] // 3] = 0  # black is a case of its own
    found = noise(LAYERS, picture, instructions=instructions)
    assert np.abs(found - expected(reference, picture)).max() <= TOLERANCE


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_every_type_and_black_and_white(reference, instructions, dtype):
    image = night(40, 56)
    top = {"uint8": 255, "uint16": 65535, "float32": 1}[dtype]
    picture = (image * top if dtype == "float32" else np.rint(image * top)).astype(dtype)
    found = noise(LAYERS, picture, instructions=instructions)
    assert np.abs(found - expected(reference, picture)).max() <= TOLERANCE
    plane = np.ascontiguousarray(picture[..., 1])
    gray = noise(LAYERS, plane, instructions=instructions)
    assert gray.shape == (1, 40, 56)
    wanted = expected(reference, plane).mean(axis=0)
    assert np.abs(gray[0] - wanted).max() <= TOLERANCE


class Lit(NamedTuple):
    """What `Restoring` returns."""

    enhanced: torch.Tensor
    noise: torch.Tensor


class Restoring(torch.nn.Module):
    """A restoration of another width and depth, with random parameters."""

    graph_knobs: ClassVar[tuple[str, ...]] = ()

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.restoration = CellShrinkage(channels=(20, 72), blocks=(2, 1, 1))
        with torch.no_grad():
            for name, parameter in self.restoration.named_parameters():
                if "less_smooth" not in name:
                    parameter.add_(0.05 * torch.randn_like(parameter))
            self.restoration.detail.fill_(0.5)
            self.restoration.rounding.fill_(0.7)

    def forward(self, image: torch.Tensor) -> Lit:
        noise = self.restoration.noise(image)
        return Lit(without(image, noise), noise)


@pytest.fixture(scope="module")
def other() -> bytes:
    card = Card(name="r", title="R", summary="Restores.", kind="neural", reach=55, multiple_of=8)
    return onnx_bytes(Restoring().eval(), card)


def test_other_widths_and_blocks(other, instructions):
    """The table says how wide and deep a network is: nothing of it is known beforehand."""
    graph = engines.open_graph(other, engine="onnxruntime", threads=1)
    picture = np.rint(night(50, 71) * 255).astype(np.uint8)
    wanted = expected(graph, picture)
    assert np.abs(wanted).max() > 0.01
    found = noise(layers_of(other), picture, instructions=instructions)
    assert np.abs(found - wanted).max() <= TOLERANCE


@pytest.mark.parametrize("name", [each.name for each in CARD.weights])
def test_every_published_weights_are_known(name, instructions):
    model = weights.read_published("relume", f"{name}.onnx")
    graph = engines.open_graph(model, engine="onnxruntime", threads=1)
    picture = np.rint(night(33, 49) * 255).astype(np.uint8)
    found = noise(layers_of(model), picture, instructions=instructions)
    assert np.abs(found - expected(graph, picture)).max() <= TOLERANCE


def test_other_graphs_are_not_taken_for_one():
    assert cell_layers.read(b"no model") is None
    assert cell_layers.read(weights.read_published("sgz", "nights.onnx")) is None


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_table_that_lies_is_refused_or_harmless(data):
    table = LAYERS.table.copy()
    for _ in range(data.draw(st.integers(1, 3))):
        row = data.draw(st.integers(0, len(table) - 1))
        column = data.draw(st.integers(0, table.shape[1] - 1))
        some = st.integers(-2, 300) | st.integers(-(2**31), 2**31 - 1)
        table[row, column] = data.draw(some)
    table = table[: data.draw(st.integers(0, len(table)))]
    picture = np.zeros((16, 24, 3), np.uint8)
    planes = np.empty((3, 16, 24), np.float32)
    place = (picture, 1, picture.shape, (0, 0, 16, 24), planes)
    with suppress(ValueError):
        COMPILED.noise(table, LAYERS.weights, LAYERS.black, 0, *place)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"size": (16, 25, 3)}, "source"),
        ({"size": (16, 24, 2)}, "channels"),
        ({"size": (2**62, 2**62, 3)}, "sizes"),
        ({"piece": (0, 0, 16, 20)}, "whole cells"),
        ({"piece": (16, 0, 8, 8)}, "begin in the picture"),
        ({"piece": (-8, 0, 16, 24)}, "begin in the picture"),
        ({"piece": (0, 0, 2**61, 2**61)}, "sizes"),
        ({"piece": (0, 0, 8, 8)}, "planes"),
        ({"kind": 3}, "kind"),
        ({"set": 9}, "instruction set"),
    ],
)
def test_lies_about_sizes_are_refused(change, said):
    given = {"set": 0, "kind": 1, "size": (16, 24, 3), "piece": (0, 0, 16, 24)} | change
    source, planes = np.zeros((16, 24, 3), np.uint8), np.empty((3, 16, 24), np.float32)
    head = (LAYERS.table, LAYERS.weights, LAYERS.black, given["set"])
    with pytest.raises(ValueError, match=said):
        COMPILED.noise(*head, source, given["kind"], given["size"], given["piece"], planes)


@pytest.mark.parametrize(
    ("place", "wrong", "said"),
    [
        (0, np.zeros(59, np.uint8), "source: expected 60"),
        (1, np.zeros(61, np.uint8), "target: expected 60"),
        (2, 3, "kind"),
        (3, (4, 5, 2), "channels"),
        (3, (2**33, 2**33, 3), "sizes"),
        (4, np.zeros((2, 3, 4), np.float32), "slope: expected 120"),
        (5, (2, 3, 6), "maps: expected a gain"),
        (6, np.array([0, 1, 2, 0], np.int32), "row: index 2"),
        (7, np.zeros(3, np.float32), "row weight"),
        (8, np.array([0, 1, 2, -1, 0], np.int32), "column: index -1"),
        (9, np.zeros(4, np.float32), "column weight"),
        (11, np.zeros((2, 3, 4), np.float32), "offset: expected 120"),
    ],
)
def test_lies_about_a_lift_are_refused(place, wrong, said):
    source, maps = np.zeros((4, 5, 3), np.uint8), np.zeros((2, 3, 5), np.float32)
    rows, columns = np.zeros(4, np.int32), np.zeros(5, np.int32)
    weights = rows.astype(np.float32), columns.astype(np.float32)
    size = (4, 5, 3), (2, 3, 5)
    given = [
        source,
        source.copy(),
        1,
        size[0],
        maps,
        size[1],
        rows,
        weights[0],
        columns,
        weights[1],
    ]
    given += [1.0, maps, (-1, 0)]
    COMPILED.lift(*given)
    given[place] = wrong
    with pytest.raises(ValueError, match=said):
        COMPILED.lift(*given)
