"""Videos by the command: what results are called, what is refused, and that nothing is lost."""

from __future__ import annotations

import io
import socket
import sys
from contextlib import closing
from pathlib import Path

import av
import clips
import pytest
from test_video_live import served

from relume.cli import main
from relume.errors import ContractError
from relume.video.codecs import chosen
from relume.video.live import record

Told = pytest.CaptureFixture[str]


@pytest.mark.parametrize("place", ["beside", "file", "folder"])
def test_a_preview_is_not_taken_for_the_result(tmp_path: Path, capsys: Told, place: str) -> None:
    source = clips.write(tmp_path / "a.mp4", times=range(20))
    words = ["enhance", str(source), "-m", "gamma", "--preset", "ultrafast"]
    target = {"beside": tmp_path / "a.relume.mp4", "file": tmp_path / "b.mp4"}.get(
        place, tmp_path / "c" / "a.mp4"
    )
    more = {"beside": [], "file": ["-o", str(target)], "folder": ["-o", f"{target.parent}/"]}[place]
    assert main([*words, "--preview", "0.5", *more]) == 0
    name = "a.preview.relume.mp4" if place == "beside" else f"{target.stem}.preview.mp4"
    assert clips.lumas(target.with_name(name)).shape[0] == 10
    assert not target.exists()
    assert main([*words, *more]) == 0
    assert clips.lumas(target).shape == (20, 64, 96)
    assert main([*words, "--preview", "0.5", *more]) == 0
    assert f"{name} is" in capsys.readouterr().out  # there, or done with these settings
    assert main(["enhance", str(tmp_path), "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert ("b.mp4" in told) == (place == "file")
    assert "a.preview" not in told


def test_a_preview_may_be_named_and_never_takes_an_input(tmp_path: Path, capsys: Told) -> None:
    source = clips.write(tmp_path / "a.mp4", times=range(20))
    words = ["enhance", str(source), "-m", "gamma", "--preset", "ultrafast", "--preview", "0.5"]
    assert main([*words, "-o", str(tmp_path / "Preview of a.mp4")]) == 0
    assert (tmp_path / "Preview of a.mp4").exists()
    other = clips.write(tmp_path / "b.preview.mp4", times=range(20))
    before = other.read_bytes()
    words[1] = str(other)
    assert main([*words, "-o", str(tmp_path / "b.mp4")]) == 2
    assert "would be overwritten" in capsys.readouterr().err
    assert other.read_bytes() == before


@pytest.mark.parametrize("name", ["song.m4a", "song.MP3", "song.flac"])
@pytest.mark.parametrize("more", [[], ["-o", "b.mp4"], ["-o", "b/"]])
def test_sound_is_neither_picture_nor_video(
    tmp_path: Path, capsys: Told, monkeypatch: pytest.MonkeyPatch, name: str, more: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(b"ID3")
    assert main(["enhance", name, *more]) == 1
    assert capsys.readouterr().err == f"relume: {name}: sound, neither a picture nor a video\n"
    assert [each.name for each in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--crf", "99"], "--crf 99: h264 takes 0 to 51"),
        (["--codec", "av1"], "--codec av1 does not go into .mov"),
        (["--codec", "mpeg9"], "mpeg9"),
        (["--codec", "prores", "--crf", "20"], "--crf is not for prores"),
        (["--preset", "soon"], "--preset soon: h264 knows"),
        (["--deinterlace", "maybe"], "--deinterlace maybe: choose"),
        (["--from", "3", "--to", "2"], "--from 3 lies after --to 2"),
        (["--from", "9"], "--from 9: --live records 5 s"),
        (["--preview", "1"], "--live does not go with --preview"),
        (["--dry-run"], "--live does not go with --dry-run"),
        (["--json"], "--live does not go with --json"),
        (["--series"], "--live does not go with --series"),
        (["--maps", "maps"], "--live does not go with --maps"),
    ],
)
def test_nothing_is_recorded_that_could_not_be_stored_as_asked(
    tmp_path: Path, capsys: Told, more: list[str], told: str
) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        server.settimeout(0.0)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/a.ts"
        words = ["enhance", address, "--live", "5", "-m", "gamma", "-o", str(tmp_path / "a.mov")]
        assert main([*words, *more]) == 2
        with pytest.raises(BlockingIOError):
            server.accept()  # nobody came
    assert told in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_what_does_not_go_with_the_codec_that_comes_is_told_before_it_is_recorded(
    tmp_path: Path,
) -> None:
    sent = clips.write(tmp_path / "a.ts", times=range(4)).read_bytes()

    def approve(codec: str) -> None:
        chosen(None, source=codec, suffix=".mkv", crf=60, preset=None)

    with served(sent) as address, pytest.raises(ContractError, match="--crf 60: h264"):
        record(address, tmp_path / "b.mkv", seconds=1, approve=approve)
    assert [each.name for each in tmp_path.iterdir()] == ["a.ts"]


def piped(monkeypatch: pytest.MonkeyPatch, data: bytes, *more: str) -> tuple[int, bytes]:
    """Send bytes through the command."""

    class End:
        def __init__(self, data: bytes) -> None:
            self.buffer = io.BytesIO(data)

        def isatty(self) -> bool:
            return False

        def flush(self) -> None:
            """Nothing waits."""

    source, target = End(data), End(b"")
    monkeypatch.setattr(sys, "stdin", source)
    monkeypatch.setattr(sys, "stdout", target)
    words = ["enhance", "-", "-m", "gamma", *more]
    return main(words), target.buffer.getvalue()


@pytest.mark.parametrize("cut", [1, 700, 5000, 9215, 9221])
def test_whole_frames_before_a_pipe_breaks_off_are_enhanced_and_the_cut_is_told(
    tmp_path: Path, capsys: Told, monkeypatch: pytest.MonkeyPatch, cut: int
) -> None:
    source = clips.write(
        tmp_path / "a.y4m", codec="wrapped_avframe", times=range(20), format="yuv4mpegpipe"
    ).read_bytes()
    frame = 64 * 96 * 3 // 2 + 6
    code, whole = piped(monkeypatch, source, "--pipe", "y4m")
    assert code == 0
    code, part = piped(monkeypatch, source[: len(source) - frame + cut], "--pipe", "y4m")
    assert code == 0
    assert part == whole[: len(whole) - frame]
    told = capsys.readouterr().err
    assert told.startswith("relume: standard input")
    assert told.endswith("frame 19; 19 whole frames before are enhanced\n") or (
        cut == 1 and told.endswith("frame 19 should be; 19 whole frames before are enhanced\n")
    )


def test_a_pipe_of_bare_frames_breaks_off_alike(
    capsys: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = clips.scene(4, 4).tobytes() * 3
    code, part = piped(monkeypatch, data[:-1], "--pipe", "rgb24:4x4@25")
    assert (code, len(part)) == (0, 96)
    assert "ends within frame 2; 2 whole frames" in capsys.readouterr().err
    code, part = piped(monkeypatch, data[:5], "--pipe", "rgb24:4x4@25")
    assert (code, part) == (1, b"")


@pytest.mark.parametrize("more", [["--crf", "20"], ["--to", "3"], ["--maps", "m"], ["--json"]])
def test_a_pipe_refuses_what_says_nothing_to_it(
    capsys: Told, monkeypatch: pytest.MonkeyPatch, more: list[str]
) -> None:
    assert piped(monkeypatch, b"", "--pipe", "y4m", *more) == (2, b"")
    assert f"--pipe does not go with {more[0]}" in capsys.readouterr().err


@pytest.mark.parametrize("more", [["--maps", "maps"], ["--series"]])
@pytest.mark.parametrize("named", [["a.mp4"], ["*.mp4"], ["."], ["a.mp4", "b.png"]])
def test_maps_and_series_are_for_pictures(
    tmp_path: Path,
    capsys: Told,
    monkeypatch: pytest.MonkeyPatch,
    more: list[str],
    named: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    clips.write(tmp_path / "a.mp4", times=range(2))
    assert main(["enhance", *named, "-o", "out/", *more]) == 2
    assert f"a.mp4 is a video, {more[0]} is for pictures" in capsys.readouterr().err
    assert [each.name for each in tmp_path.iterdir()] == ["a.mp4"]


def test_settings_of_one_kind_do_not_make_the_other_anew(
    tmp_path: Path, capsys: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    film = clips.write(tmp_path / "in" / "a.mp4", times=range(3))
    with av.open(str(film)) as container:
        next(container.decode(video=0)).save(str(tmp_path / "in" / "b.png"))
    words = ["enhance", "in", "-m", "gamma", "-o", "out/", "--preset", "ultrafast"]
    assert main(words) == 0
    capsys.readouterr()
    assert main([*words, "--crf", "30"]) == 0
    told = capsys.readouterr().out
    assert "made anew: other settings: video crf=30.0 instead of crf=unset\n" in told
    assert "b.png  skipped" in told
    assert main([*words, "--crf", "30", "--quality", "50"]) == 0
    told = capsys.readouterr().out
    assert "a.mp4  skipped" in told
    assert "made anew: other settings: quality 50 instead of unset" in told


@pytest.mark.parametrize("verb", ["inspect", "edit", "compare"])
@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".y4m", ".avi", ".ts", ".m2ts"])
def test_a_video_is_told_where_a_picture_is_wanted(
    tmp_path: Path, capsys: Told, verb: str, suffix: str
) -> None:
    codec = "wrapped_avframe" if suffix == ".y4m" else "libx264"
    format = "yuv4mpegpipe" if suffix == ".y4m" else None
    path = clips.write(tmp_path / f"a{suffix}", codec=codec, format=format, times=range(2))
    more = ["-o", str(tmp_path / "sheet.png")] if verb == "compare" else []
    assert main([verb, str(path), *more]) == 1
    told = capsys.readouterr().err
    assert "is a video or sound, no picture" in told
    assert "`relume enhance` and `relume score --video` take videos" in told
    if verb == "inspect":  # not that --max-bytes would help
        assert main([verb, str(path), "--max-bytes", "500"]) == 1
        assert "is a video" in capsys.readouterr().err


def test_a_video_does_not_go_to_standard_output(tmp_path: Path, capsys: Told) -> None:
    path = clips.write(tmp_path / "a.mp4", times=range(2))
    assert main(["enhance", str(path), "-o", "-"]) == 2
    told = capsys.readouterr()
    assert told.err == f"relume: {path} is a video: give -o FILE, or frames through --pipe y4m\n"
    assert not told.out


@pytest.mark.parametrize("shape", ["411", "420p16", "444alpha"])
def test_a_pipe_of_another_format_is_told_with_the_way_out(
    capsys: Told, monkeypatch: pytest.MonkeyPatch, shape: str
) -> None:
    head = f"YUV4MPEG2 W8 H8 F25:1 Ip C{shape}\n".encode()
    assert piped(monkeypatch, head, "--pipe", "y4m") == (1, b"")
    assert f"y4m with C{shape} is not read; let ffmpeg write it with -pix_fmt yuv420p" in (
        capsys.readouterr().err
    )
