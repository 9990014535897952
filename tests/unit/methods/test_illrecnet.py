"""IllRecNet: its stages, its options, and what its weights must keep."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from relume import methods
from relume.errors import ContractError
from relume.methods.illrecnet.network import (
    DARKEST,
    Network,
    from_luma_chroma,
    from_state,
    to_luma_chroma,
)
from relume.methods.illrecnet.objective import Objective

SMALL: dict[str, Any] = {
    "hidden_channels": 4,
    "num_resolution": 2,
    "reduction": 2,
    "restoration_channels": 4,
    "restoration_blocks": 1,
}
OPTIONS: list[dict[str, Any]] = [
    {},
    SMALL,
    {**SMALL, "downsampling": "fixed", "upsampling": "fixed", "reduction": 1},
    {**SMALL, "num_resolution": 1, "reduction": 1, "restoration_blocks": 0},
    {**SMALL, "dropout_ratio": 0.3, "cutoff": "fixed", "raw_cutoff": -1.0, "offset": 0.05},
]


def _batch(side: int = 32) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    high = torch.rand(2, 3, side, side, generator=generator)
    return {"low": high * 0.1, "high": high}


def test_has_as_many_parameters_as_the_card_says() -> None:
    counted = sum(value.numel() for value in Network().parameters())
    assert counted == methods.card("illrecnet").parameters


def test_colours_come_back() -> None:
    image = torch.rand(1, 3, 5, 4)
    luma, chroma = to_luma_chroma(image)
    assert chroma.abs().max() <= 0.5
    assert torch.allclose(from_luma_chroma(luma, chroma), image, atol=1e-6)
    assert to_luma_chroma(torch.full((1, 3, 1, 1), 0.3))[1].abs().max() < 1e-6
    red = to_luma_chroma(torch.tensor([1.0, 0, 0]).view(1, 3, 1, 1))[1].flatten()
    assert red.tolist() == pytest.approx([0.5, -0.168736], abs=1e-5)  # ITU-R BT.601


def test_light_times_surface_is_luma() -> None:
    image = torch.rand(1, 3, 23, 37) ** 3
    with torch.no_grad():
        relit = Network(**SMALL)(image)
    product = relit.low_illumination * relit.low_reflectance
    luma = to_luma_chroma(image)[0].clamp(min=DARKEST)
    assert torch.allclose(product, luma, atol=1e-5)
    assert torch.equal(relit.low_chroma, to_luma_chroma(image)[1])


@pytest.mark.parametrize("options", OPTIONS)
def test_options_are_built_and_read_again(options: dict[str, Any]) -> None:
    torch.manual_seed(0)
    network = Network(**options).eval()
    for value in network.parameters():
        if value.ndim > 1:
            torch.nn.init.normal_(value, std=0.1)  # corrections begin as nothing
    image = torch.rand(1, 3, 21, 34)
    again = from_state(network.state_dict()).eval()
    with torch.no_grad():
        for one, other in zip(network(image), again(image), strict=True):
            assert torch.equal(one, other)


@pytest.mark.parametrize(
    "options",
    [
        {"hidden_channels": 0},
        {"num_resolution": 0},
        {"reduction": 0},
        {"restoration_blocks": -1},
        {"dropout_ratio": 1.0},
        {"offset": 0.0},
    ],
)
def test_impossible_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ContractError, match=next(iter(options))):
        Network(**options)


def test_other_parameters_are_refused() -> None:
    with pytest.raises(RuntimeError, match="Missing key"):
        from_state({"restore_reflectance.enter.bias": torch.zeros(3)})


@settings(max_examples=15, deadline=None)
@given(height=st.integers(1, 40), width=st.integers(1, 40), level=st.floats(0, 1))
def test_any_size_keeps_its_size_and_range(height: int, width: int, level: float) -> None:
    generator = torch.Generator().manual_seed(height)
    image = torch.rand(1, 3, height, width, generator=generator) * level
    with torch.no_grad():
        relit = Network(**SMALL)(image)
    for part in relit:
        assert part.shape[-2:] == (height, width)
        assert torch.isfinite(part).all()
    assert relit.enhanced.shape == image.shape
    assert relit.enhanced.min() >= 0
    assert relit.enhanced.max() <= 1


def test_gradients_reach_every_parameter() -> None:
    torch.manual_seed(0)
    network = Network()
    for restoration in (network.restore_reflectance, network.restore_chroma):
        torch.nn.init.normal_(restoration.leave.weight, std=0.01)  # 0 lets nothing through
    torch.stack(list(Objective()(network, _batch(64)).values())).sum().backward()
    for name, value in network.named_parameters():
        assert value.grad is not None, name
        assert value.grad.abs().sum() > 0, name


def test_twenty_steps_lower_the_objective() -> None:
    torch.manual_seed(0)
    network, objective, batch = Network(**SMALL), Objective(), _batch()
    optimiser = torch.optim.Adam(network.parameters(), lr=3e-3)
    totals: list[float] = []
    for _ in range(21):
        total = torch.stack(list(objective(network, batch).values())).sum()
        totals.append(total.item())
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
    assert totals[-1] < 0.9 * totals[0]


def test_terms_are_weighted_and_left_out() -> None:
    torch.manual_seed(0)
    network, batch = Network(**SMALL), _batch()
    once = Objective()(network, batch)
    terms = Objective(absolute=2, squared=0, structure=3)(network, batch)
    assert set(once) == {"absolute", "squared", "structure"}
    assert set(terms) == {"absolute", "structure"}
    assert terms["absolute"].item() == pytest.approx(2 * once["absolute"].item())
    assert terms["structure"].item() == pytest.approx(3 * once["structure"].item())
    error = network(batch["low"]).enhanced - batch["high"]
    assert once["absolute"].item() == pytest.approx(error.abs().mean().item(), rel=1e-5)
    assert once["squared"].item() == pytest.approx(error.square().mean().item(), rel=1e-5)
