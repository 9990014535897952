"""Adaptive gamma correction with weighting distribution (AGCWD).

On the 256 levels l of V = max(R, G, B), with the distribution p and its softened form

    p_w = p_max·((p − p_min)/(p_max − p_min))^alpha,  c_w(l) = Σ_{k ≤ l} p_w(k)/Σ p_w
    f(l) = l^(1 − c_w(l))

The other channels follow in proportion (hue and saturation stay). f is increasing and never
darkens. White is the anchor: the largest level that occurs becomes white, where the paper lets it
stay, which leaves dark pictures dark.

Source: Huang, Cheng, Chiu, Efficient contrast enhancement using adaptive gamma correction with
weighting distribution, IEEE TIP 22(3), 2013, eqs. 3–7, doi 10.1109/TIP.2012.2226047.

| domain             | range         |
|--------------------|---------------|
| encoded in [0, 1]  | [0, 1]        |
"""

from __future__ import annotations

from relume.arrays import Picture
from relume.card import Card, Knob
from relume.filters.histogram import fold, interpolated
from relume.filters.weighting import weighted_gamma
from relume.render import Tone, histogram

CARD = Card(
    name="agcwd",
    title="AGCWD",
    summary="A gamma for each level, from the softened histogram of the value.",
    kind="classical",
    reach=None,
    year=2013,
    paper="https://doi.org/10.1109/TIP.2012.2226047",
    keeps_gray=True,
    cost="one histogram, one pass",
    knobs=(
        Knob("alpha", 0.5, low=0.0, high=2.0,
             meaning="weight of the histogram's peaks; smaller is softer"),
    ),
)  # fmt: skip


def estimate(picture: Picture, *, alpha: float) -> Tone:
    """Return the transfer function of the value."""
    table = weighted_gamma(fold(histogram(picture, of="value")), alpha=alpha, floor=0.0)
    return Tone(interpolated(table), by="value")
