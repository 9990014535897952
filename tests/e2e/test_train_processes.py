"""Training on two processes is training with their batches together, and goes on with one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from e2e.command import run
from fake.training import nights

TINY = (
    *("data.sources=[{folder: .}]", "data.size=[]", "data.sides=[32]", "data.reduction=[1, 1.2]"),
    *("data.epoch=4", "data.holdout=0", "data.validation=''", "data.held_out=[]"),
    *("network.channels=4", "training.minutes=0", "training.steps=0", "training.start=''"),
    *("training.patience=0", "training.samples=0", "training.loggers=[]"),
    *("training.accelerator=cpu", "optimiser.name=SGD", "optimiser.schedule=constant"),
    *("optimiser.options={}", "optimiser.learning_rate=0.05"),
)


def train(*settings: str, output: str, more: tuple[str, ...] = ()) -> None:
    words = [word for setting in settings for word in ("--set", setting)]
    ended = run("train", "sgz", "--data", "data", "-o", output, *words, *more,
                env={"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""})  # fmt: skip
    assert ended.returncode == 0, ended.stderr.decode()


def last(output: str) -> dict[str, object]:
    return torch.load(Path(output, "checkpoints/last.ckpt"), weights_only=True)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="gloo's rendezvous is tested where it is used")
def test_two_processes_are_one_with_both_batches(folder: Path) -> None:
    nights(folder / "data")
    two = ("training.devices=2", "training.strategy=ddp", "data.batch=1")
    train(*TINY, *two, "training.epochs=2", output="two")
    train(*TINY, "data.batch=2", "training.epochs=2", output="one")
    first, second = last("two"), last("one")
    assert first["global_step"] == second["global_step"] == 4
    states = [found["state_dict"] for found in (first, second)]
    assert isinstance(states[0], dict)
    assert isinstance(states[1], dict)
    # Means over one batch and over two halves of it differ by rounding.
    for name, value in states[0].items():
        torch.testing.assert_close(value, states[1][name], rtol=1e-4, atol=1e-6)
    assert Path("two/sgz.onnx").exists()

    resumed = ("training.devices=1", "training.strategy=auto", "data.batch=2", "training.epochs=3")
    for output in ("two", "one"):
        words = resumed if output == "two" else ("training.epochs=3",)
        train(*words, output=output, more=("--resume",))
        assert last(output)["global_step"] == 6
    states = [last(output)["state_dict"] for output in ("two", "one")]
    assert isinstance(states[0], dict)
    assert isinstance(states[1], dict)
    for name, value in states[0].items():
        torch.testing.assert_close(value, states[1][name], rtol=1e-4, atol=1e-6)
