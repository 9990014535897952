"""What people hand to the Python interface: taken where it says all, refused with the way out."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import relume
from fake.night import night
from relume import errors
from relume.photo import Photo

EIGHT = (night(24, 33) * 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("image", "told"),
    [
        ("night.jpg", r"a path; write relume\.enhance\(relume\.read\('night\.jpg'\)\)"),
        (Path("night.jpg"), r"a path; write .*read\('night\.jpg'\)"),
        (b"\xff\xd8\xff", "bytes; write .*BytesIO"),
        (None, r"None, which cv2\.imread returns .* relume\.read"),
        ([[0, 1], [2, 3]], r"a list; write np\.asarray\(image, np\.uint8\)"),
        (7, "int; write np.asarray"),
        (np.zeros((0, 4, 3), np.uint8), "an empty array"),
        (EIGHT.astype(">u2"), r"other byte order; write image\.astype\('uint16'\)"),
        (EIGHT.transpose(2, 0, 1), r"channels come last: write np\.moveaxis\(image, 0, -1\)"),
        (EIGHT[None], "one picture after the other"),
        (EIGHT.astype(np.int64), "expected uint8, uint16 or a float type"),
        (EIGHT.astype(np.float32), r"got .* to .*; divide by what white is, as image / 255"),
        (EIGHT.astype(np.float64) * -1, "divide by what white is"),
        (np.full((4, 4), 1e300), "expected finite values"),
        (Image.fromarray(EIGHT).convert("CMYK"), r"mode 'CMYK'; write image\.convert\('RGB'\)"),
        (Image.fromarray(EIGHT).convert("P"), "mode 'P'"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_what_is_no_picture_is_told_what_to_do(image: Any, told: str) -> None:
    with pytest.raises(relume.ContractError, match=told) as caught:
        relume.enhance(image, method="gamma")
    assert "\n" not in str(caught.value)
    with pytest.raises(relume.ContractError):
        relume.load("gamma")(image)


def test_a_little_outside_is_clipped() -> None:
    image = night(12, 13).astype(np.float32)
    image[3, 4], image[5, 6] = 1.2, -0.1
    inside = np.clip(image, 0, 1)
    out = relume.enhance(image, method="gamma")
    assert np.array_equal(out, relume.enhance(inside, method="gamma"))


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
def test_a_pil_image_is_its_samples(mode: str) -> None:
    image = Image.fromarray(EIGHT).convert(mode)
    out = relume.enhance(image, method="gamma")
    assert np.array_equal(out, relume.enhance(np.asarray(image), method="gamma"))


def test_what_speaks_dlpack_is_its_samples() -> None:
    class Sampled:
        """An array of another library."""

        def __dlpack__(self, **options: Any) -> Any:
            return EIGHT.copy().__dlpack__(**options)

        def __dlpack_device__(self) -> tuple[int, int]:
            return EIGHT.__dlpack_device__()

    out = relume.enhance(Sampled(), method="gamma")
    assert np.array_equal(out, relume.enhance(EIGHT, method="gamma"))


def test_a_torch_tensor_is_its_samples() -> None:
    torch = pytest.importorskip("torch")
    out = relume.enhance(torch.from_numpy(EIGHT.copy()), method="gamma")
    assert np.array_equal(out, relume.enhance(EIGHT, method="gamma"))
    learning = torch.zeros(4, 5, 3, requires_grad=True)
    with pytest.raises(relume.ContractError, match=r"image\.detach\(\)\.cpu\(\)"):
        relume.enhance(learning, method="gamma")


def test_a_photo_in_is_a_photo_out() -> None:
    photo = Photo(EIGHT, icc=b"profile", exif=b"exif", format="png")
    out = relume.enhance(photo, method="gamma")
    assert isinstance(out, Photo)
    assert (out.icc, out.exif, out.format) == (b"profile", b"exif", "png")
    assert np.array_equal(out.pixels, relume.enhance(EIGHT, method="gamma"))


def test_a_stream_comes_back_bright() -> None:
    file = io.BytesIO()
    Image.fromarray(EIGHT).save(file, "png")
    file.seek(0)
    out = relume.enhance(relume.read(file), method="gamma")
    assert out.pixels.mean() > EIGHT.mean()


@pytest.mark.parametrize("value", ["0.5", None, b"1", [0.5], np.array([0.5, 0.6]), 1j])
def test_knobs_and_strength_are_numbers(value: Any) -> None:
    with pytest.raises(relume.ContractError, match=r"gamma.*expected a number"):
        relume.enhance(EIGHT, method="gamma", knobs={"gamma": value})
    with pytest.raises(relume.ContractError, match=r"gamma.*expected a number"):
        relume.load("gamma")(EIGHT, gamma=value)
    with pytest.raises(relume.ContractError, match="strength: expected a number"):
        relume.enhance(EIGHT, method="gamma", strength=value)
    with pytest.raises(relume.ContractError, match="strength: expected a number"):
        relume.Enhancer("gamma", strength=value)


def test_errors_are_public() -> None:
    kin = {
        name
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, errors.RelumeError)
    }
    assert kin <= set(relume.__all__)
    assert all(getattr(relume, name) is getattr(errors, name) for name in kin)
