"""SID's protocols on a made-up copy: DNG files under the names of the real ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fake.night import night
from relume.bench import sid
from relume.data.mosaicking import mosaicked
from relume.errors import NoDatasetError
from relume.io.raw import dng
from relume.photo import Mosaic
from relume.runtime import load

SHORTS = ("10003_00_0.04s", "10003_01_0.04s", "10034_00_0.1s", "20001_00_0.1s", "00001_00_0.1s")


def camera_raw(light: np.ndarray) -> bytes:
    counts = np.rint(mosaicked(np.clip(light, 0, 1)) * 15871 + 512).astype(np.uint16)
    return dng.of_mosaic(Mosaic(counts, "RGGB", (512,) * 4, 16383))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for part in ("short", "long"):
        (tmp_path / "Sony" / part).mkdir(parents=True)
    light = np.clip(2 * night(64, 80), 0, 1)
    for name in SHORTS:
        seconds = float(name.split("_")[2][:-1])
        short = camera_raw(light * seconds / 10)
        (tmp_path / "Sony" / "short" / f"{name}.dng").write_bytes(short)
        long = tmp_path / "Sony" / "long" / f"{name[:5]}_00_10s.dng"
        long.write_bytes(camera_raw(light))
    return tmp_path


def test_both_protocols_with_and_without_what_is_misaligned(copy: Path) -> None:
    pairs = sid.test_pairs(copy)
    assert len(pairs) == 3, "ids that begin with 1"
    rows = list(sid.measure(pairs, load("llpacknet")))
    assert {(row.protocol, row.first, row.aligned) for row in rows} == {
        (protocol, first, aligned)
        for protocol in sid.PROTOCOLS
        for first, aligned in ((True, True), (False, True), (True, False))
    }
    means = {(mean.protocol, mean.what): mean for mean in sid.summarise(rows)}
    assert [
        means["ratio", what].count
        for what in ("all", "all, aligned", "first of each burst", "first of each burst, aligned")
    ] == [3, 2, 2, 1]
    assert means["ratio", "all"].psnr == pytest.approx(
        np.mean([row.psnr for row in rows if row.protocol == "ratio"])
    )
    # The scene is brought back to about its light: a black picture would reach 8 dB.
    assert means["ratio", "all"].psnr > 14


def test_the_reference_is_read_as_published(copy: Path) -> None:
    """LibRaw's own transfer function, not ours: BT.709, whose toe has slope 4.5."""
    path = next((copy / "Sony" / "long").iterdir())
    level = 0.3
    path.write_bytes(camera_raw(np.full((64, 80, 3), level, np.float32)))
    found = sid._rendered(path)[32, 40]
    assert found == pytest.approx(255 * (1.099 * level**0.45 - 0.099), abs=2)


def test_a_folder_without_sid_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoDatasetError):
        sid.test_pairs(tmp_path)
