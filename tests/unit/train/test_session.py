"""A session: it resumes exactly, keeps the best and stops in time."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from fake.sessions import Recorder, maker, state_of
from fake.training import nights, normals, pairs
from relume.errors import (
    WeightsError,
)
from relume.export.weights import load_network
from relume.losses.objective import Batch, Terms
from relume.methods.sgz.objective import Objective
from relume.train.session import Session


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Session]:
    return maker(tmp_path)


def _equal(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


class Recurrent:
    """Two optimiser steps per batch of pairs, each with random numbers and what came before."""

    def __init__(self, *, killed_at: int = -1, called_off_at: int = -1) -> None:
        self.killed_at = killed_at
        self.called_off_at = called_off_at
        self.losses: list[float] = []

    def rounds(self, network: nn.Module, batch: Batch) -> Iterator[Terms]:
        carried = torch.randn_like(batch["low"]) * 0.1
        for _ in range(2):
            if len(self.losses) == self.killed_at:
                raise KeyboardInterrupt
            if len(self.losses) == self.called_off_at:
                # Not by the system: faulthandler, which pytest turns on, sets a stack aside that is
                # too small for signals once OpenVINO uses AMX. Tests of the command send real ones.
                handler = signal.getsignal(signal.SIGINT)
                assert callable(handler)
                handler(signal.SIGINT, None)
            enhanced = network((batch["low"] + carried).clamp(0, 1)).enhanced
            error = (enhanced - batch.get("high", torch.tensor(0.6))).square().mean()
            self.losses.append(float(error.detach()))
            yield {"error": error}
            carried = (enhanced - batch["low"]).detach()


@pytest.mark.parametrize("given", ["pairs", "darkened", "dark"])
def test_rounds_resume_exactly(
    make: Callable[..., Session],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    given: str,
) -> None:
    {"pairs": pairs, "darkened": normals, "dark": nights}[given](tmp_path / "data", 5)
    monkeypatch.setattr(Objective, "needs", "low" if given == "dark" else "low_high")
    settings = ["training.averaging=0.9", "optimiser.schedule=cosine", "data.holdout=0.2"]
    if given == "darkened":
        settings += ["data.darkening={name: curve, identity: 0.2}", "optimiser.name=AdamW"]

    def run(name: str, part: Recurrent, **options: Any) -> dict[str, Tensor]:
        monkeypatch.setattr(Objective, "rounds", lambda _, *given: part.rounds(*given))
        session = make(name, *settings)
        session.fit(**options)
        return state_of(session)

    whole = Recurrent()
    expected = run("whole", whole, resume=None)
    assert len(whole.losses) == 3 * 2 * 2
    broken = Recurrent(killed_at=7)  # in the second round of a batch of the second epoch
    with pytest.raises(KeyboardInterrupt):
        run("broken", broken, resume=None)
    resumed = Recurrent()
    found = run("broken", resumed, resume=tmp_path / "broken/checkpoints/last.ckpt")
    assert broken.losses[:4] + resumed.losses == whole.losses
    assert _equal(found, expected)


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Have Ctrl-C mean what it means in a program of its own, whatever ran before in this one."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize(
    ("given", "at"), [("pairs", 1), ("dark", 4), ("pairs", 6)], ids=["first", "later", "at its end"]
)
def test_an_interrupted_epoch_loses_no_step(
    make: Callable[..., Session],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    given: str,
    at: int,
) -> None:
    {"pairs": pairs, "dark": nights}[given](tmp_path / "data", 5)
    monkeypatch.setattr(Objective, "needs", "low" if given == "dark" else "low_high")
    settings = ["training.averaging=0.9", "optimiser.schedule=cosine", "data.holdout=0.2"]
    told: list[str] = []

    def run(name: str, part: Recurrent, **options: Any) -> Session:
        monkeypatch.setattr(Objective, "rounds", lambda _, *given: part.rounds(*given))
        session = make(name, *settings)
        session.say = told.append
        session.fit(**options)
        return session

    whole, broken, resumed = Recurrent(), Recurrent(called_off_at=at), Recurrent()
    expected = run("whole", whole, resume=None)
    with pytest.raises(KeyboardInterrupt):
        run("broken", broken, resume=None)
    assert "stopping after this step; Ctrl-C again stops at once" in told
    assert len(broken.losses) == at // 2 * 2 + 2  # two rounds are a step
    found = run("broken", resumed, resume=tmp_path / "broken/checkpoints/last.ckpt")
    assert broken.losses + resumed.losses == whole.losses
    assert _equal(state_of(found), state_of(expected))
    assert found.trainee.mean_total() == expected.trainee.mean_total()
    assert found.trainee.measured == expected.trainee.measured
    assert found.keeper.state_dict() == expected.keeper.state_dict()


def test_precision_and_averaging(make: Callable[..., Session], tmp_path: Path) -> None:
    nights(tmp_path / "data")
    for precision in ("bf16-mixed", "16-mixed"):
        session = make(precision, f"training.precision={precision}", "training.averaging=0.5")
        before = state_of(session)
        session.fit(resume=None)
        after = state_of(session)
        assert all(bool(torch.isfinite(value).all()) for value in after.values())
        assert after["network.conv1.depthwise.weight"].dtype == torch.float32
        changed = [key for key in before if not torch.equal(before[key], after[key])]
        assert {key.partition(".")[0] for key in changed} == {"network", "average"}
        # What is exported is the average, not the last step.
        last = load_network("sgz", tmp_path / precision / "checkpoints" / "last.ckpt")
        assert _equal(dict(last.state_dict()), dict(session.trainee.judged.state_dict()))
        assert not _equal(dict(last.state_dict()), dict(session.trainee.network.state_dict()))


def test_the_best_is_kept_and_patience_ends(
    make: Callable[..., Session], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nights(tmp_path / "data", 4)
    told = Recorder()
    settings = ("data.holdout=0.3", "training.patience=2", "training.epochs=20")
    session = make("out", *settings, say=told)
    assert session.keeper.monitor == "total"
    totals = iter([3.0, 1.0, 2.0, 2.5])
    honest = type(session.trainee).on_validation_epoch_end

    def measured(self: Any) -> None:
        honest(self)
        assert self.measured["total"] > 0
        self.measured = {"total": next(totals)}

    monkeypatch.setattr(type(session.trainee), "on_validation_epoch_end", measured)
    session.fit(resume=None)
    assert session.keeper.best == 1.0
    assert session.keeper.best_epoch == 2
    assert told[-1] == ("stopping: 2 validations without a better total than 1 of epoch 2")
    best = torch.load(session.keeper.best_path, weights_only=True)
    assert best["relume"]["clock"]["batches"] == 4
    monkeypatch.undo()
    session.load_best()
    assert torch.equal(
        session.trainee.network.state_dict()["conv1.depthwise.weight"],
        best["state_dict"]["network.conv1.depthwise.weight"],
    )


def test_steps_and_minutes_end_a_training(make: Callable[..., Session], tmp_path: Path) -> None:
    nights(tmp_path / "data")
    session = make("steps", "training.steps=5", "data.holdout=0.3")
    session.fit(resume=None)
    assert session.trainee.clock.batches == 5
    assert session.trainee.measured  # the last, shorter epoch validates too
    seldom = make("seldom", "training.steps=5", "data.holdout=0.3", "training.validate_every=2")
    seldom.fit(resume=None)
    # Epoch 2 by its turn, and epoch 3 because it is the last.
    assert seldom.trainee.measured == session.trainee.measured
    assert seldom.keeper.best is not None
    again = make("steps", "training.steps=5", "data.holdout=0.3")
    again.fit(resume=session.keeper.last_path)
    assert again.trainee.clock.batches == 5
    assert _equal(state_of(again), state_of(session))
    more = make("steps", "training.steps=9", "data.holdout=0.3")
    more.fit(resume=session.keeper.last_path)
    assert more.trainee.clock.batches == 9

    timed = make("minutes", "training.minutes=0.02", "optimiser.schedule=linear")
    timed.fit(resume=None)
    assert 1.2 <= timed.trainee.clock.elapsed() < 20
    assert timed.trainee.clock.share == 1
    rest = make("minutes", "training.minutes=0.02")
    rest.fit(resume=timed.keeper.last_path)
    assert rest.trainee.clock.batches == timed.trainee.clock.batches


def test_one_network_goes_through_all_stages(make: Callable[..., Session], tmp_path: Path) -> None:
    nights(tmp_path / "data" / "dark")
    pairs(tmp_path / "data" / "tests")
    told = Recorder()
    session = make(
        "out",
        "data.sources=[{folder: dark}]",
        "data.validation=tests",
        "data.test=[tests]",
        "data.predict=[dark]",
        "training.metrics=[psnr, ssim, 'psnr[gt-mean]']",
        "training.samples=2",
        "training.loggers=[csv, tensorboard]",
        stages=("fit", "validate", "test", "predict"),
        say=told,
    )
    session.fit(resume=None)
    session.load_best()
    network = session.trainee.network
    measured = session.validate()
    scores = session.test()
    made = session.predict()
    assert session.trainee.network is network
    assert [score.key for score in scores] == ["0", "1", "2"]
    for name in ("psnr", "ssim"):
        mean = sum(score.values[name] for score in scores) / 3
        assert measured[name] == pytest.approx(mean, abs=1e-3)
    assert session.keeper.best == pytest.approx(measured["psnr"], abs=1e-4)
    lines = (tmp_path / "out" / "test.csv").read_text().splitlines()
    assert len(lines) == 1 + 9
    assert lines[1].startswith("tests,0,psnr,")
    assert [path.relative_to(tmp_path / "out").as_posix() for path in made] == [
        f"predict/dark/{n}.png" for n in range(3)
    ]
    with Image.open(made[0]) as image, Image.open(tmp_path / "data/dark/0.png") as low:
        assert image.size == low.size
        with torch.no_grad():
            given = torch.from_numpy(np.array(low)).permute(2, 0, 1)[None].float() / 255
            expected = session.trainee.objective.enhance(network, given)[0]
        found = torch.from_numpy(np.array(image)).permute(2, 0, 1)
        assert torch.equal((expected.clamp(0, 1) * 255).round().byte(), found)
    sheets = sorted((tmp_path / "out" / "samples").iterdir())
    assert [path.name for path in sheets] == [f"epoch-000{n}.png" for n in (1, 2, 3)]
    with Image.open(sheets[0]) as image:
        assert image.size == (3 * (56 + 4) + 4, 2 * (40 + 4) + 4)
    log = (tmp_path / "out" / "log" / "csv" / "version_0" / "metrics.csv").read_text()
    assert "valid/psnr" in log.splitlines()[0]
    assert list((tmp_path / "out" / "log" / "tensorboard").glob("*/events*"))


def test_starts_from_given_weights(make: Callable[..., Session], tmp_path: Path) -> None:
    nights(tmp_path / "data")
    first = make("first", "training.epochs=1")
    first.fit(resume=None)
    start = f"training.start={first.keeper.last_path}"
    second = make("second", start, "training.seed=5")
    assert _equal(
        dict(first.trainee.network.state_dict()), dict(second.trainee.network.state_dict())
    )
    with pytest.raises(WeightsError, match=r"last\.ckpt: does not fit the network"):
        make("third", start, "network.channels=5")
