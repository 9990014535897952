"""An absent package becomes one line with the command that adds it."""

from __future__ import annotations

import sys
import types
from importlib import import_module

import pytest

from relume.errors import MissingExtraError
from relume.extras import EXTRAS, missing, need


def test_an_absent_package_names_its_pip_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'relume\[heic\]'"):
        need("pi_heif", extra="heic")


def test_the_client_names_its_pip_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    monkeypatch.delitem(sys.modules, "relume.client", raising=False)
    with pytest.raises(MissingExtraError, match=r"pip install 'relume\[serve\]'"):
        import_module("relume.client")


def test_a_present_module_is_returned() -> None:
    assert isinstance(need("json", extra="heic"), types.ModuleType)


def test_every_extra_is_declared_in_the_package() -> None:
    from importlib.metadata import metadata

    declared = set(metadata("relume").get_all("Provides-Extra") or [])
    assert set(EXTRAS) <= declared


def test_missing_lists_only_what_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(EXTRAS, "heic", ("json", "surely_absent_package"))
    assert missing("heic") == ("surely_absent_package",)
