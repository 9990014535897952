from __future__ import annotations

import numpy as np
from classical import check_pin, coffee, night, run

from relume.filters.illumination import refine


def test_pin_of_the_forward_pass():
    picture = coffee()
    smooth = refine(picture.max(axis=2), alpha=0.15, strategy=3, sigma=3.0, radius=7, factor=1.0)
    result = np.clip(picture / smooth[..., None] ** 0.6, 0, 1)
    check_pin(result, (0.458957, 0.240559, 0.142676), 0.198337, off=1e-3)


def test_dark_parts_brighten_and_bright_parts_keep_their_detail():
    picture = night(0, (120, 160))
    picture[:, 80:] = np.clip(0.9 + 0.05 * (picture[:, 80:] - 0.4), 0, 1)
    result = run("dual", picture)
    assert result[:, :40].mean() > 1.5 * picture[:, :40].mean()
    # The half that is nearly white is restored, which darkens it.
    assert result[:, 100:].mean() < picture[:, 100:].mean()


def test_smaller_exponents_correct_more():
    picture = night(1, (60, 80)) * np.float32(0.5)
    results = [run("dual", picture, exponent=e).mean() for e in (0.2, 0.4, 0.8)]
    assert results[0] > results[1] > results[2] > picture.mean()
