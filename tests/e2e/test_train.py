"""Each regime learns on a miniature folder, is killed, resumed, and its result enhances."""

from __future__ import annotations

import signal
import subprocess
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch

from e2e.command import COMMAND, Call, mean, put_photo
from fake.training import brackets, nights, normals, pairs
from relume import load, methods
from relume.train.module import Trainee
from relume.train.recipe import read_recipe
from relume.train.session import Session

FOLDERS = {
    "low": nights,
    "low_high": pairs,
    "two_exposures": brackets,
    "normal": normals,
    "mosaic_srgb": normals,
}
SHORT = (
    "data.sources=[{folder: .}]",
    "data.size=[]",
    "data.sides=[32]",
    "data.reduction=[1, 1.2]",
    "data.epoch=4",
    "data.batch=2",
    "data.holdout=0.3",
    "data.validation=''",
    "data.held_out=[]",
    "data.validation_count=1",
    "training.minutes=0",
    "training.steps=4",
    "training.start=''",
    "training.patience=0",
    "training.monitor=auto",
    "training.validate_every=1",
    "training.snapshot_every=1",
    "training.samples=1",
    "training.loggers=[csv]",
)


def _trainable() -> list[str]:
    """Return the methods with an objective, but for hvr: its export takes two minutes, its regime
    is that of relume, and tests/unit/train resumes a training of several rounds."""
    home = Path(methods.__file__).parent
    return sorted({path.parent.name for path in home.glob("*/objective.py")} - {"hvr"})


def _set(*settings: str) -> list[str]:
    return [word for setting in settings for word in ("--set", setting)]


@pytest.mark.slow
@pytest.mark.parametrize("name", _trainable())
def test_a_regime_is_killed_resumed_and_used(
    folder: Path, relume: Call, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    needs = import_module(f"relume.methods.{name}.objective").Objective.needs
    FOLDERS[needs](folder / "data")
    honest, seen = Trainee.training_step, 0

    def killed(self: Trainee, batch: dict[str, torch.Tensor], batch_idx: int) -> None:
        nonlocal seen
        seen += 1
        if seen == 4:
            raise KeyboardInterrupt
        honest(self, batch, batch_idx)

    monkeypatch.setattr(Trainee, "training_step", killed)
    words = ["train", name, "--data", "data", "-o", "out"]
    darkening = "data.darkening={}" if needs == "low_high" else "data.flip=true"
    ended = relume(*words, *_set(*SHORT, darkening))
    assert (ended.code, ended.out) == (130, ""), ended.err
    assert ended.err.splitlines()[-1] == "relume: interrupted"
    assert not list((folder / "out").glob("*.onnx"))

    monkeypatch.undo()
    monkeypatch.chdir(folder)
    ended = relume(*words, "--resume")
    assert ended.code == 0, ended.err
    assert ended.out == f"relume enhance -m out/{name}.onnx PICTURE\n"
    assert "step 4 of 4: objective" in ended.err
    assert "validation" in ended.err
    assert list((folder / "out" / "samples").glob("*.png"))
    if needs == "mosaic_srgb":
        plane = np.random.default_rng(0).random((64, 96), np.float32) * 0.1
        out = load(str(folder / "out" / f"{name}.onnx"))(plane)
        assert out.shape == (64, 96, 3)
        assert np.isfinite(out).all()
        return
    put_photo("night.png")
    ended = relume("enhance", "night.png", "-m", f"out/{name}.onnx", "-o", "bright.png")
    assert ended.code == 0, ended.err
    assert mean("bright.png") >= 0


def _state_of(checkpoint: Path) -> dict[str, torch.Tensor]:
    return torch.load(checkpoint, weights_only=True)["state_dict"]


def test_what_cannot_be_trained_names_what_can(folder: Path, relume: Call) -> None:
    ended = relume("train", "gamma", "--data", ".")
    assert ended.code == 2
    begins = "relume: gamma has nothing to learn; what can be trained: "
    assert ended.complaint.startswith(begins)
    named = ended.complaint.removeprefix(begins).split(", ")
    assert set(named) == {*_trainable(), "hvr"}


@pytest.mark.slow
def test_signals_lose_nothing_that_was_kept(
    folder: Path, relume: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    nights(folder / "data")
    # A schedule would follow the number of epochs, which this test does not know before.
    tiny = (*SHORT, "network.channels=4", "training.steps=0", "data.holdout=0")
    tiny = (*tiny, "optimiser.schedule=constant")
    words = ["train", "sgz", "--data", "data", "-o", "out"]

    def begin(*more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*COMMAND, *words, *more],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Whoever runs the tests in the background hands down that SIGINT is ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def wait_for_epochs(process: subprocess.Popen[str], count: int) -> None:
        assert process.stderr is not None
        for line in process.stderr:
            count -= line.startswith("epoch")
            if not count:
                return
        pytest.fail("it ended before its time")

    with begin(*_set(*tiny, "training.epochs=100000")) as process:
        wait_for_epochs(process, 2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err
    assert err.splitlines()[-1] == "relume: interrupted"
    with begin("--resume") as process:
        wait_for_epochs(process, 2)
        process.kill()
        process.communicate(timeout=60)

    reached = torch.load("out/checkpoints/last.ckpt", weights_only=True)["relume"]["clock"]
    epochs = reached["batches"] // 2 + 1
    # What is exported is tried above, and takes half of the time.
    monkeypatch.setattr(Session, "export", lambda self: self.output / "sgz.onnx")
    ended = relume(*words, "--resume", "--set", f"training.epochs={epochs}")
    assert ended.code == 0, ended.err
    assert not list(Path("out").rglob("*.part"))

    own = Path(methods.module("sgz").__file__ or "").with_name("recipe.yaml")
    plan = read_recipe(own, settings=(*tiny, f"training.epochs={epochs}"))
    whole = Session(plan, data=Path("data"), output=Path("whole"), stages=("fit",), say=print)
    whole.fit(resume=None)
    one, other = (_state_of(Path(d, "checkpoints/last.ckpt")) for d in ("whole", "out"))
    assert all(torch.equal(one[key], other[key]) for key in one)
