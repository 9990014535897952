from __future__ import annotations

import numpy as np
import pytest

from relume.filters.exposure_fusion import fuse

cv2 = pytest.importorskip("cv2")


def exposures(size=(96, 128)):
    rng = np.random.default_rng(0)
    down, across = np.mgrid[: size[0], : size[1]] / 40
    base = 0.4 + 0.3 * np.sin(across * 2) * np.cos(down * 3)
    base = np.clip(base[..., None] * (1, 0.7, 0.5) + 0.02 * rng.random((*size, 3)), 0, 1)
    return [np.clip(base * gain, 0, 1).astype(np.float32) for gain in (0.4, 1.0, 2.2)]


def test_is_near_opencvs():
    """OpenCV's pyramid has two more levels and another border; its default ignores exposedness."""
    pictures = exposures((400, 600))
    slopes = [np.ones(pictures[0].shape[:2], np.float32)] * 3
    ours, _ = fuse(pictures, slopes)
    theirs = np.clip(
        cv2.createMergeMertens(1.0, 1.0, 1.0).process([255 * p for p in pictures]), 0, 1
    )
    assert np.abs(ours - theirs).mean() < 0.015
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.99


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (3, 2), (17, 31), (64, 64)])
def test_equal_pictures_are_their_own_fusion(size):
    picture = np.random.default_rng(1).random((*size, 3), np.float32)
    slopes = [np.full(size, 2, np.float32), np.full(size, 4, np.float32)]
    fused, slope = fuse([picture, picture], slopes)
    assert np.abs(fused - picture).max() < 1e-5
    assert np.abs(slope - 3).max() < 1e-5


def test_gray_pictures_need_no_saturation():
    pictures = [np.repeat(p[..., :1], 3, axis=2) for p in exposures()]
    slopes = [np.full(p.shape[:2], k, np.float32) for k, p in enumerate(pictures)]
    fused, slope = fuse(pictures, slopes)
    assert np.ptp(fused, axis=2).max() < 1e-6
    assert slope.std() > 0.01  # the shares still differ


def test_well_exposed_wins():
    dark, good = np.full((32, 32, 3), 0.02, np.float32), np.full((32, 32, 3), 0.5, np.float32)
    texture = 0.02 * np.random.default_rng(2).random((32, 32, 3), np.float32)
    fused, _ = fuse([dark + texture, good + texture], [np.ones((32, 32), np.float32)] * 2)
    assert abs(fused.mean() - 0.5) < 0.05
