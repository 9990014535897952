"""Names of numbers, the registry behind them and how pictures are prepared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relume import metrics
from relume.errors import ContractError, UnknownNameError, WeightsError
from relume.metrics.label import Label, parse
from relume.metrics.planes import gray_matlab, gray_opencv, luma_studio, to_bytes
from relume.metrics.protocol import PROTOCOLS, one_protocol, prepare, rectification_ratio
from relume.metrics.psnr import psnr
from relume.metrics.scorer import scorer

METRICS = (
    "brisque", "ciede2000", "colourfulness", "entropy", "loe", "lpips", "mae", "mse", "niqe", "nl",
    "piqe", "psnr", "ssim",
)  # fmt: skip


def test_the_directory_is_the_registry() -> None:
    assert metrics.names() == METRICS


def test_the_page_names_everything() -> None:
    page = Path(metrics.__file__).with_name("README.md").read_text(encoding="utf-8")
    for name in (*METRICS, *PROTOCOLS):
        assert f"`{name}`" in page, name


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_says_what_it_is(name: str) -> None:
    module, metric = metrics.module(name), metrics.metric(name)
    assert metric.name == name == module.__name__.rsplit(".", 1)[1]
    assert metric.low < metric.high
    assert metric.title
    assert set(metric.protocols) <= set(PROTOCOLS)
    assert metric.protocols[0] == "plain"
    models = getattr(module, "MODELS", {})
    assert set(metric.variants) == set(module.MEASURES) | set(models)
    assert not set(module.MEASURES) & set(models)
    assert bool(metric.needs) == bool(models)


@pytest.mark.parametrize(
    ("written", "full"),
    [
        ("psnr", "psnr[plain]"),
        ("PSNR ", "psnr[plain]"),
        ("ssim", "ssim-gauss11[plain]"),
        ("ssim-uniform7[y]", "ssim-uniform7[y]"),
        ("ssim-y", "ssim-gauss11[y]"),
        ("psnr[gt-mean]", "psnr[gt-mean]"),
        ("niqe", "niqe[plain]"),
        ("niqe-own", "niqe-own[plain]"),
        ("brisque-opencv", "brisque-opencv[plain]"),
        ("lpips", "lpips-alex[plain]"),
        ("lpips-vgg", "lpips-vgg[plain]"),
        ("loe", "loe-100[plain]"),
        ("ciede2000-p95", "ciede2000-p95[plain]"),
    ],
)
def test_names_are_completed(written: str, full: str) -> None:
    label = parse(written)
    assert str(label) == full
    assert parse(full) == label


@pytest.mark.parametrize(
    ("written", "kind", "says"),
    [
        ("psrn", UnknownNameError, "did you mean psnr"),
        ("", UnknownNameError, "no metric"),
        ("ssim-gaus11", UnknownNameError, "did you mean gauss11"),
        ("psnr-y7", UnknownNameError, "no variants"),
        ("ssim[plian]", UnknownNameError, "did you mean plain"),
        ("niqe[y]", ContractError, "not defined under the protocol y"),
        ("lpips[gray]", ContractError, "not defined under"),
    ],
)
def test_wrong_names_are_answered(written: str, kind: type[Exception], says: str) -> None:
    with pytest.raises(kind, match=says) as caught:
        scorer(written)
    assert "\n" not in str(caught.value)


@given(
    st.sampled_from(METRICS).flatmap(
        lambda name: st.builds(
            Label,
            st.just(name),
            st.sampled_from(metrics.metric(name).variants),
            st.sampled_from(metrics.metric(name).protocols),
        )
    )
)
def test_a_full_name_means_itself(label: Label) -> None:
    assert parse(str(label)) == label


def test_models_are_never_substituted() -> None:
    for name, says in (
        ("brisque", "allmodel"),
        ("brisque-opencv", "yml"),
        ("lpips", "import-weights lpips-alex"),
    ):
        with pytest.raises(WeightsError, match=says):
            scorer(name)
    with pytest.raises(ContractError, match="has its parameters in itself"):
        scorer("psnr", model=Path("some.npz"))


def test_types_declare_the_range() -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    for same in (levels, levels.astype(np.uint16) * 257, levels / 255.0, levels / np.float32(255)):
        picture = to_bytes(same, what="test")
        assert picture.dtype == np.uint8
        assert picture.shape == (16, 16, 3)
        assert (picture[..., 1] == levels).all()
    assert to_bytes(np.array([[-1.0, 2.0]]), what="test")[0, :, 0].tolist() == [0, 255]
    # A nearly black float picture stays nearly black.
    assert to_bytes(np.full((1, 1, 3), 1.4 / 255), what="test").max() == 1


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((4, 4, 4), np.uint8),
        np.zeros(4, np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 4, 3), np.int32),
        np.zeros((4, 4, 3), bool),
        np.full((4, 4, 3), np.inf),
    ],
)
def test_what_is_no_picture(picture: Any) -> None:
    with pytest.raises(ContractError, match="result"):
        scorer("entropy")(picture)


def test_sizes_are_never_made_to_fit() -> None:
    x = np.zeros((20, 30, 3), np.uint8)
    with pytest.raises(ContractError, match=r"30×20 .* 30×21; nothing is resized"):
        scorer("psnr")(x, np.zeros((21, 30, 3), np.uint8))
    with pytest.raises(ContractError, match="compares with the reference, which is missing"):
        scorer("ssim")(x)
    with pytest.raises(ContractError, match="compares with the dark input"):
        scorer("loe")(x)


def test_grays_are_the_published_ones() -> None:
    import cv2

    random = np.random.default_rng(0)
    picture = random.integers(0, 256, (300, 300, 3), np.uint8)
    assert (gray_opencv(picture) == cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)).all()
    ends = np.array([[[0, 0, 0], [255, 255, 255]]])
    assert gray_matlab(ends).tolist() == [[0, 255]]
    assert np.allclose(luma_studio(ends), [[16, 235]])
    assert np.allclose(luma_studio(ends[..., 0]), [[16, 235]])


def test_an_oracle_undoes_a_gain() -> None:
    random = np.random.default_rng(0)
    reference = random.integers(0, 250, (40, 50, 3), np.uint8)
    dark = np.rint(reference * 0.5).astype(np.uint8)
    assert scorer("psnr[gt-mean]")(dark, reference) > scorer("psnr")(dark, reference) + 20


def test_ratios_of_the_published_codes() -> None:
    data = pytest.importorskip("skimage.data", reason="needs the pictures of scikit-image")
    a = data.astronaut()
    d = np.floor(0.2 * a + 0.5).astype(np.uint8)
    for name, known in (
        ("gt-mean", 5.00087182),
        ("gt-mean-retinexformer", 5.00124257),
        ("gt-mean-llflow", 4.67213991),
    ):
        rectification = PROTOCOLS[name].rectification
        assert rectification is not None
        ratio = rectification_ratio(d, a, rectification=rectification)
        assert ratio == pytest.approx(known, abs=1e-8)
        if name == "gt-mean":
            unrounded = psnr(np.clip(d * ratio, 0, 255), a, data_range=255)
            assert unrounded == pytest.approx(45.612678, abs=6e-7)


def test_an_oracle_leaves_black_alone() -> None:
    black, reference = np.zeros((12, 12, 3), np.uint8), np.full((12, 12, 3), 90, np.uint8)
    for name, protocol in PROTOCOLS.items():
        if protocol.oracle:
            ours, _ = prepare(black, reference, protocol=protocol, metric="psnr")
            assert not ours.any(), name
            rectification = protocol.rectification
            assert rectification is not None
            assert rectification_ratio(black, reference, rectification=rectification) is None


def test_rounding_follows_the_code_that_is_named() -> None:
    random = np.random.default_rng(0)
    reference = random.integers(0, 256, (12, 12, 3), np.uint8)
    for name, metric, rounded in (
        ("gt-mean", "psnr", True),
        ("gt-mean-cidnet", "ssim", False),
        ("gt-mean-retinexformer", "psnr", False),
        ("gt-mean-retinexformer", "ssim", True),
        ("gt-mean-llflow", "psnr", True),
    ):
        ours, _ = prepare(reference // 3, reference, protocol=PROTOCOLS[name], metric=metric)
        assert (ours.dtype == np.uint8) == rounded, name


def test_a_table_has_one_protocol() -> None:
    labels = [parse(name) for name in ("psnr", "ssim", "niqe-own")]
    assert one_protocol(label.protocol for label in labels).name == "plain"
    with pytest.raises(ContractError, match="one protocol, got gt-mean, plain"):
        one_protocol(["plain", "gt-mean", "plain"])
    with pytest.raises(ContractError, match="got none"):
        one_protocol([])
    assert [name for name, protocol in PROTOCOLS.items() if protocol.oracle] == [
        name for name in PROTOCOLS if name.startswith("gt-mean")
    ]
