"""Bad input: one line, the right exit code, never a traceback, and the good files are done."""

from __future__ import annotations

import errno
import json
import os
import struct
import subprocess
import zlib
from pathlib import Path

import pytest

from e2e.command import COMMAND, Call, put_photo, run


def bomb() -> bytes:
    """A PNG of some hundred bytes that claims 60 000 × 60 000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(100_000))
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def put_bad(kind: str) -> str:
    photo = put_photo("whole.jpg", height=200, width=300)
    drawing = put_photo("whole.png", height=200, width=300)
    Path("whole.jpg").unlink()
    Path("whole.png").unlink()
    name, data = {
        "empty": ("bad.jpg", b""),
        "text": ("bad.jpg", b"Dear diary, this is no picture.\n"),
        "half a JPEG": ("bad.jpg", photo[: len(photo) // 8]),
        "half a PNG": ("bad.png", drawing[: len(drawing) // 2]),
        "a bomb": ("bad.png", bomb()),
    }[kind]
    Path(name).write_bytes(data)
    return name


KINDS = ("empty", "text", "half a JPEG", "half a PNG", "a bomb")


@pytest.mark.parametrize("kind", KINDS)
def test_a_bad_file_is_one_line(relume: Call, kind: str) -> None:
    name = put_bad(kind)
    ended = relume("enhance", name, "-m", "gamma")
    assert ended.code == 1
    assert name in ended.complaint
    assert list(Path().iterdir()) == [Path(name)]


def test_a_damaged_png_is_told_in_our_words(relume: Call) -> None:
    whole = bytearray(put_photo("bad.png", height=200, width=300))
    whole[len(whole) // 2] ^= 0x55
    Path("bad.png").write_bytes(whole)
    ended = relume("enhance", "bad.png", "-m", "gamma")
    assert ended.complaint == (
        "relume: bad.png: a damaged or unusual PNG file: its pixels are damaged"
    )


def test_a_jpeg_that_claims_too_much_takes_no_memory(
    relume: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(*given: object) -> None:
        pytest.fail("720 MB are taken for the picture")

    monkeypatch.setattr("simplejpeg.decode_jpeg", taken)
    monkeypatch.setattr("PIL.JpegImagePlugin.JpegImageFile.load", taken)
    whole = put_photo("bad.jpg")
    at = whole.index(b"\xff\xc0") + 5
    claimed = whole[:at] + struct.pack(">HH", 15_000, 16_000) + whole[at + 4 :]
    Path("bad.jpg").write_bytes(claimed)
    ended = relume("enhance", "bad.jpg", "-m", "gamma")
    assert ended.code == 1
    assert "16000 × 15000 pixels does not fit into" in ended.complaint


def test_the_rest_goes_on(relume: Call) -> None:
    names = []
    for kind in KINDS:
        bad = put_bad(kind)
        names.append(f"d/{kind.replace(' ', '-')}{Path(bad).suffix}")
        Path("d").mkdir(exist_ok=True)
        Path(bad).rename(names[-1])
    put_photo("d/good.jpg")
    put_photo("d/zz.png")
    ended = relume("enhance", "d", "-m", "gamma", "--json")
    assert ended.code == 1
    told = [json.loads(line) for line in ended.out.splitlines()]
    assert [line["input"] for line in told] == [*sorted([*names, "d/good.jpg"]), "d/zz.png"]
    assert all(("error" in line) == (line["input"] in names) for line in told)
    assert all("\n" not in line.get("error", "") for line in told)
    assert len(ended.err.splitlines()) == len(KINDS)
    assert Path("d/good.relume.jpg").exists()
    assert Path("d/zz.relume.png").exists()
    assert not list(Path("d").glob(".*"))


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1)])
@pytest.mark.parametrize("method", ["auto", "gamma"])
def test_pictures_of_one_row_or_column_are_no_bad_input(
    relume: Call, size: tuple[int, int], method: str
) -> None:
    put_photo("thin.png", height=size[0], width=size[1])
    assert relume("enhance", "thin.png", "-m", method).code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("absent.jpg",), 1, "absent.jpg: no such file"),
        (("absent.jpg", "-o", "b.jpg"), 1, "absent.jpg: no such file"),
        (("x" * 300 + ".jpg",), 1, "no such file"),
        (("a.jpg", "-o", "x" * 300 + "/"), 1, "this folder cannot be made"),
        (("a.jpg", "-o", "x" * 300 + ".jpg"), 1, "cannot write"),
        (("a.jpg", "absent.jpg", "-o", "b.jpg"), 2, "one file"),
        (("notes.txt",), 1, "notes.txt: not a picture by its name"),
        (("bare",), 1, "bare: this folder holds no pictures"),
        (("*.tiff",), 1, "no picture matches"),
        (("a.jpg", "-o", "a.jpg"), 2, "is an input"),
        (("a.jpg", "-o", "a.jpg", "--overwrite"), 2, "is an input"),
        (("a.jpg", "-o", "link.jpg", "--overwrite"), 2, "is an input"),
        ((".", "-o", "."), 2, "is an input"),
        (("a.jpg", "a.png", "-o", "b.jpg"), 2, "one file"),
        (("a.jpg", "-o", "b.xyz"), 2, "no known format"),
        (("a.jpg", "-o", "x.heic"), 2, "only read"),
        (("a.jpg", "-m", "gama"), 2, "did you mean gamma"),
        (("a.jpg", "-m", "gamma", "-k", "gamma=77"), 2, "from 0.05 to 5, got 77"),
        (("a.jpg", "-m", "gamma", "-k", "gamma=nan"), 2, "from 0.05 to 5, got nan"),
        (("a.jpg", "-m", "gamma", "-k", "gama=1"), 2, "did you mean gamma"),
        (("a.jpg", "-m", "gamma", "-k", "gamma"), 2, "NAME=VALUE"),
        (("a.jpg", "-m", "gamma", "-k", "gamma=much"), 2, "NAME=VALUE"),
        (("a.jpg", "-m", "absent.onnx"), 1, "absent.onnx"),
        (("a.jpg", "-m", "notes.onnx"), 1, "notes.onnx: ONNX Runtime cannot read this model"),
        (("a.jpg", "--engine", "steam"), 2, "no engine is called 'steam'"),
        (("a.jpg", "--strength", "1.5"), 2, "--strength"),
        (("a.jpg", "--quality", "0"), 2, "--quality"),
        (("a.jpg", "--jobs", "0"), 2, "--jobs"),
        (("a.jpg", "--max-pixels", "100"), 1, "--max-pixels"),
        (("a.jpg", "--max-bytes", "100"), 1, "--max-bytes"),
        (("a.jpg", "--brighter"), 2, "--brighter"),
        (("-", "a.jpg"), 2, "one picture"),
        (("a.jpg", "-o", "-", "--json"), 2, "give -o FILE"),
        (("absent.jpg", "-o", "-"), 1, "absent.jpg"),
        ((), 2, "INPUT"),
    ],
)
def test_wrong_usage_and_failures(
    relume: Call, arguments: tuple[str, ...], code: int, said: str
) -> None:
    put_photo("a.jpg")
    put_photo("a.png")
    Path("link.jpg").symlink_to("a.jpg")
    Path("notes.txt").write_text("hello")
    Path("notes.onnx").write_text("hello")
    Path("bare").mkdir()
    before = {path: path.read_bytes() for path in Path().iterdir() if path.is_file()}
    ended = relume("enhance", *arguments)
    assert ended.code == code
    assert said in ended.complaint
    assert {path: path.read_bytes() for path in Path().iterdir() if path.is_file()} == before


def test_two_inputs_for_one_output_get_two(relume: Call) -> None:
    put_photo("a/x.jpg")
    put_photo("b/x.jpg", seed=8)
    ended = relume("enhance", "a", "b", "-o", "out")
    assert ended.code == 0
    assert {path.name for path in Path("out").iterdir()} == {".relume", "x.jpg", "x-2.jpg"}


def test_an_output_folder_that_cannot_be_made(relume: Call) -> None:
    put_photo("a.jpg")
    Path("file").write_text("in the way")
    ended = relume("enhance", "a.jpg", "-o", "file/deeper/", "-m", "gamma")
    assert ended.code == 1
    assert "file/deeper" in ended.complaint


def test_a_full_disk_ends_the_run(relume: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    for index in range(9):
        put_photo(f"d/{index}.jpg")
    real, written = os.replace, []

    def replace(source: str, target: str) -> None:
        if len(written) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(target)
        real(source, target)

    # The last step of writing, whether it is called as a function or as a method of a path.
    monkeypatch.setattr(os, "replace", replace)
    ended = relume("enhance", "d", "-o", "out", "-m", "gamma", "-j", "1")
    assert ended.code == 1
    assert "no space left on device" in ended.complaint.lower()
    assert "2 enhanced, 1 failed, 6 not finished" in ended.out
    made = sorted(path.name for path in Path("out").iterdir() if path.name != ".relume")
    assert made == ["0.jpg", "1.jpg"]


def test_bad_stream(folder: Path) -> None:
    for given in (b"", b"no picture", bomb()):
        ended = run("enhance", "-", "-m", "gamma", given=given)
        assert ended.returncode == 1
        assert ended.stdout == b""
        assert len(ended.stderr.splitlines()) == 1
        assert ended.stderr.startswith(b"relume: ")


def test_a_stream_does_not_overwrite_its_own_file(folder: Path) -> None:
    before = put_photo("a.png")
    with Path("a.png").open("rb") as stream:
        ended = subprocess.run(
            [*COMMAND, "enhance", "-", "-o", "a.png", "--overwrite"],
            stdin=stream,
            capture_output=True,
            check=False,
        )
    assert ended.returncode == 2
    assert b"is the input" in ended.stderr
    assert Path("a.png").read_bytes() == before


def test_a_bug_is_one_line_that_asks_for_a_report(
    relume: Call, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from relume.cli import main
    from relume.runtime import Enhancer

    def surprise(*_: object) -> None:
        raise ZeroDivisionError("surprise")

    monkeypatch.setattr(Enhancer, "photo", surprise)
    monkeypatch.delenv("RELUME_DEBUG", raising=False)
    put_photo("a.jpg")
    ended = relume("enhance", "a.jpg")
    assert ended.code == 1
    assert "ZeroDivisionError: surprise; please report it" in ended.complaint
    monkeypatch.setenv("RELUME_DEBUG", "1")
    assert main(["enhance", "a.jpg"]) == 1
    assert "Traceback" in capfd.readouterr().err
