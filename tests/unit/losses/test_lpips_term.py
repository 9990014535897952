"""LPIPS as a term against LPIPS as a metric, and files that are something else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from relume.errors import ContractError, WeightsError
from relume.export.lpips import lpips_to_onnx
from relume.losses.lpips import Lpips
from relume.metrics.lpips import lpips, open_distance
from shared import need_shared


@pytest.fixture(scope="module")
def folder() -> Path:
    return need_shared("data", "iqa", "lpips-squeeze")


@pytest.fixture(scope="module")
def term(folder: Path) -> Lpips:
    return Lpips("squeeze", backbone=folder / "backbone.pth", heads=folder / "linear_v0.1.pth")


def test_equals_the_metric(folder: Path, term: Lpips, tmp_path: Path) -> None:
    model = tmp_path / "squeeze.onnx"
    lpips_to_onnx(
        "squeeze",
        backbone=folder / "backbone.pth",
        heads=folder / "linear_v0.1.pth",
        output=model,
    )
    one, other = (np.array(Image.open(folder / f"{name}.png")) for name in ("ex_ref", "ex_p0"))
    expected = lpips(other, one, distance=open_distance(model, network="squeeze"))
    tensors = [torch.from_numpy(p / 127.5 - 1).float().permute(2, 0, 1)[None] for p in (other, one)]
    assert term(*tensors).item() == pytest.approx(expected, rel=1e-4)


def test_pulls_pictures_together_and_has_no_parameters(term: Lpips) -> None:
    torch.manual_seed(0)
    high = torch.rand(1, 3, 40, 40) * 2 - 1
    near = (high + 0.1 * torch.randn_like(high)).requires_grad_()
    value = term(near, high)
    value.backward()
    assert near.grad is not None
    assert near.grad.abs().sum() > 0
    assert term(high, high).item() == 0
    assert term((near - 0.1 * near.grad.sign()).detach(), high).isfinite()
    assert list(term.parameters()) == []


def test_refuses_other_weights_and_small_pictures(folder: Path, term: Lpips) -> None:
    with pytest.raises(WeightsError, match="lpips-alex"):
        Lpips("alex", backbone=folder / "backbone.pth", heads=folder / "linear_v0.1.pth")
    with pytest.raises(WeightsError, match="linear layers"):
        Lpips("squeeze", backbone=folder / "backbone.pth", heads=folder / "backbone.pth")
    with pytest.raises(ContractError, match="perceptual=0"):
        term(torch.zeros(1, 3, 31, 40), torch.zeros(1, 3, 31, 40))
