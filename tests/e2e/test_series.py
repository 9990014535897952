"""A series on disk, a dusk with noise, flicker, a lamp and a cut: enhanced, it does not jump."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

from e2e.command import Call
from fake.night import night
from relume.colour import decode_srgb, encode_srgb

COUNT, LAMP, CUT = 30, 10, 20


def put_series(folder: str) -> None:
    """Write a time-lapse: two places, each frame with its own noise and exposure."""
    draw = np.random.default_rng(4)
    blocks = np.kron(draw.random((6, 8, 3)), np.ones((16, 16, 1)))
    places = [night(96, 128, seed=1).astype(np.float64), 0.1 + 0.3 * blocks]
    Path(folder).mkdir()
    for index in range(COUNT):
        stops = -0.03 * index + draw.normal(0, 0.15)
        light = decode_srgb(places[index >= CUT]) * 2.0**stops
        if LAMP <= index < CUT:
            light[20:50, 70:110] = light[20:50, 70:110] * 4 + 0.02
        light += draw.normal(0, 0.002, light.shape)
        pixels = np.rint(encode_srgb(np.clip(light, 0, 1)) * 255).astype(np.uint8)
        exif = Image.Exif()
        exif.get_ifd(0x8769)[0x9003] = f"2026:11:01 17:{index:02}:00"
        # Names are not in the order of time.
        Image.fromarray(pixels).save(f"{folder}/{(index * 7) % COUNT:02}.png", exif=exif.tobytes())


def flicker(relume: Call, *folders: str) -> dict[str, float]:
    names = (folders[0], "--input", *folders[1:])
    ended = relume("score", "--series", *names, "--json")
    assert ended.code == 0, ended.err
    facts = json.loads(ended.out)
    assert facts["cuts"] == 1
    return {name: one["stops"] for name, one in facts["series"].items()}


def test_neighbours_match(relume: Call) -> None:
    put_series("d")
    for method in ("auto", "exposure", "sgz"):
        assert relume("enhance", "d", "-o", f"plain-{method}", "-m", method, "-q").code == 0
        ended = relume("enhance", "d", "-o", f"even-{method}", "-m", method, "--series")
        assert ended.code == 0, ended.err
        assert "to match its neighbours" in ended.out
        plain = flicker(relume, f"plain-{method}", "d")
        even = flicker(relume, f"even-{method}", "d")
        assert plain["input"] == even["input"] > 0.1
        # The lamp is in it: it is switched on and off within a scene, and stays as sharp as it was.
        assert even["enhanced"] < 0.3 * plain["input"], method
        assert even["enhanced"] < plain["enhanced"], method
    again = relume("enhance", "d", "-o", "even-auto", "--series", "--json")
    assert all(json.loads(line)["skipped"] for line in again.out.splitlines())
    other = relume("enhance", "d", "-o", "even-auto", "--json")
    assert "series unset instead of True" in other.out
    with Image.open("even-auto/00.png") as image:
        assert image.getexif().get_ifd(0x8769)[0x9003] == "2026:11:01 17:00:00"
        assert image.mode == "RGB"


def test_the_pictures_before_are_named_either_way(relume: Call) -> None:
    put_series("d")
    either = [
        relume("score", "--series", "d", *before, "--json").out
        for before in (("--input", "d"), ("d",))
    ]
    assert json.loads(either[0])["series"].keys() == {"enhanced", "input"}
    assert either[0] == either[1]


def test_series_that_cannot_be_compared(relume: Call) -> None:
    put_series("d")
    put_series("e")
    next(Path("e").glob("*.png")).unlink()
    told = relume("score", "--series", "d", "e").complaint
    assert f"d has {COUNT}" in told
    assert f"e has {COUNT - 1}" in told
    alone = relume("score", "--series", "d/00.png").complaint
    assert "d/00.png: a series is a folder of pictures" in alone


def test_what_is_no_series(relume: Call) -> None:
    put_series("d")
    for extra in (("--shards", "1/2", "-o", "out"), ("--on", "ray", "-o", "out")):
        assert (
            "--series looks at all pictures first"
            in relume("enhance", "d", "--series", *extra).complaint
        )
    Path("d/bad.png").write_bytes(b"no picture")
    ended = relume("enhance", "d", "-o", "out", "-m", "exposure", "--series", "-q")
    assert ended.code == 1
    assert "bad.png" in ended.complaint
    assert len(list(Path("out").glob("*.png"))) == COUNT
