"""HVR: two small modules refine a picture's latents in turn; learnt from darkened photos."""

from __future__ import annotations

from relume.card import Card, Weights

CARD = Card(
    name="hvr",
    title="HVR-SSLE",
    summary="Two small modules refine a picture's latents again and again, at full resolution.",
    kind="neural",
    # Group normalisation averages over the whole picture.
    reach=None,
    # A gigabyte and a half of memory, and seconds of work: half of it tables of attention.
    most_pixels=240_000,
    bytes_per_pixel=6600,
    cost="1,000,000 multiplications per pixel, of at most 240,000",
    parameters=353_763,
    weights=(
        Weights(
            "zero-shot",
            sha256="cd38f95826e06ec04b34ca9ceb47ead54a7770ca248e62f30bc67cf22b5a609a",
            trained_on=("COCO and BSDS500: photographs darkened at random; no LOL picture",),
            license="MIT",
            recipe="weights/zero-shot.yaml",
        ),
    ),
)
