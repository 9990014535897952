"""What of a film is lost or becomes other is told."""

from __future__ import annotations

from fractions import Fraction

import av
import clips
import numpy as np
import pytest
from more import lift

from relume.runtime.method import load
from relume.video.avi import stated_end
from relume.video.choice import Chosen
from relume.video.enhance import Options, VideoRun
from relume.video.source import Source


def same(_: Source) -> Chosen:
    """Encode anew what is as it was."""
    return Chosen(load("gamma"), {"gamma": 1.0}, 1.0)


def test_rotation_that_a_transport_stream_does_not_hold_is_told(tmp_path):
    matrix = (0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30)
    source = clips.write(tmp_path / "a.mp4", matrix=matrix, times=range(4))
    told = "rotation or mirroring left out, .ts does not hold it"
    assert told in lift(source, tmp_path / "b.ts").notes
    for suffix in (".mov", ".mkv"):
        assert told not in lift(source, tmp_path / f"b{suffix}").notes
        with Source(tmp_path / f"b{suffix}") as result:
            assert result.facts.turned == matrix


def test_rgb_becomes_ycbcr_of_the_same_colour_and_is_told(tmp_path):
    patch = np.full((64, 96, 3), (200, 30, 30), np.uint8)
    source = clips.write(
        tmp_path / "a.mp4", clips.still(patch), times=range(3), codec="libx264rgb", pixels="rgb24"
    )
    with av.open(str(source)) as given:
        assert given.streams.video[0].codec_context.pix_fmt == "gbrp"
    finished = VideoRun(source, tmp_path / "b.mp4", same, Options(preset="ultrafast", crf=10))()
    assert finished.notes == ("pixel format gbrp becomes yuv444p",)
    with av.open(str(tmp_path / "b.mp4")) as result:
        frame = next(result.decode(video=0))
        assert int(frame.colorspace) == 1
        shown = frame.reformat(format="rgb24", src_colorspace="ITU709").to_ndarray()
        assert np.abs(shown.astype(int) - patch).max() <= 3


@pytest.mark.parametrize(
    ("pixels", "codec", "becomes"),
    [
        ("yuv444p", "av1", "yuv420p"),
        ("yuv422p10le", "av1", "yuv420p10le"),
        ("yuv420p12le", "av1", "yuv420p10le"),
        ("yuv444p12le", "h264", "yuv444p10le"),
        ("yuv420p12le", "prores", "yuv422p10le"),
        ("yuv420p", "prores", ""),
        ("gray", "av1", ""),
        ("yuv422p", "hevc", ""),
    ],
)
def test_samples_that_a_codec_does_not_hold_are_told(tmp_path, pixels, codec, becomes):
    source = clips.write(tmp_path / "a.mkv", pixels=pixels, codec="ffv1", times=range(3))
    finished = lift(source, tmp_path / "b.mkv", Options(codec=codec, threads=1))
    told = f"pixel format {pixels} becomes {becomes}, {codec} holds no more"
    assert [note for note in finished.notes if "pixel" in note] == ([told] if becomes else [])


def test_cut_avi_says_what_is_missing(tmp_path):
    frame = clips.noisy(clips.scene())
    source = clips.write(tmp_path / "a.avi", frame, times=range(60), codec="mpeg4")
    whole = lift(source, tmp_path / "b.mkv")
    assert whole.frames == 60
    assert not whole.notes
    data = source.read_bytes()
    half = (data.index(b"movi") + len(data)) // 2
    (tmp_path / "cut.avi").write_bytes(data[:half])
    finished = lift(tmp_path / "cut.avi", tmp_path / "c.mkv")
    missing = Fraction(60 - finished.frames, 20)
    assert 0.5 < missing < 2.5
    assert f"the last {float(missing):.2f} of 3.00 s are missing" in finished.notes
    empty = bytearray(data)
    at = data.index(b"strh") + 40
    empty[at : at + 4] = bytes(4)  # a recorder that was switched off never wrote its length
    assert stated_end(_written(tmp_path / "d.avi", bytes(empty[:half]))) is None


@pytest.mark.parametrize(
    "data", [b"", b"RIFF", b"RIFF\xff\0\0\0AVI ", b"RIFF\xff\0\0\0AVI strhvids"]
)
def test_headers_of_avi_that_break_off_state_no_end(tmp_path, data):
    assert stated_end(_written(tmp_path / "a.avi", data)) is None


def _written(path, data):
    path.write_bytes(data)
    return path
