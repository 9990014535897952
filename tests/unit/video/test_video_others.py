"""What a video holds beside its picture: kept where the container takes it, or named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import clips
import numpy as np
import pytest
from more import FAST, GAMMA, MILLI, data_stream, lift, nothing, with_more

from relume.errors import UnreadableError
from relume.runtime.method import load
from relume.video import iso
from relume.video.choice import Chosen
from relume.video.enhance import Options, VideoRun


def cover() -> bytes:
    """Return the file of a small red picture."""
    context: Any = av.CodecContext.create("mjpeg", "w")
    context.width, context.height, context.time_base = 16, 16, MILLI
    context.pix_fmt = "yuvj420p"
    picture = np.zeros((16, 16, 3), np.uint8)
    picture[..., 0] = 200
    frame = av.VideoFrame.from_ndarray(picture).reformat(format="yuvj420p")
    return bytes([*context.encode(frame), *context.encode(None)][0])


def with_cover(path: Path) -> tuple[Path, bytes]:
    """Write a video, or sound, with a cover, as an attached picture or as a file."""
    picture = cover()

    def add(out: Any, _: Any) -> list[Any]:
        if path.suffix == ".mkv":
            out.add_attachment("cover.jpg", "image/jpeg", picture)
            return []
        stream: Any = out.add_mux_stream("mjpeg", width=16, height=16, time_base=MILLI)
        stream.disposition = 1 << 10
        packet: Any = av.Packet(picture)
        packet.pts = packet.dts = 0
        packet.time_base, packet.stream = MILLI, stream
        return [packet]

    return with_more(path, add), picture


def covers(path: Path) -> list[bytes]:
    """Return the pictures that are attached to a file."""
    with av.open(str(path)) as container:
        found = [s for s in container.streams.video if int(s.disposition) & 1 << 10]
        return [bytes(next(iter(container.demux(each)))) for each in found]


@pytest.mark.parametrize("suffix", [".mp4", ".m4v", ".mkv", ".mov", ".ts"])
@pytest.mark.parametrize("kind", [".mp4", ".mkv"])
def test_a_cover_is_no_second_video_and_stays_or_is_named(
    tmp_path: Path, kind: str, suffix: str
) -> None:
    source, picture = with_cover(tmp_path / f"a{kind}")
    assert covers(source) == [picture]
    finished = lift(source, tmp_path / f"b{suffix}")
    keeps = suffix not in (".mov", ".ts")
    assert covers(tmp_path / f"b{suffix}") == ([picture] if keeps else [])
    told = f"cover picture, stream 1 (mjpeg) left out, {suffix} does not take it"
    assert finished.notes == (() if keeps else (told,))
    assert clips.times(tmp_path / f"b{suffix}") == clips.times(source)


def test_sound_with_a_cover_is_no_video(tmp_path: Path) -> None:
    picture = cover()
    path = tmp_path / "song.mp4"
    with av.open(str(path), "w") as out:
        sound = out.add_stream("aac", rate=44100)
        stream: Any = out.add_mux_stream("mjpeg", width=16, height=16, time_base=MILLI)
        stream.disposition = 1 << 10
        packet: Any = av.Packet(picture)
        packet.pts = packet.dts = 0
        packet.time_base, packet.stream = MILLI, stream
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.sample_rate, frame.pts = 44100, 0
        for each in (*sound.encode(frame), *sound.encode(None)):
            out.mux(each)
        out.mux(packet)
    with pytest.raises(
        UnreadableError, match=r"song\.mp4: holds sound and a cover picture, but no"
    ):
        lift(path, tmp_path / "b.mp4")
    assert [each.name for each in tmp_path.iterdir()] == ["song.mp4"]


@pytest.mark.parametrize("suffix", [".webm", ".mkv", ".mp4"])
def test_transparency_stored_beside_the_picture_is_told_and_its_tag_left_out(
    tmp_path: Path, suffix: str
) -> None:
    source = with_more(
        tmp_path / "a.mkv", lambda _, stream: stream.metadata.update({"alpha_mode": "1"})
    )
    options = Options(preset="12", codec="av1", threads=1) if suffix == ".webm" else FAST
    finished = lift(source, tmp_path / f"b{suffix}", options)
    assert finished.notes == ("transparency left out",)
    with av.open(str(tmp_path / f"b{suffix}")) as container:
        assert "alpha_mode" not in {each.lower() for each in container.streams[0].metadata}


@pytest.mark.parametrize(
    ("kind", "written", "given"),
    [
        (".mkv", {".mkv": "ger", ".mp4": "deu", ".mov": "deu", ".ts": "deu"}, "deu"),
        (".mkv", {".mkv": "fre", ".mp4": "fra", ".mov": "fra", ".ts": "fre"}, "fre"),
        (".mp4", {".mkv": "srp", ".mp4": "srp", ".mov": "srp", ".ts": "srp"}, "srp"),
    ],
)
def test_languages_go_from_container_to_container(
    tmp_path: Path, kind: str, written: dict[str, str], given: str
) -> None:
    plain = clips.write(tmp_path / "plain.mp4", times=range(4), sound=True)
    source = tmp_path / f"a{kind}"
    with av.open(str(plain)) as before, av.open(str(source), "w") as out:
        taken = {s.index: out.add_stream_from_template(s, opaque=True) for s in before.streams}
        for stream in taken.values():
            stream.metadata["language"] = given
        for packet in before.demux():
            if packet.size:
                packet.stream = taken[packet.stream_index]
                out.mux(packet)
    for suffix, language in written.items():
        lift(source, tmp_path / f"b{suffix}")
        with av.open(str(tmp_path / f"b{suffix}")) as container:
            told = [each.metadata.get("language") for each in container.streams]
        assert told == ([None, language] if suffix == ".ts" else [language] * 2)
    assert clips.packets(tmp_path / "b.mov") == clips.packets(source)


def test_data_are_named_as_ffprobe_names_them(tmp_path: Path) -> None:
    source = with_more(tmp_path / "a.mp4", lambda out, _: data_stream(out, "bin_data"))
    timed = with_more(tmp_path / "b.mov", nothing, metadata={"timecode": "01:00:00:00"})
    heard = with_more(tmp_path / "c.ts", lambda out, _: data_stream(out, "klv"))
    held = with_more(
        tmp_path / "d.mkv", lambda out, _: out.add_attachment("a.ttf", "font/ttf", b"font") and None
    )
    end = "left out, {} does not take it"
    assert lift(source, tmp_path / "z.mkv").notes == (
        f"data stream 1 (bin_data, gpmd) {end.format('.mkv')}",
    )
    assert lift(timed, tmp_path / "z.ts").notes == (f"data stream 1 (tmcd) {end.format('.ts')}",)
    assert lift(heard, tmp_path / "z.mov").notes == (f"data stream 1 (klv) {end.format('.mov')}",)
    assert lift(held, tmp_path / "z.mp4").notes == (
        f"attachment stream 1 (a.ttf, font/ttf) {end.format('.mp4')}",
    )
    assert lift(timed, tmp_path / "y.mkv").notes == ()  # a tag there


def test_subtitles_of_quicktime_are_no_chapters(tmp_path: Path) -> None:
    def add(out: Any, _: Any) -> list[Any]:
        stream = out.add_mux_stream("mov_text", time_base=MILLI)
        packet: Any = av.Packet(b"\0\5night")
        packet.pts = packet.dts = 0
        packet.duration, packet.time_base, packet.stream = 100, MILLI, stream
        return [packet]

    source = with_more(tmp_path / "a.mov", add)
    assert set(iso.kinds(source).values()) == {"avc1", "text"}
    assert lift(source, tmp_path / "b.mkv").notes == (
        "subtitle stream 1 (mov_text) left out, .mkv does not take it",
    )
    assert lift(source, tmp_path / "b.mp4").notes == ()
    assert clips.packets(tmp_path / "b.mp4", "subtitles") == clips.packets(source, "subtitles")


@pytest.mark.parametrize(
    ("name", "kind", "suffix"),
    [("bin_data", ".mp4", ".mp4"), ("bin_data", ".mp4", ".mov"), ("klv", ".ts", ".ts")],
)
def test_data_stay_where_the_container_takes_them(
    tmp_path: Path, name: str, kind: str, suffix: str
) -> None:
    source = with_more(tmp_path / f"a{kind}", lambda out, _: data_stream(out, name))
    assert lift(source, tmp_path / f"b{suffix}").notes == ()
    assert clips.packets(tmp_path / f"b{suffix}", "data") == clips.packets(source, "data")


@pytest.mark.parametrize("data", [b"", b"\0" * 64, b"\0\0\0\x10moov\0\0\0\x08trak", b"moov" * 9])
def test_files_without_tracks_tell_none(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(data)
    assert iso.kinds(path) == {}
    iso.write_languages(path, ["deu"])
    assert path.read_bytes() == data


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_stripped_of_metadata_covers_and_data(tmp_path: Path, suffix: str) -> None:
    def add(out: Any, stream: Any) -> list[Any]:
        stream.metadata.update({"language": "deu", "handler_name": "a person"})
        more = data_stream(out, "bin_data")
        stream = out.add_mux_stream("mjpeg", width=16, height=16, time_base=MILLI)
        stream.disposition = 1 << 10
        packet: Any = av.Packet(cover())
        packet.pts = packet.dts = 0
        packet.time_base, packet.stream = MILLI, stream
        return [*more, packet]

    told = {"title": "Night", "location": "+47.3769+008.5417/", "comment": "home"}
    source = with_more(tmp_path / "a.mp4", add, metadata=told)
    identity = load("identity")
    for method in (GAMMA, identity):
        options = Options(preset="ultrafast", threads=1, strip_metadata=True)
        target = tmp_path / f"{method.card.name}{suffix}"
        run = VideoRun(source, target, lambda _, who=method: Chosen(who, {}, 1.0), options)
        assert run().notes == ()
        with av.open(str(target)) as container:
            assert not {*told} & {each.lower() for each in container.metadata}
            assert len(container.streams) == 1
            stream = container.streams[0]
            assert stream.metadata["language"] == ("ger" if suffix == ".mkv" else "deu")
            assert "a person" not in stream.metadata.values()


SOUNDS = ("aac", "libmp3lame", "ac3", "flac", "libopus", "vorbis", "alac", "pcm_s16le")
CODECS = ("aac", "mp3", "ac3", "flac", "opus", "vorbis", "alac", "pcm_s16le")


def with_sounds(path: Path) -> Path:
    """Write a video with a second of silence in each of the codecs."""

    def add(out: Any, _: Any) -> list[Any]:
        packets: list[Any] = []
        for name in SOUNDS:
            stream: Any = out.add_stream(name, rate=48000, options={"strict": "-2"})
            context = stream.codec_context
            context.format, context.layout = context.codec.audio_formats[0], "stereo"
            context.open()
            size = context.frame_size or 1024
            for index in range(48000 // size):
                frame = av.AudioFrame(format=context.format.name, layout="stereo", samples=size)
                frame.sample_rate, frame.pts = 48000, index * size
                for plane in frame.planes:
                    plane.update(bytes(plane.buffer_size))
                packets += stream.encode(frame)
            packets += stream.encode(None)
        return packets

    return with_more(path, add)


@pytest.mark.parametrize(
    ("suffix", "lost"),
    [
        (".mkv", ()),
        (".mp4", ("vorbis", "pcm_s16le")),
        (".mov", ("flac", "opus", "vorbis")),
        (".ts", ("flac", "vorbis", "alac", "pcm_s16le")),
        (".webm", ("aac", "mp3", "ac3", "flac", "alac", "pcm_s16le")),
    ],
)
def test_each_sound_stays_or_is_left_out_alone_and_named(
    tmp_path: Path, suffix: str, lost: tuple[str, ...]
) -> None:
    source, target = with_sounds(tmp_path / "a.mkv"), tmp_path / f"b{suffix}"
    options = Options(threads=1, **({} if suffix == ".webm" else {"preset": "ultrafast"}))
    finished = lift(source, target, options)
    told = [
        f"audio stream {CODECS.index(name) + 1} ({name}) left out, {suffix} does not take it"
        for name in lost
    ]
    assert [note for note in finished.notes if "stream" in note] == told
    with av.open(str(target)) as container:
        heard = [stream.codec_context.codec.canonical_name for stream in container.streams.audio]
        assert heard == [name for name in CODECS if name not in lost]
        assert not container.streams.data
        for stream in container.streams.audio:
            container.seek(0)
            assert sum(frame.samples for frame in container.decode(stream)) > 40000
