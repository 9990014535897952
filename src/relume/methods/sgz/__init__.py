"""SGZ: a tiny network draws a brightening curve for each pixel; learnt from dark pictures alone."""

from __future__ import annotations

from relume.card import Card, Estimate, Knob, Weights

CARD = Card(
    name="sgz",
    title="SGZ",
    summary="A tiny network draws a brightening curve for every pixel.",
    kind="neural",
    year=2022,
    paper="https://arxiv.org/abs/2110.00970",
    upstream="https://github.com/ShenZheng2000/Semantic-Guided-Low-Light-Image-Enhancement",
    license="MIT",
    # Seven 3×3 convolutions, counted at the size the network sees.
    reach=7,
    cost="10,000 multiplications per pixel of the reduced picture, then one pass over all",
    parameters=10_561,
    knobs=(
        Knob(
            "scale",
            12,
            low=1,
            high=32,
            meaning="how many times smaller the picture is on which curves are estimated; "
            "larger is faster and smoother",
            whole=True,
        ),
    ),
    weights=(
        Weights(
            "nights",
            sha256="936a6dd6e9570d0aaaad97faa3c33c355759b942eb580679705369185ef217ed",
            trained_on=(
                "SICE part 1: 500 pictures of many exposures",
                "LOL-v1 our485: 414 dark pictures, without the scenes of eval15",
                "COCO and BSDS500: photographs darkened at random",
            ),
            license="MIT",
            recipe="weights/nights.yaml",
        ),
    ),
    estimate=Estimate(
        renders="curve",
        iterations=8,
        reduction="bilinear",
        scale_knob="scale",
        aligns_corners=True,
    ),
)
