"""libvips for pixels of PNG, TIFF and deep AVIF: 16 bits are kept, PNG is written twice as fast.

Only the loaders named here are ever called, so that hostile bytes reach no other.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import cache, wraps
from importlib import import_module
from threading import Condition
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Pixels
from relume.io.codec import Admit, Incoming

Loader: TypeAlias = Literal["pngload_source", "tiffload_source", "heifload_source"]

_FORMATS = {"uint8": "uchar", "uint16": "ushort"}


class _Turns:
    """Many threads at once, or one alone."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._inside = 0
        self._alone = False

    @contextmanager
    def shared(self) -> Generator[None]:
        with self._changed:
            self._changed.wait_for(lambda: not self._alone)
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Generator[None]:
        with self._changed:
            self._changed.wait_for(lambda: not self._alone)
            self._alone = True
            self._changed.wait_for(lambda: not self._inside)
        try:
            yield
        finally:
            with self._changed:
                self._alone = False
                self._changed.notify_all()


_turns = _Turns()


def with_own_reason(decode: Callable[[bytes, Admit], Incoming]) -> Callable[..., Incoming]:
    """Return a decoder whose errors are its own file's, whatever fails beside it.

    libvips keeps one text of errors for all threads. What fails is tried again alone: its reason
    is the only one there then.
    """

    @wraps(decode)
    def decoded(data: bytes, admit: Admit) -> Incoming:
        try:
            with _turns.shared():
                return decode(data, admit)
        except Exception as error:
            if not isinstance(error, _vips().Error):
                raise
        with _turns.alone():
            _vips().vips_lib.vips_error_clear()
            return decode(data, admit)

    return decoded


@cache
def _vips() -> Any:
    from logging import NullHandler, getLogger  # as libvips does; most pictures need neither

    # What it warns about reaches its logger; without a handler it would be printed.
    getLogger("pyvips").addHandler(NullHandler())
    return import_module("pyvips")


def failure() -> type[Exception]:
    """Return the exception that libvips raises."""
    return _vips().Error


def load(data: bytes, loader: Loader, admit: Admit, **options: int) -> Any:
    """Read the header of a file, with options of its loader, such as the page.

    Its pixels are decoded when `array` is called, and until then `data` must live.
    """
    # A source, as pyvips would copy a buffer.
    source = _vips().Source.new_from_memory(data)
    image = getattr(_vips().Image, loader)(source, access="sequential", fail_on="error", **options)
    admit(image.width, image.height)
    return image


def array(image: Any) -> Pixels:
    """Decode an image of libvips into (H, W) or (H, W, C), uint8 or uint16.

    Raises: ValueError for samples of another type.
    """
    if image.format not in _FORMATS.values():
        raise ValueError(f"samples of type {image.format}")
    dtype = np.uint8 if image.format == "uchar" else np.uint16
    try:
        samples = image.write_to_memory()
    except _vips().Error as error:
        if "memory:" in str(error) or "out of memory" in str(error):
            raise MemoryError from error
        # What libvips says names its own parts ("vipspng: libpng read error") and not the fault.
        raise ValueError("its pixels are damaged") from error
    pixels: Any = np.frombuffer(samples, dtype)
    shape = (image.height, image.width, image.bands)
    return pixels.reshape(shape if image.bands > 1 else shape[:2])


def converted(pixels: Pixels, source: bytes, target: bytes) -> NDArray[np.uint16]:
    """Convert (H, W, 3), or (H, W, 4) of inks, from a profile to one of RGB, to 16 bits.

    By LittleCMS. Raises: pyvips.Error for profiles it cannot use.
    """
    bands = pixels.shape[2]
    from tempfile import NamedTemporaryFile

    # Inks hold fewer colours than sRGB: the mapping that printers make their profiles for.
    intent = "perceptual" if bands == 4 else "relative"
    image = _image(pixels, bands)
    deep = pixels.dtype == np.uint16
    image = image.copy(interpretation="cmyk" if bands == 4 else "rgb16" if deep else "srgb")
    image.set_type(_vips().GValue.blob_type, "icc-profile-data", source)
    with NamedTemporaryFile(suffix=".icc") as place:  # it takes the second by its name only
        place.write(target)
        place.flush()
        turned = image.icc_transform(place.name, embedded=True, intent=intent, depth=16)
        return array(turned).astype(np.uint16, copy=False)


def avif(
    pixels: Pixels,
    alpha: Pixels | None,
    *,
    depth: int,
    quality: int,
    effort: int,
    full_chroma: bool,
) -> bytes:
    """Encode an AVIF of 8, 10 or 12 bits without metadata."""
    planes: Any = pixels
    if pixels.ndim == 2:
        planes = np.repeat(pixels[..., None], 3, axis=2)
    image = _image(planes, 3)
    if alpha is not None:
        image = image.bandjoin(_image(alpha, 1))
    image = image.copy(interpretation="rgb16" if pixels.dtype == np.uint16 else "srgb")
    return image.heifsave_buffer(
        compression="av1",
        bitdepth=depth,
        Q=quality,
        effort=effort,
        subsample_mode="off" if full_chroma else "on",
        keep="none",
    )


def png(pixels: Pixels, alpha: Pixels | None) -> memoryview:
    """Encode a PNG without metadata."""
    bands = 1 if pixels.ndim == 2 else 3
    image = _image(pixels, bands)
    if alpha is not None:
        image = image.bandjoin(_image(alpha, 1))
    deep = pixels.dtype == np.uint16
    spaces = ("grey16", "rgb16") if deep else ("b-w", "srgb")
    image = image.copy(interpretation=spaces[bands // 3])
    # Level 2 with one filter: at 12 MP half the time of level 6 for 1 % more bytes; level 1 is
    # twice as fast again, but files grow by half.
    return memoryview(image.pngsave_buffer(compression=2, filter="up", keep="none"))


def _image(pixels: Pixels, bands: int) -> Any:
    height, width = pixels.shape[:2]
    whole = np.ascontiguousarray(pixels)
    kind = _FORMATS[whole.dtype.name]
    return _vips().Image.new_from_memory(whole.data, width, height, bands, kind)
