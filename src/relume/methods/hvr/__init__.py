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
            sha256="954b7c28efc42e470d5d519c2a95664445ac84133df283c793565c278a732992",
            trained_on=("COCO and BSDS500: photographs darkened at random; no LOL picture",),
            license="MIT",
            recipe="weights/zero-shot.yaml",
        ),
    ),
)
