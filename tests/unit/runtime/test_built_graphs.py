"""Knobs that decide the graph itself: made once, proven, fixed in what was made."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fake.models import model_bytes
from relume import extras, methods
from relume.card import settle, with_built
from relume.cli import main
from relume.errors import ContractError, MissingExtraError
from relume.export import variant
from relume.export.variant import rebuild
from relume.runtime import Enhancer, load, variants, weights

STEM = "zero-shot"
SMALL = model_bytes(methods.card("hvr"))
"""Stands for the published model, which takes seconds to open."""
OTHER = {"t": 0, "c": 1, "n": 1}


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, int]]:
    """Let a maker note what it is asked for, and return a model."""
    monkeypatch.setattr(weights, "read_published", lambda name, file: SMALL)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    seen: list[dict[str, int]] = []

    def make(name: str, stem: str, values: dict[str, int]) -> bytes:
        seen.append(dict(values))
        return SMALL

    monkeypatch.setattr(variants, "import_module", lambda name: SimpleNamespace(rebuild=make))
    return seen


def test_another_graph_is_made_once_and_knows_its_values(made: list[dict[str, int]]) -> None:
    for _ in range(2):
        method = load("hvr", built={"t": 0, "c": 1})
        assert {knob.name: knob.default for knob in method.card.built} == {"t": 0, "c": 1, "n": 1}
    assert made == [OTHER]
    assert variants.is_built("hvr", STEM, OTHER)
    with pytest.raises(ContractError, match="t of hvr: 0 in this graph, got 3; it is chosen when"):
        settle(method.card, {"t": 3})
    assert Enhancer("hvr", knobs={"t": 0, "c": 1}).method == "hvr"
    assert made == [OTHER]


def test_the_shipped_graph_is_taken_for_what_it_was_made_for(made: list[dict[str, int]]) -> None:
    card = load("hvr", built={"t": 2}).card
    assert card == methods.card("hvr")
    assert not made
    with pytest.raises(ContractError, match="2 in this graph"):
        settle(card, {"t": 3})


@pytest.mark.parametrize(
    ("values", "reason"), [({"t": 9}, "from 0 to 8"), ({"n": 1.5}, "whole number")]
)
def test_values_out_of_range_are_refused(
    made: list[dict[str, int]], values: dict[str, float], reason: str
) -> None:
    with pytest.raises(ContractError, match=reason):
        load("hvr", built=values)
    with pytest.raises(ContractError, match="fp32 only"):
        load("hvr", built={"t": 1}, precision="fp16")
    assert not made


def test_making_needs_an_extra(made: list[dict[str, int]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "missing", lambda extra: ("torch",))
    with pytest.raises(MissingExtraError, match=r"c=2, n=1, t=3 is not shipped, .* torch"):
        load("hvr", built={"t": 3})


def test_the_command_line_tells_that_a_graph_is_made(
    made: list[dict[str, int]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["enhance", str(tmp_path / "none.png"), "-m", "hvr", "-k", "t=1"]
    assert main(words) == 1
    assert "making hvr for t=1, c=2, n=1, once …" in capsys.readouterr().err
    assert main(words) == 1
    assert "making" not in capsys.readouterr().err
    assert main(["methods", "hvr"]) == 0
    assert "t: visits of the low module" in capsys.readouterr().out


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_the_network_gets_the_values(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def kept(network: Any, card: Any, path: Path) -> None:  # the export itself takes a minute
        seen.append(network)
        path.write_bytes(b"model")

    monkeypatch.setattr(variant, "to_onnx", kept)
    assert rebuild("hvr", STEM, OTHER) == b"model"
    assert (seen[0].t, seen[0].c, seen[0].n) == (0, 1, 1)


def test_what_is_made_fits_the_published_card() -> None:
    card = methods.card("hvr")
    assert with_built(card, OTHER) == card, "a model file says nothing of it"
    assert settle(card) == {}
    assert settle(card, {"t": 3}) == {"t": 3}
