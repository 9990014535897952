"""Camera RAW on the command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from e2e.command import Call, put_photo, run
from fake import raw
from relume.cli.inspect import _word  # pyright: ignore[reportPrivateUsage]
from relume.io import read

BLACKS = (500,) * 4
SAMPLES = raw.mosaic_of(raw.scene(40, 60), blacks=BLACKS)
DNG = raw.bayer_dng(SAMPLES, blacks=BLACKS)


def put(name: str, data: bytes = DNG) -> None:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_bytes(data)


def test_what_a_sensor_says_has_the_digits_people_read(relume: Call) -> None:
    put("night.dng")
    (line,) = [line for line in relume("inspect", "night.dng").out.splitlines() if "sensor" in line]
    facts = json.loads(relume("inspect", "night.dng", "--json").out)["raw"]
    assert f"white {facts['white']:.0f}, " in line
    assert ".0" not in line
    told = [_word("exposure", seconds) for seconds in (4.96743106842041, 1.0, 0.0003125)]
    assert told == ["4.97 s", "1 s", "1/3200 s"]


def test_raw_in_sixteen_bits_out(relume: Call) -> None:
    put("night.dng")
    ended = relume("enhance", "night.dng", "-m", "gamma")
    assert (ended.code, ended.err) == (0, "")
    assert "night.dng → night.relume.tif  gamma" in ended.out
    assert ended.out.rstrip().endswith("developed, white balance of the camera")
    photo = read("night.relume.tif")
    assert (photo.format, photo.bits) == ("tiff", 16)
    assert photo.icc is not None
    assert Path("night.dng").read_bytes() == DNG


@pytest.mark.parametrize("suffix", ["tif", "png", "jpg", "dng", "webp"])
def test_every_format_comes_out(relume: Call, suffix: str) -> None:
    put("night.dng")
    assert relume("enhance", "night.dng", "-o", f"out.{suffix}").code == 0
    wanted = read("night.dng").pixels / 65535
    found = read(f"out.{suffix}")
    assert np.abs(found.pixels / (2.0**found.bits - 1) - wanted).mean() < 0.2


def test_a_folder_of_raw_is_resumed(relume: Call) -> None:
    put("roll/a.DNG")
    put("roll/b.dng")
    put_photo("roll/a.jpg")
    assert "3 enhanced" in relume("enhance", "roll", "-m", "gamma").out
    assert "3 skipped" in relume("enhance", "roll", "-m", "gamma").out
    assert {path.name for path in Path("roll").iterdir()} == {
        "a.DNG", "b.dng", "a.jpg", "a.relume.tif", "b.relume.tif", "a.relume.jpg",
    }  # fmt: skip
    assert relume("enhance", "roll", "-m", "gamma", "--raw-to", "jpg", "-o", "b/").code == 0
    assert {path.name for path in Path("b").iterdir()} == {
        ".relume", "a.DNG.jpg", "b.jpg", "a.jpg",
    }  # fmt: skip


def test_raw_to_chooses_the_format(relume: Call) -> None:
    put("roll/b.dng")
    assert relume("enhance", "roll", "-o", "out", "--raw-to", "jpg").code == 0
    assert read("out/b.jpg").format == "jpeg"
    assert "no picture format" in relume("enhance", "roll", "--raw-to", "gif").complaint
    assert "only read" in relume("enhance", "roll", "--raw-to", "nef").complaint


def test_options_reach_the_development(relume: Call) -> None:
    put("night.dng")
    relume("enhance", "night.dng", "-m", "identity", "-o", "plain.tif")
    relume("enhance", "night.dng", "-m", "identity", "--ev", "1", "-o", "bright.tif")
    relume("enhance", "night.dng", "-m", "identity", "--wb", "4,1,1.6", "-o", "red.tif")
    plain, bright, red = (read(f"{name}.tif").pixels for name in ("plain", "bright", "red"))
    assert bright.mean() > 1.2 * plain.mean()
    assert red[..., 0].mean() > 1.2 * plain[..., 0].mean()


def test_a_plain_mosaic(relume: Call) -> None:
    put("a.raw", SAMPLES.tobytes())
    levels = ("--cfa", "rggb", "--black", "500", "--white", "15000", "--wb", "2,1,1.6")
    ended = relume("enhance", "a.raw", "-m", "identity", "--size", "60x40", *levels)
    assert ended.code == 0, ended.err
    put("night.dng")
    relume("enhance", "night.dng", "-m", "identity")
    pictures = [read(f"{name}.relume.tif").pixels.astype(int) for name in ("a", "night")]
    assert np.abs(pictures[0] - pictures[1]).mean() < 20


@pytest.mark.parametrize(
    ("name", "data", "options", "words"),
    [
        ("bad.ARW", b"", (), "empty"),
        ("bad.ARW", b"\xff\xd8\xff\xe0" + bytes(99), (), "JPEG inside; rename it to .jpg"),
        ("bad.dng", DNG[:-1000], (), "cut off"),
        ("bad.npy", b"\x93NUMPY", (), "--cfa RGGB --black 512 --white 16383"),
        ("night.dng", DNG, ("--wb", "2,1"), "--wb wants"),
        ("night.dng", DNG, ("--cfa", "RGGB"), "--black and --white"),
        ("night.dng", DNG, ("--max-pixels", "100"), "2400 pixels"),
        ("bad.raw", DNG[4:], ("--cfa", "RGGB", "--black", "0", "--white", "9"), "--size WxH"),
    ],
)
def test_bad_input_is_one_line(
    relume: Call, name: str, data: bytes, options: tuple[str, ...], words: str
) -> None:
    put(name, data)
    ended = relume("enhance", name, *options)
    assert ended.code != 0
    assert words in ended.err
    assert len([line for line in ended.err.splitlines() if "relume: " in line]) <= 1
    assert list(Path().iterdir()) == [Path(name)]


def test_without_the_extra(relume: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    put("night.dng")
    put_photo("a.jpg")
    monkeypatch.setitem(sys.modules, "rawpy", None)
    assert "pip install 'relume[raw]'" in relume("enhance", "night.dng").complaint


def test_through_pipes() -> None:
    ended = run("enhance", "-", "-m", "gamma", given=DNG)
    assert ended.stderr == b""
    assert read(ended.stdout).format == "tiff"
