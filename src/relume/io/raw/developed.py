"""A picture of 16 bits developed by LibRaw.

With the gains g of the white balance, the least of them 1, a saturated pixel lies somewhere in
1 … max g, differently in each channel, which is what turns highlights magenta. LibRaw blends such
pixels to neutral, at mean g; a shoulder then brings mean g · 2^ev to white.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from os import cpu_count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Pixels
from relume.colour import encode_srgb, roll_off
from relume.extras import need
from relume.io import pixels
from relume.io.raw.frame import Shown
from relume.io.raw.levels import Gains, Levels

SHOULDER = 0.8
"""Linear light from which highlights are compressed; the default of the method `exposure`."""

X_TRANS, LEAST = (6, 6), 512
"""LibRaw's own way with X-Trans takes no picture with a smaller side."""

EXIF_OF_FLIP = {0: 1, 1: 2, 2: 4, 3: 3, 4: 5, 5: 8, 6: 6, 7: 7}
"""LibRaw's flip (1 mirrors columns, 2 rows, 4 swaps both) → orientation in EXIF."""


def develop(raw: Any, levels: Levels, gains: Gains, *, shown: Shown, ev: float) -> Pixels:
    """Return the picture of an opened file of rawpy, sRGB, upright, cropped to what is shown."""
    rawpy: Any = need("rawpy", extra="raw")
    red, green, blue = gains
    settings = _settings(levels)
    flip, visible = raw.sizes.flip, (raw.sizes.height, raw.sizes.width)  # before they change
    if raw.raw_type.name == "Flat" and raw.raw_pattern.shape == X_TRANS and min(visible) < LEAST:
        settings["demosaic_algorithm"] = rawpy.DemosaicAlgorithm.VNG
    # LibRaw counts white from black. Without a threshold of 0 it would take the brightest pixel
    # for white wherever that lies above three quarters of the level.
    linear = raw.postprocess(
        user_wb=[red, green, blue, green],
        output_bps=16,
        gamma=(1, 1),
        no_auto_bright=True,
        highlight_mode=rawpy.HighlightMode.Blend,
        output_color=rawpy.ColorSpace.sRGB,
        adjust_maximum_thr=0.0,
        user_flip=0,
        **settings,
    )
    if linear.shape[2] == 1:  # of a sensor without colours
        linear = linear[:, :, 0]
    if linear.shape[:2] == visible:  # neither stretched nor rotated
        linear = linear[shown.slices]
    linear = pixels.turned(linear, EXIF_OF_FLIP[flip])
    if not (linear.flags.c_contiguous and linear.flags.writeable):
        linear = linear.copy()
    least = min(gains)
    # LibRaw makes room for the largest gain; white is where the least one saturates.
    light = np.linspace(0.0, max(gains) / least * 2.0**ev, 1 << 16)
    saturated = float(np.mean(gains)) / least * 2.0**ev
    displayed = np.minimum(roll_off(light, gain=saturated, shoulder=SHOULDER), 1.0)
    return _looked_up(linear, (encode_srgb(displayed) * 65535 + 0.5).astype(np.uint16))


def _settings(levels: Levels) -> dict[str, Any]:
    """Return what LibRaw is told about black and white."""
    if levels.normalised:
        return {"user_black": 0, "user_cblack": [0] * 4, "user_sat": round(levels.white)}
    if levels.white <= max(levels.black):
        return {}
    return {"user_sat": round(levels.white - max(levels.black))}


def _looked_up(picture: Any, table: NDArray[np.uint16]) -> Pixels:
    """Replace each sample by its place in a table, in place, strips side by side."""

    def replace(top: int) -> None:
        strip = picture[top : top + pixels.ROWS]
        np.take(table, strip, out=strip, mode="clip")

    with ThreadPoolExecutor(cpu_count()) as pool:
        list(pool.map(replace, range(0, len(picture), pixels.ROWS)))
    return picture
