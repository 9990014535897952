"""From a sensor's mosaic to a photo, by a method that starts there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Rgb
from relume.card import Card
from relume.colour import decode_srgb, encode_srgb, roll_off
from relume.errors import ContractError
from relume.io.metadata import icc
from relume.io.raw.developed import SHOULDER
from relume.io.raw.libraw import NO_MOSAIC
from relume.photo import Mosaic, Photo
from relume.render.bands import each_band

_ROWS = 64
"""Rows per strip: a strip of a large picture stays in the cache."""


@runtime_checkable
class Developer(Protocol):
    """A method that starts from a mosaic."""

    @property
    def card(self) -> Card: ...

    def develop(self, mosaic: Mosaic, *, knobs: Mapping[str, float], strength: float) -> Rgb:
        """Return (H, W, 3), sRGB in [0, 1], of the mosaic's size and phase."""
        ...


def develop(
    photo: Photo, method: object, *, knobs: Mapping[str, float], strength: float, ev: float
) -> Photo:
    """Return the 16-bit picture that a method makes of a photo's mosaic, `ev` stops brighter
    than the file asks for.

    Raises: ContractError for a method that starts from pictures.
    """
    if photo.mosaic is None or not isinstance(method, Developer):
        raise ContractError("this method starts from a picture: read the photo developed")
    result = method.develop(photo.mosaic, knobs=knobs, strength=strength)
    return Photo(
        _exposed(result, 2.0 ** (ev + photo.mosaic.baseline_exposure)),
        icc=icc.srgb(),
        exif=photo.exif,
        format=photo.format,
        notes=photo.notes,
    )


def _exposed(picture: Rgb, gain: float) -> NDArray[np.uint16]:
    """Multiply light and round to 16 bits; highlights are compressed, not clipped."""
    exposed = np.empty(picture.shape, np.uint16)

    def fill(first: int, last: int) -> None:
        strip = picture[first:last]
        if gain != 1.0:
            light = decode_srgb(strip) * np.float32(gain)
            strip = encode_srgb(roll_off(light, gain=gain, shoulder=SHOULDER))
        exposed[first:last] = np.clip(strip, 0.0, 1.0) * np.float32(65535) + np.float32(0.5)

    each_band(fill, height=len(picture), rows=_ROWS, threads=None)
    return exposed


def no_mosaic(method: str, photo: Photo) -> ContractError:
    """Say why a method that starts from mosaics cannot have this photo."""
    why = next((note for note in photo.notes if note.startswith(NO_MOSAIC)), "")
    if why:
        return ContractError(f"{method}: {why}; -m auto develops the file")
    return ContractError(f"{method} starts from camera RAW and this is a picture already")
