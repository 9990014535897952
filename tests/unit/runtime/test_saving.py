"""`relume.write` takes what `enhance` takes."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import relume

EIGHT = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3) * 4
ALPHA = np.concatenate([EIGHT, EIGHT[..., :1] + 3], axis=2)


@pytest.mark.parametrize(
    "image",
    [EIGHT, EIGHT[..., 0], EIGHT[..., :1], ALPHA, EIGHT.astype(np.uint16) * 257],
)
def test_whole_numbers_are_written_as_they_are(tmp_path: Path, image: NDArray[Any]) -> None:
    path = tmp_path / "a.png"
    assert relume.write(image, path) == ()
    photo = relume.read(path)
    assert photo.pixels.dtype == image.dtype
    colours = image[..., :3] if image.ndim == 3 else image
    assert np.array_equal(photo.pixels, colours.squeeze())
    if image is ALPHA:
        assert photo.alpha is not None
        assert np.array_equal(photo.alpha, ALPHA[..., 3])


def test_floats_are_written_as_sixteen_bits(tmp_path: Path) -> None:
    image = (ALPHA.astype(np.float64) / 255).astype(np.float32)
    relume.write(image, tmp_path / "a.png")
    photo = relume.read(tmp_path / "a.png")
    assert np.array_equal(photo.pixels, EIGHT.astype(np.uint16) * 257)
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha, ALPHA[..., 3].astype(np.uint16) * 257)
    notes = relume.write(image[..., :3], tmp_path / "a.jpg", quality=95)
    assert notes == ("16 bits rounded to 8: more is not written to JPEG",)


def test_images_and_streams(tmp_path: Path) -> None:
    stream = BytesIO()
    relume.write(Image.fromarray(EIGHT), stream, format="png")
    assert np.array_equal(relume.read(stream.getvalue()).pixels, EIGHT)


@pytest.mark.parametrize(
    ("image", "target", "words"),
    [
        ("x.png", EIGHT, "target: expected a path"),
        ("x.png", "y.png", r"write relume\.write\(image, 'x\.png'\)"),
        (None, "x.png", "expected an array, got None"),
        ([1, 2], "x.png", "np.asarray"),
        (EIGHT.astype(np.int64), "x.png", "expected uint8"),
        (EIGHT.astype(np.float32), "x.png", "image"),
        (np.full((2, 2), np.nan), "x.png", "image"),
        (EIGHT[None], "x.png", "expected .H, W."),
    ],
)
def test_what_is_no_picture_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, image: Any, target: Any, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(relume.ContractError, match=words):
        relume.write(image, target)
    with pytest.raises(relume.UnwritableError):
        relume.write(EIGHT, "x.gif")
    assert not list(tmp_path.iterdir())
