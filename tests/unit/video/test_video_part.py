"""Parts of a video, `--from` and `--to`: what lies beside the picture is that of the part."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from more import MILLI, lift, nothing, with_more

from relume.video.enhance import Options
from relume.video.others import timecode


def chapters(path: Path) -> list[tuple[str, int, int]]:
    """Return name, start and end of each chapter in milliseconds."""
    with av.open(str(path)) as container:
        found: list[Any] = container.chapters()
        return [
            (
                one["metadata"]["title"],
                round(one["start"] * one["time_base"] * 1000),
                round(one["end"] * one["time_base"] * 1000),
            )
            for one in found
        ]


def with_chapters(path: Path) -> Path:
    spans = {"one": (0, 300), "two": (300, 600), "three": (600, 1000)}

    def add(out: Any, _: Any) -> None:
        out.set_chapters(
            [
                {
                    "id": number,
                    "start": start,
                    "end": end,
                    "time_base": MILLI,
                    "metadata": {"title": name},
                }
                for number, (name, (start, end)) in enumerate(spans.items())
            ]
        )

    return with_more(path, add, times=range(20))


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_chapters_of_a_part_are_moved_and_clipped(tmp_path: Path, suffix: str) -> None:
    source = with_chapters(tmp_path / "a.mp4")
    part = Options(preset="ultrafast", codec="h264", threads=1, start=0.2, end=0.5)
    finished = lift(source, tmp_path / f"b{suffix}", part)
    assert chapters(tmp_path / f"b{suffix}") == [("one", 0, 100), ("two", 100, 300)]
    assert finished.notes == ("1 chapter outside the part left out",)


@pytest.mark.parametrize(
    ("kind", "codec", "text"), [(".mkv", "subrip", b"night"), (".mp4", "mov_text", b"\0\5night")]
)
def test_subtitles_that_reach_into_a_part_stay(
    tmp_path: Path, kind: str, codec: str, text: bytes
) -> None:
    def add(out: Any, _: Any) -> list[Any]:
        stream = out.add_mux_stream(codec, time_base=MILLI)
        packets: list[Any] = []
        for first, last in ((0, 100), (100, 400), (400, 900), (900, 1000)):
            packet: Any = av.Packet(text)
            packet.pts = packet.dts = first
            packet.duration, packet.time_base, packet.stream = last - first, MILLI, stream
            packets.append(packet)
        return packets

    source = with_more(tmp_path / f"a{kind}", add, times=range(20))
    part = Options(preset="ultrafast", codec="h264", threads=1, start=0.2, end=0.5)
    lift(source, tmp_path / f"b{kind}", part)
    with av.open(str(tmp_path / f"b{kind}")) as container:
        stream = container.streams.subtitles[0]
        assert stream.time_base is not None
        shown = [
            tuple(round(float(each * stream.time_base), 3) for each in (one.pts, one.duration))
            for one in container.demux(stream)
            if one.size > 2 and one.pts is not None and one.duration is not None
        ]
    assert shown == [(0.0, 0.2), (0.2, 0.1)]


def test_chapters_that_a_container_does_not_take_are_told(tmp_path: Path) -> None:
    source = with_chapters(tmp_path / "a.mp4")
    assert lift(source, tmp_path / "b.ts").notes == ("3 chapters left out, .ts does not take them",)
    assert lift(source, tmp_path / "b.mkv").notes == ()
    assert [name for name, *_ in chapters(tmp_path / "b.mkv")] == ["one", "two", "three"]


@pytest.mark.parametrize(
    ("text", "frames", "rate", "later"),
    [
        ("01:00:00:00", 50, Fraction(25), "01:00:02:00"),
        ("00:00:59;29", 1, Fraction(30000, 1001), "00:01:00;02"),
        ("00:09:59;29", 1, Fraction(30000, 1001), "00:10:00;00"),
        ("00:00:00;00", 17982, Fraction(30000, 1001), "00:10:00;00"),
        ("23:59:59:23", 1, Fraction(24), "00:00:00:00"),
        ("noon", 1, Fraction(24), None),
    ],
)
def test_time_codes_of_later_frames(
    text: str, frames: int, rate: Fraction, later: str | None
) -> None:
    assert timecode(text, frames, rate) == later


def test_time_code_of_a_part_is_that_of_its_first_frame(tmp_path: Path) -> None:
    source = with_more(
        tmp_path / "a.mov", nothing, times=range(20), metadata={"timecode": "01:00:00:00"}
    )
    part = Options(preset="ultrafast", codec="h264", threads=1, start=0.5)
    lift(source, tmp_path / "b.mov", part)
    with av.open(str(tmp_path / "b.mov")) as container:
        assert container.streams.video[0].metadata["timecode"] == "01:00:00:10"


@pytest.mark.parametrize(
    ("codec", "suffix"),
    [("prores", ".mov"), ("h264", ".mov"), ("hevc", ".mp4"), ("av1", ".mp4"), ("ffv1", ".mp4")],
)
def test_time_codes_stay_whatever_the_codec(tmp_path: Path, codec: str, suffix: str) -> None:
    code = {"timecode": "10:00:00:00"}
    source = with_more(tmp_path / "a.mov", nothing, metadata=code)
    lift(source, tmp_path / f"b{suffix}", Options(codec=codec, threads=1))
    with av.open(str(tmp_path / f"b{suffix}")) as container:
        assert [each.metadata.get("timecode") for each in container.streams] == ["10:00:00:00"] * 2


def test_a_time_code_without_a_track_that_is_lost_is_told(tmp_path: Path) -> None:
    code = {"timecode": "10:00:00:00"}
    source = with_more(tmp_path / "a.mkv", nothing, metadata=code)
    told = "time code left out, .ts does not take it"
    assert lift(source, tmp_path / "b.ts").notes == (told,)
    assert lift(source, tmp_path / "b.mkv").notes == ()
