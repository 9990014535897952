"""PairLIE: three small networks split a picture by Retinex; learnt from pairs of dark exposures."""

from __future__ import annotations

from relume.card import Card, Knob, Weights

CARD = Card(
    name="pairlie",
    title="PairLIE",
    summary="Small networks part light from surfaces; the light is raised, the surfaces kept.",
    kind="neural",
    year=2023,
    paper="https://openaccess.thecvf.com/content/CVPR2023/html/Fu_Learning_a_Simple_Low-Light_Image_Enhancer_From_Paired_Low-Light_Instances_CVPR_2023_paper.html",
    upstream="https://github.com/zhenqifu/PairLIE",
    # Two chains of five 3×3 convolutions in a row.
    reach=10,
    # 64 channels of float32 before and after a convolution, padded copies of both.
    bytes_per_pixel=2048,
    cost="340,000 multiplications per pixel",
    parameters=341_767,
    knobs=(
        Knob(
            "exponent",
            0.2,
            low=0.05,
            high=1.0,
            meaning="power to which the light is raised; smaller is brighter, 1 keeps it",
        ),
    ),
    weights=(
        Weights(
            "exposures",
            sha256="3405f91ccdfcb0fc22c46fdecdeb4ae12ead59ff710e95daf919030520649b19",
            trained_on=(
                "SICE: 179 scenes, two or three exposures of each",
                "LOL-v1 our485: 116 scenes, two or three exposures of each, none of eval15",
            ),
            license="MIT",
            recipe="weights/exposures.yaml",
        ),
    ),
)
