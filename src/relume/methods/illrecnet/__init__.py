"""IllRecNet: light and surfaces are told apart by frequency, then enhanced and restored."""

from __future__ import annotations

from relume.card import Card, Weights

CARD = Card(
    name="illrecnet",
    title="IllRecNet",
    summary="Light is what is coarse: a U-Net enhances it, small networks restore the rest.",
    kind="neural",
    # The U-Net looks at the mean of the whole picture.
    reach=None,
    # A picture's exposure shows at a megapixel as well as at twenty.
    most_pixels=1_000_000,
    bytes_per_pixel=1024,
    cost="27,000 multiplications per pixel, of at most a million",
    parameters=639_710,
    weights=(
        Weights(
            "pairs",
            sha256="9c3ba63a2376fbe06b5bf60bdee36b7f468a518473134b53d351b1d37bd35943",
            trained_on=("LOL-v1 our485: 414 pairs, without the scenes of eval15",),
            license="MIT",
            recipe="weights/pairs.yaml",
        ),
    ),
)
