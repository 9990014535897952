"""Other precisions: shipped, kept, or made once; never instead of what was asked for."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from relume import extras
from relume.errors import ContractError, MissingExtraError, UnknownNameError
from relume.runtime import Enhancer, load, variants, weights

FULL = weights.read_published("sgz", "nights.onnx")


@pytest.fixture(autouse=True)
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let a maker note what it is asked for, and return the model as it is."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    seen: list[str] = []

    def make(full: bytes, *, precision: str) -> bytes:
        seen.append(precision)
        return full

    monkeypatch.setattr(variants, "import_module", lambda name: SimpleNamespace(make=make))
    # As if sgz shipped float32 alone.
    monkeypatch.setattr(weights, "checksums", lambda name: {"nights.onnx": FULL_SUM})
    return seen


FULL_SUM = weights.checksums("sgz")["nights.onnx"]


def test_full_precision_is_as_published(made: list[str]) -> None:
    assert variants.read("sgz", "nights", "fp32") == FULL
    assert variants.is_at_hand("sgz", "nights", "fp32")
    assert not made


def test_what_is_not_shipped_is_made_once(made: list[str]) -> None:
    assert not variants.is_at_hand("sgz", "nights", "int8")
    assert variants.read("sgz", "nights", "int8") == FULL
    assert variants.is_at_hand("sgz", "nights", "int8")
    assert not variants.is_at_hand("sgz", "nights", "fp16")
    variants.read("sgz", "nights", "int8")
    variants.read("sgz", "nights", "fp16")
    assert made == ["int8", "fp16"]


def test_what_is_shipped_is_taken(made: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "checksums", lambda name: {"nights.int8.onnx": "sum"})
    monkeypatch.setattr(weights, "read_published", lambda name, file: f"{name} {file}".encode())
    assert variants.is_at_hand("sgz", "nights", "int8")
    assert variants.read("sgz", "nights", "int8") == b"sgz nights.int8.onnx"
    assert not made


def test_making_needs_an_extra(made: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(extras.EXTRAS, "train", ("surely_not_installed",))
    with pytest.raises(MissingExtraError, match=r"relume\[train\]"):
        variants.read("sgz", "nights", "int8")
    assert not made


def test_a_failure_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(full: bytes, *, precision: str) -> bytes:
        raise ContractError("differs too much")

    monkeypatch.setattr(variants, "import_module", lambda name: SimpleNamespace(make=refuse))
    with pytest.raises(ContractError, match="too much"):
        variants.read("sgz", "nights", "int8")
    assert not variants.is_at_hand("sgz", "nights", "int8")


def test_only_networks_by_name_have_a_choice(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="int8"):
        variants.as_precision("int88")
    with pytest.raises(ContractError, match="gamma is no network"):
        load("gamma", precision="int8")
    with pytest.raises(ContractError, match="auto"):
        Enhancer(precision="int8")
    file = tmp_path / "a.onnx"
    file.write_bytes(FULL)
    with pytest.raises(ContractError, match="precision"):
        load(str(file), precision="fp16")


def test_the_network_that_was_asked_for_runs(made: list[str]) -> None:
    assert load("sgz", precision="int8").card == load("sgz").card
    assert made == ["int8"]
