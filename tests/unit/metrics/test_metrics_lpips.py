"""LPIPS: the model file against the same network in torch, and files that are something else."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional as F  # noqa: N812  (the name everyone knows it by)

from relume.errors import ContractError, WeightsError
from relume.export.lpips import build, lpips_to_onnx
from relume.metrics.lpips import lpips, open_distance
from relume.metrics.scorer import scorer
from shared import need_shared

State = dict[str, Tensor]
CHANNELS = {
    "alex": (64, 192, 384, 256, 256),
    "vgg": (64, 128, 256, 512, 512),
    "squeeze": (64, 128, 256, 384, 384, 512, 512),
}


def alex(x: Tensor, w: State) -> list[Tensor]:
    taps = []
    for name, stride, padding, pools in (
        ("0", 4, 2, False), ("3", 1, 2, True), ("6", 1, 1, True), ("8", 1, 1, False),
        ("10", 1, 1, False),
    ):  # fmt: skip
        x = F.max_pool2d(x, 3, 2) if pools else x
        x = F.relu(F.conv2d(x, w[f"{name}.weight"], w[f"{name}.bias"], stride, padding))
        taps.append(x)
    return taps


def vgg(x: Tensor, w: State) -> list[Tensor]:
    taps = []
    for stage in ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28)):
        x = F.max_pool2d(x, 2) if stage[0] else x
        for n in stage:
            x = F.relu(F.conv2d(x, w[f"{n}.weight"], w[f"{n}.bias"], padding=1))
        taps.append(x)
    return taps


def squeeze(x: Tensor, w: State) -> list[Tensor]:
    def fire(x: Tensor, n: int) -> Tensor:
        s = F.relu(F.conv2d(x, w[f"{n}.squeeze.weight"], w[f"{n}.squeeze.bias"]))
        one = F.conv2d(s, w[f"{n}.expand1x1.weight"], w[f"{n}.expand1x1.bias"])
        three = F.conv2d(s, w[f"{n}.expand3x3.weight"], w[f"{n}.expand3x3.bias"], padding=1)
        return F.relu(torch.cat([one, three], 1))

    pool = partial(F.max_pool2d, kernel_size=3, stride=2, ceil_mode=True)
    taps = [F.relu(F.conv2d(x, w["0.weight"], w["0.bias"], 2))]
    taps.append(fire(fire(pool(taps[-1]), 3), 4))
    taps.append(fire(fire(pool(taps[-1]), 6), 7))
    taps.append(fire(pool(taps[-1]), 9))
    for n in (10, 11, 12):
        taps.append(fire(taps[-1], n))
    return taps


STACKS = {"alex": alex, "vgg": vgg, "squeeze": squeeze}


def by_torch(
    network: str, one: NDArray[np.uint8], other: NDArray[np.uint8], stem: State, heads: State
) -> float:
    def taps(picture: NDArray[np.uint8]) -> list[Tensor]:
        x = torch.from_numpy(picture / 255.0).permute(2, 0, 1)[None].double() * 2 - 1
        shift = torch.tensor([-0.030, -0.088, -0.188], dtype=torch.float64).view(1, 3, 1, 1)
        scale = torch.tensor([0.458, 0.448, 0.450], dtype=torch.float64).view(1, 3, 1, 1)
        double = {name: value.double() for name, value in stem.items()}
        return STACKS[network]((x - shift) / scale, double)

    total = 0.0
    for layer, (f, g) in enumerate(zip(taps(one), taps(other), strict=True)):
        f, g = (t / (t.square().sum(1, keepdim=True).sqrt() + 1e-10) for t in (f, g))
        weight = heads[f"lin{layer}.model.1.weight"].double()
        total += float(((f - g).square() * weight).sum(1).mean())
    return total


def random_weights(network: str) -> tuple[State, State]:
    """Weights of the right shapes, small enough that nothing overflows."""
    torch.manual_seed(0)
    shapes: dict[str, tuple[int, ...]] = {}
    if network == "alex":
        for name, out, inside, side in (
            ("0", 64, 3, 11), ("3", 192, 64, 5), ("6", 384, 192, 3), ("8", 256, 384, 3),
            ("10", 256, 256, 3),
        ):  # fmt: skip
            shapes[name] = (out, inside, side, side)
    elif network == "vgg":
        inside = 3
        stages = ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28))
        for stage, out in zip(stages, CHANNELS["vgg"], strict=True):
            for n in stage:
                shapes[str(n)] = (out, inside, 3, 3)
                inside = out
    else:
        shapes["0"] = (64, 3, 3, 3)
        inside = 64
        for n, narrow, wide in (
            (3, 16, 64), (4, 16, 64), (6, 32, 128), (7, 32, 128), (9, 48, 192), (10, 48, 192),
            (11, 64, 256), (12, 64, 256),
        ):  # fmt: skip
            shapes[f"{n}.squeeze"] = (narrow, inside, 1, 1)
            shapes[f"{n}.expand1x1"] = (wide, narrow, 1, 1)
            shapes[f"{n}.expand3x3"] = (wide, narrow, 3, 3)
            inside = 2 * wide
    stem: State = {}
    for name, shape in shapes.items():
        stem[f"{name}.weight"] = torch.randn(shape) * (2 / np.prod(shape[1:])) ** 0.5
        stem[f"{name}.bias"] = torch.randn(shape[0]) * 0.01
    heads = {
        f"lin{layer}.model.1.weight": torch.rand(1, channels, 1, 1) / channels
        for layer, channels in enumerate(CHANNELS[network])
    }
    return stem, heads


def pictures(height: int, width: int) -> list[NDArray[np.uint8]]:
    random = np.random.default_rng(0)
    return [random.integers(0, 256, (height, width, 3), np.uint8) for _ in range(2)]


@pytest.mark.parametrize("network", CHANNELS)
def test_the_model_is_the_network(network: str, tmp_path: Path) -> None:
    stem, heads = random_weights(network)
    # As torchvision names them, with the classifier that LPIPS leaves out.
    backbone = {f"features.{name}": value for name, value in stem.items()}
    backbone["classifier.1.weight"] = torch.zeros(1)
    file = tmp_path / "model.onnx"
    file.write_bytes(build(network, backbone=backbone, heads=heads).SerializeToString())  # type: ignore[arg-type]
    distance = open_distance(file, network=network)  # type: ignore[arg-type]
    for size in ((32, 32), (35, 50), (64, 47)):
        one, other = pictures(*size)
        measured = lpips(one, other, distance=distance)
        # The model computes in float32: 1e-6 of values about 0.5.
        assert measured == pytest.approx(by_torch(network, one, other, stem, heads), abs=2e-6)
        assert measured == pytest.approx(lpips(other, one, distance=distance), abs=1e-6)
        assert lpips(one, one, distance=distance) == 0


def test_published_weights(tmp_path: Path) -> None:
    data = need_shared("data", "iqa", "lpips-squeeze")
    file = tmp_path / "squeeze.onnx"
    weights = {"backbone": data / "backbone.pth", "heads": data / "linear_v0.1.pth"}
    lpips_to_onnx("squeeze", **weights, output=file)
    measure = scorer("lpips-squeeze", model=file)
    assert str(measure.label) == "lpips-squeeze[plain]"
    reference, *others = (
        np.asarray(Image.open(data / f"{name}.png").convert("RGB"))
        for name in ("ex_ref", "ex_p0", "ex_p1")
    )
    stem, heads = (torch.load(path, map_location="cpu") for path in weights.values())
    scores = [measure(other, reference) for other in others]
    for other, score in zip(others, scores, strict=True):
        assert score == pytest.approx(by_torch("squeeze", other, reference, stem, heads), abs=1e-6)
    # People found the second nearer (the first is blurred); frozen when both ways agreed.
    assert scores == pytest.approx([0.711048, 0.147902], abs=2e-6)
    with pytest.raises(WeightsError, match="expected a model of lpips-alex, got one of lpips-sq"):
        scorer("lpips", model=file)


def test_other_weights_are_refused(tmp_path: Path) -> None:
    stem, heads = random_weights("alex")
    with pytest.raises(WeightsError, match=r"lpips-vgg: 2\.weight: expected .* got none"):
        build("vgg", backbone=stem, heads=heads)
    heads["lin1.model.1.weight"] = torch.rand(1, 191, 1, 1)
    with pytest.raises(WeightsError, match=r"lpips-alex: lin1\.model\.1\.weight: .*192 channels"):
        build("alex", backbone=stem, heads=heads)
    torch.save(heads, tmp_path / "heads.pth")
    torch.save(stem, tmp_path / "stem.pth")
    with pytest.raises(WeightsError, match=r"heads.pth: not the linear layers of lpips-alex 0\.1"):
        lpips_to_onnx(
            "alex",
            backbone=tmp_path / "stem.pth",
            heads=tmp_path / "heads.pth",
            output=tmp_path / "model.onnx",
        )
    assert not (tmp_path / "model.onnx").exists()


def test_files_that_are_no_model(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no such file"):
        scorer("lpips", model=tmp_path / "absent.onnx")
    with pytest.raises(WeightsError, match=r"relume import-weights lpips-alex BACKBONE\.pth"):
        scorer("lpips")
    (tmp_path / "text.onnx").write_text("not a model")
    with pytest.raises(WeightsError, match=r"text\.onnx: not an ONNX model"):
        scorer("lpips", model=tmp_path / "text.onnx")


def test_an_engine_can_be_given() -> None:
    one, other = pictures(40, 50)
    one[0, 0], other[0, 0] = 0, 255

    def distance(preds: NDArray[np.float32], target: NDArray[np.float32]) -> float:
        assert preds.shape == target.shape == (1, 3, 40, 50)
        assert preds.dtype == np.float32
        assert (preds.min(), target.max()) == (-1.0, 1.0)
        return float(np.abs(preds - target).mean())

    assert lpips(one, other, distance=distance) > 0
    with pytest.raises(ContractError, match="at least 32 pixels"):
        lpips(one[:31], other[:31], distance=distance)
