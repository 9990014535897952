"""The verb `train` on a miniature folder: files, messages, and the comparison of optimisers."""

from __future__ import annotations

import csv
import signal
from pathlib import Path

import pytest
import torch
from torch import nn

from fake.training import nights, normals, pairs
from relume.cli import main
from relume.errors import ContractError, UnknownNameError, UnreadableError, UnwritableError
from relume.losses.objective import Batch, Terms
from relume.methods.sgz.objective import Objective
from relume.train import keeper
from relume.train.compare import compare
from relume.train.data import Pictures
from relume.train.plan import choose_recipe
from relume.train.recipe import Data
from relume.train.run import train
from relume.train.session import Session
from relume.train.too_dark import told_of_dark

SMALL = (
    "network.channels=4",
    "data.sides=[16, 24]",
    "data.reduction=[1, 2]",
    "data.epoch=4",
    "data.batch=2",
    "training.epochs=2",
    "training.log_every=1",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return nights(tmp_path / "nights")


def _silent(line: str) -> None: ...


def _logged(output: Path) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    for file in sorted(output.glob("log/csv/version_*/metrics.csv")):
        with file.open() as lines:
            rows += [row for row in csv.DictReader(lines) if row["train/total"]]
    return rows


@pytest.mark.slow
def test_trains_from_the_command_line(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    words = ["train", "sgz", "--data", str(folder), "-o", str(out)]
    assert main([*words, *(word for setting in SMALL for word in ("--set", setting))]) == 0
    printed = capsys.readouterr()
    assert printed.out.strip() == f"relume enhance -m {out}/sgz.onnx PICTURE"
    assert "epoch 2 of 2: objective" in printed.err
    assert "verified with onnxruntime: 2 outputs within" in printed.err
    names = {path.name for path in out.iterdir()}
    assert names >= {"sgz.onnx", "sgz.safetensors", "sgz.golden.npz", "SHA256SUMS", "recipe.yaml"}
    assert list(out.glob("log/tensorboard/version_0/events*"))
    assert list(out.glob("samples/*.png"))
    rows = _logged(out)
    assert [int(row["step"]) for row in rows] == [0, 1, 2, 3]
    assert {"train/smoothness", "train/spatial", "train/colour", "train/exposure"} <= rows[0].keys()
    # A second training must not overwrite the first.
    assert main(words) == 1
    assert "already holds a training" in capsys.readouterr().err
    # What was learnt can be used further without learning.
    pairs(folder / "tests")
    wanted = ["--stages", "test", "--set", "data.test=[tests]"]
    assert main([*words, *wanted]) == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "test tests: PSNR" in printed.err


def test_optimisers_are_compared_and_the_best_is_kept(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def exported(self: Session) -> Path:  # the real one is tested above, and takes long
        path = self.output / "sgz.onnx"
        path.write_text(self.plan.optimiser.name)
        return path

    monkeypatch.setattr(Session, "export", exported)
    out = tmp_path / "out"
    entries = compare(
        "sgz",
        optimisers=("adam", "sgd:1e-9"),
        data=folder,
        output=out,
        settings=SMALL,
        say=_silent,
    )
    assert [entry.optimiser for entry in entries] == ["adam", "sgd:1e-9"]
    assert entries[0].outcome.objective < entries[1].outcome.objective
    assert (out / "sgz.onnx").read_text() == "Adam"
    assert "name: SGD" in (out / "sgd-1e-9" / "recipe.yaml").read_text()
    with pytest.raises(ContractError, match="each may stand there once"):
        compare("sgz", optimisers=("adam", "Adam"), data=folder, output=out, say=_silent)

    monkeypatch.setattr("relume.train.compare.compare", lambda *_, **__: entries)
    words = ["train", "sgz", "--data", str(folder), "-o", str(out), "--optimizer", "adam,sgd:1e-9"]
    assert main(words) == 0
    printed = capsys.readouterr().out.splitlines()
    assert "objective at the end" in printed[1]
    assert [line.split()[0] for line in printed if line.strip().startswith(("adam", "sgd"))] == [
        "adam",
        "sgd:1e-9",
    ]
    assert printed[-1] == f"relume enhance -m {out}/sgz.onnx PICTURE"
    assert main([*words, "--stages", "fit,test"]) == 2


def test_says_what_is_wrong(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(ContractError, match=r"gamma has nothing to learn; .*: hvr, .*, sgz$"):
        train("gamma", data=folder, output=out, say=_silent)
    with pytest.raises(UnreadableError, match="nothing to resume"):
        train("sgz", data=folder, output=out, resume=True, say=_silent)
    with pytest.raises(UnreadableError, match="nothing to resume; put fit first"):
        train("sgz", data=folder, output=out, stages=("test",), say=_silent)
    with pytest.raises(UnknownNameError, match="no stage is called 'tests'"):
        train("sgz", data=folder, output=out, stages=("tests",), say=_silent)
    with pytest.raises(ContractError, match="--minutes"):
        train("sgz", data=folder, output=out, minutes=-1, say=_silent)
    with pytest.raises(UnknownNameError, match="no optimiser is called 'adan'"):
        train("sgz", data=folder, output=out, optimiser="adan", say=_silent)
    with pytest.raises(UnreadableError, match="no such folder"):
        train("sgz", data=tmp_path / "absent", output=out, say=_silent)
    (tmp_path / "other.yaml").write_text("method: hvr\n")
    with pytest.raises(ContractError, match="is a recipe for hvr"):
        train("sgz", data=folder, output=out, recipe=tmp_path / "other.yaml", say=_silent)
    assert not out.exists()
    out.write_text("in the way")
    with pytest.raises(UnwritableError, match="cannot make this folder"):
        train("sgz", data=folder, output=out, settings=SMALL, say=_silent)


def test_an_unreadable_picture_ends_the_training_with_its_name(
    folder: Path, tmp_path: Path
) -> None:
    (folder / "2.png").write_bytes((folder / "2.png").read_bytes()[:200])
    with pytest.raises(UnreadableError, match=r"2\.png"):
        train("sgz", data=folder, output=tmp_path / "out", settings=SMALL, say=_silent)


def test_an_interruption_ends_quietly_and_leaves_no_model(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(self: Objective, network: nn.Module, batch: Batch) -> Terms:
        raise KeyboardInterrupt

    monkeypatch.setattr(Objective, "forward", killed)
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        train("sgz", data=folder, output=tmp_path / "out", settings=SMALL, say=_silent)
    assert signal.getsignal(signal.SIGINT) is handler
    assert not (tmp_path / "out" / "sgz.onnx").exists()
    assert torch.is_grad_enabled()


def test_a_stop_in_the_first_epoch_leaves_something_to_resume(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Session, "export", lambda self: self.output / "sgz.onnx")
    honest, seen = Objective.forward, 0

    def killed(self: Objective, network: nn.Module, batch: Batch) -> Terms:
        nonlocal seen
        seen += 1
        if seen == 2:
            raise KeyboardInterrupt
        return honest(self, network, batch)

    said: list[str] = []
    monkeypatch.setattr(Objective, "forward", killed)
    cut, whole = tmp_path / "cut", tmp_path / "whole"
    with pytest.raises(KeyboardInterrupt):
        train("sgz", data=folder, output=cut, settings=SMALL, say=said.append)
    assert said[-1] == f"stopped; --resume continues from {cut}/checkpoints/last.ckpt"
    monkeypatch.setattr(Objective, "forward", honest)
    resumed = train("sgz", data=folder, output=cut, resume=True, say=_silent)
    assert (
        resumed.objective
        == train("sgz", data=folder, output=whole, settings=SMALL, say=_silent).objective
    )


def test_long_epochs_tell_that_they_go_on(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Session, "export", lambda self: self.output / "sgz.onnx")
    monkeypatch.setattr(keeper, "SILENCE", 0.0)
    said: list[str] = []
    train("sgz", data=folder, output=tmp_path / "out", settings=SMALL, say=said.append)
    assert any(line.startswith("step 1 of 4: objective ") for line in said)


def test_something_is_said_before_torch_is_loaded(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = ""

    def loaded(*_: object, **__: object) -> object:
        nonlocal before
        before = capsys.readouterr().err
        raise ContractError("as far as this test goes")

    monkeypatch.setattr("relume.cli.train.need", loaded)
    assert main(["train", "sgz", "--data", str(folder)]) == 2
    assert before == f"sgz: looking at {folder} …\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--data", "nowhere"], "nowhere: no such folder; --data names a folder of pictures"),
        (["--data", ".", "--resume"], "nothing to resume"),
        (["--data", ".", "--stages", "fit,tests"], "no stage is called 'tests'"),
        (["--data", ".", "--minutes", "-1"], "--minutes: expected a time of at least 0"),
        (["--data", ".", "--set", "data.sids=[3]"], "did you mean sides"),
        (["--data", ".", "--recipe", "none.yaml"], "none.yaml: not a recipe"),
        (["--data", ".", "--optimizer", "a,b", "--stages", "test"], "only fit with several"),
    ],
)
def test_wrong_usage_is_told_before_torch_is_loaded(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    said: str,
) -> None:
    def loaded(module: str, **_: str) -> None:
        assert module == "yaml"

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("relume.cli.train.need", loaded)
    assert main(["train", "sgz", *words]) in (1, 2)
    assert said in capsys.readouterr().err


def test_few_pictures_are_told(folder: Path, tmp_path: Path) -> None:
    said: list[str] = []
    session = Session(
        choose_recipe("sgz", output=tmp_path / "out", settings=SMALL),
        data=folder,
        output=tmp_path / "out",
        stages=("fit",),
        say=said.append,
    )
    session.fit()
    assert any(line.startswith("few to learn from, 3 scenes: ") for line in said)


def test_photos_that_are_dark_already_are_told(folder: Path, tmp_path: Path) -> None:
    by_day = normals(tmp_path / "by day")
    pictures = {
        place: Pictures(place, data=Data(), seed=0, needs="normal") for place in (folder, by_day)
    }
    told = {
        place: told_of_dark("relume", found.darkened, read=found.shelf.read)
        for place, found in pictures.items()
    }
    assert told[by_day] is None
    assert (told[folder] or "").startswith("3 of 3 photos looked at are dark: the mean of max")
    assert not Pictures(folder, data=Data(), seed=0, needs="low").darkened
