"""LLPackNet: from a camera's dark RAW mosaic to a finished picture, at 1/16 of its size."""

from __future__ import annotations

from relume.card import Card, Knob, Weights

CARD = Card(
    name="llpacknet",
    title="LLPackNet",
    summary="A network develops a dark camera RAW file and finds its amplification.",
    kind="neural",
    # 19 convolutions of 3×3 at 1/16 of the size, then 7 at 1/8, the cells themselves, and two
    # pixels of a block that also take of the next.
    reach=377,
    year=2020,
    paper="https://arxiv.org/abs/2011.14133",
    upstream="https://github.com/MohitLamba94/LLPackNet",
    license=None,
    input="mosaic",
    output="srgb",
    multiple_of=16,
    bytes_per_pixel=64,
    cost="6,900 multiplications per pixel",
    parameters=1_177_409,
    knobs=(
        Knob(
            "amplification",
            0,
            low=0,
            high=1024,
            meaning="what the mosaic is multiplied by, such as the ratio of two exposure times; "
            "0 finds it in the mosaic's histogram",
        ),
    ),
    weights=(
        Weights(
            "nights",
            sha256="d24a01d63b5cf1a31025d70566155153f776659eeed11029c11271b20386cf6f",
            trained_on=("COCO and BSDS500: photographs turned into dark mosaics of many sensors",),
            license="MIT",
            recipe="weights/nights.yaml",
        ),
    ),
)
