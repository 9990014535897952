"""The full-resolution pass: a curve, a gain or a tone for every pixel, from bytes to bytes."""

from __future__ import annotations

from relume.render.full import apply
from relume.render.histograms import histogram
from relume.render.kernel import backend, why_numpy
from relume.render.maps import (
    Affine,
    Blend,
    Curve,
    Gain,
    Grid,
    Lift,
    Local,
    Noise,
    Relight,
    Rendering,
    Tiles,
    Tone,
    centred,
    cornered,
)
from relume.render.reduction import reduce

__all__ = [
    "Affine",
    "Blend",
    "Curve",
    "Gain",
    "Grid",
    "Lift",
    "Local",
    "Noise",
    "Relight",
    "Rendering",
    "Tiles",
    "Tone",
    "apply",
    "backend",
    "centred",
    "cornered",
    "histogram",
    "reduce",
    "why_numpy",
]
