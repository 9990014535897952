"""RAW files that are no RAW files, damaged, too large or too new: one line, and silence."""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fake import pictures, raw
from relume.errors import MissingExtraError, RelumeError, TooLargeError, UnreadableError
from relume.io import read
from relume.io.metadata import ifd
from relume.io.raw import kinds
from relume.io.raw.messages import caught

DNG = raw.bayer_dng(raw.mosaic_of(raw.scene(40, 60)))


def complaint(path, kind=UnreadableError, **options):
    with pytest.raises(kind) as caught_error:
        read(path, **options)
    text = str(caught_error.value)
    assert "\n" not in text
    return text


def put(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data)
    return path


def test_a_jpeg_named_as_raw(tmp_path):
    path = put(tmp_path, "night.ARW", pictures.KINDS["jpeg"]())
    assert complaint(path) == (
        f"{path} is named as camera RAW, but it is a JPEG inside; rename it to .jpg"
    )


@pytest.mark.parametrize("name", ["night.NEF", "night.dng", "night.cr3"])
@pytest.mark.parametrize("data", [b"", b"Dear diary", bytes(5000), b"II*\0" + bytes(60)])
def test_nonsense_named_as_raw(tmp_path, name, data, capfd):
    assert name in complaint(put(tmp_path, name, data))
    assert capfd.readouterr().err == ""


def test_a_plain_tiff_named_as_raw(tmp_path):
    path = put(tmp_path, "night.NEF", pictures.tiff(pictures.smooth(40, 50), photometric="rgb"))
    assert "LibRaw knows no camera" in complaint(path)


@settings(max_examples=50, deadline=None)
@given(end=st.integers(8, len(DNG) - 2))  # LibRaw does without half a sample
def test_cut_off_anywhere(end):
    with pytest.raises(UnreadableError):
        read(DNG[:end])


def test_cut_off_pixels_are_said_to_be_and_libraw_is_silent(capfd):
    linear = raw.linear_dng((raw.scene(64, 64) * 65535).astype(np.uint16))
    assert "cut off" in complaint(linear[:-4000])  # tifffile puts the samples last
    assert capfd.readouterr().err == ""


@settings(max_examples=30, deadline=None)  # LibRaw takes its time
@given(st.integers(8, 900), st.integers(0, 255))
def test_any_byte_may_be_wrong(at, value):
    """Whatever comes of it, it is a photo or one line."""
    data = bytearray(DNG)
    data[at] = value
    try:
        read(bytes(data), max_pixels=100_000)
    except RelumeError as error:
        assert "\n" not in str(error)  # noqa: PT017


def test_too_large_is_refused_before_unpacking():
    text = complaint(DNG, TooLargeError, max_pixels=2399)
    assert "--max-pixels" in text
    assert "2400 pixels" in text
    assert "--max-bytes" in complaint(DNG, TooLargeError, max_bytes=len(DNG) - 1)


def test_without_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "rawpy", None)
    assert "pip install 'relume[raw]'" in complaint(DNG, MissingExtraError)


def test_raw_is_told_by_its_bytes():
    assert kinds.recognise(DNG, "") == "dng"
    assert kinds.recognise(DNG, ".tif") == "dng"
    for head in (b"II*\0\x10\0\0\0CR\2\0", b"FUJIFILMCCD-RAW 0201", b"IIU\0\x18\0", b"FOVb\0\0"):
        assert kinds.recognise(head + bytes(64), "") == "raw"
    assert kinds.recognise(raw.canon_boxes(b"", b""), "") == "raw"
    plain = pictures.tiff(pictures.smooth(9, 9), photometric="rgb")
    assert kinds.recognise(plain, ".tif") is None
    assert kinds.recognise(plain, ".nef") == "raw"
    thumbnail = [ifd.field("<", 254, ifd.LONG, 1), ifd.field("<", 330, ifd.LONG, 8)]
    data = ifd.header("<", 8) + ifd.pack("<", thumbnail, at=8)
    assert kinds.recognise(data, "") == "raw"
    sensor = ifd.pack("<", [ifd.field("<", 262, ifd.SHORT, 32803)], at=8)
    outer = ifd.pack("<", [ifd.field("<", 330, ifd.LONG, 8)], at=8 + len(sensor))
    assert kinds.recognise(ifd.header("<", 8 + len(sensor)) + sensor + outer, "") == "raw"


def test_what_others_print_is_passed_on(capfd):
    with caught() as messages:
        os.write(2, b"a bar moved\nunknown file: Unexpected end of file\nand again\n")
    assert messages.is_cut_off
    assert not messages.is_corrupt
    assert capfd.readouterr().err == "a bar moved\nand again\n"
