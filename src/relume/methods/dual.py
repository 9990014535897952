"""Dual illumination estimation: dark parts brightened, bright ones restored, the best of all fused.

U = E/T(E)^(1 − exponent) is the picture divided by its smooth illumination, O = 1 − the same of the
negative 1 − E; the exposure fusion of E, U and O is the result. On purely dark pictures O is nearly
E. The fusion of a large picture is found at a half, a quarter … of its size, of at most 1.5
megapixels, and carried over by local straight lines from E to it; `exact` = 1 works at full size.

Source: Zhang, Nie, Zheng, Dual illumination estimation for robust exposure correction, Computer
Graphics Forum 38(7), 2019, §3, doi 10.1111/cgf.13833; a window of σ = 3 over 15 × 15, alpha (their
λ) and their γ = 1 − exponent = 0.6 are those of the authors' program.

| domain             | range         |
|--------------------|---------------|
| encoded in [0, 1]  | [0, 1]        |
"""

from __future__ import annotations

import numpy as np

from relume.arrays import Picture, Plane, Rgb
from relume.card import Card, Knob
from relume.colour import value
from relume.filters import guided
from relume.filters.exposure_fusion import fuse
from relume.filters.illumination import refine
from relume.filters.size import ENOUGH, halved_size
from relume.render import Affine, centred, reduce

CARD = Card(
    name="dual",
    title="DUAL",
    summary="Corrects under- and over-exposure together and fuses the results.",
    kind="classical",
    reach=None,
    year=2019,
    paper="https://doi.org/10.1111/cgf.13833",
    keeps_gray=True,
    cost="two sparse systems and a fusion on at most 1.5 megapixels, one pass",
    knobs=(
        Knob("exponent", 0.4, low=0.0, high=1.0,
             meaning="what remains of the illumination; smaller is a stronger correction"),
        Knob("alpha", 0.15, low=0.0, high=2.0, meaning="smoothness of the illumination"),
        Knob("darkest", 0.01, low=0.001, high=1.0,
             meaning="smallest illumination divided by; larger limits the gain"),
        Knob("exact", 0.0, low=0.0, high=1.0, whole=True, meaning="1 works at full size"),
    ),
)  # fmt: skip

SIGMA, RADIUS = 3.0, 7


def estimate(
    picture: Picture, *, exponent: float, alpha: float, darkest: float, exact: float
) -> Affine:
    """Return the straight lines that lead from the picture to the fusion."""
    height, width = picture.shape[:2]
    (h, w), factor = halved_size(height, width, most=height * width if exact else ENOUGH)
    small = reduce(picture, height=h, width=w)

    def gain(image: Rgb) -> Plane:
        smooth = refine(value(image), alpha=alpha, strategy=3, sigma=SIGMA, radius=RADIUS,
                        factor=factor)  # fmt: skip
        return np.asarray(np.maximum(smooth, darkest) ** (exponent - 1.0), np.float32)

    brighten, restore = gain(small), gain(1.0 - small)
    brightened = np.minimum(small * brighten[..., None], 1.0)
    restored = np.maximum(1.0 - (1.0 - small) * restore[..., None], 0.0)
    slopes = [np.ones_like(brighten), brighten, restore]
    fused, prior = fuse([small, brightened, restored], slopes)
    slope, offset = guided.colour_lines(small, fused, prior=prior, factor=factor)
    return Affine(slope, offset, centred((h, w), (height, width)))
