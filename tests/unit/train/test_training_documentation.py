"""docs/training.md says what the code does."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from fake.datasets import illrecnet
from relume import methods
from relume.train.plan import choose_recipe, make_network, make_objective
from relume.train.recipe import read_recipe
from relume.train.reference import SECTIONS, meanings, refreshed

PAGE = Path(__file__).parents[3] / "docs" / "training.md"


def test_every_key_is_documented() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert refreshed(text) == text, "run: python -m relume.train.reference docs/training.md"
    for section, kind in SECTIONS.items():
        assert meanings(kind).keys() == {each.name for each in fields(kind)}, section


def test_the_recipe_on_the_page_is_one(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    path = tmp_path / "recipe.yaml"
    path.write_text(example)
    recipe = read_recipe(path)
    assert [source.folder for source in recipe.data.sources] == ["our485", "photos"]


def test_commands_on_the_page_name_options_there_are() -> None:
    from typer.testing import CliRunner

    from relume.cli import app

    for line in re.findall(r"^\$ relume (.*?)(?:  #.*)?$", PAGE.read_text("utf-8"), re.MULTILINE):
        verb, *words = line.split()
        shown = CliRunner().invoke(app, [verb, "--help"], prog_name="relume").output
        for option in (word for word in words if word.startswith("-")):
            assert re.search(rf"{option}\b", shown), line


def _trainable() -> list[str]:
    home = Path(methods.__file__).parent
    return sorted(path.parent.name for path in home.glob("*/objective.py"))


@pytest.mark.parametrize("name", _trainable())
def test_recipes_of_methods_build(name: str, tmp_path: Path) -> None:
    plan = choose_recipe(
        name,
        output=tmp_path,
        recipe=None,
        settings=("training.start=''",),
        minutes=0,
        optimiser="",
        begun=False,
    )
    assert plan.method == name
    make_network(plan)
    assert make_objective(plan).needs


def test_the_stages_on_the_page_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    illrecnet(tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    # The export, which test_run.py tries, takes most of the time; learning is to take none.
    monkeypatch.setattr("relume.train.session.Session.export", lambda self: self.output / "x.onnx")
    tiny = ("training.steps=1", "data.sides=[16]", "data.epoch=2", "data.batch=2")
    more = ", ".join(repr(each) for each in (*tiny, "data.holdout=0", "training.loggers=[csv]"))
    code = code.replace('"training.minutes=40"', more)
    exec(compile(code, "training.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "step 1 of 1: objective" in printed
    assert "test 3_bench/streets: PSNR" in printed
    assert (tmp_path / "runs/four/test.csv").is_file()
    assert len(list((tmp_path / "runs/four/predict").rglob("*.png"))) == 1
    # What the page says lies in a run's folder, and what --resume and --stages read again.
    kept = choose_recipe("illrecnet", output=tmp_path / "runs/four", begun=True)
    assert kept.training.steps == 1
    assert kept.data.test == ("3_bench/rooms", "3_bench/streets")
