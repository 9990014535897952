"""The curve network against the published one, and what its weights must keep."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from relume import methods
from relume.methods import sgz
from relume.methods.sgz.network import CurveNetwork, Network, apply_curve, from_state
from relume.methods.sgz.objective import Objective
from relume.nn.checkpoint import read_state
from shared import need_shared

PARITY = 1e-4
"""Largest difference to the published outputs: float32 sums in another order, nothing more."""


@pytest.fixture(scope="module")
def published() -> CurveNetwork:
    return from_state(read_state(need_shared("reference", "sgz_official.pth"))).eval()


@pytest.fixture(scope="module")
def reference() -> dict[str, np.ndarray]:
    with np.load(need_shared("reference", "sgz.npz")) as arrays:
        return dict(arrays)


def _image(reference: dict[str, np.ndarray]) -> torch.Tensor:
    pixels = reference["input_uint8"].astype(np.float32) / 255
    return torch.from_numpy(pixels).permute(2, 0, 1)[None]


def test_has_as_many_parameters_as_the_card_says() -> None:
    counted = sum(value.numel() for value in Network().parameters())
    assert counted == methods.card("sgz").parameters == 10_561


def test_standard_convolutions_are_larger_and_keep_the_shape() -> None:
    network = Network(convolution="standard")
    image = torch.rand(1, 3, 9, 7)
    assert sum(value.numel() for value in network.parameters()) > 60_000
    assert network(image).enhanced.shape == image.shape
    again = from_state(network.state_dict())
    assert torch.equal(again(image).curve, network(image).curve)


@pytest.mark.parametrize("scale", [1, 4, 12])
def test_equals_the_published_network(
    published: CurveNetwork, reference: dict[str, np.ndarray], scale: int
) -> None:
    with torch.no_grad():
        enhanced, curve = published(_image(reference), scale)
    assert np.abs(enhanced[0].numpy() - reference[f"enhanced_s{scale}"]).max() < PARITY
    # Ours is positive where it brightens, the published map negative.
    assert np.abs(curve[0].numpy() + reference[f"curve_s{scale}"]).max() < PARITY


def test_terms_equal_the_published_ones(
    published: CurveNetwork, reference: dict[str, np.ndarray]
) -> None:
    objective = Objective(smoothness=1, spatial=1, colour=1, exposure=1)
    terms = objective(published, {"low": _image(reference)})
    names = {
        "smoothness": "loss_tv",
        "spatial": "loss_spatial_p4",
        "colour": "loss_colour",
        "exposure": "loss_exposure_0p6",
    }
    assert terms.keys() == names.keys()
    for ours, theirs in names.items():
        # float32 sums in another order than the published code's.
        assert terms[ours].item() == pytest.approx(float(reference[theirs]), rel=1e-5)


def test_weights_scale_terms_and_zero_leaves_them_out() -> None:
    torch.manual_seed(0)
    network, batch = Network(), {"low": torch.rand(2, 3, 32, 32) * 0.3}
    once = Objective(smoothness=1, spatial=1, colour=1, exposure=1)(network, batch)
    terms = Objective(smoothness=3, spatial=0, colour=2, exposure=1)(network, batch)
    assert "spatial" not in terms
    assert terms["smoothness"].item() == pytest.approx(3 * once["smoothness"].item(), rel=1e-6)
    assert terms["colour"].item() == pytest.approx(2 * once["colour"].item(), rel=1e-6)


@pytest.mark.parametrize("semantic", [0.0, 0.1])
def test_gradients_reach_every_parameter(semantic: float) -> None:
    torch.manual_seed(0)
    network = Network()
    objective = Objective(semantic=semantic, backbone="small")
    terms = objective(network, {"low": torch.rand(2, 3, 48, 48) * 0.3})
    assert ("semantic" in terms) == bool(semantic)
    torch.stack(list(terms.values())).sum().backward()
    for name, value in network.named_parameters():
        assert value.grad is not None, name
        assert value.grad.abs().sum() > 0, name
    assert all(value.grad is None for value in objective.parameters())


def test_the_segmentation_is_the_same_in_every_run_and_stays_frozen() -> None:
    image = torch.rand(1, 3, 40, 40)
    one, other = (Objective(semantic=0.1, backbone="small").train() for _ in range(2))
    assert one.segmentation is not None
    assert other.segmentation is not None
    assert torch.equal(one.segmentation(image), other.segmentation(image))
    assert not one.segmentation.training


@settings(max_examples=25, deadline=None)
@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    scale=st.integers(1, 32),
    seed=st.integers(0, 9),
)
def test_any_size_keeps_its_size_and_range(height: int, width: int, scale: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    network = Network()
    image = torch.rand(1, 3, height, width, generator=generator)
    with torch.no_grad():
        enhanced, curve = network(image, scale)
    assert enhanced.shape == curve.shape == image.shape
    assert torch.isfinite(enhanced).all()
    assert enhanced.min() >= 0
    assert enhanced.max() <= 1


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_black_and_white_stay(level: float) -> None:
    image = torch.full((1, 3, 25, 13), level)
    with torch.no_grad():
        assert torch.equal(Network()(image, 12).enhanced, image)


def test_a_positive_curve_is_brighter_and_monotonic() -> None:
    ramp = torch.linspace(0, 1, 256).view(1, 1, 1, 256)
    for strength in (-1.0, -0.3, 0.3, 1.0):
        out = apply_curve(ramp, torch.full_like(ramp, strength))
        assert (out.diff() >= -1e-6).all()  # rounding where the curve is flat
        assert ((out - ramp)[..., 1:-1] * strength >= 0).all()


def test_influence_ends_at_the_reach() -> None:
    torch.manual_seed(0)
    network, reach = Network(), methods.card("sgz").reach
    assert reach is not None
    image = torch.rand(1, 3, 41, 41)
    poked = image.clone()
    poked[..., 20, 20] = 1 - poked[..., 20, 20]
    with torch.no_grad():
        changed = (network(image).curve != network(poked).curve).any(dim=1)[0]
    rows, columns = torch.nonzero(changed, as_tuple=True)
    distance = torch.maximum((rows - 20).abs(), (columns - 20).abs())
    assert distance.max() == reach


def test_twenty_steps_lower_the_objective() -> None:
    torch.manual_seed(0)
    network, objective = Network(), Objective(smoothness=200)
    batch = {"low": torch.rand(4, 3, 32, 32) * 0.2}
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
    totals: list[float] = []
    for _ in range(21):
        total = torch.stack(list(objective(network, batch).values())).sum()
        totals.append(total.item())
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
    assert totals[-1] < 0.95 * totals[0]


def test_the_shipped_weights_are_those_of_the_card_and_give_their_golden() -> None:
    card, folder = methods.card("sgz"), Path(sgz.__file__).parent / "weights"
    content = (folder / "nights.safetensors").read_bytes()
    assert sha256(content).hexdigest() == card.weights[0].sha256
    assert (folder.parent / card.weights[0].recipe).is_file()
    network = from_state(read_state(folder / "nights.safetensors")).eval()
    with np.load(folder / "nights.golden.npz") as golden:
        image = torch.from_numpy(golden["input"].astype(np.float32) / 255).permute(2, 0, 1)[None]
        with torch.no_grad():
            enhanced, curve = network(image)
        # Other processors sum in another order.
        assert np.abs(golden["curve"] - curve[0].numpy()).max() < 1e-5
        assert np.abs(golden["enhanced"] - enhanced[0].numpy()).max() < 1e-4
        assert enhanced.mean() > 2 * image.mean()
