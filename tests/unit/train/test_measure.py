"""What validation measures is what the metrics measure."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from fake.datasets import expose, scene
from relume.metrics.psnr import MEASURES as PSNR
from relume.metrics.ssim import MEASURES as SSIM
from relume.train.measure import in_8_bits, psnr, ssim, told


def test_equals_the_metrics() -> None:
    high = [scene(seed, height=40, width=56) for seed in range(3)]
    random = np.random.default_rng(0)
    low = [expose(picture, 0.3 + 0.3 * n) for n, picture in enumerate(high)]
    low[1] = random.integers(0, 256, low[1].shape, np.uint8)
    ours, theirs = (
        in_8_bits(torch.from_numpy(np.stack(group)).permute(0, 3, 1, 2).float() / 255)
        for group in (low, high)
    )
    for n in range(3):
        pair = (low[n].astype(float), high[n].astype(float))
        assert psnr(ours, theirs)[n].item() == pytest.approx(PSNR[""](*pair), abs=1e-4)
        assert ssim(ours, theirs)[n].item() == pytest.approx(SSIM["gauss11"](*pair), abs=1e-5)


def test_equal_pictures() -> None:
    image = in_8_bits(torch.full((1, 3, 16, 16), 0.2))
    assert psnr(image, image).item() == 100
    assert ssim(image, image).item() == pytest.approx(1)


def test_rounds_to_what_a_file_holds() -> None:
    image = torch.tensor([-0.1, 0.0, 0.4999 / 255, 0.6 / 255, 1.2])
    assert in_8_bits(image).tolist() == [0, 0, 0, 1, 255]
    assert in_8_bits(image.bfloat16()).dtype == torch.float32


def test_tells_people() -> None:
    assert told({"psnr": 17.344, "ssim": 0.5, "total": 2.0}) == "PSNR 17.34 dB, SSIM 0.5, total 2"
