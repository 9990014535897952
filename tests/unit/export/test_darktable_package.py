"""Packages for darktable: whole pictures of any size, and every rule of the package."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

import relume
from fake.night import night
from relume import methods
from relume.errors import WeightsError
from relume.export.darktable import CONFIG, check_package, config, package
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


@pytest.fixture(scope="module")
def run(made: bytes) -> Any:
    content = parts(made)["relight-relume/model.onnx"]
    session: Any = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])

    def one(picture: Any, **knobs: float) -> Any:
        feeds = {"image": np.ascontiguousarray(picture.transpose(2, 0, 1)[None])}
        for knob in methods.card("relume").knobs:
            feeds[knob.name] = np.array([knobs.get(knob.name, knob.default)], np.float32)
        (found,) = session.run(None, feeds)
        return found[0].transpose(1, 2, 0)

    return one


SIZES = ((40, 56), (1, 1), (1, 9), (7, 90), (37, 51), (403, 613), (97, 4100), (1700, 64))
"""One band and many, one strip and several, whole blocks and none."""


@pytest.mark.parametrize("size", SIZES)
def test_takes_any_size_and_gives_what_relume_gives(run: Any, size: tuple[int, int]) -> None:
    picture = night(*size)
    expected = relume.load("relume")(picture)
    found = run(picture)
    assert np.abs(found - expected).max() < 1e-5
    assert 0 <= found.min() <= found.max() <= 1


@pytest.mark.parametrize(
    "knobs",
    [
        {"denoise": 0.0},
        {"denoise": 0.4, "exposure": -1.5},
        {"exposure": 2.0, "highlights": 0.0, "floor": 8.0},
    ],
)
def test_knobs_do_what_they_do_in_relume(run: Any, knobs: dict[str, float]) -> None:
    picture = night(61, 83)
    assert np.abs(run(picture, **knobs) - relume.load("relume")(picture, **knobs)).max() < 1e-5


def pictures() -> dict[str, Any]:
    bright = 0.8 + 0.1 * np.random.default_rng(1).random((120, 80, 3), np.float32)
    gray = np.repeat(night(120, 80)[..., :1], 3, axis=2)
    nearly = gray.copy()
    nearly[60, 40, 2] += 0.1
    return {
        "black": np.zeros((24, 40, 3), np.float32),
        "white": np.ones((24, 40, 3), np.float32),
        "nothing to restore": bright,
        "strips with and without noise": np.concatenate((np.tile(bright, (12, 1, 1)), gray), 0),
        "gray": gray,
        "gray but for a pixel": nearly,
    }


@pytest.mark.parametrize("name", pictures())
def test_every_way_through_gives_what_relume_gives(run: Any, name: str) -> None:
    picture = pictures()[name].astype(np.float32)
    found = run(picture)
    assert np.abs(found - relume.load("relume")(picture)).max() < 1e-5
    if name in ("gray", "black", "white"):
        assert np.array_equal(found[..., 0], found[..., 2])


def test_a_picture_goes_through_in_strips(made: bytes) -> None:
    model: Any = onnx.load_from_string(parts(made)["relight-relume/model.onnx"])
    full = [node for node in model.graph.node if "image" in node.input]
    assert {node.op_type for node in full} <= {"Shape", "Slice"}, "nothing sees the whole picture"


def test_what_lies_beyond_white_is_clipped(run: Any) -> None:
    wild = night(24, 32)
    wild[:, :4], wild[:, 4:8] = 3.0, -1.0
    assert np.array_equal(run(wild), run(np.clip(wild, 0.0, 1.0)))


def test_the_same_model_gives_the_same_bytes(made: bytes) -> None:
    card = methods.card("relume")
    content = weights.read_published("relume", f"{card.weights[0].name}.onnx")
    assert package(content, card, knobs=card.knobs, version="0.1") == made


def test_the_config_names_every_knob_and_answers_the_card(made: bytes) -> None:
    known = json.loads(parts(made)[f"relight-relume/{CONFIG}"])
    assert [knob["name"] for knob in known["attributes"]["knobs"]] == [
        knob.name for knob in methods.card("relume").knobs
    ]
    answers = known["model_card"]
    assert all(answers.values()), "each rule of admission has its line"
    assert "README.md" in answers["paper"], "a public report"
    assert "training code" in answers["source"]
    for said in ("sha256", "rebuilt from", "OSAID 1.0: not met", "MOF: class", "known limits"):
        assert said in answers["notes"]


def test_a_package_of_listed_photographs_says_where_the_list_is() -> None:
    card = methods.card("relume")
    (listed,) = (each for each in card.weights if each.name == "open")
    answers = config(replace(card, weights=(listed,)), knobs=card.knobs, version="0.1")
    assert "weights/open.photos.tsv" in answers["model_card"]["training_data_license"]
    assert "OSAID 1.0: met" in answers["model_card"]["notes"]


def test_a_damaged_package_is_told(made: bytes) -> None:
    random = np.random.default_rng(3)
    for place in random.integers(len(made), size=20):
        with pytest.raises(WeightsError, match="package"):
            check_package(made[: int(place)])
        changed_bytes = bytearray(made)
        changed_bytes[int(place) : int(place) + 40] = bytes(40)
        with pytest.raises(WeightsError, match="package"):
            check_package(bytes(changed_bytes))


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
        changed(made, model_card=[1]),
        changed(made, version="1.2.3"),
        changed(made, version=1.0),
        changed(made, description="two\nlines"),
        changed(made, task="denoise"),
        changed(made, tiling=True),
        changed(made, spatial_dims=["rows", "columns"]),
        packed({name.replace("relight-", "relight\\"): data for name, data in files.items()}),
        changed(made, attributes={}),
        packed({**files, f"relight-relume/{CONFIG}": b"[]"}),
        packed({**files, f"relight-relume/{CONFIG}": b"{"}),
        packed({**files, "relight-relume/model.onnx": b"no graph"}),
    ]
    for data in wrong:
        with pytest.raises(WeightsError, match="package"):
            check_package(data)


def newer(model: Any) -> None:
    model.opset_import[0].version = 23


def newer_format(model: Any) -> None:
    model.ir_version = 99


def foreign(model: Any) -> None:
    entry = model.opset_import.add()
    entry.domain, entry.version = "com.example", 1


def of_double(model: Any) -> None:
    model.graph.input[0].type.tensor_type.elem_type = onnx.TensorProto.DOUBLE


def of_one_size(model: Any) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[2].dim_value = 64


def of_two_numbers(model: Any) -> None:
    model.graph.input[1].type.tensor_type.shape.dim[0].dim_value = 2


def without_axes(model: Any) -> None:
    del model.graph.input[1].type.tensor_type.shape.dim[:]


def elsewhere(model: Any) -> None:
    model.graph.initializer[0].data_location = onnx.TensorProto.EXTERNAL


def unknown_operator(model: Any) -> None:
    model.graph.node[5].op_type = "NoSuchOperator"


@pytest.mark.parametrize(
    "spoil",
    [
        newer, newer_format, foreign, of_double, of_one_size, of_two_numbers, without_axes,
        elsewhere, unknown_operator,
    ],
)  # fmt: skip
def test_a_graph_darktable_could_not_run_is_refused(made: bytes, spoil: Any) -> None:
    files = parts(made)
    model: Any = onnx.load_from_string(files["relight-relume/model.onnx"])
    spoil(model)
    with pytest.raises(WeightsError, match="package"):
        check_package(packed({**files, "relight-relume/model.onnx": model.SerializeToString()}))
