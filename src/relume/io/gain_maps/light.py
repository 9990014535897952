"""The light of a picture at the size of its gain map, and a map turned as its picture is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from relume.arrays import Pixels
from relume.colour_statement import Colour
from relume.gain_map import GainMap, Light
from relume.io.pixels import to_eight_bits, turned


def reduced(pixels: Pixels, colour: Colour, *, height: int, width: int) -> Light | None:
    """Return linear light (height, width, 3) in [0, 1], means of areas; None where the curve of
    the picture is not known."""
    if colour.transfer is None:
        return None
    from PIL import Image  # which takes time to load, and most photos do without

    picture = Image.fromarray(np.ascontiguousarray(to_eight_bits(pixels)))
    small = np.asarray(picture.resize((width, height), Image.Resampling.BOX), np.float64) / 255
    if small.ndim == 2:
        small = np.repeat(small[..., None], 3, axis=2)
    curves = colour.transfer.of_channels()
    planes = [curve.decode(small[..., channel]) for channel, curve in enumerate(curves)]
    return np.clip(np.stack(planes, axis=2), 0.0, 1.0).astype(np.float32)


def upright(found: GainMap, pixels: Pixels, colour: Colour, *, orientation: int) -> GainMap | None:
    """Turn a map as its picture was turned, and give it the light it was made for; None where that
    cannot be told."""
    gains = turned(found.gains, orientation)
    light = reduced(pixels, colour, height=gains.shape[0], width=gains.shape[1])
    return replace(found, gains=gains, base=light) if light is not None else None
