"""Checkpoints of published methods are written into the published graph, byte for byte as torch's
exporter would write them, and by the exporter where more than parameters differs."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from relume import methods
from relume.export import refilled as module
from relume.export.agreement import DisagreementError
from relume.export.onnx import least_opset, onnx_bytes
from relume.export.parameters import published
from relume.export.refilled import refilled
from relume.export.source import open_source
from relume.export.weights import card_with

NEURAL = [card.name for card in methods.cards() if card.kind == "neural" and card.name != "hvr"]
"""That of `hvr` takes minutes to be compared with its network at every size."""
KEPT = ("low_pass.",)
"""What IllRecNet's graph holds in another form: a training that moves it is exported anew."""


def trained(name: str, **changed: float) -> nn.Module:
    """Return a network of a method with parameters that were moved a little, and some set."""
    torch.manual_seed(0)
    state = {
        key: value + 0.01 * value * torch.randn_like(value)
        if value.is_floating_point() and value.numel() > 1 and not key.startswith(KEPT)
        else value
        for key, value in published(name, methods.card(name).weights[0].name).items()
    }
    for key, value in changed.items():
        place = key.replace("__", ".")
        assert state[place].numel() == 1
        state[place] = torch.full_like(state[place], value)
    return import_module(f"relume.methods.{name}.network").from_state(state).eval()


def written(network: nn.Module, name: str) -> bytes | None:
    card = card_with(network, methods.card(name), name="mine")
    return refilled(network, card, opset=least_opset(network))


@pytest.fixture
def without_exporter(monkeypatch: pytest.MonkeyPatch) -> None:
    def exported(*_: object, **__: object) -> bytes:
        raise AssertionError("takes up to twenty seconds")

    monkeypatch.setattr("relume.export.source.onnx_bytes", exported)


def test_a_checkpoint_is_what_the_exporter_would_write() -> None:
    network = trained("sgz")
    card = card_with(network, methods.card("sgz"), name="mine")
    assert written(network, "sgz") == onnx_bytes(network, card)


@pytest.mark.usefixtures("without_exporter")
@pytest.mark.parametrize("name", NEURAL)
def test_checkpoints_need_no_exporter(name: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.safetensors"
    save_file({key: value.contiguous() for key, value in trained(name).state_dict().items()}, file)
    source = open_source(str(file), method=name)
    assert source.to_onnx(source.opset)
    with pytest.raises(AssertionError):  # no published graph has it
        source.to_onnx(source.opset + 1)


def test_a_training_from_nothing_has_a_published_graph_too() -> None:
    """In which nothing is set for black, as in the weights `pairs`."""
    torch.manual_seed(0)
    network = import_module("relume.methods.relume.network").Network().eval()
    assert written(network, "relume") is not None


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        # In the graph under another name, or not at all.
        ("relume", {"restoration__rounding": 0.123}),
        ("illrecnet", {"low_pass__raw_cutoff": 0.123}),
        # 1, which stands for every other 1 in the graph.
        ("relume", {"restoration__detail": 0.75}),
    ],
)
def test_what_is_more_than_a_parameter_is_left_to_the_exporter(
    name: str, changed: dict[str, Any]
) -> None:
    assert written(trained(name, **changed), name) is None


def test_another_structure_is_left_to_the_exporter() -> None:
    network = import_module("relume.methods.relume.network").Network(hidden=32).eval()
    assert written(network, "relume") is None


def test_what_does_not_agree_is_left_to_the_exporter(monkeypatch: pytest.MonkeyPatch) -> None:
    def disagrees(*_: object, **__: object) -> None:
        raise DisagreementError("differs")

    monkeypatch.setattr(module, "require_agreement", disagrees)
    assert written(trained("sgz"), "sgz") is None
