"""Where chroma samples lie, and the range of the codes: kept, or told where nothing can hold it."""

from __future__ import annotations

from pathlib import Path

import av
import clips
import numpy as np
import pytest

from relume.runtime.method import load
from relume.video.choice import Chosen
from relume.video.codecs import CONTAINERS
from relume.video.enhance import Finished, Options, VideoRun
from relume.video.siting import siting
from relume.video.source import Source

IDENTITY = load("identity")
FASTEST = {"h264": "ultrafast", "hevc": "ultrafast", "av1": "12"}
BT709 = clips.Tags(range=2, matrix=1, primaries=1, transfer=1)


def stored(source: Path, target: Path, codec: str) -> Finished:
    def choose(_: Source) -> Chosen:
        return Chosen(IDENTITY, {}, 1.0)

    options = Options(codec=codec, preset=FASTEST.get(codec), threads=1)
    return VideoRun(source, target, choose, options)()


def location(path: Path) -> str:
    with av.open(str(path)) as container:
        return siting(container.streams.video[0])


@pytest.mark.parametrize("where", ["left", "topleft", "center"])
@pytest.mark.parametrize("suffix", CONTAINERS)
def test_chroma_locations_go_from_container_to_container(
    tmp_path: Path, suffix: str, where: str
) -> None:
    source = clips.write(
        tmp_path / "a.mp4", times=range(3), tags=BT709, options={"chroma_sample_location": where}
    )
    assert location(source) == where
    for codec in CONTAINERS[suffix]:
        target = tmp_path / f"{codec}{suffix}"
        notes = stored(source, target, codec).notes
        told = f"chroma location {where} left out, {codec} in {suffix} does not state it"
        if location(target) == where:
            assert told not in notes
        else:
            assert location(target) == ""
            assert (told in notes) == (where != "left")
            assert (codec, where) == ("av1", "center") or codec in ("prores", "ffv1")
            assert (codec, suffix) != ("ffv1", ".mkv")


@pytest.mark.parametrize("suffix", CONTAINERS)
@pytest.mark.parametrize("pixels", ["yuv420p", "yuv422p10le"])
def test_full_range_stays_or_becomes_limited_with_its_codes(
    tmp_path: Path, suffix: str, pixels: str
) -> None:
    colour = np.full((64, 96, 3), (200, 30, 30), np.uint8)
    source = clips.write(
        tmp_path / "a.mkv", clips.still(colour), times=range(12), pixels=pixels, tags=BT709
    )
    for codec in CONTAINERS[suffix]:
        target = tmp_path / f"{codec}{suffix}"
        notes = stored(source, target, codec).notes
        with av.open(str(target)) as container:
            frame = next(container.decode(container.streams.video[0]))
            assert int(frame.color_range) == (1 if codec == "prores" else 2)
        told = "full range becomes limited, prores holds no other"
        assert (told in notes) == (codec == "prores")
        shown = clips.pictures(target)[0].astype(int)
        assert np.abs(shown - colour.astype(int)).max() <= 4
