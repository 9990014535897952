"""The README's commands and its Python, run as they stand there in a clean folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import relume
from fake.night import night
from relume import engines, methods

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    picture = relume.Photo(np.rint(night(60, 80) * 255).astype(np.uint8))
    (tmp_path / "holiday" / "beach").mkdir(parents=True)
    (tmp_path / "timelapse").mkdir()
    for name in (
        "party.jpg",
        "reference.jpg",
        "in.jpg",
        "holiday/a.jpg",
        "holiday/beach/b.png",
        "timelapse/1.jpg",
        "timelapse/2.jpg",
        "scan.tif",
    ):
        relume.write(picture, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def commands() -> list[str]:
    blocks = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    lines = [line.split("  #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith("relume ")]


@pytest.mark.slow
def test_the_commands(folder: Path) -> None:
    """One of them is what verifies every method, with all its weights, on every engine."""
    assert len(commands()) >= 8
    said: dict[str, str] = {}
    for command in commands():
        done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}: {done.stderr}\n{done.stdout}"
        said[command] = done.stdout
    checks = [line.split() for line in said["relume verify"].splitlines()[3:] if line.strip()]
    named = {words[0] for words in checks if not words[0].endswith(".onnx")}  # a smaller precision
    assert named == set(methods.names())
    assert {words[-1] for words in checks} == {"passed"}
    cards = sum(words[1:3] == ["card", "in"] for words in checks)
    assert cards == sum(len(card.weights) for card in methods.cards())
    found = {word for words in checks for word in words}
    assert found >= set(engines.usable())
    for made in (
        "party.relume.jpg",
        "bright/beach/b.png",
        "scan.relume.tif",
        "out.jpg",
        "sheet.png",
    ):
        assert (folder / made).stat().st_size > 0


def test_the_python(folder: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names = {"image": np.rint(night(40, 50) * 255).astype(np.uint8)}
    exec(compile(code, "README.md", "exec"), names)
    assert names["bright"].shape == (40, 50, 3)
    assert (folder / "party.relume.jpg").exists()


def test_the_two_set_up_commands_are_named() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in ("demo", "test"):
        assert f"make {target}" in README
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_every_link_leads_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            if not target.startswith("http"):
                assert (page.parent / target).exists(), f"{page.name}: {target}"
