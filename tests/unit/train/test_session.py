"""A session: it resumes exactly, keeps the best, stops in time, and says what is wrong."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torch._utils import ExceptionWrapper

from fake.training import nights, normals, pairs
from relume.errors import (
    ContractError,
    MissingExtraError,
    UnreadableError,
    UnwritableError,
    WeightsError,
)
from relume.export.weights import load_network
from relume.io import atomic
from relume.losses.objective import Batch, Terms
from relume.methods.sgz.objective import Objective
from relume.train.module import DivergedError
from relume.train.recipe import read_recipe
from relume.train.session import Session, in_one_line

TINY = (
    "network.channels=4",
    "data.size=[]",
    "data.sides=[16, 24]",
    "data.epoch=4",
    "data.batch=2",
    "training.epochs=3",
    "training.log_every=1",
    "training.samples=0",
    "training.loggers=[]",
)


class Recorder(list[str]):
    """Keeps lines."""

    def __call__(self, line: str) -> None:
        self.append(line)


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Session]:
    """Build a session on `tmp_path/data`, without stepping through the command line."""
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("method: sgz\n")

    def build(
        name: str, *settings: str, stages: tuple[str, ...] = ("fit",), say: Any = None
    ) -> Session:
        plan = read_recipe(recipe, settings=(*TINY, *settings))
        return Session(
            plan,
            data=tmp_path / "data",
            output=tmp_path / name,
            stages=stages,
            say=Recorder() if say is None else say,
        )

    return build


def _state(session: Session) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in session.trainee.state_dict().items()}


def _equal(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


class Recurrent:
    """Two optimiser steps per batch of pairs, each with random numbers and what came before."""

    def __init__(self, *, killed_at: int = -1) -> None:
        self.killed_at = killed_at
        self.losses: list[float] = []

    def rounds(self, network: nn.Module, batch: Batch) -> Iterator[Terms]:
        carried = torch.randn_like(batch["low"]) * 0.1
        for _ in range(2):
            if len(self.losses) == self.killed_at:
                raise KeyboardInterrupt
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
        return _state(session)

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


def test_precision_and_averaging(make: Callable[..., Session], tmp_path: Path) -> None:
    nights(tmp_path / "data")
    for precision in ("bf16-mixed", "16-mixed"):
        session = make(precision, f"training.precision={precision}", "training.averaging=0.5")
        before = _state(session)
        session.fit(resume=None)
        after = _state(session)
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
    assert _equal(_state(again), _state(session))
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


def test_a_network_of_no_numbers_replaces_no_good_one(
    make: Callable[..., Session], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nights(tmp_path / "data")
    seen = 0
    honest = Objective.forward

    def spoilt(self: Objective, network: nn.Module, batch: Batch) -> Terms:
        nonlocal seen
        seen += 1
        terms = honest(self, network, batch)
        return terms if seen < 4 else {"exposure": terms["exposure"] * torch.nan}

    monkeypatch.setattr(Objective, "forward", spoilt)
    session = make("out")
    last = session.keeper.last_path
    with pytest.raises(DivergedError, match=rf"not finite at step 3 .* good checkpoint is {last}"):
        session.fit(resume=None)
    kept = load_network("sgz", last)
    assert all(bool(torch.isfinite(value).all()) for value in kept.state_dict().values())

    def ruined(self: Objective, network: nn.Module, batch: Batch) -> Terms:
        # The number is fine, its gradient is not: a root at 0.
        first = next(network.parameters())
        return {"root": (first * 0).square().sum().sqrt()}

    monkeypatch.setattr(Objective, "forward", ruined)
    session = make("ruined", "data.epoch=2")
    with pytest.raises(DivergedError, match="values that are not finite after step 1"):
        session.fit(resume=None)
    assert not session.keeper.last_path.exists()


def test_a_full_disk_spoils_no_checkpoint(
    make: Callable[..., Session], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nights(tmp_path / "data")
    session = make("out")
    kept: list[bytes] = []

    class Full:
        """A file on a disk that has room for one checkpoint."""

        def __init__(self, file: Any) -> None:
            self.file = file

        def __enter__(self) -> Full:
            self.file.__enter__()
            return self

        def __exit__(self, *error: object) -> None:
            self.file.__exit__(*error)

        def write(self, content: Any) -> int:
            if session.keeper.last_path.exists():
                kept.append(session.keeper.last_path.read_bytes())
                raise OSError(errno.ENOSPC, "No space left on device")
            return self.file.write(content)

    honest = atomic.Path.open

    def opened(path: Path, *mode: str, **options: Any) -> Any:
        file = honest(path, *mode, **options)
        return Full(file) if mode == ("xb",) else file

    monkeypatch.setattr(atomic.Path, "open", opened)
    with pytest.raises(UnwritableError, match=r"cannot write .*last\.ckpt: no space left"):
        session.fit(resume=None)
    monkeypatch.undo()
    assert session.keeper.last_path.read_bytes() == kept[0]
    assert [path.name for path in session.keeper.folder.iterdir()] == ["last.ckpt"]
    make("out").fit(resume=session.keeper.last_path)


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


@pytest.mark.parametrize(
    ("settings", "kind", "message"),
    [
        (["training.patience=3"], ContractError, "need pictures that validate"),
        (["training.monitor=psnr"], ContractError, "need pictures that validate"),
        (["data.holdout=0.4", "training.monitor=psnr"], ContractError, "psnr needs pairs"),
        (["data.holdout=0.4", "data.held_out=[x]", "data.sides=[99]"], None, ""),
        (["training.loggers=[wandb]"], MissingExtraError, r"relume\[wandb\]"),
        (["optimiser.options={x: 1}"], Exception, "no option of Adam is called 'x'"),
    ],
)
def test_says_what_is_wrong_before_it_learns(
    make: Callable[..., Session],
    tmp_path: Path,
    settings: list[str],
    kind: type[Exception] | None,
    message: str,
) -> None:
    nights(tmp_path / "data")
    if kind is None:
        make("out", *settings)
        return
    with pytest.raises(kind, match=message):
        make("out", *settings)
    assert not (tmp_path / "out").exists()


def test_an_error_in_another_process_is_one_line() -> None:
    try:
        raise UnreadableError("2.png: the file ends early: fetch it again")
    except UnreadableError:
        sent = ExceptionWrapper(where="in DataLoader worker process 0")
    with pytest.raises(UnreadableError) as caught:
        sent.reraise()
    assert "Traceback" in str(caught.value)
    told = in_one_line(caught.value)
    assert type(told) is UnreadableError
    assert str(told) == "2.png: the file ends early: fetch it again"
    plain = UnreadableError("2.png: is empty")
    assert in_one_line(plain) is plain


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
