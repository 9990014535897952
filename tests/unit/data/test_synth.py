"""Pairs made of normal pictures: reproducible, resumable, and never over something else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from fake.training import normals
from relume.cli import main
from relume.data.synth import MANIFEST


def _run(root: Path, *more: str, out: str = "pairs") -> int:
    return main(["data", "synth", str(root / "photos"), "-o", str(root / out), *more])


def _bytes(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _read(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as image:
        return np.array(image)


def _lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / MANIFEST).read_text().splitlines()]


@pytest.mark.parametrize("darkening", ["physical", "curve"])
def test_makes_pairs_of_equal_names(
    tmp_path: Path, darkening: str, capsys: pytest.CaptureFixture[str]
) -> None:
    normals(tmp_path / "photos", 2)
    normals(tmp_path / "photos" / "deep", 1)
    assert _run(tmp_path, "--darkening", darkening, "--side", "30", "--count", "4") == 0
    assert capsys.readouterr().out == f"4 pairs made in {tmp_path}/pairs\n"
    out = tmp_path / "pairs"
    # Four of three pictures: the first serves twice, and is darkened otherwise.
    assert set(_bytes(out)) == {MANIFEST} | {
        f"{side}/{name}.png" for side in ("low", "high") for name in ("0", "1", "deep/0", "0.2")
    }
    for line in _lines(out):
        low, high = (_read(out / side / f"{line['name']}.png") for side in ("low", "high"))
        assert low.shape == high.shape
        assert max(low.shape) == 30
        assert low.mean() < high.mean()
        assert line["darkening"] == darkening
        assert (tmp_path / "photos" / str(line["source"])).is_file()
    made = _bytes(out)
    assert made["high/0.png"] == made["high/0.2.png"]
    assert made["low/0.png"] != made["low/0.2.png"]


def test_stops_are_those_asked_for(tmp_path: Path) -> None:
    normals(tmp_path / "photos", 4)
    exact = [f"--set={key}=0" for key in ("unevenness", "beyond_white", "cast", "black", "jpeg")]
    assert (
        _run(tmp_path, "--stops", "2,2", "--set", "gamma=1,1", "--set", "shot=1e-6,1e-6", *exact)
        == 0
    )
    assert all(abs(float(str(line["stops"])) - 2) < 0.05 for line in _lines(tmp_path / "pairs"))


def test_without_what_else_takes_light_the_stops_are_those_asked_for(tmp_path: Path) -> None:
    normals(tmp_path / "photos", 2)
    page = (Path(__file__).parents[3] / "docs/training.md").read_text("utf-8")
    (settings,) = re.findall(r"`((?:--set \w+=[\d,]+ ?)+)` leaves that out", page)
    assert _run(tmp_path, "--count", "24", "--stops", "2,4", *settings.split()) == 0
    found = [float(str(line["stops"])) for line in _lines(tmp_path / "pairs")]
    assert 1.85 <= min(found) < max(found) <= 4.15  # a cast of up to 8 % and noise remain
    assert _run(tmp_path, "--count", "24", "--stops", "2,4", out="uneven") == 0
    uneven = [float(str(line["stops"])) for line in _lines(tmp_path / "uneven")]
    assert min(uneven) < 1.85 or max(uneven) > 4.15


def test_goes_on_where_it_stood(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    normals(tmp_path / "photos", 3)
    assert _run(tmp_path) == 0
    whole = _bytes(tmp_path / "pairs")
    (tmp_path / "pairs" / "low" / "1.png").unlink()
    lines = (tmp_path / "pairs" / MANIFEST).read_text().splitlines(keepends=True)
    (tmp_path / "pairs" / MANIFEST).write_text("".join(lines[:2]))
    capsys.readouterr()
    assert _run(tmp_path) == 0
    assert capsys.readouterr().out.endswith(
        "2 pairs made in " + str(tmp_path / "pairs") + ", 1 was there already\n"
    )
    again = _bytes(tmp_path / "pairs")
    assert {key: again[key] for key in whole if key != MANIFEST} == {
        key: whole[key] for key in whole if key != MANIFEST
    }
    assert sorted(map(str, _lines(tmp_path / "pairs"))) == sorted(
        str(json.loads(line)) for line in lines
    )
    # Another seed gives others; the same elsewhere, the same.
    assert _run(tmp_path, "--seed", "1", out="other") == 0
    assert _bytes(tmp_path / "other")["low/1.png"] != whole["low/1.png"]
    assert _run(tmp_path, out="same") == 0
    assert _bytes(tmp_path / "same") == whole


def test_leaves_its_own_output_and_other_folders_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    normals(tmp_path / "photos", 2)
    assert _run(tmp_path, out="photos/pairs") == 0
    assert _run(tmp_path, "--count", "3", out="photos/pairs") == 0
    assert {line["source"] for line in _lines(tmp_path / "photos/pairs")} == {"0.png", "1.png"}
    capsys.readouterr()
    assert _run(tmp_path, "--seed", "9", out="photos/pairs") == 2
    assert "holds pairs made with seed 0, not 9; name another" in capsys.readouterr().err
    (tmp_path / "mine" / "low").mkdir(parents=True)
    assert _run(tmp_path, out="mine") == 2
    assert "already holds low or high" in capsys.readouterr().err
    (tmp_path / "mine" / MANIFEST).write_text("words\n")
    assert _run(tmp_path, out="mine") == 2
    assert "not a list of pairs" in capsys.readouterr().err


def test_tells_of_what_it_cannot_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    normals(tmp_path / "photos", 2)
    (tmp_path / "photos" / "bad.png").write_text("words")
    assert _run(tmp_path) == 1
    printed = capsys.readouterr()
    assert "bad.png" in printed.err
    assert "1 picture could not be read" in printed.err
    assert printed.out.startswith("2 pairs made")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--darkening", "physica"), "did you mean physical"),
        (("--set", "stop=1"), "no key of darkening physical is called 'stop'"),
        (("--set", "stops"), "expected key=value"),
        (("--stops", "dark"), "expected a list"),
        (("--stops", "5,2"), "two rising numbers"),
    ],
)
def test_says_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], message: str
) -> None:
    normals(tmp_path / "photos", 1)
    assert _run(tmp_path, *more) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "pairs").exists()


def test_needs_folders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(tmp_path) == 1
    assert "no such folder" in capsys.readouterr().err
    (tmp_path / "photos").mkdir()
    assert _run(tmp_path) == 1
    assert "holds no pictures to darken" in capsys.readouterr().err
    assert main(["data", "synth", str(tmp_path)]) == 2
    assert "name it with -o" in capsys.readouterr().err
