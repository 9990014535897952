"""Packages for darktable: whole pictures of any size, and every rule of the package."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

import relume
from fake.night import night
from relume import methods
from relume.errors import WeightsError
from relume.export.darktable import CONFIG, check_package, package
from relume.runtime import weights


@pytest.fixture(scope="module")
def made() -> bytes:
    card = methods.card("relume")
    content = weights.read_published("relume", f"{card.weights[0].name}.onnx")
    return package(content, card, knobs=card.knobs, version="0.1")


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize("size", [(40, 56), (1, 1), (7, 90), (37, 51), (403, 613)])
def test_takes_any_size_and_gives_what_relume_gives(made: bytes, size: tuple[int, int]) -> None:
    content = parts(made)["relight-relume/model.onnx"]
    session: Any = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    picture = night(*size)
    feeds = {"image": np.ascontiguousarray(picture.transpose(2, 0, 1)[None])}
    feeds |= {
        knob.name: np.array([knob.default], np.float32) for knob in methods.card("relume").knobs
    }
    (found,) = session.run(None, feeds)
    expected = relume.load("relume")(picture)
    assert np.abs(found[0].transpose(1, 2, 0) - expected).max() < 1e-4


def test_what_lies_beyond_white_is_clipped(made: bytes) -> None:
    content = parts(made)["relight-relume/model.onnx"]
    session: Any = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    picture = np.ascontiguousarray(night(24, 32).transpose(2, 0, 1)[None])
    knobs = {
        knob.name: np.array([knob.default], np.float32) for knob in methods.card("relume").knobs
    }
    wild = picture.copy()
    wild[..., :4] = 3.0
    tame = np.minimum(wild, 1.0)
    results = [session.run(None, {"image": image, **knobs})[0] for image in (wild, tame)]
    assert np.array_equal(*results)


def test_the_same_model_gives_the_same_bytes(made: bytes) -> None:
    card = methods.card("relume")
    content = weights.read_published("relume", f"{card.weights[0].name}.onnx")
    assert package(content, card, knobs=card.knobs, version="0.1") == made


def test_the_config_names_every_knob_and_answers_the_card(made: bytes) -> None:
    known = json.loads(parts(made)[f"relight-relume/{CONFIG}"])
    assert [knob["name"] for knob in known["attributes"]["knobs"]] == [
        knob.name for knob in methods.card("relume").knobs
    ]
    assert all(known["model_card"][field] for field in ("license", "training_data", "scope"))


def changed(made: bytes, **values: object) -> bytes:
    files = parts(made)
    name = f"relight-relume/{CONFIG}"
    return packed({**files, name: json.dumps({**json.loads(files[name]), **values}).encode()})


def test_a_package_darktable_would_refuse_is_refused(made: bytes) -> None:
    check_package(made)
    files = parts(made)
    wrong = [
        packed({}),
        packed({name.replace("relight-relume", ".."): data for name, data in files.items()}),
        packed({"other/" + name.split("/")[1]: data for name, data in files.items()}),
        packed({**files, "relight-relume/more.txt": b""}),
        changed(made, id=""),
        changed(made, backend="torch"),
        changed(made, num_inputs=2),
        changed(made, model_card={}),
    ]
    model: Any = onnx.load_from_string(files["relight-relume/model.onnx"])
    model.opset_import[0].version = 23
    wrong.append(packed({**files, "relight-relume/model.onnx": model.SerializeToString()}))
    for data in wrong:
        with pytest.raises(WeightsError, match="package"):
            check_package(data)
