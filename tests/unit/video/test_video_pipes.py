"""Raw frames in, raw frames out."""

from __future__ import annotations

import io
from fractions import Fraction

import av
import clips
import numpy as np
import pytest

from relume.errors import RelumeError
from relume.runtime.method import load
from relume.video.looks import Looker
from relume.video.options import Options
from relume.video.pipes import opened, run

LOOKER = Looker(load("relume", threads=1), {"denoise": 0.0}, 1.0)
OPTIONS = Options(threads=1)


def through(name, data, looker=LOOKER):
    target = io.BytesIO()
    pipe = opened(name, io.BytesIO(data), target, OPTIONS)
    return run(pipe, looker, OPTIONS), target.getvalue()


@pytest.mark.parametrize("pixels", ["yuv420p", "yuv422p", "yuv444p", "gray"])
def test_y4m_as_ffmpeg_writes_and_reads_it(tmp_path, pixels):
    source = clips.write(
        tmp_path / "a.y4m",
        codec="wrapped_avframe",
        pixels=pixels,
        times=range(6),
        format="yuv4mpegpipe",
    )
    count, data = through("y4m", source.read_bytes())
    assert count == 6
    assert len(data) == len(source.read_bytes())
    (tmp_path / "b.y4m").write_bytes(data)
    assert clips.lumas(tmp_path / "b.y4m").shape == (6, 64, 96)
    assert clips.lumas(tmp_path / "b.y4m").mean() > 1.5 * clips.lumas(source).mean()
    with av.open(str(tmp_path / "b.y4m")) as result:
        assert result.streams.video[0].average_rate == Fraction(20)


def test_y4m_left_alone_is_the_same_bytes(tmp_path):
    source = clips.write(
        tmp_path / "a.y4m", codec="wrapped_avframe", times=range(3), format="yuv4mpegpipe"
    )
    _, data = through("y4m", source.read_bytes(), Looker(load("identity"), {}, 1.0))
    assert data == source.read_bytes()


def test_rgb(tmp_path):
    frames = np.stack([clips.scene()] * 5)
    count, data = through("rgb24:96x64@25", frames.tobytes())
    assert count == 5
    assert np.frombuffer(data, np.uint8).mean() > 1.5 * frames.mean()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("y4m", b""),
        ("y4m", b"RIFF1234"),
        ("y4m", b"YUV4MPEG2 W4 H4 F25:0\n"),
        ("y4m", b"YUV4MPEG2 W99999 H99999 F25:1\n"),
        ("y4m", b"YUV4MPEG2 W4 H4 F25:1 It\n"),
        ("y4m", b"YUV4MPEG2 W4 H4 F25:1\nFRAME\n1234"),
        ("y4m", b"YUV4MPEG2 W4 H4 F25:1\nFRAMX\n"),
        ("rgb24:4x4@25", b"1234"),
        ("rgb24:0x4@25", b""),
        ("rgb24", b""),
    ],
)
def test_what_is_no_pipe_is_told_in_one_line(name, data):
    with pytest.raises(RelumeError, match=r"^[^\n]+$"):
        through(name, data)
