"""Apple's gain map beside a HEIC picture, an auxiliary image of its own."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from relume.gain_map import GainMap
from relume.io.codec import Admit
from relume.io.gain_maps import apple
from relume.io.metadata import exif

_PACKET = re.compile(rb"<x:xmpmeta.{0,20000}?</x:xmpmeta>", re.DOTALL)
_ASPECT = 0.05
"""By which map and picture may differ in shape, as sides are rounded."""


def found(picture: Any, data: bytes, admit: Admit) -> GainMap | None:
    """Return the map of a picture of pi_heif; None where it has none or it cannot be read."""
    for number in picture.info.get("aux", {}).get(apple.AUXILIARY, [])[:1]:
        try:
            beside = picture.get_aux_image(number)
            admit(*beside.size)
            width, height = beside.size
            samples: Any = np.array(beside)[:height, :width]
        except (ValueError, RuntimeError, OSError, EOFError, SyntaxError, NotImplementedError):
            return None
        turned = abs(width * picture.size[1] / (height * picture.size[0]) - 1) > _ASPECT
        if samples.dtype != np.uint8 or turned:
            return None
        samples = samples[..., None] if samples.ndim == 2 else samples[..., :1]
        packets = (m[0] for m in _PACKET.finditer(data) if apple.HDR_GAIN_MAP.encode() in m[0])
        blob = exif.strip_prefix(picture.info.get("exif") or b"") or None
        return apple.of_samples(samples, apple.headroom(blob, next(packets, None)))
    return None
