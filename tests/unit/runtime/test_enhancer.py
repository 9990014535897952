"""Arrays and photos through the Enhancer: forms kept, wrong ones refused."""

from __future__ import annotations

import numpy as np
import pytest

import relume
from fake.night import night
from relume.errors import ContractError, MissingExtraError, UnknownNameError
from relume.extras import EXTRAS
from relume.photo import Photo
from relume.runtime import Enhancer

EIGHT = (night(24, 33) * 255).astype(np.uint8)


def test_an_engine_that_is_not_there_is_told_before_any_picture(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(EXTRAS, "openvino", ("surely_not_installed",))
    for method in ("auto", "relume", "sgz"):
        with pytest.raises(MissingExtraError, match="surely_not_installed"):
            Enhancer(method, engine="openvino")
    assert Enhancer("gamma", engine="openvino").engine == "openvino"  # which needs none


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float16", "float32", "float64"])
@pytest.mark.parametrize("channels", [None, 1, 3, 4])
def test_an_array_comes_back_in_its_own_form(dtype: str, channels: int | None) -> None:
    image = EIGHT[..., 0] if channels is None else np.repeat(EIGHT[..., :1], channels, axis=2)
    if dtype == "uint16":
        image = image.astype(np.uint16) * 257
    elif dtype != "uint8":
        image = (image / 255).astype(dtype)
    out = relume.enhance(image, method="gamma")
    assert out.shape == image.shape
    assert out.dtype == image.dtype
    assert out.mean() > image.mean()
    if channels == 4:
        assert np.array_equal(out[..., 3], image[..., 3])


@pytest.mark.parametrize(
    "array", [np.zeros((3, 4, 5), np.uint8), np.zeros((3, 4), np.int32), np.zeros((3, 4), bool)]
)
def test_other_arrays_are_refused(array: np.ndarray) -> None:
    with pytest.raises(ContractError):
        relume.enhance(array, method="gamma")


def test_knobs_reach_the_method() -> None:
    assert np.array_equal(relume.enhance(EIGHT, method="gamma", knobs={"gamma": 1.0}), EIGHT)


def test_a_photo_keeps_everything_but_its_pixels() -> None:
    photo = Photo(EIGHT, alpha=EIGHT[..., 0], icc=b"profile", exif=b"exif", format="png")
    result = Enhancer("gamma").photo(photo)
    assert result.method == "gamma"
    assert result.reason == ""
    assert result.photo.icc == b"profile"
    assert result.photo.alpha is photo.alpha
    assert result.photo.pixels.mean() > EIGHT.mean()


def test_auto_gives_its_reason() -> None:
    result = Enhancer().photo(Photo(EIGHT))
    assert result.method in relume.methods.names()
    assert result.reason


def test_another_encoding_is_refused() -> None:
    with pytest.raises(ContractError, match="linear"):
        Enhancer("gamma").photo(Photo(EIGHT, encoding="linear"))


@pytest.mark.parametrize("strength", [-0.1, 1.1, float("nan")])
def test_strength_has_a_range(strength: float) -> None:
    with pytest.raises(ContractError, match="strength"):
        Enhancer("gamma", strength=strength)


def test_wrong_settings_fail_before_any_picture() -> None:
    with pytest.raises(UnknownNameError):
        Enhancer("gama")
    with pytest.raises(ContractError):
        Enhancer("gamma", knobs={"gamma": 99})
    with pytest.raises(ContractError, match="auto"):
        Enhancer("auto", knobs={"exposure": 0.5})
    with pytest.raises(UnknownNameError, match="relume"):
        Enhancer(knobs={"gamma": 0.5})
    with pytest.raises(UnknownNameError):
        Enhancer("gamma", engine="tensorbolt")


def test_knobs_without_a_method_are_those_of_relume() -> None:
    knobs = {"exposure": 1.5}
    named = relume.enhance(EIGHT, method="relume", knobs=knobs)
    assert np.array_equal(relume.enhance(EIGHT, knobs=knobs), named)
    enhancer = Enhancer(knobs=knobs)
    assert (enhancer.named, Enhancer().named) == ("relume", "auto")
    assert np.array_equal(enhancer.array(EIGHT), named)


def test_the_contents_page_lists_what_it_has() -> None:
    for name in relume.__all__:
        assert getattr(relume, name) is not None
    with pytest.raises(AttributeError):
        relume.nothing  # noqa: B018  (the access is the test)
