"""Training on two processes is training with their batches together, and goes on with one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import torch

from e2e.command import Call, run
from fake.training import nights
from relume.train.session import Session

TINY = (
    *("data.sources=[{folder: .}]", "data.size=[]", "data.sides=[32]", "data.reduction=[1, 1.2]"),
    *("data.epoch=4", "data.holdout=0.3", "data.validation=''", "data.held_out=[]"),
    *("data.validation_count=1", "network.channels=4", "training.minutes=0", "training.steps=0"),
    *("training.start=''", "training.patience=0", "training.monitor=auto"),
    *("training.validate_every=1", "training.snapshot_every=1"),
    *("training.samples=1", "training.loggers=[csv]"),
    *("training.accelerator=cpu", "optimiser.name=SGD", "optimiser.schedule=constant"),
    *("optimiser.options={}", "optimiser.learning_rate=0.05"),
)


def _set(*settings: str) -> list[str]:
    return [word for setting in settings for word in ("--set", setting)]


def _last(output: str) -> dict[str, Any]:
    return torch.load(Path(output, "checkpoints/last.ckpt"), weights_only=True)


def _assert_close(first: dict[str, Any], second: dict[str, Any], *, steps: int) -> None:
    assert first["global_step"] == second["global_step"] == steps
    for name, value in first["state_dict"].items():
        # Means over one batch and over two halves of it differ by rounding.
        torch.testing.assert_close(value, second["state_dict"][name], rtol=1e-4, atol=1e-6)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="gloo's rendezvous is tested where it is used")
def test_two_processes_are_one_with_both_batches(
    relume: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nights(folder / "data", 6)
    words = ["train", "sgz", "--data", "data"]
    two = ("training.devices=2", "training.strategy=ddp", "data.batch=1", "training.epochs=2")
    environment = {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    ended = run(*words, "-o", "two", *_set(*TINY, *two), env=environment)
    assert ended.returncode == 0, ended.stderr.decode()
    assert Path("two/sgz.onnx").exists()
    # One process speaks for both.
    assert ended.stdout.decode() == "relume enhance -m two/sgz.onnx PICTURE\n"
    assert ended.stderr.decode().count("exporting") == 1
    assert _last("two")["relume"]["clock"]["batches"] == 4
    # What one process exports is tried in test_train.py, and takes half of the time.
    monkeypatch.setattr(Session, "export", lambda self: self.output / "sgz.onnx")
    one = relume(*words, "-o", "one", *_set(*TINY, "data.batch=2", "training.epochs=2"))
    assert one.code == 0, one.err
    _assert_close(_last("two"), _last("one"), steps=4)

    on_one = ("training.devices=1", "training.strategy=auto", "data.batch=2", "training.epochs=3")
    assert relume(*words, "-o", "two", "--resume", *_set(*on_one)).code == 0
    assert relume(*words, "-o", "one", "--resume", *_set("training.epochs=3")).code == 0
    _assert_close(_last("two"), _last("one"), steps=6)
