"""Models of other projects: described by hand, renamed, run in tiles, refused with a reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto

from fake.models import model_bytes, plain_model
from fake.night import night
from relume import engines
from relume.colour import decode_srgb, encode_srgb
from relume.errors import ContractError, WeightsError
from relume.runtime import load
from relume.runtime.foreign import Description


@pytest.fixture(params=engines.available())
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


def put(folder: Path, data: bytes) -> str:
    path = folder / "theirs.onnx"
    path.write_bytes(data)
    return str(path)


@pytest.mark.parametrize("reach", [0, 3, None])
@pytest.mark.parametrize("multiple_of", [1, 8])
def test_it_runs_under_its_own_names(
    tmp_path: Path, engine: str, reach: int | None, multiple_of: int
) -> None:
    description = Description("srgb", reach, multiple_of)
    method = load(put(tmp_path, plain_model()), engine=engine, description=description)
    image = night(300, 211)
    assert np.abs(method(image) - np.sqrt(image)).max() < 1e-6
    assert method.maps(image) == {}
    card = method.card
    assert (card.name, card.reach, card.multiple_of) == ("theirs", reach, multiple_of)


def test_a_linear_one_is_given_light(tmp_path: Path, engine: str) -> None:
    method = load(put(tmp_path, plain_model()), engine=engine, description=Description("linear", 0))
    image = night(40, 50)
    expected = encode_srgb(np.sqrt(decode_srgb(image)))
    assert np.abs(method(image) - expected).max() < 1e-5


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (plain_model(extra_input=True), "one input"),
        (plain_model(shape=(1, 1, "h", "w")), r"must be \(1, 3, H, W\)"),
        (plain_model(shape=(4, 3, "h", "w")), r"must be \(1, 3, H, W\)"),
        (plain_model(shape=("n", "h", "w")), r"must be \(1, 3, H, W\)"),
        (plain_model(shape=(1, 3, 64, "w")), "dynamic axes"),
        (plain_model(kind=TensorProto.DOUBLE), "float64"),
    ],
    ids=["two inputs", "gray", "batch", "three axes", "fixed size", "double"],
)
def test_another_kind_of_model_is_refused_with_a_reason(
    tmp_path: Path, engine: str, data: bytes, reason: str
) -> None:
    with pytest.raises(WeightsError, match=reason) as error:
        load(put(tmp_path, data), engine=engine, description=Description("srgb", 0))
    assert "theirs.onnx" in str(error.value)


def test_what_has_a_card_is_not_described(tmp_path: Path) -> None:
    description = Description("srgb", 0)
    with pytest.raises(ContractError, match="card inside"):
        load(put(tmp_path, model_bytes()), description=description)
    with pytest.raises(ContractError, match="sgz has a card"):
        load("sgz", description=description)


def test_what_has_none_says_how_to_describe_it(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="--input srgb --reach"):
        load(put(tmp_path, plain_model()))


@pytest.mark.parametrize(
    ("input", "reach", "multiple_of"),
    [("mosaic", 0, 1), ("gray", 0, 1), ("srgb", -1, 1), ("srgb", 0, 0)],
)
def test_a_description_that_makes_no_sense(input: str, reach: int, multiple_of: int) -> None:
    with pytest.raises(ContractError):
        Description(input, reach, multiple_of)  # pyright: ignore[reportArgumentType]
