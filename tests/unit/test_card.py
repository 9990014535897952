"""Cards as data: JSON both ways, knobs settled or refused."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relume.card import Card, Estimate, Knob, Weights, from_json, settle, to_json
from relume.errors import ContractError, UnknownNameError

CARD = Card(
    name="lamp",
    title="Lamp",
    summary="Brightens.",
    kind="neural",
    reach=3,
    knobs=(
        Knob("power", 0.5, low=0.0, high=1.0, meaning="how much"),
        Knob("rounds", 2.0, low=1.0, high=9.0, meaning="how often", whole=True),
    ),
    weights=(Weights("nights", "ab" * 32, ("our nights",), license="MIT"),),
    estimate=Estimate("curve", 8, "bilinear", scale_knob="rounds", aligns_corners=True),
)


def test_json_round_trip_of_every_kind_of_field() -> None:
    assert from_json(to_json(CARD)) == CARD
    bounded = replace(CARD, reach=None, most_pixels=240_000)
    assert from_json(to_json(bounded)) == bounded


def test_a_card_written_before_a_field_was_there_is_read() -> None:
    data = json.loads(to_json(CARD))
    del data["most_pixels"]
    assert from_json(json.dumps(data)) == CARD


@given(st.text(max_size=30))
def test_text_that_is_no_card_is_refused(text: str) -> None:
    with pytest.raises(ContractError):
        from_json(text)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("reach", "far"),
        ("reach", True),
        ("kind", "magic"),
        ("knobs", "none"),
        ("knobs", [{"name": "x"}]),
        ("weights", [[]]),
        ("colour", "red"),
        ("name", 3),
    ],
)
def test_a_field_of_another_type_is_named(field: str, value: object) -> None:
    data = json.loads(to_json(CARD)) | {field: value}
    with pytest.raises(ContractError, match=field):
        from_json(json.dumps(data))


@given(st.floats(0, 1), st.integers(1, 9))
def test_knobs_in_range_are_kept(power: float, rounds: int) -> None:
    assert settle(CARD, {"power": power, "rounds": rounds}) == {"power": power, "rounds": rounds}


def test_knobs_left_out_take_their_defaults() -> None:
    assert settle(CARD) == {"power": 0.5, "rounds": 2.0}


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan"), float("inf")])
def test_knobs_out_of_range_are_refused(value: float) -> None:
    with pytest.raises(ContractError, match="from 0 to 1"):
        settle(CARD, {"power": value})


def test_a_whole_knob_takes_no_fraction() -> None:
    with pytest.raises(ContractError, match="whole number"):
        settle(CARD, {"rounds": 2.5})


def test_an_unknown_knob_suggests_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean power"):
        settle(CARD, {"powr": 1.0})
