"""Fusion of several exposures made from the one there is.

The picture at 0 … `stops` more stops, with the highlights rolled off, fused by contrast, saturation
and well-exposedness. The fusion of a large picture is found at a half, a quarter … of its size, of
at most a quarter of a megapixel, and carried over by local straight lines; `exact` = 1 works at
full size.

Source: Mertens, Kautz, Van Reeth, Exposure fusion, Computer Graphics Forum 28(1), 2009,
doi 10.1111/j.1467-8659.2008.01171.x.

| domain             | range         |
|--------------------|---------------|
| encoded in [0, 1]  | [0, 1]        |
"""

from __future__ import annotations

import numpy as np

from relume.arrays import Picture
from relume.card import Card, Knob
from relume.colour import decode_srgb, encode_srgb, roll_off, value
from relume.filters import guided
from relume.filters.exposure_fusion import fuse
from relume.filters.size import halved_size
from relume.render import Affine, centred, reduce

CARD = Card(
    name="fusion",
    title="Exposure fusion",
    summary="Fuses synthetic exposures of the picture; gentle and without a system to solve.",
    kind="classical",
    reach=None,
    year=2009,
    paper="https://doi.org/10.1111/j.1467-8659.2008.01171.x",
    keeps_gray=True,
    cost="a few pyramids on at most 0.25 megapixels, one pass",
    knobs=(
        Knob("stops", 3.0, low=0.0, high=8.0, meaning="the brightest exposure"),
        Knob("exposures", 4.0, low=2.0, high=9.0, whole=True,
             meaning="number of exposures, evenly spaced from the picture itself"),
        Knob("exact", 0.0, low=0.0, high=1.0, whole=True, meaning="1 works at full size"),
    ),
)  # fmt: skip

ENOUGH = 250_000
"""Pixels. Results differ from those of the full size by 0.4 to 0.8 % of the range on photographs of
4 megapixels (mean), no more than with six times as many."""
SHOULDER = 0.8
KNOTS = np.linspace(0.0, 1.0, 1025)
"""Where the slope of an exposure is tabulated."""


def estimate(picture: Picture, *, stops: float, exposures: float, exact: float) -> Affine:
    """Return the straight lines that lead from the picture to the fusion."""
    height, width = picture.shape[:2]
    (h, w), factor = halved_size(height, width, most=height * width if exact else ENOUGH)
    small = reduce(picture, height=h, width=w)
    linear = decode_srgb(small)
    brightest, key = value(linear)[..., None], value(small)
    pictures, slopes = [small], [np.ones_like(key)]
    for step in np.linspace(0.0, stops, int(exposures))[1:]:
        gain = float(2.0**step)
        rolled = roll_off(brightest * gain, gain=gain, shoulder=SHOULDER)
        pictures.append(encode_srgb(linear * (rolled / np.maximum(brightest, 1e-9))))
        curve = encode_srgb(roll_off(decode_srgb(KNOTS) * gain, gain=gain, shoulder=SHOULDER))
        slopes.append(np.interp(key, KNOTS, np.gradient(curve, KNOTS)).astype(np.float32))
    fused, prior = fuse(pictures, slopes)
    slope, offset = guided.colour_lines(small, fused, prior=prior, factor=factor)
    return Affine(slope, offset, centred((h, w), (height, width)))
