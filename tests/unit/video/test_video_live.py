"""What is recorded from an address, by servers of our own on this machine."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import clips
import pytest

from relume.cli import main
from relume.errors import ContractError, UnreadableError
from relume.runs.addresses import shown
from relume.video.live import record

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\nConnection: close\r\n\r\n"


@contextmanager
def served(*parts: bytes, pause: float = 0.0, linger: float = 0.0) -> Iterator[str]:
    """Answer each connection with a head and the parts, and yield the address."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        server.settimeout(0.05)
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                with connection:
                    try:
                        connection.settimeout(2)
                        connection.recv(4096)
                        for part in (HEAD, *parts):
                            connection.sendall(part)
                            time.sleep(pause)
                        over.wait(linger)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/night.ts"
        finally:
            over.set()
            thread.join(5)


@pytest.fixture(scope="module")
def stream(tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("live") / "a.ts"
    options = {"output_ts_offset": "5000"}
    return clips.write(path, times=range(60), sound=True, container=options).read_bytes()


def test_so_many_seconds_are_recorded_and_begin_at_0(tmp_path, stream):
    with served(stream) as address:
        found = record(address, tmp_path / "a.mkv", seconds=1.0)
    times = clips.times(tmp_path / "a.mkv")
    assert times[0] == 0
    assert 0.8 < float(times[-1]) < 1.0
    assert found.seconds == pytest.approx(float(times[-1]), abs=0.01)
    assert float(clips.times(tmp_path / "a.mkv", "audio")[-1]) == pytest.approx(1.0, abs=0.1)


def test_a_source_that_ends_or_falls_silent_is_told(tmp_path, stream):
    with served(stream) as address:
        found = record(address, tmp_path / "a.mkv", seconds=30.0)
    assert any("the source" in note for note in found.notes)
    with served(stream[: len(stream) // 2], linger=3.0) as address:
        begun = time.monotonic()
        found = record(address, tmp_path / "b.mkv", seconds=30.0, patience=0.5)
    assert time.monotonic() - begun < 5
    assert any("nothing came for 0.5 s" in note for note in found.notes)
    assert 3 < len(clips.times(tmp_path / "b.mkv")) < 60


def test_what_does_not_answer_or_is_no_video_is_told_in_one_line(tmp_path):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        free = taken.getsockname()[1]
    target = tmp_path / "a.mkv"
    with pytest.raises(UnreadableError, match=r"^http[^\n]*refused$"):
        record(f"http://127.0.0.1:{free}/a.ts", target, seconds=1.0)
    with served(linger=3.0) as address, pytest.raises(UnreadableError, match=r"nothing came"):
        record(address, target, seconds=1.0, patience=0.3)
    playlist = b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/hostname\n"
    with served(playlist) as address, pytest.raises(UnreadableError, match=r"^[^\n]+$"):
        record(address, target, seconds=1.0, patience=1.0)
    for name in ("file:///etc/hostname", "/etc/hostname", "concat:a|b", "rtp://x"):
        with pytest.raises(ContractError, match="rtsp://"):
            record(name, target, seconds=1.0)
    with pytest.raises(ContractError, match="--live"):
        record("http://x", target, seconds=-1)


def test_passwords_are_not_shown():
    assert shown("rtsp://user:secret@camera/1") == "rtsp://camera/1"


def test_command_records_enhances_and_leaves_nothing_else(tmp_path, stream, capsys):
    target = tmp_path / "night.mp4"
    with served(stream) as address:
        arguments = ["enhance", address, "--live", "0.5", "-m", "gamma", "-o", str(target)]
        assert main([*arguments, "--preset", "ultrafast"]) == 0
        assert main(arguments) == 2
    assert "night.mp4" in capsys.readouterr().out
    assert 8 <= len(clips.times(target)) <= 10
    assert [path.name for path in tmp_path.iterdir()] == ["night.mp4"]


@pytest.mark.parametrize("kind", ["rtsp", "http", "HTTPS"])
def test_an_address_is_opened_only_when_asked_and_its_password_is_not_told(capsys, kind):
    assert main(["enhance", f"{kind}://admin:se@cret@127.0.0.1:9/a.ts", "-o", "b.mp4"]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"relume: {kind}://127.0.0.1:9/a.ts: an address is no file; --live")
    assert "cret" not in told
