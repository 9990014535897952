"""What is odd, damaged or in the way: right, or told in one line, and nothing half-done left."""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from fractions import Fraction

import av
import clips
import pytest

from relume.cli import main
from relume.errors import ContractError, UnreadableError, UnwritableError
from relume.runtime.method import load
from relume.video import enhance, pieces
from relume.video.choice import Chosen
from relume.video.enhance import Options, VideoRun
from relume.video.looks import Looker
from relume.video.pipes import opened, run

GAMMA = load("gamma")
FAST = Options(preset="ultrafast", codec="h264", threads=1)


def lift(source, target, options=FAST):
    return VideoRun(source, target, lambda _: Chosen(GAMMA, {}, 1.0), options)()


def test_size_that_changes_becomes_the_first_one_and_is_told(tmp_path):
    parts = []
    for name, size, first in (("a.ts", (64, 96), 0), ("b.ts", (48, 64), 10)):
        times = range(first, first + 10)
        parts.append(
            clips.write(tmp_path / name, clips.still(clips.scene(*size)), times=times).read_bytes()
        )
    (tmp_path / "both.ts").write_bytes(b"".join(parts))
    finished = lift(tmp_path / "both.ts", tmp_path / "out.mp4")
    assert any("the size changes to 64 × 48" in note for note in finished.notes)
    assert clips.lumas(tmp_path / "out.mp4").shape == (20, 64, 96)


def test_transparency_is_left_out_and_told(tmp_path):
    source = clips.write(tmp_path / "a.mkv", codec="ffv1", pixels="yuva420p", times=range(3))
    finished = lift(source, tmp_path / "b.mp4")
    assert "transparency left out" in finished.notes
    assert len(clips.times(tmp_path / "b.mp4")) == 3


@pytest.mark.parametrize("profile", [5, 8])
def test_dolby_vision_without_an_ordinary_picture_is_refused(tmp_path, profile):
    source = clips.write(tmp_path / "a.mp4", times=range(2))
    box = b"\0\0\0\x20dvcC" + bytes([1, 0, profile << 1, 0x35]) + bytes(20)
    source.write_bytes(source.read_bytes() + box)
    if profile == 5:
        with pytest.raises(UnreadableError, match="profile 5"):
            lift(source, tmp_path / "b.mp4")
    else:
        assert lift(source, tmp_path / "b.mp4").frames == 2
    assert (tmp_path / "b.mp4").exists() == (profile != 5)


def test_packets_that_cannot_be_decoded_are_left_out_and_told(tmp_path):
    source = clips.write(tmp_path / "a.mp4", times=range(12))
    with av.open(str(source)) as container:
        places = [packet.pos for packet in container.demux(video=0) if packet.size]
    data = bytearray(source.read_bytes())
    for place in places[5:7]:
        data[place : place + 4] = b"\xff" * 4  # a length that reaches beyond the packet
    source.write_bytes(bytes(data))
    finished = lift(source, tmp_path / "b.mp4")
    assert any("damaged" in note for note in finished.notes)
    assert 9 <= finished.frames < 12
    assert len(clips.times(tmp_path / "b.mp4")) == finished.frames


@pytest.mark.skipif(sys.platform == "win32", reason="limits of files are of POSIX")
def test_full_disk_is_told_and_what_is_finished_is_used_again(tmp_path, monkeypatch):
    import resource

    monkeypatch.setattr(pieces, "FRAMES", 8)
    monkeypatch.setattr(enhance, "FRAMES", 8)
    source = clips.write(
        tmp_path / "a.mp4",
        lambda index: clips.noisy(clips.scene(96, 128), sd=0.0 if index < 8 else 20.0)(index),
        times=range(24),
    )
    target, other = tmp_path / "b.mp4", tmp_path / "c.mp4"
    options = replace(FAST, crf=12)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, hard))  # as little as a full disk takes
    try:
        with pytest.raises(
            UnwritableError, match=r"^cannot write [^\n]*b\.mp4: [^\n]*run again"
        ) as told:
            lift(source, target, options)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "8 frames" in str(told.value)
    assert not target.exists()
    done = next(tmp_path.glob(".relume-*.pieces/000000.mp4"))
    assert len(clips.times(done)) == 8
    lift(source, target, options)
    lift(source, other, options)
    assert target.read_bytes() == other.read_bytes()
    assert not list(tmp_path.glob(".relume-*"))


def test_reader_of_a_pipe_that_leaves_ends_the_run(tmp_path):
    class Gone(io.RawIOBase):
        written = 0

        def writable(self):
            return True

        def write(self, data):
            Gone.written += 1
            if Gone.written > 5:
                raise BrokenPipeError
            return len(data)

    source = clips.write(
        tmp_path / "a.y4m", codec="wrapped_avframe", times=range(20), format="yuv4mpegpipe"
    )
    pipe = opened("y4m", io.BytesIO(source.read_bytes()), Gone(), FAST)
    assert pipe.rate == Fraction(20)
    with pytest.raises(BrokenPipeError):
        run(pipe, Looker(GAMMA, {}, 1.0), FAST)


def test_a_film_becomes_what_films_are_written_as(tmp_path, capsys):
    source = clips.write(tmp_path / "a.mp4", times=range(3))
    words = ["enhance", str(source), "-m", "gamma", "--preset", "ultrafast", "-o"]
    assert main([*words, str(tmp_path / "b.ts")]) == 0, capsys.readouterr().err
    assert len(clips.times(tmp_path / "b.ts")) == 3
    for suffix, told in ((".jpg", "no film is written as .jpg; use .mp4"), (".avi", "choose .mkv")):
        assert main([*words, str(tmp_path / f"b{suffix}")])
        assert told in capsys.readouterr().err
        assert not (tmp_path / f"b{suffix}").exists()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["calm", "crf", "start", "end", "preview"])
def test_what_is_no_number_is_refused(name, value):
    with pytest.raises(ContractError, match="expected a finite number"):
        Options(**{name: value})
