"""Bad input is one line of explanation, quickly: never a traceback, never memory."""

from __future__ import annotations

import os
import struct
import time
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fake import pictures
from relume.errors import RelumeError, TooLargeError, UnreadableError
from relume.io import read
from relume.photo import Photo


def refusal(source: object, **limits: int) -> str:
    with pytest.raises(RelumeError) as caught:
        read(source, **limits)  # type: ignore[arg-type]
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    "head",
    [
        b"RIFF\0\0\0\0AVI LIST",
        b"0&\xb2u\x8ef\xcf\x11\xa6\xd9",
        b"\x06\x0e+4\2\5\1\1\r\1\2\1\1\2",
        b"\0\0\0\x08wide\0\0\0\0mdat",
        b"G" + bytes(187) + b"G" + bytes(187),
        bytes(4) + b"G" + bytes(191) + b"G" + bytes(191),
    ],
)
def test_videos_are_told_however_large(tmp_path, head):
    path = tmp_path / "a.bin"
    path.write_bytes(head + bytes(300))
    for limits in ({}, {"max_bytes": 200}):
        assert "is a video or sound" in refusal(path, **limits)
    path.write_bytes(b"g" + bytes(700))
    assert "--max-bytes" in refusal(path, max_bytes=200)


def test_no_such_file(tmp_path):
    assert refusal(tmp_path / "absent.jpg").endswith("absent.jpg: no such file")


def test_directory(tmp_path):
    assert "is a directory" in refusal(tmp_path)


def test_empty(tmp_path):
    (tmp_path / "empty.jpg").touch()
    assert refusal(tmp_path / "empty.jpg").endswith("empty.jpg is empty")
    assert refusal(b"") == "the given data is empty"


def test_text_named_jpg(tmp_path):
    (tmp_path / "text.jpg").write_text("Hello world")
    message = refusal(tmp_path / "text.jpg")
    assert "starts with 'Hello wor', which is not a picture format we read: " in message
    assert "JPEG" in message


def test_binary_beginning_is_shown_in_hex():
    assert "the bytes 00 01 02 " in refusal(bytes(range(32)))


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path):
    path = tmp_path / "secret.jpg"
    path.write_bytes(pictures.KINDS["jpeg"]())
    path.chmod(0)
    assert refusal(path).endswith("no permission to read it")


def test_a_file_that_changes_while_it_is_read(tmp_path, monkeypatch):
    path = tmp_path / "growing.jpg"
    path.write_bytes(pictures.KINDS["jpeg"]())
    asked, real = [], os.fstat

    def fstat(number):
        found = real(number)
        if not asked:
            with path.open("ab") as stream:
                stream.write(b"more")
        asked.append(number)
        return found

    monkeypatch.setattr(os, "fstat", fstat)
    assert "changed while it was read" in refusal(path)


def test_each_thread_has_its_own_reason():
    """libvips keeps one text of errors for all threads."""
    whole = [pictures.KINDS[kind]() for kind in ("png", "tiff")]
    broken = [data[: len(data) * share // 10] for data in whole for share in (4, 6, 8)]
    alone = [refusal(data) for data in broken]
    assert len(set(alone)) > 1
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(refusal, broken * 20)) == alone * 20


def test_bytes_are_limited(tmp_path):
    path = tmp_path / "large.png"
    path.write_bytes(pictures.KINDS["png"]())
    for source in (path, path.read_bytes(), path.open("rb")):
        with pytest.raises(TooLargeError, match="--max-bytes"):
            read(source, max_bytes=50)
        if hasattr(source, "close"):
            source.close()


def test_declared_size_is_refused_at_once():
    data = pictures.declared_png(60000, 60000)
    read(pictures.KINDS["png"]())  # the codec is loaded now
    start = time.perf_counter()
    assert "60000 × 60000" in refusal(data)
    assert time.perf_counter() - start < 0.1
    with pytest.raises(TooLargeError, match="--max-pixels"):
        read(data)


@pytest.mark.parametrize("kind", pictures.KINDS)
def test_pixels_are_limited_in_every_kind(kind):
    data = pictures.KINDS[kind]()
    with pytest.raises(TooLargeError, match="--max-pixels"):
        read(data, max_pixels=20 * 31 - 1)
    assert read(data, max_pixels=20 * 31).width in (20, 31)


def test_limit_is_not_pillows():
    # Above the limit at which Image.open would warn, and below ours; no decoder is fooled.
    with pytest.raises(UnreadableError):
        read(pictures.declared_png(15000, 14000))


def test_profile_bomb_is_refused():
    bomb = b"bomb\0\0" + zlib.compress(bytes(64 << 20))
    data = pictures.with_chunk(pictures.saved(pictures.smooth(8, 8), "PNG"), b"iCCP", bomb)
    assert "unfolds to more" in refusal(data)


def test_thousands_of_scans_are_refused():
    data = pictures.saved(pictures.smooth(64, 64), "JPEG", progressive=True)
    at = data.rindex(b"\xff\xda")
    assert "scans" in refusal(data[:at] + data[at:-2] * 600 + b"\xff\xd9")


def test_values_shared_by_many_rows_do_not_multiply():
    # 4000 rows of a directory, each claiming the same 4 MB.
    rows = [(0x010E, 7, 4 << 20, 50000)] * 4000
    table = struct.pack("<H", len(rows)) + b"".join(struct.pack("<HHII", *row) for row in rows)
    from relume.io.metadata import exif, ifd

    blob = ifd.header("<", 8) + table + bytes(4)
    blob = blob.ljust(50000, b"\0") + bytes(4 << 20)
    written = ifd.layout(blob)
    copied = exif.extract(blob, written, ifd.directory(blob, written, 8))
    assert copied is not None
    assert len(copied) <= 2 * exif.LARGEST


@pytest.mark.parametrize(
    "kind", [kind for kind in pictures.KINDS if not kind.startswith("webp animated")]
)
def test_what_is_cut_off_is_refused(kind):
    data = pictures.KINDS[kind]()
    # TIFF keeps tables at its end, JPEG and PNG an end marker; WebP and AVIF state their length.
    # The last row of a BMP is padded with up to three bytes, which nobody misses.
    last = len(data) - (4 if kind.startswith("bmp") else 1)
    cuts = np.unique(np.linspace(1, last, 60).astype(int))
    for cut in cuts:
        refusal(data[:cut])


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@example(kind="jpeg", flips=[(0.01, 255)], cut=1.0)
@given(
    kind=st.sampled_from(sorted(pictures.KINDS)),
    flips=st.lists(st.tuples(st.floats(0, 0.999), st.integers(1, 255)), max_size=8),
    cut=st.one_of(st.just(1.0), st.floats(0, 1)),
)
def test_damage_gives_a_photo_or_one_line(kind, flips, cut):
    data = bytearray(pictures.KINDS[kind]())
    for where, change in flips:
        data[int(where * len(data))] ^= change
    said = ""
    try:
        # A flip in a size field may declare anything: keep the test's memory small.
        assert isinstance(read(bytes(data[: int(cut * len(data))]), max_pixels=10_000_000), Photo)
    except RelumeError as error:
        said = str(error)
    assert "\n" not in said
    assert len(said) < 400
