"""Single pieces, as encoders give them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from relume.video.codecs import CODECS, encoding
from relume.video.colour import Colour
from relume.video.layout import LAYOUTS
from relume.video.pieces import Picture, PieceWriter


class Forgetful:
    """An encoder whose packets hold any time of decoding, as x265's do in short films."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def encode(self, frame: Any) -> list[Any]:
        packets: list[Any] = self._stream.encode(frame)
        for packet in packets:
            packet.dts = -(2**62)
        return packets


@pytest.mark.parametrize("preset", ["ultrafast", "medium", "placebo"])
@pytest.mark.parametrize("frames", [1, 2, 3, 30])
def test_times_of_decoding_are_not_x265s(tmp_path: Path, frames: int, preset: str) -> None:
    how = encoding(
        CODECS["hevc"],
        LAYOUTS["yuv420p"],
        crf=20,
        preset=preset,
        threads=1,
        reorders=True,
        pixels=64 * 64,
    )
    picture = Picture(64, 64, Fraction(25), Colour(), None)
    writer = PieceWriter(tmp_path / "a.mp4", how, picture)
    writer._stream = Forgetful(writer._stream)  # pyright: ignore[reportPrivateUsage]
    still = np.random.default_rng(0).integers(16, 235, (64, 64), np.uint8)
    for index in range(frames):
        luma = np.roll(still, index, axis=1)
        writer.put((luma, luma[::2, ::2], luma[1::2, 1::2]), index, 1)
    piece = writer.close()
    with av.open(str(piece.path)) as container:
        shown = [frame.pts for frame in container.decode(video=0)]
        base = container.streams.video[0].time_base
        assert base is not None
        assert [pts * base * 25 for pts in shown if pts is not None] == list(range(frames))
