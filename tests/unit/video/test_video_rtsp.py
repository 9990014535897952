"""A camera that speaks RTSP over TCP, as little of it as a test needs, and what is recorded of it.

RFC 2326 for the talk, RFC 6184 for H.264 in RTP, RFC 3550 for RTP.
"""

from __future__ import annotations

import base64
import socket
import struct
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import clips
import pytest

from relume.cli import main
from relume.errors import UnreadableError
from relume.video.live import record

RATE = 20


def units(path: Path) -> list[list[bytes]]:
    """Return the units of each picture, without their start codes."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        packets = [bytes(packet) for packet in container.demux(stream) if packet.size]
    return [
        [unit.rstrip(b"\0") for unit in packet.split(b"\0\0\1") if unit.rstrip(b"\0")]
        for packet in packets
    ]


def rtp(pictures: Sequence[Sequence[bytes]]) -> Iterator[list[bytes]]:
    """Yield the packets of each picture: whole units, long ones in fragments (FU-A)."""
    number = 0
    for index, picture in enumerate(pictures):
        payloads: list[bytes] = []
        for unit in picture:
            if len(unit) <= 1200:
                payloads.append(unit)
                continue
            parts = [unit[at : at + 1200] for at in range(1, len(unit), 1200)]
            for place, part in enumerate(parts):
                ends = (place == 0) << 7 | (place == len(parts) - 1) << 6
                payloads.append(bytes([unit[0] & 0xE0 | 28, ends | unit[0] & 0x1F]) + part)
        sent: list[bytes] = []
        for place, payload in enumerate(payloads):
            last = (place == len(payloads) - 1) << 7
            time = 90_000 + index * 90_000 // RATE
            sent.append(struct.pack(">BBHII", 0x80, last | 96, number, time, 7) + payload)
            number += 1
        yield sent


@contextmanager
def camera(path: Path, *, refuses: bool = False) -> Generator[str]:
    """Show the file's H.264 to whoever comes, and yield the address."""
    pictures = units(path)
    sets = [unit for unit in pictures[0] if unit[0] & 0x1F in (7, 8)]
    told = ",".join(base64.b64encode(unit).decode() for unit in sets)
    sdp = (
        "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=night\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n"
        "a=rtpmap:96 H264/90000\r\na=control:track0\r\n"
        f"a=fmtp:96 packetization-mode=1; sprop-parameter-sets={told}\r\n"
    )

    def answer(connection: socket.socket) -> None:
        connection.settimeout(5)
        heard = b""
        while True:
            while b"\r\n\r\n" not in heard:
                more = connection.recv(4096)
                if not more:
                    return
                heard += more
            words, _, heard = heard.partition(b"\r\n\r\n")
            lines = words.decode().split("\r\n")
            verb = lines[0].split()[0]
            number = next(line for line in lines if line.lower().startswith("cseq"))
            head = {
                "OPTIONS": "Public: DESCRIBE, SETUP, PLAY, TEARDOWN\r\n",
                "DESCRIBE": f"Content-Type: application/sdp\r\nContent-Length: {len(sdp)}\r\n",
                "SETUP": "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n",
                "PLAY": "Session: 1\r\n",
            }.get(verb, "")
            state = "401 Unauthorized" if refuses and verb == "DESCRIBE" else "200 OK"
            body = sdp if verb == "DESCRIBE" and not refuses else ""
            head = "" if refuses and verb == "DESCRIBE" else head
            connection.sendall(f"RTSP/1.0 {state}\r\n{number}\r\n{head}\r\n{body}".encode())
            if verb == "PLAY":
                for packets in rtp(pictures):
                    for packet in packets:
                        connection.sendall(struct.pack(">cBH", b"$", 0, len(packet)) + packet)
                return

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
                        answer(connection)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"rtsp://admin:secret@127.0.0.1:{server.getsockname()[1]}/night"
        finally:
            over.set()
            thread.join(5)


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rtsp") / "a.h264"
    plain = {"bf": "0", "g": "20"}
    return clips.write(
        path, clips.noisy(clips.scene()), times=range(60), options=plain, format="h264"
    )


def test_a_camera_is_recorded_as_it_sends(tmp_path: Path, night: Path) -> None:
    with camera(night) as address:
        found = record(address, tmp_path / "a.mkv", seconds=2.0, patience=3.0)
    assert 1.9 <= found.seconds <= 2.0
    times = clips.times(tmp_path / "a.mkv")
    assert times[0] == 0
    assert len(times) in (39, 40, 41)
    steps = {round(after - before, 3) for before, after in pairwise(times)}
    assert steps == {Fraction(1, RATE)}


def test_a_camera_by_the_command(
    tmp_path: Path, night: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "night.mp4"
    with camera(night) as address:
        words = ["enhance", address, "--live", "1", "-m", "gamma", "-o", str(target)]
        assert main([*words, "--preset", "ultrafast"]) == 0
    told = capsys.readouterr()
    assert "secret" not in told.out + told.err
    assert "rtsp://127.0.0.1" in told.out
    assert len(clips.times(target)) in (19, 20, 21)
    assert clips.lumas(target).mean() > 40
    assert [each.name for each in tmp_path.iterdir()] == ["night.mp4"]


def test_a_camera_that_refuses_is_told_in_one_line(tmp_path: Path, night: Path) -> None:
    refused = pytest.raises(UnreadableError, match=r"^rtsp://127[^\n]*nauthorized[^\n]*$")
    with camera(night, refuses=True) as address, refused as told:
        record(address, tmp_path / "a.mkv", seconds=1.0, patience=3.0)
    assert "secret" not in str(told.value)
    assert not list(tmp_path.iterdir())
