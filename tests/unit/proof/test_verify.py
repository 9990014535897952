"""Verification notices what is wrong with a model file, and says what it is compared with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from PIL import Image

from fake.models import CARD, model_bytes
from fake.night import night
from relume import engines
from relume.errors import ContractError, NoDatasetError, WeightsError
from relume.proof import task_loss, verify
from relume.proof.verify import GRAPH_LIMIT
from relume.runtime import weights


def changed(content: bytes, *, by: float, precision: str | None = None) -> bytes:
    """Return a model whose first floats of parameters are another."""
    model = onnx.load_from_string(content)
    place = next(
        index
        for index, each in enumerate(model.graph.initializer)
        if each.data_type == onnx.TensorProto.FLOAT
    )
    values = numpy_helper.to_array(model.graph.initializer[place]) + np.float32(by)
    name = model.graph.initializer[place].name
    model.graph.initializer[place].CopyFrom(numpy_helper.from_array(values, name))
    if precision is not None:
        entry = model.metadata_props.add()
        entry.key, entry.value = verify.PRECISION_KEY, precision
    return model.SerializeToString()


@pytest.fixture
def full() -> bytes:
    return weights.read_published("sgz", "nights.onnx")


def test_a_published_method_passes_on_every_engine() -> None:
    checks = verify.verify("sgz")
    assert all(check.passed for check in checks)
    engines = {check.engine for check in checks}
    assert "onnxruntime" in engines
    assert len([check for check in checks if check.what == "golden enhanced"]) == len(engines)
    others = [check for check in checks if check.what == "sizes and knobs"]
    assert {check.engine for check in others} == engines - {"onnxruntime"}


@pytest.mark.parametrize(
    ("alone", "together", "wrong"),
    [
        ((0.0, 0.0), 0.0, set()),
        ((0.1, 0.0), 0.0, {"enhanced"}),
        ((0.0, 0.1), 0.0, {"curve"}),
        ((0.0, 0.0), 0.1, {"enhanced", "curve"}),
    ],
)
def test_goldens_are_asked_for_alone_and_together(
    alone: tuple[float, float], together: float, wrong: set[str]
) -> None:
    class Off:
        outputs = ("enhanced", "curve")

        def run(self, feeds: object, outputs: list[str]) -> list[np.ndarray]:
            offs = [
                alone[self.outputs.index(one)] if len(outputs) == 1 else together for one in outputs
            ]
            return [np.full((1, 3, 2, 2), off, np.float32) for off in offs]

    golden = {name: np.zeros((3, 2, 2), np.float32) for name in Off.outputs}
    checks = list(verify._golden("sgz", cast("Any", Off()), golden, {}, engine="onnxruntime"))
    assert [check.what for check in checks] == ["golden enhanced", "golden curve"]
    assert {check.what.split()[1] for check in checks if not check.passed} == wrong


def test_a_file_is_compared_with_the_published_parameters(full: bytes, tmp_path: Path) -> None:
    (tmp_path / "same.onnx").write_bytes(full)
    checks = verify.verify(str(tmp_path / "same.onnx"))
    assert checks
    assert all(check.passed and check.error <= GRAPH_LIMIT for check in checks)
    (tmp_path / "other.onnx").write_bytes(changed(full, by=0.01))
    assert not any(check.passed for check in verify.verify(str(tmp_path / "other.onnx")))


def test_int8_is_measured_in_db(full: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(changed(full, by=1e-4, precision="int8"))
    (tmp_path / "b.onnx").write_bytes(changed(full, by=0.3, precision="int8"))
    near, far = (verify.verify(str(tmp_path / name))[0] for name in ("a.onnx", "b.onnx"))
    assert near.unit == far.unit == "dB"
    assert near.passed
    assert near.error > 50
    assert not far.passed
    assert far.error < far.limit == verify.LEAST_PSNR


def test_a_stranger_is_checked_alone_or_against_a_file(tmp_path: Path) -> None:
    path = tmp_path / "brighter.onnx"
    path.write_bytes(model_bytes())
    alone = verify.verify(str(path))
    assert alone[0].what == "finite and in range"
    assert all(check.passed for check in alone)
    other = tmp_path / "other.onnx"
    other.write_bytes(model_bytes(replace(CARD, title="Another")))
    assert all(check.passed for check in verify.verify(str(path), against=str(other)))
    (tmp_path / "bare.onnx").write_bytes(model_bytes(None))
    with pytest.raises(WeightsError, match="no card inside"):
        verify.verify(str(tmp_path / "bare.onnx"))


def test_knobs_are_moved_to_their_ends() -> None:
    probes = list(verify._probes(engines.open_graph(model_bytes()), CARD))
    assert {float(feeds["gain"]) for feeds in probes} == {2.0, 1.0, 8.0}
    assert {feeds["image"].shape[2:] for feeds in probes} == set(verify.SIZES)


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    folder = tmp_path / "pairs"
    for name, scale in (("low", 1.0), ("high", 3.0)):
        (folder / name).mkdir(parents=True)
        for number in range(2):
            picture = np.clip(night(40, 50, seed=number) * scale, 0, 1)
            image = Image.fromarray(np.rint(picture * 255).astype(np.uint8))
            image.save(folder / name / f"{number}.png")
    return folder


def test_what_the_task_loses(full: bytes, pairs: Path, tmp_path: Path) -> None:
    (tmp_path / "same.onnx").write_bytes(full)
    same = task_loss.task_loss(str(tmp_path / "same.onnx"), pairs)
    assert [check.error for check in same] == [0.0, 0.0]
    assert [check.what.split(":")[0] for check in same] == ["PSNR of 2 pairs", "SSIM of 2 pairs"]
    with pytest.raises(NoDatasetError, match="needs pictures in low/ and high/"):
        task_loss.task_loss(str(tmp_path / "same.onnx"), tmp_path)
    with pytest.raises(ContractError, match="gamma comes in float32 only"):
        task_loss.task_loss("gamma", pairs)
