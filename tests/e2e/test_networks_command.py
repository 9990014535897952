"""`relume enhance` with networks: engines, maps, files of other projects, precisions."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from e2e.command import Call, put_photo
from fake.models import model_bytes, plain_model
from relume import engines
from relume.io import read


@pytest.mark.parametrize("engine", engines.available())
def test_each_engine_gives_the_same_picture(relume: Call, engine: str) -> None:
    put_photo("a.jpg")
    assert relume("enhance", "a.jpg", "-m", "sgz", "-o", "usual.png").code == 0
    options = ("--engine", engine, "--threads", "1", "--memory", "8", "-k", "scale=1")
    assert relume("enhance", "a.jpg", "-m", "sgz", *options, "-o", "tiles.png").code == 0
    assert relume("enhance", "a.jpg", "-m", "sgz", "--engine", engine, "-o", "b.png").code == 0
    usual, other = read(Path("usual.png")).pixels, read(Path("b.png")).pixels
    assert np.abs(usual.astype(int) - other).max() <= 1
    assert read(Path("tiles.png")).pixels.shape == usual.shape


def test_maps_lie_in_their_folder(relume: Call) -> None:
    put_photo("a.jpg")
    photo = read(Path("a.jpg"))
    ended = relume("enhance", "a.jpg", "-m", "sgz", "-k", "scale=1", "--maps", "maps")
    assert ended.code == 0
    (curve,) = Path("maps").iterdir()
    assert curve.name == "a.jpg.curve.png"
    drawn = read(curve).pixels
    assert drawn.shape == (photo.height, photo.width, 3)
    assert drawn.mean() > 128, "positive is brighter"
    assert Path("a.relume.jpg").exists()


def test_maps_that_cannot_be_written_are_told(relume: Call) -> None:
    put_photo("a.jpg")
    put_photo("sub/a.jpg")
    ended = relume("enhance", ".", "-r", "-m", "sgz", "-o", "out", "--maps", "maps")
    assert ended.code == 2
    assert "2 inputs are called a.jpg" in ended.err
    assert not Path("out").exists()
    ended = relume("enhance", "a.jpg", "-m", "gamma", "--maps", "maps")
    assert ended.code == 1
    assert "no intermediate results" in ended.err
    Path("file").write_bytes(b"")
    ended = relume("enhance", "a.jpg", "-m", "sgz", "--maps", "file")
    assert ended.code == 1
    assert "file" in ended.err
    assert not list(Path().glob("*.part"))


def test_a_file_of_another_project_runs(relume: Call) -> None:
    put_photo("a.jpg")
    Path("theirs.onnx").write_bytes(plain_model())
    options = ("--input", "srgb", "--reach", "0", "--multiple-of", "8")
    ended = relume("enhance", "a.jpg", "-m", "theirs.onnx", *options, "-o", "b.png")
    assert (ended.code, ended.err) == (0, "")
    low, enhanced = read(Path("a.jpg")).pixels / 255, read(Path("b.png")).pixels / 255
    assert np.abs(enhanced - np.sqrt(low)).max() <= 0.5 / 255 + 1e-6


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ((), "--input srgb --reach"),
        (("--input", "srgb"), "--reach is missing"),
        (("--reach", "3"), "--input is missing"),
        (("--input", "rgb", "--reach", "3"), "srgb or linear"),
        (("--input", "srgb", "--reach", "far"), "whole"),
        (("--input", "srgb", "--reach", "-3"), "whole"),
        (("--precision", "int8"), "precision"),
    ],
)
def test_a_poor_description_is_refused(relume: Call, options: tuple[str, ...], reason: str) -> None:
    put_photo("a.jpg")
    Path("theirs.onnx").write_bytes(plain_model())
    ended = relume("enhance", "a.jpg", "-m", "theirs.onnx", *options)
    assert ended.code in (1, 2)
    assert reason in ended.err
    assert ended.err.count("\n") == 1
    assert not Path("a.relume.jpg").exists()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("-m", "sgz", "--input", "srgb", "--reach", "3"), "-m FILE.onnx"),
        (("-m", "ours.onnx", "--input", "srgb", "--reach", "3"), "card inside"),
        (("-m", "sgz", "--engine", "openvin"), "did you mean openvino"),
        (("-m", "sgz", "--engine", "onnxruntime:coreml"), "does not offer coreml"),
        (("-m", "gamma", "--precision", "int8"), "no network"),
        (("--precision", "fp16"), "name one"),
        (("-m", "sgz", "--precision", "int4"), "int8"),
        (("-m", "damaged.onnx"), "cannot read"),
        (("-m", "sgz", "--threads", "0"), "--threads"),
        (("-m", "sgz", "--memory", "0"), "--memory"),
    ],
)
def test_a_wrong_choice_is_one_line(relume: Call, options: tuple[str, ...], reason: str) -> None:
    put_photo("a.jpg")
    Path("ours.onnx").write_bytes(model_bytes())
    Path("damaged.onnx").write_bytes(model_bytes()[:100])
    ended = relume("enhance", "a.jpg", *options)
    assert ended.code in (1, 2)
    assert reason in ended.err
    assert ended.err.count("\n") == 1
    assert not Path("a.relume.jpg").exists()


DESCRIBED = ("--input", "srgb", "--reach", "0", "--multiple-of", "8")


def test_a_file_without_a_card_is_described_in_every_verb(relume: Call) -> None:
    put_photo("set/low/a.png")
    put_photo("set/high/a.png")
    put_photo("set/low/b.png")
    put_photo("set/high/b.png")
    Path("theirs.onnx").write_bytes(plain_model())
    Path("ours.onnx").write_bytes(model_bytes())
    methods = "ours.onnx,theirs.onnx"
    ended = relume("bench", "set", "--methods", methods, *DESCRIBED, "-o", "board", "--metrics=mae")
    assert ended.code == 0, ended.err
    assert "theirs.onnx" in ended.out
    ended = relume("compare", "set/low/a.png", "-o", "sheet.png", "--methods", methods, *DESCRIBED)
    assert ended.code == 0, ended.err
    assert any(line.startswith("theirs.onnx: theirs, ") for line in ended.out.splitlines())
    ended = relume("verify", "theirs.onnx", *DESCRIBED)
    assert ended.code == 0, ended.err
    assert "finite and in range" in ended.out
    ended = relume(
        "verify", "theirs.onnx", "--against", "theirs.onnx", "--pairs", "set", *DESCRIBED
    )
    assert ended.code == 0, ended.err
    assert "PSNR of 2 pairs" in ended.out
    ended = relume("speed", "theirs.onnx", "--size", "64x48", "--repeats", "3", *DESCRIBED)
    assert ended.code == 0, ended.out
    assert "64×48" in ended.out


@pytest.mark.parametrize(
    "words",
    [
        ("bench", "set", "-o", "board", "--methods"),
        ("compare", "a.jpg", "-o", "sheet.png", "--methods"),
        ("verify",),
        ("speed",),
    ],
    ids=lambda words: words[0],
)
def test_what_cannot_be_described_is_refused_by_every_verb(
    relume: Call, words: tuple[str, ...]
) -> None:
    put_photo("a.jpg")
    Path("ours.onnx").write_bytes(model_bytes())
    for name, reason in (("sgz", "-m FILE.onnx"), ("ours.onnx", "card inside")):
        ended = relume(*words, name, "--input", "srgb", "--reach", "3")
        assert ended.code == 2
        assert reason in ended.err
        assert ended.err.count("\n") == 1


def test_memory_is_checked_on_every_engine_before_pictures_come(relume: Call) -> None:
    ended = relume("speed", "sgz", "--check-memory", "--size", "640x480")
    assert ended.code == 0, ended.err
    lines = ended.out.splitlines()
    assert [line.split()[:3] for line in lines] == [
        ["sgz", "640x480", engine] for engine in engines.usable()
    ]
    if sys.platform == "linux":
        for line in lines:
            said = re.fullmatch(r".* fp32: ([\d,]+) MiB at its peak, over the bare process", line)
            assert said is not None, line
            assert int(said[1].replace(",", "")) >= 5
    ended = relume("speed", "none.onnx", "--check-memory", "--size", "64x48", "--engine", "auto")
    assert ended.code == 1
    assert "cannot be read" in ended.out
