"""The verb `train` on a miniature folder: it learns, stops, resumes, and says what is wrong."""

from __future__ import annotations

import csv
import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from relume.cli import main
from relume.errors import ContractError, UnreadableError, UnwritableError
from relume.methods.sgz.objective import Objective
from relume.train.module import DivergedError
from relume.train.run import train

SMALL = (
    "data.sides=[16, 24]",
    "data.reduction=[1, 2]",
    "data.epoch=4",
    "data.batch=2",
    "training.epochs=3",
    "training.log_every=1",
)


@pytest.fixture
def nights(tmp_path: Path) -> Path:
    folder = tmp_path / "nights"
    folder.mkdir()
    random = np.random.default_rng(0)
    for index in range(3):
        pixels = random.integers(0, 60, (48, 64, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{index}.png")
    return folder


def _silent(line: str) -> None: ...


def _logged(output: Path) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    for file in sorted(output.glob("log/csv/version_*/metrics.csv")):
        with file.open() as lines:
            rows += [row for row in csv.DictReader(lines) if row["train/total"]]
    return rows


@pytest.mark.slow
def test_trains_from_the_command_line(
    nights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    words = ["train", "sgz", "--data", str(nights), "-o", str(out)]
    assert main([*words, *(word for setting in SMALL for word in ("--set", setting))]) == 0
    printed = capsys.readouterr()
    assert printed.out.strip() == f"relume enhance -m {out}/sgz.onnx PICTURE"
    assert "epoch 3 of 3: objective" in printed.err
    names = {path.name for path in out.iterdir()}
    assert names >= {"sgz.onnx", "sgz.safetensors", "golden.npz", "SHA256SUMS", "recipe.yaml"}
    assert list(out.glob("log/tensorboard/version_0/events*"))
    assert [int(row["step"]) for row in _logged(out)] == [0, 1, 2, 3, 4, 5]
    assert {"train/smoothness", "train/spatial", "train/colour", "train/exposure"} <= _logged(out)[
        0
    ].keys()
    # A second training must not overwrite the first.
    assert main(words) == 1
    assert "already holds a training" in capsys.readouterr().err


@pytest.mark.slow
def test_resuming_gives_the_losses_of_an_unbroken_run(
    nights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    train("sgz", data=nights, output=whole, settings=SMALL, say=_silent)

    honest, seen = Objective.forward, 0

    def killed(self: Objective, network: torch.nn.Module, batch: dict[str, torch.Tensor]):
        nonlocal seen
        seen += 1
        if seen == 4:  # in the middle of the second epoch
            raise KeyboardInterrupt
        return honest(self, network, batch)

    monkeypatch.setattr(Objective, "forward", killed)
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        train("sgz", data=nights, output=broken, settings=SMALL, say=_silent)
    assert signal.getsignal(signal.SIGINT) is handler
    assert not (broken / "sgz.onnx").exists()
    monkeypatch.setattr(Objective, "forward", honest)
    train("sgz", data=nights, output=broken, resume=True, say=_silent)

    expected = {row["step"]: row for row in _logged(whole)}
    found = {row["step"]: row for row in _logged(broken)}
    assert found.keys() == expected.keys() == set("012345")
    assert found == expected
    assert (broken / "sgz.safetensors").read_bytes() == (whole / "sgz.safetensors").read_bytes()


def test_stops_when_the_objective_is_no_number(
    nights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Objective, network: torch.nn.Module, batch: dict[str, torch.Tensor]):
        return {"exposure": network(batch["low"]).enhanced.mean() * torch.nan}

    monkeypatch.setattr(Objective, "forward", broken)
    with pytest.raises(DivergedError, match=r"not finite at step 0 \(exposure nan\); lower"):
        train("sgz", data=nights, output=tmp_path / "out", settings=SMALL, say=_silent)


@pytest.mark.slow
def test_time_ends_a_training_and_the_best_checkpoint_is_kept(nights: Path, tmp_path: Path) -> None:
    for side in ("low", "high"):
        (nights / "valid" / side).mkdir(parents=True)
        Image.new("RGB", (30, 20), "gray").save(nights / "valid" / side / "1.png")
    lines: list[str] = []
    settings = (*SMALL, "data.validation=valid", "training.snapshot_every=2")
    out = tmp_path / "out"
    train("sgz", data=nights, output=out, settings=settings, minutes=1e-6, say=lines.append)
    assert [line for line in lines if line.startswith("epoch")] == [
        line for line in lines if line.startswith("epoch 1 of 3: objective")
    ]
    assert any("validation PSNR" in line for line in lines)
    assert (out / "checkpoints" / "last.ckpt").is_file()
    assert "exporting best.ckpt" in lines


@pytest.mark.slow
def test_starts_from_given_weights(nights: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    train("sgz", data=nights, output=first, settings=SMALL, say=_silent)
    still = (*SMALL, f"training.start={first}/sgz.safetensors", "optimiser.learning_rate=0")
    train("sgz", data=nights, output=second, settings=still, say=_silent)
    assert (first / "sgz.safetensors").read_bytes() == (second / "sgz.safetensors").read_bytes()


def test_says_what_is_wrong(nights: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(ContractError, match="gamma has nothing to learn"):
        train("gamma", data=nights, output=out, say=_silent)
    with pytest.raises(UnreadableError, match="nothing to resume"):
        train("sgz", data=nights, output=out, resume=True, say=_silent)
    with pytest.raises(ContractError, match="--minutes"):
        train("sgz", data=nights, output=out, minutes=0, say=_silent)
    with pytest.raises(UnreadableError, match="no such folder"):
        train("sgz", data=tmp_path / "absent", output=out, say=_silent)
    (tmp_path / "other.yaml").write_text("method: hvr\n")
    with pytest.raises(ContractError, match="is a recipe for hvr"):
        train("sgz", data=nights, output=out, recipe=tmp_path / "other.yaml", say=_silent)
    assert not out.exists()
    out.write_text("in the way")
    with pytest.raises(UnwritableError, match="cannot make this folder"):
        train("sgz", data=nights, output=out, settings=SMALL, say=_silent)


def test_an_unreadable_picture_ends_the_training_with_its_name(
    nights: Path, tmp_path: Path
) -> None:
    (nights / "2.png").write_bytes((nights / "2.png").read_bytes()[:200])
    with pytest.raises(UnreadableError, match=r"2\.png"):
        train(
            "sgz",
            data=nights,
            output=tmp_path / "out",
            settings=(*SMALL, "training.epochs=20"),
            say=_silent,
        )
