"""Motion photos: the video stays behind the picture with mended offsets, or nothing promises it.

Source: Motion Photo format 1.0 (Google, 2024); makers' older ways.
"""

from __future__ import annotations

import re
from io import BytesIO

import pytest

from fake import gain_maps
from relume.io import encode, read
from relume.io.writing import write

TRACES = (b"GCamera", b"MotionPhoto", b"MicroVideo", b"Container")
FILES = {
    "Container": gain_maps.motion(),
    "MicroVideo": gain_maps.motion(by="MicroVideo"),
    "Samsung": gain_maps.motion(by="Samsung", tail=b"SEFHk\0\0\0\1\0\0\0SEFT"),
    "with a trailer": gain_maps.motion(tail=b"\0\0\0\0SEFH\x65\0\0\0SEFT"),
    "with a gain map": gain_maps.ultra_hdr(video=gain_maps.VIDEO),
}


@pytest.mark.parametrize("kind", FILES)
def test_the_video_stays_and_is_found_by_every_statement(kind):
    photo = read(FILES[kind])
    assert photo.motion is not None
    assert photo.motion.data == gain_maps.VIDEO
    for _ in range(2):  # and again, from what was written
        data = encode(photo)
        assert data.endswith(gain_maps.VIDEO)
        assert data.count(b"MicroVideoOffset") == 1
        (offset,) = re.findall(rb'MicroVideoOffset="(\d+)"', data)
        assert data[-int(offset) :] == gain_maps.VIDEO
        assert re.findall(rb'"MotionPhoto" [^>]*Item:Length="(\d+)"', data) == [offset]
        photo = read(data)
        assert photo.motion is not None
    assert (photo.gain_map is not None) == (kind == "with a gain map")


def test_the_moment_of_the_picture_stays():
    assert b'TimestampUs="500000"' in encode(read(FILES["Container"]))
    assert read(FILES["MicroVideo"]).motion.microseconds == 500000


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("format", ["png", "webp", "tiff", "avif"])
def test_no_promise_without_the_video(kind, format):
    stream = BytesIO()
    notes = write(read(FILES[kind]), stream, format=format)
    assert any("video" in note for note in notes)
    assert not [trace for trace in TRACES if trace in stream.getvalue()]


def test_stripped_of_metadata():
    stream = BytesIO()
    notes = write(read(FILES["Container"]), stream, metadata="strip")
    assert notes == ("the video of the motion photo was left out: as metadata are",)
    assert not [trace for trace in (*TRACES, b"ftyp") if trace in stream.getvalue()]


@pytest.mark.parametrize(
    "data", [FILES["Container"][:-310], FILES["MicroVideo"][: -len(gain_maps.VIDEO)]]
)
def test_a_promise_that_was_broken_before(data):
    photo = read(data)
    assert photo.motion is None
    assert any("video" in note for note in photo.notes)
    assert not [trace for trace in TRACES if trace in encode(photo)]
