"""`relume bench` and `relume score`, from the command line to the files they leave."""

from __future__ import annotations

import csv
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from e2e.command import Call, Ended, put_photo
from fake.night import night
from shared import need_shared

PAIRS = ("1", "2", "10")


def put_pairs(root: str | Path, *, keys: tuple[str, ...] = PAIRS, height: int = 48) -> None:
    """Write dark pictures and their counterparts, which a gamma of 0.5 makes exactly."""
    root = Path(root)
    for place, key in enumerate(keys):
        low = night(height, 64, seed=place)
        for folder, picture in (("low", low), ("high", low**0.5)):
            (root / folder).mkdir(parents=True, exist_ok=True)
            pixels = np.rint(picture * 255).astype(np.uint8)
            Image.fromarray(pixels).save(root / folder / f"{key}.png")


@pytest.fixture
def nights(folder: Path) -> Path:
    put_pairs("nights")
    return folder / "nights"


def table(name: str) -> list[dict[str, str]]:
    with Path(name).open(newline="") as stream:
        return list(csv.DictReader(stream))


def means(name: str, metric: str) -> dict[str, float]:
    return {row["row"]: float(row["mean"]) for row in table(name) if row["metric"] == metric}


def complaints(ended: Ended) -> list[str]:
    lines = [line for line in ended.err.splitlines() if line.strip()]
    assert all(line.startswith("relume: ") for line in lines), ended.err
    return lines


def test_a_folder_of_pairs(relume: Call, nights: Path) -> None:
    ended = relume(
        "bench", "nights", "--methods", "gamma:gamma=0.5,auto", "--metrics",
        "psnr,ssim,niqe-own,psnr[gt-mean]", "-o", "out",
    )  # fmt: skip
    # A picture of 64 × 48 is too small for NIQE: counted, named, and the end is 1.
    assert ended.code == 1
    assert "protocol gt-mean, an oracle" in ended.out
    assert any("niqe" in line for line in complaints(ended))
    found = means("out/summary.plain.csv", "psnr[plain]")
    assert list(found) == ["input", "gamma", "gamma:gamma=0.5", "auto"]
    assert found["gamma:gamma=0.5"] > 50 > found["gamma"] > found["input"]
    rows = table("out/pictures.plain.csv")
    assert [row["key"] for row in rows[:3]] == list(PAIRS)
    assert all(float(row["seconds"]) >= 0 for row in rows)
    assert all("niqe" in row["excluded"] or "small" in row["excluded"] for row in rows)
    assert "0 of 3" in Path("out/board.md").read_text()
    assert "data:image/jpeg" in Path("out/board.html").read_text()
    assert not list(Path("out").glob(".relume*"))


def test_the_noise_level_stands_beside_niqe(relume: Call, folder: Path) -> None:
    put_photo("pairs/low/a.png", height=200, width=220)
    put_photo("pairs/high/a.png", height=200, width=220)
    assert relume("bench", "pairs", "--methods", "gamma", "-o", "out").code == 0
    measured = list(dict.fromkeys(row["metric"] for row in table("out/summary.plain.csv")))
    assert {"niqe-own[plain]", "nl[plain]", "psnr[plain]"} <= {*measured}
    assert measured.index("nl[plain]") == measured.index("niqe-own[plain]") + 1


def test_what_is_measured_is_not_measured_again(relume: Call, nights: Path) -> None:
    arguments = ("bench", "nights", "--metrics", "psnr,mae", "--methods", "clahe", "-o", "out")
    assert relume(*arguments, "--limit", "2").code == 0
    records = Path("out/records.jsonl")
    first = records.read_text().splitlines()
    assert len(first) == 6
    assert relume(*arguments).code == 0
    second = records.read_text().splitlines()
    assert second[:6] == first  # with the seconds of the first run
    assert len(second) == 9
    # A changed input makes its records stale, and only those.
    shutil.copy("nights/low/2.png", "nights/low/1.png")
    assert relume(*arguments).code == 0
    added = [json.loads(line) for line in records.read_text().splitlines()[9:]]
    assert [(record["row"], record["key"]) for record in added] == [
        ("input", "1"),
        ("gamma", "1"),
        ("clahe", "1"),
    ]
    assert relume(*arguments, "--overwrite").code == 0
    again = records.read_text().splitlines()
    assert len(again) == 9
    assert not set(again) & set(first)


def test_two_runs_agree(relume: Call, nights: Path) -> None:
    for output in ("a", "b"):
        assert relume("bench", "nights", "--metrics", "psnr,loe", "-o", output).code == 0
    assert Path("a/summary.plain.csv").read_text() == Path("b/summary.plain.csv").read_text()
    assert (
        Path("a/comparisons.plain.csv").read_text() == Path("b/comparisons.plain.csv").read_text()
    )


def test_results_of_others(relume: Call, nights: Path) -> None:
    shutil.copytree("nights/high", "theirs")
    Path("theirs/2.png").unlink()
    Image.new("RGB", (64, 47)).save("theirs/10.png")
    ended = relume(
        "bench", "nights", "--metrics", "psnr", "--results", "theirs=theirs", "-o", "out"
    )
    assert ended.code == 1
    lacks, differs = complaints(ended)
    assert "theirs, 2: " in lacks
    assert "lack this picture" in lacks
    assert "64×47" in differs
    assert means("out/summary.plain.csv", "psnr[plain]")["theirs"] == float("inf")
    assert "1 of 3" in ended.out


@pytest.mark.skipif(sys.platform == "win32", reason="the program is a shell script")
def test_a_program(relume: Call, nights: Path) -> None:
    Path("copy").write_text('#!/bin/sh\ncp "$1" "$2"\n')
    Path("copy").chmod(0o755)
    ended = relume("bench", "nights", "--metrics", "psnr", "--command", "copy=./copy", "-o", "out")
    assert ended.code == 0, ended.err
    found = means("out/summary.plain.csv", "psnr[plain]")
    assert found["copy"] == found["input"]


def test_pictures_without_reference(relume: Call, folder: Path) -> None:
    put_photo("flat/a.png", height=200, width=220)
    ended = relume("bench", "flat", "--metrics", "psnr,piqe", "-o", "out")
    assert ended.code == 0
    assert "without psnr[plain]" in ended.err
    assert [row["metric"] for row in table("out/summary.plain.csv")] == ["piqe[plain]"] * 3
    ended = relume("bench", "flat", "--metrics", "psnr", "-o", "out")
    assert ended.code == 2
    assert "no references" in ended.complaint


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("nights", "--metrics", "pnsr"), "did you mean psnr"),
        (("nights", "--protocol", "y", "--metrics", "niqe-own"), "not defined under"),
        (("nights", "--methods", "gama"), "did you mean gamma"),
        (("nights", "--methods", "gamma:gamma=99"), "knob gamma"),
        (("nights", "--results", "theirs"), "NAME=WHAT"),
        (("nights", "--command", "c=./none"), "no executable"),
        (("nights", "--results", "gamma=nights/high"), "two rows"),
        (("nigts", "--metrics", "psnr"), "nigts"),
        (("lol-v1", "--metrics", "psnr"), "--data"),
        (("nights", "--parameters", "lpips=x.onnx"), "not among the metrics"),
    ],
)
def test_wrong_usage(relume: Call, nights: Path, arguments: tuple[str, ...], part: str) -> None:
    ended = relume("bench", *arguments, "-o", "out")
    assert ended.code == 2, ended.err
    assert part in ended.complaint
    assert not Path("out/records.jsonl").exists()


def test_what_is_not_there(relume: Call, folder: Path) -> None:
    Path("empty").mkdir()
    ended = relume("bench", "empty", "--metrics", "psnr", "-o", "out")
    assert ended.code == 1
    assert "empty" in ended.complaint


def test_files_of_a_set_that_cannot_be_used(relume: Call, nights: Path) -> None:
    Path("nights/high/2.png").unlink()
    Path("nights/low/10.png").write_bytes(Path("nights/low/10.png").read_bytes()[:200])
    ended = relume("bench", "nights", "--metrics", "psnr", "-o", "out")
    assert ended.code == 1
    assert "nights/low/2.png: no counterpart" in complaints(ended)[0]
    assert all("10.png" in line for line in complaints(ended)[1:])
    text = Path("out/board.md").read_text()
    assert "2.png: no counterpart" in text
    assert "input: 1 excluded, 10" in text
    assert {row["n"] for row in table("out/summary.plain.csv")} == {"1"}


def test_damaged_records(relume: Call, nights: Path) -> None:
    Path("out").mkdir()
    Path("out/records.jsonl").write_text("{}\n")
    ended = relume("bench", "nights", "--metrics", "psnr", "-o", "out")
    assert ended.code == 2
    assert "line 1" in complaints(ended)[-1]
    assert relume("bench", "nights", "--metrics", "psnr", "-o", "out", "--overwrite").code == 0


@pytest.mark.parametrize("overwrite", [(), ("--overwrite",)])
def test_an_output_that_is_a_file(relume: Call, nights: Path, overwrite: tuple[str, ...]) -> None:
    Path("out").write_text("mine")
    ended = relume("bench", "nights", "--metrics", "psnr", "-o", "out", *overwrite)
    assert ended.code == 2
    assert "a folder is needed" in ended.complaint
    assert Path("out").read_text() == "mine"


def test_clean_pictures_have_tables_of_their_own(relume: Call, nights: Path) -> None:
    arguments = ("bench", "nights", "--metrics", "psnr", "-o", "out", "--clean", "audit.json")
    assert relume(*arguments).code == 1
    Path("audit.json").write_text('{"clean": ["10", "2"], "leaked": ["1"]}')
    ended = relume(*arguments)
    assert ended.code == 0
    assert "nights, clean, 2 pictures" in ended.out
    assert "too small" in ended.out
    rows = table("out/pictures.plain.csv")
    assert [row["key"] for row in rows if row["dataset"] == "nights, clean"][:2] == ["2", "10"]
    for text, part in (
        ('{"clean": ["10"], "leaked": ["1"]}', "'2'"),
        ('{"clean": 3}', "not an audit"),
        ("[]", "not an audit"),
    ):
        Path("audit.json").write_text(text)
        ended = relume(*arguments)
        assert ended.code == 2
        assert part in ended.complaint
    Path("audit.json").write_text('{"clean": [], "leaked": ["1", "2", "10"]}')
    ended = relume(*arguments)
    assert ended.code == 0
    assert "no clean table" in ended.err


def test_lol_v1_has_its_known_numbers(relume: Call) -> None:
    data = need_shared("data/eval")
    ended = relume(
        "bench", "lol-v1", "--data", str(data), "--metrics", "psnr,ssim",
        "--methods", "gamma:gamma=0.4,gamma:gamma=0.3", "-o", "out",
    )  # fmt: skip
    assert ended.code == 0
    psnr = means("out/summary.plain.csv", "psnr[plain]")
    ssim = means("out/summary.plain.csv", "ssim-gauss11[plain]")
    known = {
        "input": (7.773, 0.1952),
        "gamma:gamma=0.4": (14.588, 0.6212),
        "gamma:gamma=0.3": (16.660, 0.6407),
    }
    for row, (decibels, similarity) in known.items():
        # Printed with three and four digits.
        assert psnr[row] == pytest.approx(decibels, abs=5.1e-4)
        assert ssim[row] == pytest.approx(similarity, abs=5.1e-5)


def test_score_of_files(relume: Call, nights: Path) -> None:
    ended = relume("score", "nights/low/1.png", "nights/high/1.png", "--metrics", "psnr,ssim-y")
    assert ended.code == 0
    names = [line.split()[0] for line in ended.out.splitlines()]
    assert names == ["psnr[plain]", "ssim-gauss11[y]"]
    ended = relume("score", "nights/low/1.png", "nights/low/1.png", "--json")
    (picture,) = json.loads(ended.out)["pictures"]
    assert picture["values"] == {"psnr[plain]": "inf", "ssim-gauss11[plain]": 1.0}


def test_score_without_a_reference(relume: Call, folder: Path) -> None:
    put_photo("a.png", height=200, width=220)
    ended = relume("score", "a.png")
    assert ended.code == 0
    assert [line.split()[0] for line in ended.out.splitlines()] == [
        "niqe-own[plain]",
        "piqe[plain]",
    ]
    assert (
        relume("score", "a.png", "--input", "a.png", "--metrics", "loe").out.split()[1] == "0.0000"
    )
    ended = relume("score", "a.png", "--metrics", "psnr")
    assert ended.code == 1
    assert "reference" in ended.complaint


def test_score_of_folders(relume: Call, nights: Path) -> None:
    ended = relume("score", "nights/low", "nights/high", "--protocol", "gt-mean", "--json")
    assert ended.code == 0
    told = json.loads(ended.out)
    assert [picture["key"] for picture in told["pictures"]] == list(PAIRS)
    assert told["summary"]["psnr[gt-mean]"]["n"] == 3
    assert "3" in relume("score", "nights/low", "nights/high").out


def test_score_excludes_visibly(relume: Call, nights: Path) -> None:
    Path("nights/high/1.png").unlink()
    Path("nights/high/2.png").write_bytes(b"no picture")
    ended = relume("score", "nights/low", "nights/high", "--metrics", "psnr")
    assert ended.code == 1
    assert all(part in ended.err for part in ("1.png", "2.png", "2 excluded, 1 measured in full"))
    assert len(complaints(ended)) == 3
    Path("nights/high/10.png").unlink()
    ended = relume("score", "nights/low", "nights/high", "--metrics", "psnr")
    assert ended.code == 1
    assert "0 measured in full" in ended.err


@pytest.mark.parametrize(
    ("arguments", "code", "part"),
    [
        (("none.png", "nights/high/1.png"), 1, "none.png"),
        (("nights/low/1.png", "nights/high"), 2, "two of a kind"),
        (("nights/low/1.png", "nights/high/1.png", "--metrics", "pnsr"), 2, "did you mean psnr"),
        (("nights/low/1.png", "small.png"), 1, "nothing is resized"),
        (("nights/low/1.png", "--metrics", "niqe", "--parameters", "niqe=x.npz"), 1, "x.npz"),
        (("empty", "nights/high"), 1, "empty"),
        (("nights/low/1.png", "--metrics", ","), 2, "no metric"),
    ],
)
def test_score_complains(
    relume: Call, nights: Path, arguments: tuple[str, ...], code: int, part: str
) -> None:
    Path("empty").mkdir()
    put_photo("small.png", height=20, width=20)
    ended = relume("score", *arguments)
    assert ended.code == code, ended.err
    assert part in ended.complaint
