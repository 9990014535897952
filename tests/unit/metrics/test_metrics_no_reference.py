"""Metrics without a reference: known values, invariances, refusals, and the files they need."""

from __future__ import annotations

import subprocess
import sys
from math import log2
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from relume.errors import ContractError, WeightsError
from relume.metrics import brisque, niqe, nl, piqe
from relume.metrics.colourfulness import colourfulness
from relume.metrics.entropy import entropy
from relume.metrics.regression import Regression, from_libsvm, from_opencv
from relume.metrics.scorer import scorer
from shared import need_shared

ROOT = Path(__file__).parents[3]


def scene(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    """A picture with edges, texture and noise, so that statistics exist."""
    random = np.random.default_rng(seed)
    plane = sum(
        cv2.resize(random.random((height // k + 1, width // k + 1, 3)), (width, height))
        for k in (4, 16, 64)
    )
    picture = plane * 85 + random.normal(0, 2, (height, width, 3))
    return np.clip(picture, 0, 255).astype(np.uint8)


def public(name: str) -> NDArray[np.uint8]:
    data = pytest.importorskip("skimage.data", reason="needs the pictures of scikit-image")
    return getattr(data, name)()


def test_everything_agrees_with_the_published_scores() -> None:
    data = need_shared("data", "iqa")
    script = ROOT / "benchmarks" / "metrics_calibration.py"
    ran = subprocess.run(
        [sys.executable, str(script), str(data)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count("| niqe[plain] |") == 5
    assert "outside" not in ran.stdout


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("astronaut", 3.065157),
        ("coffee", 4.058462),
        ("chelsea", 2.572084),
        ("rocket", 7.036827),
    ],
)
def test_niqe_of_public_pictures(name: str, expected: float) -> None:
    parameters = need_shared("data", "iqa", "parameters", "niqe_pris_params.npz")
    measured = scorer("niqe", model=parameters)(public(name))
    assert measured == pytest.approx(expected, abs=1e-4)  # another order of summation


def test_niqe_features_of_a_public_picture() -> None:
    rows, sharpness = niqe.features(public("astronaut"))
    assert rows.shape == (25, 36)
    assert sharpness.shape == (25,)
    known = [1.94844, 0.609864, 0.6606, 0.016893, 0.064582, 0.073236]
    assert np.allclose(np.nanmean(rows, axis=0)[:6], known, atol=2e-5)


def test_niqe_own_goes_with_niqe() -> None:
    parameters = need_shared("data", "iqa", "parameters", "niqe_pris_params.npz")
    photographs = sorted(need_shared("data", "train", "normal").glob("coco_*.jpg"))[:24]
    published, own = scorer("niqe", model=parameters), scorer("niqe-own")
    assert str(own.label) == "niqe-own[plain]"
    scores = []
    for path in photographs:  # none of them was in the fit
        picture = np.asarray(Image.open(path).convert("RGB"))
        noisy = np.clip(picture + np.random.default_rng(0).normal(0, 15, picture.shape), 0, 255)
        scores += [(published(p), own(p)) for p in (picture, noisy.astype(np.uint8))]
    ranks = np.argsort(np.argsort(np.array(scores), axis=0), axis=0)
    assert np.corrcoef(ranks.T)[0, 1] > 0.90  # the acceptance of a fit


def test_niqe_own_orders_distortions() -> None:
    own, picture = scorer("niqe-own"), public("astronaut")
    noisy = np.clip(picture + np.random.default_rng(0).normal(0, 25, picture.shape), 0, 255)
    blurred = cv2.GaussianBlur(picture, (0, 0), 3)
    assert own(picture) < own(noisy.astype(np.uint8))
    assert own(picture) < own(blurred)


def test_niqe_looks_at_whole_blocks() -> None:
    picture = scene(200, 300)
    assert scorer("niqe-own")(picture) == scorer("niqe-own")(picture[:192, :288])
    with pytest.raises(ContractError, match=r"at least two blocks of 96×96 pixels.*190×95"):
        scorer("niqe-own")(picture[:95, :190])
    with pytest.raises(ContractError, match="too flat"):
        scorer("niqe-own")(np.full((200, 300, 3), 90, np.uint8))


def test_a_model_is_fitted_from_sharp_blocks() -> None:
    pictures = [niqe.features(scene(290, 290, seed)) for seed in range(20)]
    pristine, blocks = niqe.fit(pictures)
    assert 36 < blocks <= 180
    assert pristine.covariance.shape == (36, 36)
    assert np.linalg.eigvalsh(pristine.covariance)[0] > 0
    with pytest.raises(ContractError, match="too few"):
        niqe.fit(pictures[:1])


def test_only_the_published_parameters_are_niqe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "parameters.npz"
    pristine = niqe.own_pristine()
    np.savez(other, mu_pris_param=pristine.mean, cov_pris_param=pristine.covariance)
    with pytest.raises(WeightsError, match="expected sha256 2a7c182a"):
        scorer("niqe", model=other)
    with pytest.raises(WeightsError, match="no such file"):
        scorer("niqe", model=tmp_path / "absent.npz")
    monkeypatch.setattr(niqe, "find_spec", lambda name: None)
    with pytest.raises(WeightsError, match="or measure niqe-own"):
        scorer("niqe")


def test_installed_parameters_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parameters = need_shared("data", "iqa", "parameters", "niqe_pris_params.npz")
    (tmp_path / "basicsr" / "metrics").mkdir(parents=True)
    (tmp_path / "basicsr" / "__init__.py").write_text("raise RuntimeError('imported')\n")
    place = tmp_path / "basicsr" / "metrics" / "niqe_pris_params.npz"
    place.write_bytes(parameters.read_bytes())
    monkeypatch.syspath_prepend(str(tmp_path))
    assert scorer("niqe")(scene(200, 200)) > 0


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("astronaut", {0: 1.450, 1: 0.200073, 2: 0.584, 3: 0.019512, 4: 0.051333, 5: 0.067415}),
        ("coffee", {0: 1.721, 1: 0.288569, 2: 0.623, 5: 0.111169, 18: 1.613, 19: 0.265933}),
        ("chelsea", {0: 1.445, 1: 0.233458, 3: 0.051396, 18: 1.642, 19: 0.246259}),
    ],
)
def test_brisque_features_of_public_pictures(name: str, expected: dict[int, float]) -> None:
    measured = brisque.features(public(name))
    for index, value in expected.items():
        assert measured[index] == pytest.approx(value, abs=2e-6), index  # six digits


def test_brisque_wants_the_published_files(tmp_path: Path) -> None:
    parameters = need_shared("data", "iqa", "parameters")
    model = parameters / "brisque_model_live.yml"
    with pytest.raises(WeightsError, match="not the authors' BRISQUE model"):
        scorer("brisque", model=model)
    alone = tmp_path / model.name
    alone.write_bytes(model.read_bytes())
    with pytest.raises(WeightsError, match=r"brisque_range_live\.yml: expected its range"):
        scorer("brisque-opencv", model=alone)
    measure = scorer("brisque-opencv", model=model)
    assert 0 <= measure(scene(120, 90)) <= 100
    with pytest.raises(ContractError, match="undefined"):
        measure(np.full((40, 40, 3), 90, np.uint8))
    with pytest.raises(ContractError, match="at least 8 pixels"):
        measure(scene(7, 40))


LIBSVM = """svm_type epsilon_svr
kernel_type rbf
gamma 0.5
nr_class 2
total_sv 2
rho -1.5
SV
2 1:0.5 3:-1
-1 2:1
"""


def test_regressions_are_read_from_both_formats() -> None:
    limits = np.array([[0.0, 0.0, 0.0], [2.0, 2.0, 4.0]])
    ours = from_libsvm(LIBSVM, limits=limits)
    point = np.array([2.0, 1.0, 0.0])  # scaled: 1, 0, −1
    expected = 2 * np.exp(-0.5 * 0.25) - np.exp(-0.5 * (1 + 1 + 1)) + 1.5
    assert ours(point) == pytest.approx(expected)
    yaml = """%YAML:1.0
opencv_ml_svm:
   kernel:
      gamma: 5.0e-01
   support_vectors:
      - [ 0.5, 0., -1. ]
      - [ 0., 1.,
          0. ]
   decision_functions:
      -
         rho: -1.5000000000000000e+00
         alpha: [ 2., -1. ]
"""
    same = from_opencv(yaml, "range:\n   data: [ 0., 0., 0., 2., 2.,\n 4. ]\n")
    for name in Regression.__dataclass_fields__:
        assert np.array_equal(getattr(same, name), getattr(ours, name)), name
    with pytest.raises(WeightsError, match="epsilon_svr"):
        from_libsvm(LIBSVM.replace("rbf", "linear"), limits=limits)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("astronaut", 33.6615),
        ("coffee", 27.9108),
        ("chelsea", 34.0170),
        ("rocket", 38.7713),
    ],
)
def test_piqe_of_public_pictures(name: str, expected: float) -> None:
    assert scorer("piqe")(public(name)) == pytest.approx(expected, abs=6e-5)  # four digits


def test_piqe_rounds_halves_away_from_zero() -> None:
    """As MATLAB's `round`: of a picture whose brightest level is 10 each odd level is a half."""
    levels = (scene(64, 96)[..., 0] // 25).astype(np.uint8)
    levels[0, 0] = 10
    assert levels.max() == 10
    assert len(np.unique(levels % 2)) == 2
    stretched = 255 * levels.astype(float) / levels.max()
    away, even = (
        piqe.piqe(rounded.astype(np.uint8))
        for rounded in (np.floor(stretched + 0.5), np.round(stretched))
    )
    assert piqe.piqe(levels) == away
    assert abs(away - even) > 1e-3


@pytest.mark.parametrize("sigma", [0.0, 2.0, 10.0])
def test_the_noise_level_is_that_of_the_noise(sigma: float) -> None:
    random = np.random.default_rng(0)
    rows, columns = np.mgrid[:200, :300]
    smooth = 60 + 0.2 * rows + 0.1 * columns + 20 * (rows > 100)
    gray = smooth + sigma * random.standard_normal(smooth.shape)
    picture = np.repeat(gray[..., None], 3, axis=2)
    assert nl.nl(picture) == pytest.approx(sigma, rel=0.02, abs=1e-6)
    assert nl.nl(gray) == pytest.approx(nl.nl(picture), rel=1e-9)


def test_piqe_judges_blocks() -> None:
    flat = np.full((50, 50, 3), 90, np.uint8)
    assert piqe.piqe(flat) == 100
    assert piqe.piqe(np.zeros_like(flat)) == 100
    half = flat.copy()
    half[:, :25] = scene(50, 25)
    seen = piqe.blocks(half)
    assert seen.active.shape == (4, 4)
    assert seen.active[:, 0].all()
    # Of the flat half only what was mirrored or lies beside the edge is active.
    assert not seen.active[:, 3].any()
    assert (seen.active | ~(seen.impaired | seen.noisy)).all()
    grid = cv2.resize(scene(12, 12), (96, 96), interpolation=cv2.INTER_NEAREST)
    assert piqe.blocks(grid).impaired.any()


def test_entropy_counts_bits() -> None:
    assert entropy(np.full((8, 8, 3), 90, np.uint8)) == 0
    levels = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=2)
    assert entropy(levels) == pytest.approx(8.0)
    thirds = np.zeros((3, 4, 3), np.uint8)
    thirds[0] = 200
    assert entropy(thirds) == pytest.approx(log2(3) - 2 / 3)
    assert entropy(public("astronaut")) == pytest.approx(7.453649, abs=6e-7)


def test_colourfulness_is_the_formula() -> None:
    assert colourfulness(np.repeat(scene(9, 9)[..., :1], 3, axis=2)) == 0
    red = np.zeros((4, 4, 3), np.uint8)
    red[..., 0] = 200
    assert colourfulness(red) == pytest.approx(0.3 * np.hypot(200, 100))
    for name, value in (("astronaut", 72.60516), ("chelsea", 37.95736)):
        assert colourfulness(public(name)) == pytest.approx(value, abs=6e-6)


def test_gray_pictures_are_pictures() -> None:
    gray = scene(200, 200)[..., 1]
    colour = np.repeat(gray[..., None], 3, axis=2)
    for name in ("niqe-own", "piqe", "entropy", "colourfulness"):
        assert scorer(name)(gray) == scorer(name)(colour)
