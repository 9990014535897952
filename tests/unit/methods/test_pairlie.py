"""PairLIE against the published networks and objective, and what its weights must keep."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from relume import methods
from relume.errors import ContractError
from relume.losses.total_variation import central_variation
from relume.methods import pairlie
from relume.methods.pairlie.network import Network, RetinexNetwork, from_state
from relume.methods.pairlie.objective import Objective
from relume.nn.checkpoint import read_state
from shared import need_shared

PARITY = 1e-4
"""float32 rounding through ten convolutions, on another machine than the reference."""


@pytest.fixture(scope="module")
def reference() -> dict[str, np.ndarray]:
    with np.load(need_shared("reference", "pairlie.npz")) as stored:
        return dict(stored)


@pytest.fixture(scope="module")
def published() -> RetinexNetwork:
    return from_state(read_state(need_shared("reference", "pairlie_official.pth"))).eval()


def _image(reference: dict[str, np.ndarray]) -> torch.Tensor:
    pixels = torch.from_numpy(reference["input_uint8"].astype(np.float32) / 255)
    return pixels.permute(2, 0, 1)[None]


def test_has_as_many_parameters_as_the_card_says() -> None:
    counted = sum(value.numel() for value in Network().parameters())
    assert counted == methods.card("pairlie").parameters == 341_767


@pytest.mark.parametrize(("exponent", "name"), [(0.2, "enhanced_0p20"), (0.14, "enhanced_0p14")])
def test_equals_the_published_networks(
    published: RetinexNetwork, reference: dict[str, np.ndarray], exponent: float, name: str
) -> None:
    image = _image(reference)
    with torch.no_grad():
        relit = published(image, torch.tensor(exponent))
    found = {
        name: relit.enhanced,
        "illumination": relit.illumination,
        "reflectance": relit.reflectance,
        "projection": image - relit.residual,
    }
    for key, value in found.items():
        assert np.abs(value[0].numpy() - reference[key]).max() < PARITY, key


def test_terms_equal_the_published_ones(
    published: RetinexNetwork, reference: dict[str, np.ndarray]
) -> None:
    first = _image(reference)
    second = (first * float(reference["second_exposure_gain"])).clamp(0, 1)
    batch = {"first": first, "second": second}
    terms = Objective(projection=1)(published, batch)
    weighted = Objective(consistency=2, retinex=3, smoothness=0)(published, batch)
    assert "smoothness" not in weighted
    assert weighted["projection"].item() == pytest.approx(500 * terms["projection"].item())
    assert weighted["consistency"].item() == pytest.approx(2 * terms["consistency"].item())
    # The published Retinex term holds its smoothness. float32 sums in another order than theirs.
    together = (terms["retinex"] + terms["smoothness"]).item()
    for ours, theirs in (
        (terms["consistency"].item(), "loss_C"),
        (together, "loss_R"),
        (terms["projection"].item(), "loss_P"),
        (terms["smoothness"].item(), "loss_TV"),
    ):
        assert ours == pytest.approx(float(reference[theirs]), rel=1e-5), theirs


def test_both_is_the_mean_of_either_order() -> None:
    torch.manual_seed(0)
    network = Network(channels=8)
    first, second = torch.rand(2, 3, 9, 12) * 0.2, torch.rand(2, 3, 9, 12) * 0.4
    one = Objective()(network, {"first": first, "second": second})
    other = Objective()(network, {"first": second, "second": first})
    both = Objective(applied_to="both")(network, {"first": first, "second": second})
    for name, value in both.items():
        mean = (one[name].item() + other[name].item()) / 2
        assert value.item() == pytest.approx(mean, rel=1e-5), name


def test_central_variation_of_a_ramp() -> None:
    ramp = torch.arange(5.0).view(1, 1, 1, 5).expand(2, 1, 4, 5)
    assert central_variation(ramp).item() == pytest.approx(2.0)
    assert central_variation(torch.rand(1, 1, 2, 2)).item() == 0
    vertical = torch.tensor([0.0, 9.0, 1.0]).view(1, 1, 3, 1)
    assert central_variation(vertical).item() == pytest.approx(1.0)


def test_gradients_reach_every_parameter() -> None:
    torch.manual_seed(0)
    network = Network()
    batch = {"first": torch.rand(2, 3, 16, 16) * 0.2, "second": torch.rand(2, 3, 16, 16) * 0.4}
    torch.stack(list(Objective()(network, batch).values())).sum().backward()
    for name, value in network.named_parameters():
        assert value.grad is not None, name
        assert value.grad.abs().sum() > 0, name


def test_twenty_steps_lower_the_objective() -> None:
    torch.manual_seed(0)
    network, objective = Network(channels=24), Objective()
    scene = torch.rand(4, 3, 12, 12)
    batch = {"first": scene * 0.1, "second": scene * 0.3}
    optimiser = torch.optim.Adam(network.parameters(), lr=7e-4)
    totals: list[float] = []
    for _ in range(21):
        total = torch.stack(list(objective(network, batch).values())).sum()
        totals.append(total.item())
        optimiser.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
    assert totals[-1] < 0.5 * totals[0]


@settings(max_examples=20, deadline=None)
@given(height=st.integers(1, 20), width=st.integers(1, 20), exponent=st.floats(0.05, 1))
def test_any_size_keeps_its_size_and_range(height: int, width: int, exponent: float) -> None:
    image = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(height))
    with torch.no_grad():
        relit = Network(channels=8)(image, exponent)
    assert relit.illumination.shape == (1, 1, height, width)
    assert relit.enhanced.shape == relit.reflectance.shape == relit.residual.shape == image.shape
    for part in relit:
        assert torch.isfinite(part).all()
    assert relit.enhanced.min() >= 0
    assert relit.enhanced.max() <= 1


def test_a_smaller_exponent_is_brighter_and_no_light_is_no_error() -> None:
    torch.manual_seed(0)
    network = Network(channels=8)
    image = torch.rand(1, 3, 8, 8)
    with torch.no_grad():
        means = [network(image, exponent).enhanced.mean().item() for exponent in (1, 0.5, 0.2)]
    assert means == sorted(means)
    torch.nn.init.constant_(network.illuminate.convolutions[-1].bias, -1000)
    relit = network(image, torch.tensor(0.2, requires_grad=True))
    assert relit.illumination.max() == 0
    relit.enhanced.sum().backward()
    batch = {"first": image, "second": image}
    torch.stack(list(Objective()(network, batch).values())).sum().backward()
    for value in network.parameters():
        assert value.grad is None or torch.isfinite(value.grad).all()


def test_influence_ends_at_the_reach() -> None:
    torch.manual_seed(0)
    network, reach = Network(channels=16), methods.card("pairlie").reach
    assert reach is not None
    image = torch.rand(1, 3, 41, 41)
    poked = image.clone()
    poked[..., 20, 20] = 1 - poked[..., 20, 20]
    with torch.no_grad():
        changed = (network(image).enhanced != network(poked).enhanced).any(dim=1)[0]
    rows, columns = torch.nonzero(changed, as_tuple=True)
    distance = torch.maximum((rows - 20).abs(), (columns - 20).abs())
    assert reach - 1 <= distance.max() <= reach  # the outermost ring may round to no change


def test_other_widths_are_built_and_read_again() -> None:
    network = Network(channels=5)
    image = torch.rand(1, 3, 7, 6)
    again = from_state(network.state_dict())
    assert torch.equal(again(image).enhanced, network(image).enhanced)
    with pytest.raises(ContractError, match="channels"):
        Network(channels=0)
    with pytest.raises(RuntimeError, match="Missing key"):
        from_state({"N_net.N_net.2.weight": torch.zeros(1)})


def test_what_is_taken_from_a_picture_is_noise() -> None:
    folder = Path(pairlie.__file__).parent / "weights"
    network = from_state(read_state(folder / "exposures.safetensors")).eval()
    with np.load(folder / "exposures.golden.npz") as golden:
        image = torch.from_numpy(golden["input"].astype(np.float32) / 255).permute(2, 0, 1)[None]
    with torch.no_grad():
        assert network(image).residual.abs().mean() < 0.02
