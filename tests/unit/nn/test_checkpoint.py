"""Weights are read without running anyone's code."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from torch import nn

from relume.errors import WeightsError
from relume.nn.checkpoint import read_state, state_bytes


class Malice:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("owned",)


def test_reads_what_it_wrote(tmp_path: Path) -> None:
    network = nn.Linear(3, 2)
    (tmp_path / "w.safetensors").write_bytes(state_bytes(network))
    torch.save(network.state_dict(), tmp_path / "w.pth")
    torch.save(
        {"state_dict": {f"network.{k}": v for k, v in network.state_dict().items()}},
        tmp_path / "w.ckpt",
    )
    for name in ("w.safetensors", "w.pth", "w.ckpt"):
        state = read_state(tmp_path / name)
        assert state.keys() == {"weight", "bias"}
        assert torch.equal(state["weight"], network.weight)
    assert state_bytes(network) == state_bytes(network)


def test_refuses_pickled_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"weight": Malice()}, tmp_path / "evil.pth")
    with pytest.raises(WeightsError, match=r"evil\.pth: not a checkpoint of plain tensors"):
        read_state(tmp_path / "evil.pth")
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("name", ["x.pth", "x.ckpt", "x.safetensors"])
def test_says_what_is_wrong(tmp_path: Path, name: str) -> None:
    with pytest.raises(WeightsError, match="no such file"):
        read_state(tmp_path / name)
    for content in (b"", b"hello", b"\x80\x04."):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(WeightsError, match=name):
            read_state(tmp_path / name)


def test_refuses_what_is_not_parameters(tmp_path: Path) -> None:
    for content in ([1, 2], {"epoch": 3}, {}, {"a": torch.zeros(1), "b": 3}, {1: torch.zeros(1)}):
        torch.save(content, tmp_path / "x.pth")
        with pytest.raises(WeightsError, match="expected parameters"):
            read_state(tmp_path / "x.pth")
