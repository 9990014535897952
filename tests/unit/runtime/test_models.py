"""Model files: run with their card, refused with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import pytest

from fake.models import CARD, model_bytes
from fake.night import night
from relume import engines
from relume.card import Estimate, Knob
from relume.errors import ContractError, UnknownNameError, WeightsError
from relume.render import centred, reduce
from relume.runtime import load, weights
from relume.runtime.method import GraphMethod
from relume.tiles import fit


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "brighter.onnx"
    path.write_bytes(model_bytes())
    return path


def test_a_model_file_brings_its_card_and_knobs(file: Path) -> None:
    method = load(str(file))
    image = night(20, 31)
    assert method.card == CARD
    assert np.allclose(method(image), np.minimum(image * 2, 1))
    assert np.allclose(method(image, gain=4), np.minimum(image * 4, 1))
    with pytest.raises(ContractError, match="gain"):
        method(image, gain=9)


def test_a_graph_of_reach_zero_runs_in_tiles(file: Path) -> None:
    image = (night(700, 900) * 255).astype(np.uint8)
    expected = np.minimum(image.astype(int) * 2, 255)
    assert np.abs(load(str(file))(image).astype(int) - expected).max() <= 1


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"not a model", "cannot read"),
        (model_bytes(None), "no card"),
        (model_bytes(output="other"), "output 'enhanced'"),
    ],
    ids=["empty", "text", "no card", "other output"],
)
def test_a_file_that_is_no_method_is_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "bad.onnx"
    path.write_bytes(data)
    with pytest.raises(WeightsError, match=reason):
        load(str(path))


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="nowhere"):
        load(str(tmp_path / "nowhere.onnx"))


def test_a_malformed_card_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.onnx"
    path.write_bytes(model_bytes(replace(CARD, reach="far")))  # pyright: ignore[reportArgumentType]
    with pytest.raises(WeightsError, match="reach"):
        load(str(path))


def test_an_unknown_engine_is_named(file: Path) -> None:
    with pytest.raises(UnknownNameError, match="onnxruntime"):
        load(str(file), engine="onnxrunner")


def test_engines_that_are_installed_have_a_version() -> None:
    assert engines.available()["onnxruntime"]


def test_only_what_is_asked_for_is_returned(file: Path) -> None:
    graph = engines.open_graph(file.read_bytes())
    image = np.zeros((1, 3, 2, 2), np.float32)
    (out,) = graph.run({"image": image, "gain": np.asarray(2.0, np.float32)}, ["enhanced"])
    assert out.shape == image.shape
    assert graph.outputs == ("enhanced",)


class Mirror:
    """A graph whose curve is the picture it is shown."""

    inputs = ("image",)
    outputs = ("enhanced", "curve")
    metadata: ClassVar[dict[str, str]] = {}

    def run(self, feeds: Mapping[str, np.ndarray], outputs: Sequence[str]) -> list[np.ndarray]:
        return [feeds["image"] for _ in outputs]


@pytest.mark.parametrize("reduction", ["bilinear", "area"])
def test_a_picture_is_reduced_as_the_card_says(reduction: Literal["bilinear", "area"]) -> None:
    how = Estimate("curve", 1, reduction, scale_knob="scale", aligns_corners=False)
    scale = Knob("scale", 4, low=1, high=8, meaning="factor", whole=True)
    method = GraphMethod(Mirror(), replace(CARD, knobs=(scale,), estimate=how))
    image = night(10, 16)
    curve = method.estimate(image, knobs={"scale": 4.0})
    if reduction == "area":
        expected = reduce(image, height=3, width=4)
        assert curve.grid == centred((3, 4), (10, 16))
    else:
        expected = fit.reduce_by(image, 4)
        assert curve.grid == centred((3, 4), (12, 16))
    assert np.array_equal(curve.map, expected)
    assert np.array_equal(method.maps(image)["curve"], expected)


def test_published_weights_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    sums = {"nights.onnx": "0" * 64}
    monkeypatch.setattr(weights, "checksums", lambda name: sums)
    with pytest.raises(WeightsError, match="expected sha256 000000000000"):
        weights.read_published("sgz", "nights.onnx")


def test_absent_weights_are_named() -> None:
    with pytest.raises(WeightsError, match=r"days\.onnx"):
        weights.read_published("sgz", "days.onnx")
