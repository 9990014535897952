"""Pictures are measured as sRGB, whatever their profiles."""

from __future__ import annotations

import numpy as np
import pytest

from relume.bench.scoring import score, scorers
from relume.bench.sets import sides
from relume.colour_statement import Colour, known
from relume.colour_statement.curves import SRGB
from relume.colour_statement.icc_writer import profile
from relume.io import write
from relume.photo import Photo

P3 = Colour(known.P3_D65, known.SRGB_CURVE, "test")


def in_p3(pixels: np.ndarray) -> np.ndarray:
    """The same colours in the numbers of Display P3."""
    matrix = np.linalg.inv(known.P3_D65.to_pcs()) @ known.BT709.to_pcs()
    light = SRGB.decode(pixels / 65535) @ matrix.T
    return np.rint(SRGB.encode(np.clip(light, 0, 1)) * 65535).astype(np.uint16)


@pytest.mark.parametrize("wide", ["a.png", "b.png"], ids=["result", "reference"])
def test_profiles_of_two_kinds(tmp_path, wide):
    pixels = np.random.default_rng(0).integers(6000, 50000, (32, 40, 3)).astype(np.uint16)
    for name in ("a.png", "b.png"):
        photo = Photo(in_p3(pixels), icc=profile(P3)) if name == wide else Photo(pixels)
        write(photo, tmp_path / name)
    found, excluded = sides(tmp_path / "a.png", reference=tmp_path / "b.png", low=None)
    (one,) = score(found, scorers("mae"))
    assert excluded == []
    # Read by their numbers alone the two are 4 levels of 8 bits apart.
    assert one.values["mae[plain]"] < 0.3
    assert one.notes == (f"{tmp_path / wide}: measured as sRGB, converted from P3-D65, sRGB",)


def test_of_one_kind_nothing_is_said(tmp_path):
    pixels = np.full((16, 16, 3), 90, np.uint8)
    write(Photo(pixels), tmp_path / "a.png")
    found, _ = sides(tmp_path / "a.png", reference=None, low=None)
    (one,) = score(found, scorers("entropy"))
    assert (one.notes, one.faults) == ((), {})
