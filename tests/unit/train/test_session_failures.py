"""A session that goes wrong: nothing good is lost, and it says what is wrong."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch._utils import ExceptionWrapper

from fake.sessions import maker
from fake.training import nights, pairs
from relume.errors import (
    ContractError,
    MissingExtraError,
    UnknownNameError,
    UnreadableError,
    UnwritableError,
    WeightsError,
)
from relume.export.weights import load_network
from relume.io import atomic
from relume.losses.objective import Batch, Terms
from relume.methods.sgz.objective import Objective
from relume.train.module import DivergedError
from relume.train.session import Session, in_one_line


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Session]:
    return maker(tmp_path)


def _is_finite(network: nn.Module) -> bool:
    return all(bool(torch.isfinite(value).all()) for value in network.state_dict().values())


def test_a_metric_that_cannot_be_had_is_told_before_anything_is_learnt(
    make: Callable[..., Session], tmp_path: Path
) -> None:
    nights(tmp_path / "data")
    pairs(tmp_path / "data" / "tests")
    wanted = ("data.sources=[{folder: '.'}]", "data.test=[tests]", "training.metrics=[psnf]")
    with pytest.raises(UnknownNameError, match="psnf"):
        make("out", *wanted, stages=("fit", "test"))
    with pytest.raises(WeightsError, match="lpips"):
        make("out", *wanted[:2], "training.metrics=[lpips]", stages=("fit", "test"))


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
    assert _is_finite(load_network("sgz", last))

    def ruined(self: Objective, network: nn.Module, batch: Batch) -> Terms:
        # The number is fine, its gradient is not: a root at 0.
        first = next(network.parameters())
        return {"root": (first * 0).square().sum().sqrt()}

    monkeypatch.setattr(Objective, "forward", ruined)
    session = make("ruined", "data.epoch=2")
    with pytest.raises(DivergedError, match="values that are not finite after step 1"):
        session.fit(resume=None)
    assert _is_finite(load_network("sgz", session.keeper.last_path)), "it is as it began"


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

        def fileno(self) -> int:
            return self.file.fileno()

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


@pytest.mark.parametrize(
    ("settings", "kind", "message"),
    [
        (["training.patience=3"], ContractError, "need pictures that validate"),
        (["training.monitor=psnr"], ContractError, "need pictures that validate"),
        (["training.accelerator=hpu"], ContractError, "recipe.training: .*accelerator"),
        (["training.strategy=dpp"], ContractError, "recipe.training: .*dpp"),
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
