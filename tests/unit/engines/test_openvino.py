"""OpenVINO: the results of ONNX Runtime, sizes compiled once, kept on disk, refused in one line."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fake.models import attention_model, model_bytes, unknown_operator
from relume import engines
from relume.engines import onnx_runtime, openvino
from relume.engines.openvino import OpenVinoGraph, open_graph
from relume.errors import WeightsError
from relume.runtime import weights

pytest.importorskip("openvino")
GAIN = np.asarray(2.0, np.float32)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "relume" / openvino.SHELF


@pytest.fixture
def graph() -> OpenVinoGraph:
    return open_graph(model_bytes(), threads=1)


def image(height: int, width: int, *, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((1, 3, height, width), np.float32)


def compilations(graph: OpenVinoGraph, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Note every compilation from now on."""
    seen: list[object] = []
    real: Any = graph._core  # pyright: ignore[reportPrivateUsage]

    class Noting:
        def compile_model(self, model: Any, *rest: Any) -> Any:
            seen.append(model.input(0).get_shape())
            return real.compile_model(model, *rest)

        def import_model(self, *arguments: Any) -> Any:
            return real.import_model(*arguments)

    monkeypatch.setattr(graph, "_core", Noting())
    return seen


def test_it_says_what_the_file_says(graph: OpenVinoGraph) -> None:
    usual = engines.open_graph(model_bytes(), engine="onnxruntime")
    assert graph.inputs == usual.inputs
    assert graph.outputs == usual.outputs
    assert dict(graph.ports) == dict(usual.ports)
    assert weights.card_of(graph, where="here") == weights.card_of(usual, where="here")


@pytest.mark.parametrize("size", [(1, 1), (7, 5), (64, 33)])
def test_results_are_those_of_onnx_runtime(graph: OpenVinoGraph, size: tuple[int, int]) -> None:
    feeds = {"image": image(*size), "gain": GAIN}
    usual = engines.open_graph(model_bytes(), engine="onnxruntime")
    (found,) = graph.run(feeds, ["enhanced"])
    (expected,) = usual.run(feeds, ["enhanced"])
    assert np.abs(found - expected).max() <= 1e-6
    assert np.array_equal(found, graph.run(feeds, ["enhanced"])[0]), "two runs differ"


def test_outputs_come_in_the_order_asked_for() -> None:
    graph = open_graph(weights.read_published("sgz", "nights.onnx"), threads=1)
    feeds = {"image": image(16, 20)}
    curve, enhanced = graph.run(feeds, ["curve", "enhanced"])
    assert np.array_equal(graph.run(feeds, ["enhanced"])[0], enhanced)
    assert np.array_equal(graph.run(feeds, ["curve"])[0], curve)
    assert np.abs(enhanced - curve).max() > 0.01


def test_results_stay_when_the_engine_runs_again(graph: OpenVinoGraph) -> None:
    (first,) = graph.run({"image": image(8, 8), "gain": GAIN}, ["enhanced"])
    before = first.copy()
    graph.run({"image": 1 - image(8, 8), "gain": GAIN}, ["enhanced"])
    assert np.array_equal(first, before)


def test_a_size_is_compiled_once(graph: OpenVinoGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = compilations(graph, monkeypatch)
    for size in ((8, 8), (8, 8), (8, 9), (8, 8)):
        graph.run({"image": image(*size), "gain": GAIN}, ["enhanced"])
    assert len(seen) == 2


def test_only_so_many_sizes_stay_in_memory(graph: OpenVinoGraph) -> None:
    for width in range(1, openvino.MOST_SIZES + 4):
        graph.run({"image": image(2, width), "gain": GAIN}, ["enhanced"])
    assert len(graph._compiled) == openvino.MOST_SIZES  # pyright: ignore[reportPrivateUsage]


def test_what_is_on_disk_is_not_compiled_again(
    graph: OpenVinoGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    feeds = {"image": image(8, 8), "gain": GAIN}
    (expected,) = graph.run(feeds, ["enhanced"])
    again = open_graph(model_bytes(), threads=1)
    seen = compilations(again, monkeypatch)
    assert np.array_equal(again.run(feeds, ["enhanced"])[0], expected)
    assert not seen
    other = open_graph(model_bytes(None), threads=1)
    seen = compilations(other, monkeypatch)
    other.run(feeds, ["enhanced"])
    assert len(seen) == 1, "another model, though it computes the same"


@pytest.mark.parametrize("damage", ["cut", "flipped", "sealed nonsense"])
def test_a_damaged_cache_is_made_anew(
    graph: OpenVinoGraph, place: Path, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    feeds = {"image": image(8, 8), "gain": GAIN}
    (expected,) = graph.run(feeds, ["enhanced"])
    (file,) = place.iterdir()
    whole = file.read_bytes()
    if damage == "cut":
        file.write_bytes(whole[: len(whole) // 2])
    elif damage == "flipped":
        file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    else:  # as another build of the same version might have left it
        file.write_bytes(sha256(b"nonsense").digest() + b"nonsense")
    again = open_graph(model_bytes(), threads=1)
    seen = compilations(again, monkeypatch)
    assert np.array_equal(again.run(feeds, ["enhanced"])[0], expected)
    assert len(seen) == 1
    (mended,) = place.iterdir()
    content = mended.read_bytes()
    assert content[:32] == sha256(content[32:]).digest()
    assert len(content) == len(whole)


@pytest.mark.parametrize("operator", ["Softmax", "Attention"])
@pytest.mark.parametrize("wrong", [0, 1, 3])
def test_attention_is_compiled_until_it_is_right(
    wrong: int, operator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = open_graph(attention_model(operator), threads=1)
    seen = spoilt(monkeypatch, times=wrong)
    picture = image(6, 9)
    (found,) = graph.run({"image": picture}, ["enhanced"])
    expected = shares(picture)
    if operator == "Attention":
        expected = shares(picture @ picture.swapaxes(2, 3) / 3) @ picture  # rows of 9: √9
    assert np.abs(found - expected).max() < 1e-6
    graph.run({"image": picture}, ["enhanced"])
    assert len(seen) == wrong + 1, "what was proven is kept"


def test_what_attention_is_compared_with_is_opened_once(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    honest = onnx_runtime.open_graph

    def counted(data: bytes, *, threads: int | None) -> onnx_runtime.OnnxRuntimeGraph:
        opened.append(data)
        return honest(data, threads=threads)

    monkeypatch.setattr(onnx_runtime, "open_graph", counted)
    graph = open_graph(attention_model(), threads=1)
    assert not opened, "a graph that never runs needs no reference"
    for size in ((6, 9), (9, 6)):
        graph.run({"image": image(*size)}, ["enhanced"])
    assert len(opened) == 1


def shares(values: np.ndarray) -> np.ndarray:
    """Return the softmax over the last axis."""
    powers = np.exp(values)
    return powers / powers.sum(axis=3, keepdims=True)


def test_attention_that_is_never_right_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = open_graph(attention_model(), threads=1)
    spoilt(monkeypatch, times=99)
    with pytest.raises(WeightsError, match="--engine onnxruntime"):
        graph.run({"image": image(6, 9)}, ["enhanced"])


def spoilt(monkeypatch: pytest.MonkeyPatch, *, times: int) -> list[object]:
    """Let the results of the first compilations be wrong; return the compilations, as they come."""
    made: list[object] = []
    real = openvino._Compiled  # pyright: ignore[reportPrivateUsage]

    class Spoilt(real):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            made.append(self)
            self._offset = 0.01 if len(made) <= times else 0.0

        def run(self, feeds: Any) -> list[np.ndarray]:
            return [result + np.float32(self._offset) for result in super().run(feeds)]

    monkeypatch.setattr(openvino, "_Compiled", Spoilt)
    return made


def test_threads_share_a_graph(graph: OpenVinoGraph) -> None:
    pictures = [image(24, 17, seed=seed) for seed in range(24)]

    def run(picture: np.ndarray) -> np.ndarray:
        return graph.run({"image": picture, "gain": GAIN}, ["enhanced"])[0]

    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(run, pictures))
    for picture, result in zip(pictures, results, strict=True):
        assert np.allclose(result, np.minimum(2 * picture, 1), atol=1e-6)


@pytest.mark.parametrize("data", [b"not a model", model_bytes()[:200]], ids=["text", "cut"])
def test_a_damaged_model_is_refused_in_one_line(data: bytes) -> None:
    with pytest.raises(WeightsError, match="OpenVINO cannot read") as error:
        open_graph(data, threads=1)
    assert "\n" not in str(error.value)


def test_an_operator_it_lacks_is_named() -> None:
    with pytest.raises(WeightsError, match="Frobnicate") as error:
        open_graph(unknown_operator(), threads=1)
    assert "\n" not in str(error.value)


def test_its_makers_are_not_told_that_it_is_used(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from relume.engines.openvino import open_graph\n"
        "from fake.models import model_bytes\n"
        "open_graph(model_bytes(), threads=1)\n"
        "assert not any(name.startswith('openvino_telemetry') for name in sys.modules)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(Path(__file__).parents[2]), "HOME": str(tmp_path)},
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert not list(tmp_path.glob("intel*"))


def test_it_computes_in_float32_whatever_the_processor_offers(graph: OpenVinoGraph) -> None:
    """With AMX, OpenVINO computes in bfloat16 unless it is told not to."""
    compiled = graph._compile({"image": (1, 3, 8, 8)}, ("enhanced",))  # pyright: ignore[reportPrivateUsage]
    assert str(compiled.get_property("INFERENCE_PRECISION_HINT")) == "<Type: 'float32'>"
