"""Between Pillow's pictures and arrays.

Plugin classes are constructed directly, never through `Image.open`: that would try every format on
untrusted bytes and warn above a global limit that is not ours to change.
"""

from __future__ import annotations

import warnings
from collections.abc import Generator
from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING

import numpy as np

from relume.arrays import Pixels
from relume.io import pixels as px

if TYPE_CHECKING:
    from PIL import Image

PALETTE = "palette expanded to full colour"
ONE_BIT = "1-bit picture expanded to 8 bits"

_warning = RLock()


@contextmanager
def strict() -> Generator[None]:
    """Turn Pillow's warnings about bad metadata into exceptions."""
    # The filters are global: one thread at a time changes them and puts them back.
    with _warning, warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@contextmanager
def quiet() -> Generator[None]:
    """Ignore Pillow's warnings about metadata, which we pass on as it is."""
    with _warning, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def to_arrays(picture: Image.Image) -> tuple[Pixels, Pixels | None, tuple[str, ...]]:
    """Return colour, alpha and notes of a picture that is gray, RGB, palette or bits."""
    if picture.mode == "1":
        return _array(picture.convert("L")), None, (ONE_BIT,)
    if picture.mode in ("P", "PA"):
        mode = "RGBA" if picture.has_transparency_data else "RGB"
        return *px.split(_array(picture.convert(mode))), (PALETTE,)
    if picture.mode not in ("L", "LA", "RGB", "RGBA"):
        picture = picture.convert("RGB")
    return *px.split(_array(picture)), ()


def _array(picture: Image.Image) -> Pixels:
    # In strips: Pillow hands pixels over through bytes, which would be one more whole copy.
    bands = len(picture.getbands())
    shape = (picture.height, picture.width, bands)[: 2 if bands == 1 else 3]
    array = np.empty(shape, np.uint8)
    for top in range(0, picture.height, px.ROWS):
        bottom = min(top + px.ROWS, picture.height)
        array[top:bottom] = np.asarray(picture.crop((0, top, picture.width, bottom)))
    return array


def to_picture(pixels: Pixels, alpha: Pixels | None) -> Image.Image:
    """Return a Pillow picture, "L", "RGB" or "RGBA", of 8-bit arrays."""
    picture = _picture(pixels, "L" if pixels.ndim == 2 else "RGB")
    if alpha is not None:
        picture = picture.convert("RGB")
        picture.putalpha(_picture(alpha, "L"))
    return picture


def _picture(array: Pixels, mode: str) -> Image.Image:
    from PIL import Image  # which takes time to load, and most JPEGs do without

    size = (array.shape[1], array.shape[0])
    return Image.frombuffer(mode, size, np.ascontiguousarray(array), "raw", mode, 0, 1)
