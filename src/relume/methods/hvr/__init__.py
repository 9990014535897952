"""HVR: two small modules refine a picture's latents in turn; learnt from darkened photos."""

from __future__ import annotations

from relume.card import Card, Knob, Weights

CARD = Card(
    name="hvr",
    title="HVR-SSLE",
    summary="Two small modules refine a picture's latents again and again, at full resolution.",
    kind="neural",
    # Group normalisation averages over the whole picture.
    reach=None,
    # A gigabyte and a half of memory, and seconds of work, most of it convolutions.
    most_pixels=240_000,
    bytes_per_pixel=6600,
    cost="500,000 multiplications per pixel, of at most 240,000",
    parameters=353_763,
    built=(
        Knob("t", 2, low=0, high=8, meaning="visits of the low module, in turn", whole=True),
        Knob("c", 2, low=0, high=8, meaning="visits of the high module in a round", whole=True),
        Knob("n", 1, low=0, high=8, meaning="rounds", whole=True),
    ),
    weights=(
        Weights(
            "zero-shot",
            sha256="e17f607454f1ecac1e8fc5f7250ab77a97101ea4c906295fccdb7ac45d3b0f59",
            trained_on=("COCO and BSDS500: photographs darkened at random; no LOL picture",),
            license="MIT",
            recipe="weights/zero-shot.yaml",
        ),
    ),
)
