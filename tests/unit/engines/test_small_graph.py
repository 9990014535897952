"""A small graph node by node against ONNX Runtime, and what it is made of against NumPy."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fake.night import night
from relume import engines
from relume.engines import nodes, small_graph
from relume.engines.nodes import Node, Nodes, Value
from relume.engines.small_graph import SmallGraph
from relume.methods.relume import CARD
from relume.render import convolution, restoration
from relume.render.restoration import SETS
from relume.runtime import weights
from relume.runtime.lift_method import LOOK, reduced
from relume.runtime.method import load

if restoration.instructions() is None:
    pytest.skip("no layers were compiled, or they are switched off", allow_module_level=True)

COMPILED = import_module("relume.render._restoration")
SHAPE = (1, 3, 96, 96)
NEAR = 1e-5
"""Of maps of up to 4, absolutely and relatively; sums are taken in another order. Seen: 1.2e-6."""


def graph_of(name: str) -> tuple[bytes, Nodes]:
    model = weights.read_published("relume", f"{name}.onnx")
    return model, nodes.read(model)


def small_of(graph: Nodes) -> SmallGraph:
    small = small_graph.read(graph, LOOK, shape=SHAPE)
    assert small is not None
    return small


MODEL, GRAPH = graph_of(CARD.weights[0].name)


def feeds(picture: np.ndarray, **knobs: float) -> dict[str, np.ndarray]:
    small = reduced(picture, 96)
    given = {name: np.asarray(value, np.float32) for name, value in knobs.items()}
    return {"image": np.ascontiguousarray(small.transpose(2, 0, 1)[None]), **given}


PICTURES = {
    "night": night(120, 160),
    "square": night(96, 96),
    "tiny": night(1, 3),
    "black": np.zeros((40, 30, 3), np.float32),
    "white": np.ones((40, 30, 3), np.float32),
    "noise": np.random.default_rng(0).random((96, 96, 3)).astype(np.float32),
}


@pytest.mark.parametrize("name", [each.name for each in CARD.weights])
@pytest.mark.parametrize("seen", PICTURES)
@pytest.mark.parametrize("highlights", [0.0, 0.8])
def test_published_weights_see_what_the_engine_sees(
    name: str, seen: str, highlights: float
) -> None:
    model, graph = graph_of(name)
    engine = engines.open_graph(model, engine="onnxruntime", threads=1)
    given = feeds(PICTURES[seen], highlights=highlights, exposure=0.7, floor=1.0)
    found, wanted = small_of(graph).run(given), engine.run(given, LOOK)
    for one, other in zip(found, wanted, strict=True):
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
        np.testing.assert_allclose(one, other, rtol=NEAR, atol=NEAR)


def test_threads_change_nothing() -> None:
    small = small_of(GRAPH)
    given = feeds(PICTURES["night"], highlights=0.8, exposure=0.0, floor=1.0)
    first = [each.tobytes() for each in small.run(given)]
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(small.run, [given] * 40):
            assert [each.tobytes() for each in found] == first


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_results_are_those_of_the_engine_within_a_level(dtype: str) -> None:
    top = np.iinfo(dtype).max
    picture = np.rint(night(75, 101) * top).astype(dtype)
    usual, engine = load("relume"), load("relume", engine="onnxruntime")
    for name, found in usual.maps(picture).items():
        np.testing.assert_allclose(found, engine.maps(picture)[name], rtol=NEAR, atol=NEAR)
    off = np.abs(usual(picture).astype(int) - engine(picture).astype(int)).max()
    assert off <= (1 if dtype == "uint8" else top // 255)


def test_a_first_picture_needs_no_engine(tmp_path: Path) -> None:
    Image.fromarray(np.rint(night(48, 64) * 255).astype(np.uint8)).save(tmp_path / "a.png")
    code = (
        "import sys; sys.modules['onnxruntime'] = None\n"
        "from relume.cli import main; sys.exit(main(['enhance', 'a.png', '-m', 'relume']))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert (tmp_path / "a.relume.png").is_file()


def without_shapes(graph: Nodes) -> Nodes:
    return Nodes(tuple(node for node in graph.nodes if node.operation != "Shape"), graph.constants)


def changed(graph: Nodes, operation: str, **attributes: Value) -> Nodes:
    """Return a graph with other attributes at every node of an operation."""

    def other(node: Node) -> Node:
        if node.operation != operation:
            return node
        return replace(node, attributes={**node.attributes, **attributes})

    return Nodes(tuple(map(other, graph.nodes)), graph.constants)


@pytest.mark.parametrize(
    "graph",
    [
        nodes.read(b""),
        nodes.read(weights.read_published("sgz", "nights.onnx")),
        without_shapes(GRAPH),
        changed(GRAPH, "Conv", dilations=(2, 2)),
        changed(GRAPH, "Conv", pads=(1, 0, 1, 0)),
        changed(GRAPH, "Pad", mode="reflect"),
        changed(GRAPH, "AveragePool", ceil_mode=1),
        changed(GRAPH, "AveragePool", strides=(3, 3)),
        changed(GRAPH, "Resize", coordinate_transformation_mode="align_corners"),
        changed(GRAPH, "Gemm", alpha=2.0),
    ],
)
def test_another_graph_is_left_to_the_engine(graph: Nodes) -> None:
    assert small_graph.read(graph, LOOK, shape=SHAPE) is None


def test_another_size_would_be_reduced_and_is_left_to_the_engine() -> None:
    assert small_graph.read(GRAPH, LOOK, shape=(1, 3, 80, 96)) is None


def test_what_was_not_published_is_tried() -> None:
    assert small_of(GRAPH).works()
    wide = dict(GRAPH.constants)
    wide["estimate.head.weight"] = np.zeros((5, 41, 1, 1), np.float32)
    assert not small_of(Nodes(GRAPH.nodes, wide)).works()


# ---- what it is made of --------------------------------------------------------------------------


def here(name: str) -> bool:
    try:
        convolution.pointwise(np.ones((1, 1)), np.ones(1), instructions=name)(np.ones((1, 1), "f4"))
    except ValueError:
        return False
    return True


@pytest.fixture(scope="module", params=[name for name in SETS if name])
def instructions(request: pytest.FixtureRequest) -> str:
    if not here(request.param):
        pytest.skip(f"this processor has no {request.param}")
    return request.param


def drawn(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize(("pixels", "inputs", "outputs"), [(1, 1, 1), (7, 3, 40), (65, 224, 256)])
@pytest.mark.parametrize("relu", [False, True])
def test_products_are_numpys(
    instructions: str, pixels: int, inputs: int, outputs: int, relu: bool
) -> None:
    matrix, bias, tensor = drawn(outputs, inputs), drawn(outputs), drawn(pixels, inputs)
    found = convolution.pointwise(matrix, bias, relu=relu, instructions=instructions)(tensor)
    wanted = tensor.astype(float) @ matrix.T + bias
    np.testing.assert_allclose(found, np.maximum(wanted, 0) if relu else wanted, atol=1e-4)


@pytest.mark.parametrize("size", [(1, 1, 1), (2, 9, 17), (9, 2, 48), (12, 33, 256)])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("relu", [False, True])
def test_depthwise_convolutions_are_numpys(
    instructions: str, size: tuple[int, int, int], stride: int, relu: bool
) -> None:
    tensor, kernel, bias = drawn(*size), drawn(size[2], 3, 3), drawn(size[2])
    work = convolution.depthwise(kernel, bias, stride=stride, relu=relu, instructions=instructions)
    around = np.pad(tensor.astype(float), ((1, 1), (1, 1), (0, 0)))
    wanted = sum(
        around[y : y + size[0], x : x + size[1]] * kernel[:, y, x]
        for y in range(3)
        for x in range(3)
    )
    wanted = (wanted + bias)[::stride, ::stride]
    np.testing.assert_allclose(work(tensor), np.maximum(wanted, 0) if relu else wanted, atol=1e-5)


@pytest.mark.parametrize("pads", [(0, 0, 0, 0), (5, 5, 5, 5), (0, 3, 5, 1)])
@pytest.mark.parametrize("size", [(2, 11, 11), (1, 20, 13), (5, 48, 48)])
def test_averages_are_numpys(size: tuple[int, int, int], pads: tuple[int, int, int, int]) -> None:
    planes, (top, left, bottom, right) = drawn(*size), pads
    around = np.pad(planes, ((0, 0), (top, bottom), (left, right)), mode="edge").astype(float)
    windows = np.lib.stride_tricks.sliding_window_view(around, (11, 11), axis=(1, 2))
    found = convolution.averages(planes, (11, 11), pads=pads)
    np.testing.assert_allclose(found, windows.mean(axis=(3, 4)), atol=1e-6)


TENSOR, TARGET = np.zeros((4, 5, 3), np.float32), np.zeros((4, 5, 3), np.float32)
KERNEL, BIAS = np.zeros((9, 16), np.float32), np.zeros(16, np.float32)


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("pointwise", (KERNEL[:3], BIAS, TENSOR, TARGET, 0, 20, 4, 3, False), "weights"),
        ("pointwise", (KERNEL[:3], BIAS[:8], TENSOR, TARGET, 0, 20, 3, 3, False), "bias"),
        ("pointwise", (KERNEL[:3], BIAS, TENSOR, TARGET, 0, 21, 3, 3, False), "source"),
        ("pointwise", (KERNEL[:3], BIAS, TENSOR, TARGET, 0, 20, 3, 4, False), "target"),
        ("pointwise", (KERNEL[:3], BIAS, TENSOR, TARGET, 0, 20, 2**40, 3, False), "channels"),
        ("pointwise", (KERNEL[:3], BIAS, TENSOR, TARGET, 0, 20, 3, 257, False), "channels"),
        ("pointwise", (KERNEL[:3], BIAS, TENSOR, TARGET, 0, 2**62, 3, 3, False), "sizes"),
        ("pointwise", (KERNEL[:3], BIAS, TENSOR, TARGET, 9, 20, 3, 3, False), "instruction set"),
        ("depthwise", (KERNEL[:8], BIAS, TENSOR, TARGET, 0, 4, 5, 3, 1, False), "weights"),
        ("depthwise", (KERNEL, BIAS, TENSOR, TARGET, 0, 4, 6, 3, 1, False), "source"),
        ("depthwise", (KERNEL, BIAS, TENSOR, TARGET, 0, 4, 5, 3, 2, False), "target"),
        ("depthwise", (KERNEL, BIAS, TENSOR, TARGET, 0, 4, 5, 3, 3, False), "stride"),
        ("depthwise", (KERNEL, BIAS, TENSOR, TARGET, 0, 4, 5, 300, 1, False), "channels"),
        ("depthwise", (KERNEL, BIAS, TENSOR, TARGET, 0, 2**61, 5, 3, 1, False), "sizes"),
        ("averages", (TENSOR, TARGET, 4, 5, 3, 1, 1, 0, 0, 5, 2), "target"),
        ("averages", (TENSOR, TARGET, 4, 5, 4, 1, 1, 0, 0, 5, 3), "source"),
        ("averages", (TENSOR, TARGET, 4, 5, 3, 0, 1, 0, 0, 5, 3), "sizes"),
        ("averages", (TENSOR, TARGET, 4, 5, 3, 2, 2, 2, 0, 5, 3), "windows"),
        ("averages", (TENSOR, TARGET, 4, 5, 3, 2, 2, 0, -1, 5, 3), "windows"),
        ("averages", (TENSOR, TARGET, 4, 5, 3, 2, 2**62, 0, 2, 5, 3), "windows|sizes"),
        ("averages", (TENSOR, TARGET[:, :, :1].copy(), 4, 5, 3, 1, 1, 0, 0, 5, 1), "windows"),
    ],
)
def test_lies_about_sizes_are_refused(name: str, given: tuple[object, ...], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        getattr(COMPILED, name)(*given)
