"""Engines by name: which there are, which are meant, and what is said where one is missing."""

from __future__ import annotations

import importlib.metadata

import pytest

from fake.models import model_bytes, unknown_operator
from relume import engines, extras
from relume.engines import table
from relume.errors import MissingExtraError, UnknownNameError, WeightsError


def test_the_default_engine_is_always_there() -> None:
    assert engines.DEFAULT in engines.available()
    assert engines.DEFAULT in engines.usable()
    assert engines.names()[0] == engines.AUTO


def test_torch_is_installed_but_runs_no_strange_file() -> None:
    pytest.importorskip("torch")
    assert "torch" in engines.installed()
    assert "torch" not in engines.available()
    with pytest.raises(WeightsError, match="published"):
        engines.open_graph(model_bytes(), engine="torch")


def test_a_hidden_package_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> None:
        raise ImportError(f"{name} is hidden from this process")

    monkeypatch.setattr(table, "find_spec", refuse)
    assert engines.installed() == {}


def test_a_package_under_another_distribution_has_a_version(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def version(name: str) -> str:
        if name == "onnxruntime-gpu":
            return "1.2.3"
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    assert engines.available()["onnxruntime"] == "1.2.3"


@pytest.mark.parametrize("name", ["openvin", "onnxruntime:cude", "onnxruntime:", "cuda", ""])
def test_an_unknown_engine_is_named(name: str) -> None:
    with pytest.raises(UnknownNameError, match="engine"):
        engines.open_graph(model_bytes(), engine=name)


def test_an_engine_that_is_not_installed_names_its_pip_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(extras.EXTRAS, "openvino", ("surely_not_installed",))
    with pytest.raises(MissingExtraError, match=r"pip install 'relume\[openvino\]'"):
        engines.open_graph(model_bytes(), engine="openvino")


@pytest.mark.parametrize(
    ("device", "package"),
    [("cuda", "onnxruntime-gpu"), ("directml", "onnxruntime-directml"), ("coreml", "onnxruntime")],
)
def test_a_device_that_is_not_offered_names_its_package(
    device: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import onnxruntime

    offered = ["CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: offered)
    with pytest.raises(MissingExtraError, match=f"pip install {package} "):
        engines.open_graph(model_bytes(), engine=f"onnxruntime:{device}")
    assert engines.usable().count("onnxruntime") == 1
    assert not [name for name in engines.usable() if ":" in name]


def test_a_device_that_does_not_work_is_not_replaced_without_a_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import onnxruntime

    real = onnxruntime.InferenceSession
    asked: list[object] = []

    def fall_back(data: bytes, options: object, *, providers: list[object]) -> object:
        asked.extend(providers)
        return real(data, options, providers=["CPUExecutionProvider"])

    offered = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: offered)
    monkeypatch.setattr(onnxruntime, "InferenceSession", fall_back)
    assert "onnxruntime:cuda" in engines.usable()
    with pytest.raises(MissingExtraError, match="does not work on this machine"):
        engines.open_graph(model_bytes(), engine="onnxruntime:cuda")
    # Without 10-bit products, and the processor for what the device cannot compute.
    assert asked == [
        ("CUDAExecutionProvider", {"use_tf32": "0"}),
        ("CPUExecutionProvider", {}),
    ]


def test_ports_are_stated() -> None:
    graph = engines.open_graph(model_bytes())
    assert graph.ports["image"] == engines.Port((1, 3, None, None), "float32")
    assert graph.ports["gain"] == engines.Port((), "float32")


def test_an_operator_that_is_lacking_is_named_in_one_line() -> None:
    with pytest.raises(WeightsError, match="Frobnicate") as error:
        engines.open_graph(unknown_operator())
    assert "\n" not in str(error.value)
