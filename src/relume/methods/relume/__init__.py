"""relume's own method: see the whole picture small, calm the noise where it will show, relight."""

from __future__ import annotations

from relume.card import Card, Knob, Lifting, Weights

CARD = Card(
    name="relume",
    title="relume",
    summary="Lifts a picture as far as it needs, keeps its colour and highlights, calms its noise.",
    kind="neural",
    year=2026,
    license="MIT",
    reach=None,
    multiple_of=8,
    # Tiles of 1024 × 1024 take a tenth less time than of 640 × 640, which are a quarter halo.
    bytes_per_pixel=64,
    keeps_gray=True,
    cost="12 million multiplications, 1000 per pixel where noise is calmed, one pass over all",
    parameters=91_349,
    knobs=(
        Knob(
            "exposure",
            0.0,
            low=-2.0,
            high=2.0,
            meaning="stops brighter or darker than it finds right",
        ),
        Knob(
            "highlights",
            0.8,
            low=0.0,
            high=1.0,
            meaning="how much of what is bright already is spared",
        ),
        Knob("denoise", 1.0, low=0.0, high=1.0, meaning="how much of the noise is taken away"),
        Knob(
            "floor",
            2.0,
            low=0.0,
            high=8.0,
            meaning="level of 8 bits under which places surrounded by black stay black",
        ),
    ),
    weights=(
        Weights(
            "photos",
            sha256="ebaeb054513e8fabb0b279e0f408b8c871ab4465e5c0d86a7e7423ad86071c98",
            trained_on=("COCO and BSDS500: 656 photographs, darkened at random",),
            license="MIT",
            recipe="weights/photos.yaml",
        ),
        Weights(
            "pairs",
            sha256="7e19ef606b86401e302a00720124ec98d04f5d20268a9236d235826f536137d8",
            trained_on=(
                "LOL-v1 our485: 485 pairs, in which 14 of the 15 scenes of eval15 stand, too",
                "before that what `photos` was trained on",
            ),
            license="MIT",
            recipe="weights/pairs.yaml",
        ),
        Weights(
            "open",
            sha256="610f35163b8919cc5af8bc5e6ced12c053d0c96ad7bda07a4dc65221be79c760",
            trained_on=(
                "160 photographs of free licences, darkened at random: weights/open.photos.tsv",
            ),
            license="MIT",
            recipe="weights/open.yaml",
        ),
    ),
    lifting=Lifting(side=96, halo=55),
)
