"""The registry: its directory, and outsiders by entry point."""

from __future__ import annotations

import importlib.metadata
import sys
import types
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import EntryPoint

import pytest

from relume import methods
from relume.card import Card, Weights
from relume.errors import UnknownNameError


@pytest.fixture
def outsider(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    module = types.ModuleType("outsider")
    module.CARD = Card("lantern", "Lantern", "From outside.", "classical", 0)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "outsider", module)
    point = EntryPoint("lantern", "outsider", methods.GROUP)
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: [point])
    for function in (methods.names, methods._plugins, methods.module):
        function.cache_clear()
    yield
    monkeypatch.undo()
    for function in (methods.names, methods._plugins, methods.module):
        function.cache_clear()


def test_an_entry_point_is_a_method(outsider: None) -> None:
    assert "lantern" in methods.names()
    assert methods.card("lantern").title == "Lantern"


def test_a_broken_plugin_stops_nobody_else(outsider: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "outsider", None)
    with pytest.raises(UnknownNameError, match="lantern is a plugin that cannot be imported"):
        methods.card("lantern")
    with pytest.warns(RuntimeWarning, match="lantern"):
        listed = {card.name for card in methods.cards()}
    assert "gamma" in listed
    assert "lantern" not in listed


def test_every_method_is_in_the_directory() -> None:
    assert {"clahe", "exposure", "gamma", "identity", "sgz"} <= set(methods.names())


def test_weights_are_named_after_the_method() -> None:
    assert methods.card("sgz@nights") == methods.card("sgz")
    assert methods.module("sgz@nights") is methods.module("sgz")
    with pytest.raises(UnknownNameError, match=r"no weights of sgz .* did you mean nights"):
        methods.card("sgz@night")
    with pytest.raises(UnknownNameError, match="there are: nights"):
        methods.card("sgz@")
    with pytest.raises(UnknownNameError, match="gamma has no weights to choose"):
        methods.card("gamma@nights")


def test_weights_that_are_named_come_first(outsider: None, monkeypatch: pytest.MonkeyPatch) -> None:
    several = tuple(Weights(name, "0" * 64, (), None) for name in ("one", "two", "three"))
    lantern = replace(methods.card("lantern"), kind="neural", weights=several)
    monkeypatch.setattr(methods.module("lantern"), "CARD", lantern)
    found = methods.card("lantern@two")
    assert [each.name for each in found.weights] == ["two", "one", "three"]
    assert replace(found, weights=()) == replace(lantern, weights=())


def test_unknown_names_are_suggested() -> None:
    with pytest.raises(UnknownNameError, match="did you mean"):
        methods.card("gama")
