"""Camera RAW through LibRaw (rawpy): the bare mosaic, or a picture developed from it.

A developed picture is 16-bit sRGB. With the gains g of the white balance, the least of them 1, a
saturated pixel lies somewhere in 1 … max g, differently in each channel, which is what turns
highlights magenta. LibRaw blends such pixels to neutral, at mean g; a shoulder then brings
mean g · 2^ev to white.
"""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BytesIO
from os import cpu_count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Pixels
from relume.colour import encode_srgb, roll_off
from relume.errors import UnreadableError
from relume.extras import need
from relume.io import pixels
from relume.io.codec import Admit, Incoming
from relume.io.metadata import icc
from relume.io.raw import exif, levels, messages
from relume.io.raw.levels import Gains, WhiteBalance
from relume.photo import Mosaic, Want

SHOULDER = 0.8
"""Linear light from which highlights are compressed; the default of the method `exposure`."""

LEAST_SIDE = 22
"""LibRaw takes anything smaller for no picture."""

NO_MOSAIC = "no Bayer mosaic inside"
"""Begins the note that a file was developed although its mosaic was wanted."""

_EXIF_OF_FLIP = {0: 1, 1: 2, 2: 4, 3: 3, 4: 5, 5: 8, 6: 6, 7: 7}
"""LibRaw's flip (1 mirrors columns, 2 rows, 4 swaps both) → orientation in EXIF."""


def decode(
    data: bytes,
    admit: Admit,
    *,
    want: Want = "developed",
    white_balance: WhiteBalance = "camera",
    ev: float = 0.0,
) -> Incoming:
    """Read camera RAW; what has no Bayer mosaic is developed, whatever is wanted.

    `ev` is exposure in stops on top of what was captured, for developed pictures.

    Raises: UnreadableError for an unsupported camera or a file that is cut off;
    MissingExtraError.
    """
    with _opened(data, admit) as (raw, notes):
        blob = exif.extract(data, raw)
        oddity = levels.oddity(raw)
        if want == "mosaic" and not oddity:
            mosaic, words = levels.mosaic(raw, white_balance)
            mosaic = turned(mosaic, _EXIF_OF_FLIP[raw.sizes.flip])
            notes.append(f"from the mosaic, {words}")
            return Incoming(
                mosaic.samples, mosaic=mosaic, exif=blob, upright=True, notes=tuple(notes)
            )
        if want == "mosaic":
            notes.append(f"{NO_MOSAIC}: {oddity}")
        gains, words = levels.gains(raw, white_balance)
        notes.append(f"developed, {words}")
        picture = _developed(raw, gains, ev)
    return Incoming(picture, icc=icc.srgb(), exif=blob, upright=True, notes=tuple(notes))


@contextmanager
def _opened(data: bytes, admit: Admit) -> Generator[tuple[Any, list[str]]]:
    """Open RAW data and unpack its samples, quietly."""
    rawpy: Any = need("rawpy", extra="raw")
    notes: list[str] = []
    raw: Any = rawpy.RawPy()
    try:
        with messages.caught() as said:
            raw.open_buffer(BytesIO(data))
            admit(max(raw.sizes.raw_width, raw.sizes.iwidth),
                  max(raw.sizes.raw_height, raw.sizes.iheight))  # fmt: skip
            raw.unpack()
        if said.is_cut_off:
            raise UnreadableError("a camera RAW file that is cut off: copy it from the card again")
        if said.is_corrupt:
            notes.append("part of the file is damaged: some of the picture may be missing")
        yield raw, notes
    except rawpy.LibRawFileUnsupportedError as error:
        raise UnreadableError(
            "LibRaw knows no camera that writes such files, or this one is cut off; "
            "convert it to DNG with the maker's or Adobe's converter"
        ) from error
    except rawpy.LibRawError as error:
        raise UnreadableError(f"damaged or cut off: LibRaw says {_said(error)}") from error
    finally:
        raw.close()


def _said(error: Exception) -> str:
    said = error.args[0] if error.args else type(error).__name__
    return said.decode("ascii", "replace").lower() if isinstance(said, bytes) else str(said)


def turned(mosaic: Mosaic, orientation: int) -> Mosaic:
    """Turn a mosaic upright, its colour filter with it."""
    if orientation == 1:
        return mosaic
    return levels.relabelled(mosaic, lambda array: pixels.turned(array, orientation))


def _developed(raw: Any, gains: Gains, ev: float) -> Pixels:
    rawpy: Any = need("rawpy", extra="raw")
    red, green, blue = gains
    white = {} if levels.oddity(raw) else {
        # LibRaw counts from black, and would otherwise guess from the largest sample.
        "user_sat": round(levels.white(raw) - max(levels.black(raw))),
        "adjust_maximum_thr": 0.0,
    }  # fmt: skip
    linear = raw.postprocess(
        user_wb=[red, green, blue, green],
        output_bps=16,
        gamma=(1, 1),
        no_auto_bright=True,
        highlight_mode=rawpy.HighlightMode.Blend,
        output_color=rawpy.ColorSpace.sRGB,
        **white,
    )
    if linear.shape[2] == 1:  # of a sensor without colours
        linear = linear[:, :, 0]
    least = min(gains)
    # LibRaw makes room for the largest gain; white is where the least one saturates.
    light = np.linspace(0.0, max(gains) / least * 2.0**ev, 1 << 16)
    saturated = float(np.mean(gains)) / least * 2.0**ev
    shown = np.minimum(roll_off(light, gain=saturated, shoulder=SHOULDER), 1.0)
    return _looked_up(linear, (encode_srgb(shown) * 65535 + 0.5).astype(np.uint16))


def _looked_up(picture: Any, table: NDArray[np.uint16]) -> Pixels:
    """Replace each sample by its place in a table, in place, strips side by side."""

    def replace(top: int) -> None:
        strip = picture[top : top + pixels.ROWS]
        np.take(table, strip, out=strip, mode="clip")

    with ThreadPoolExecutor(cpu_count()) as pool:
        list(pool.map(replace, range(0, len(picture), pixels.ROWS)))
    return picture
