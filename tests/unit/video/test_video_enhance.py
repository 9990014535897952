"""What must come out of a video as it went in: frames, times, sound, colour, orientation."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import clips
import numpy as np
import pytest

from relume.errors import ContractError, RelumeError, UnreadableError
from relume.runtime.method import load
from relume.video.choice import Chosen
from relume.video.enhance import Options, VideoRun
from relume.video.source import Source

RELUME = load("relume", threads=1)
FAST = Options(preset="ultrafast", crf=10, threads=1)


def lift(_: Source) -> Chosen:
    return Chosen(RELUME, {"denoise": 0.0}, 1.0)


def keep(_: Source) -> Chosen:
    return Chosen(load("identity"), {}, 1.0)


def enhance(source: Path, target: Path, *, choose=lift, options: Options = FAST):
    return VideoRun(source, target, choose, options)()


def test_frames_times_and_sound_stay(tmp_path):
    source = clips.write(tmp_path / "a.mp4", sound=True)
    target = tmp_path / "b.mp4"
    finished = enhance(source, target)
    assert finished.frames == 20
    assert clips.times(target) == clips.times(source)
    assert clips.times(target, "audio") == clips.times(source, "audio")
    assert clips.packets(target) == clips.packets(source)
    assert clips.lumas(target).mean() > 1.5 * clips.lumas(source).mean()
    assert [path.name for path in tmp_path.iterdir()] in (["a.mp4", "b.mp4"], ["b.mp4", "a.mp4"])


def test_variable_rate_keeps_every_time_stamp(tmp_path):
    times = [0, 3, 6, 9, 12, 30, 48, 66, 84, 102, 130]
    source = clips.write(
        tmp_path / "a.mp4", times=times, base=Fraction(1, 90), container={"movie_timescale": "90"}
    )
    target = tmp_path / "b.mp4"
    enhance(source, target)
    assert clips.times(target) == clips.times(source)
    assert [time * 90 for time in clips.times(target)] == times


@pytest.mark.parametrize("frames", [1, 2, 3, 5])
def test_short_videos(tmp_path, frames):
    source = clips.write(tmp_path / "a.mp4", times=range(frames))
    enhance(source, tmp_path / "b.mp4")
    assert clips.times(tmp_path / "b.mp4") == clips.times(source)


@pytest.mark.parametrize(
    "matrix",
    [
        (0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30),
        (0, -65536, 0, 65536, 0, 0, 0, 0, 1 << 30),
        (-65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30),
    ],
    ids=["90", "270", "mirrored"],
)
def test_rotation_and_mirroring_stay(tmp_path, matrix):
    source = clips.write(tmp_path / "a.mp4", matrix=matrix, times=range(4))
    enhance(source, tmp_path / "b.mp4")
    with Source(tmp_path / "b.mp4") as result:
        assert result.facts.turned == matrix


def test_colour_comes_back_by_its_tags(tmp_path):
    patch = np.full((64, 96, 3), (200, 30, 30), np.uint8)
    for name, tags in {
        "limited": clips.Tags(1, 1, 1, 1),
        "full": clips.Tags(2, 1, 1, 1),
        "sd": clips.Tags(1, 6, 6, 6),
    }.items():
        source = clips.write(
            tmp_path / f"{name}.mp4", clips.still(patch), times=range(3), tags=tags
        )
        target = tmp_path / f"{name}.out.mp4"
        enhance(source, target, choose=keep, options=Options(codec="h264", crf=4))
        with Source(target) as result:
            colour = result.facts.colour
        assert (colour.range, colour.matrix) == (tags.range, tags.matrix)
        assert (colour.primaries, colour.transfer) == (tags.primaries, tags.transfer)
        assert np.abs(clips.pictures(target)[1][20, 20].astype(int) - (200, 30, 30)).max() <= 2


def test_large_video_without_tags_is_taken_for_bt709_and_says_so(tmp_path):
    source = clips.write(
        tmp_path / "a.mp4", clips.still(np.full((720, 64, 3), 30, np.uint8)), times=range(2)
    )
    finished = enhance(source, tmp_path / "b.mp4")
    assert "colour not stated, taken for BT.709" in finished.notes
    with Source(tmp_path / "b.mp4") as result:
        assert result.facts.colour.matrix == 1


@pytest.mark.parametrize(
    ("pixels", "codec"),
    [
        ("yuv422p", "h264"),
        ("yuv444p", "h264"),
        ("yuv420p10le", "hevc"),
        ("yuv422p10le", "h264"),
        ("gray", "ffv1"),
        ("yuv444p10le", "ffv1"),
    ],
)
def test_depth_and_subsampling_stay(tmp_path, pixels, codec):
    encoder = {"h264": "libx264", "hevc": "libx265", "ffv1": "ffv1"}[codec]
    suffix = ".mkv" if codec == "ffv1" else ".mp4"
    source = clips.write(tmp_path / f"a{suffix}", pixels=pixels, codec=encoder, times=range(6))
    target = tmp_path / f"b{suffix}"
    enhance(source, target, options=Options(threads=1))
    with av.open(str(target)) as result:
        context = result.streams.video[0].codec_context
        assert context.pix_fmt == pixels
        if suffix == ".mp4":
            assert context.codec_tag == {"h264": "avc1", "hevc": "hvc1"}[codec]


@pytest.mark.parametrize(("height", "width"), [(64, 96), (63, 97), (64, 33), (97, 64)])
def test_odd_sizes_stay(tmp_path, height, width):
    pixels = "yuv444p" if height % 2 or width % 2 else "yuv420p"
    source = clips.write(
        tmp_path / "a.mp4", clips.still(clips.scene(height, width)), times=range(3), pixels=pixels
    )
    finished = enhance(source, tmp_path / "b.mp4")
    assert (finished.height, finished.width) == (height, width)
    assert clips.lumas(tmp_path / "b.mp4").shape == (3, height, width)


def test_clock_of_a_transport_stream_is_subtracted_from_all(tmp_path):
    source = clips.write(
        tmp_path / "a.ts", sound=True, times=range(20), container={"output_ts_offset": "5000"}
    )
    target = tmp_path / "b.mp4"
    enhance(source, target)
    before, after = (
        clips.times(path)[0] - clips.times(path, "audio")[0] for path in (source, target)
    )
    assert abs(before - after) <= Fraction(1, 44100)
    assert clips.times(target)[0] < 1
    assert len(clips.times(target)) == 20


def test_interlaced_video_is_made_whole_or_refused(tmp_path):
    options = {"flags": "+ilme+ildct", "x264-params": "tff=1"}
    source = clips.write(
        tmp_path / "a.mp4", clips.moving(clips.scene()), options=options, times=range(8)
    )
    finished = enhance(source, tmp_path / "b.mp4")
    assert any("deinterlaced" in note for note in finished.notes)
    assert clips.times(tmp_path / "b.mp4") == clips.times(source)
    with av.open(str(tmp_path / "b.mp4")) as result:
        assert not any(frame.interlaced_frame for frame in result.decode(video=0))
    with pytest.raises(UnreadableError, match="--deinterlace auto"):
        enhance(source, tmp_path / "c.mp4", options=Options(deinterlace="no"))
    assert not (tmp_path / "c.mp4").exists()


def test_hdr_keeps_depth_and_tags(tmp_path):
    for name, transfer in {"pq": 16, "hlg": 18}.items():
        source = clips.write(
            tmp_path / f"{name}.mp4",
            codec="libx265",
            pixels="yuv420p10le",
            tags=clips.Tags(1, 9, 9, transfer),
            times=range(4),
        )
        target = tmp_path / f"{name}.out.mp4"
        enhance(source, target)
        with Source(target) as result:
            facts = result.facts
            assert result.stream.codec_context.pix_fmt == "yuv420p10le"
        assert (facts.colour.matrix, facts.colour.transfer) == (9, transfer)


def test_what_is_no_video_is_told_in_one_line(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"no video at all" * 10)
    with pytest.raises(RelumeError, match=r"a\.mp4"):
        enhance(tmp_path / "a.mp4", tmp_path / "b.mp4")
    (tmp_path / "list.mp4").write_text("ffconcat version 1.0\nfile a.mp4\n")
    with pytest.raises(RelumeError, match=r"list\.mp4"):
        enhance(tmp_path / "list.mp4", tmp_path / "b.mp4")
    assert not (tmp_path / "b.mp4").exists()


def test_codecs_that_do_not_fit_are_refused(tmp_path):
    source = clips.write(tmp_path / "a.mp4", times=range(2))
    with pytest.raises(ContractError, match=r"\.webm"):
        enhance(source, tmp_path / "b.webm", options=Options(codec="h264"))
    with pytest.raises(ContractError, match="crf"):
        enhance(source, tmp_path / "b.mp4", options=Options(crf=90))


def test_well_exposed_video_stays_byte_for_byte(tmp_path):
    source = clips.write(tmp_path / "a.mp4", times=range(4))
    enhance(source, tmp_path / "b.mp4", choose=keep, options=Options())
    assert (tmp_path / "b.mp4").read_bytes() == source.read_bytes()


def test_cut_file_says_what_is_missing(tmp_path):
    source = clips.write(tmp_path / "a.mkv", clips.noisy(clips.scene()), times=range(60))
    data = source.read_bytes()
    (tmp_path / "cut.mkv").write_bytes(data[: len(data) // 2])
    finished = enhance(tmp_path / "cut.mkv", tmp_path / "b.mkv")
    assert 5 < finished.frames < 60
    assert any("are missing" in note for note in finished.notes)
    assert len(clips.times(tmp_path / "b.mkv")) == finished.frames


def test_part_of_a_video_with_its_sound(tmp_path):
    source = clips.write(tmp_path / "a.mp4", sound=True, times=range(40))
    target = tmp_path / "b.mp4"
    options = replace(FAST, start=0.5, end=1.25)
    finished = enhance(source, target, options=options)
    assert finished.frames == 15
    assert clips.times(target) == [Fraction(index, 20) for index in range(15)]
    sound = clips.times(target, "audio")
    assert 0 <= sound[0] < 0.03
    assert 0.7 < sound[-1] < 0.75
    with pytest.raises(ContractError, match="--from"):
        enhance(source, tmp_path / "c.mp4", options=replace(FAST, start=90.0))
    assert not (tmp_path / "c.mp4").exists()


def test_preview_shows_the_darkest_place_beside_what_it_was(tmp_path):
    dark, light = clips.scene(light=0.03), clips.scene(light=0.5)
    source = clips.write(
        tmp_path / "a.mp4",
        lambda index: light if index < 60 else dark,
        times=range(90),
        options={"g": "10"},
    )
    target = tmp_path / "b.mp4"
    finished = enhance(source, target, options=replace(FAST, preview=0.5))
    assert finished.frames == 10
    shown = clips.lumas(target)
    assert shown.shape == (10, 64, 192)
    left, right = shown[5, :, :96].astype(float), shown[5, :, 96:].astype(float)
    assert left.mean() < 60
    assert right.mean() > 1.5 * left.mean()


def test_damaged_sound_does_not_cost_the_pictures(tmp_path):
    source = clips.write(tmp_path / "a.ts", sound=True, times=range(20))
    data = bytearray(source.read_bytes())
    with av.open(str(source)) as container:
        places = [packet.pos for packet in container.demux(audio=0) if packet.size]
    for place in places[4:8]:
        data[place + 12 : place + 60] = bytes(48)
    (tmp_path / "damaged.ts").write_bytes(bytes(data))
    finished = enhance(tmp_path / "damaged.ts", tmp_path / "b.mp4")
    assert finished.frames == 20
    assert any("left out" in note for note in finished.notes)
    assert len(clips.times(tmp_path / "b.mp4")) == 20
