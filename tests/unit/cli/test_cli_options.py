"""Knobs and completion."""

from __future__ import annotations

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from relume import methods
from relume.cli._options import complete_method, parse_knobs


@given(st.dictionaries(st.from_regex(r"[a-z_]+", fullmatch=True), st.floats(allow_nan=False)))
def test_knobs_come_back_as_they_were_said(knobs: dict[str, float]) -> None:
    assert parse_knobs([f"{name}={value!r}" for name, value in knobs.items()]) == knobs


@pytest.mark.parametrize("setting", ["", "gamma", "=1", "gamma=", "gamma=much", "a=1=2"])
def test_other_forms_are_refused(setting: str) -> None:
    with pytest.raises(typer.BadParameter, match="NAME=VALUE"):
        parse_knobs([setting])


def test_methods_complete() -> None:
    assert complete_method("") == ["auto", *methods.names()]
    assert complete_method("gam") == ["gamma"]
