"""HVR against the published network and objective, and what its weights must keep."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from relume import methods
from relume.methods.hvr.network import Latents, Network, from_state, visits
from relume.methods.hvr.objective import Objective
from relume.nn.checkpoint import read_state
from shared import need_shared

PARITY = 1e-4
"""float32 sums in another order, through up to twelve visits of two modules."""


@pytest.fixture(scope="module")
def published() -> Network:
    return from_state(read_state(need_shared("reference", "hvr_random.safetensors"))).eval()


@pytest.fixture(scope="module")
def reference() -> dict[str, np.ndarray]:
    with np.load(need_shared("reference", "hvr.npz")) as arrays:
        return dict(arrays)


def _pair(*, count: int = 2, height: int = 24, width: int = 32) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    coarse = functional.interpolate(torch.rand(count, 3, 3, 4), (height, width), mode="bilinear")
    return {"low": 0.2 * coarse, "high": coarse}


def test_has_as_many_parameters_as_the_card_says() -> None:
    counted = sum(value.numel() for value in Network().parameters())
    assert counted == methods.card("hvr").parameters == 353_763


@pytest.mark.parametrize(("t", "c", "n"), [(2, 2, 2), (1, 1, 1), (3, 2, 1)])
def test_equals_the_published_network(
    published: Network, reference: dict[str, np.ndarray], t: int, c: int, n: int
) -> None:
    image = torch.from_numpy(reference["input"])[None]
    height, width = image.shape[-2:]
    padding = (0, -width % 8, 0, -height % 8)
    high, low = (
        functional.pad(torch.from_numpy(reference[name])[None], padding, mode="reflect")
        for name in ("zH", "zL")
    )
    with torch.no_grad():
        seen, latents = published.look((image + 1) / 2), Latents(high, low)
        for lows, highs in visits(t, c, n):
            latents = published.refine(seen, latents, lows=lows, highs=highs)
        found = published.read(latents)[0, :, :height, :width].numpy()
    assert np.abs(found - reference[f"output_T{t}_C{c}_N{n}"]).max() < PARITY


def test_turns_follow_t_c_and_n() -> None:
    assert visits(2, 2, 2) == ((2, 1),) * 4
    assert visits(2, 3, 0) == ((2, 1),) * 3
    assert visits(0, 3, 0) == ((1, 3),)
    assert visits(3, 0, 0) == ((3, 1),)
    assert visits(0, 2, 1) == ((1, 1),)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (2, 3), (7, 8), (17, 10)])
@pytest.mark.parametrize("start", ["normal", "zeros"])
def test_any_size_keeps_its_size_and_range(size: tuple[int, int], start: str) -> None:
    torch.manual_seed(0)
    network = Network(t=1, c=1, n=1, start="zeros" if start == "zeros" else "normal").eval()
    for level in (0.0, 0.3, 1.0):
        with torch.no_grad():
            enhanced = network(torch.full((2, 3, *size), level)).enhanced
        assert enhanced.shape == (2, 3, *size)
        assert torch.isfinite(enhanced).all()
        assert 0 <= enhanced.min() <= enhanced.max() <= 1


def test_short_sides_are_reflected_again_and_again() -> None:
    network = Network()
    row = torch.arange(3.0).expand(1, 3, 1, 3) / 2
    network.embed.weight.data.fill_(1.0)
    seen = network.look(row)
    assert seen.picture.shape == (1, 24, 8, 8)
    wide = row[..., [0, 1, 2, 1, 0, 1, 2, 1]].expand(1, 3, 8, 8)
    assert torch.equal(network.look(wide).picture, seen.picture)


def test_two_networks_and_pictures_start_alike_and_training_steps_do_not() -> None:
    torch.manual_seed(0)
    one, other = Network(), Network()
    image = torch.rand(1, 3, 72, 80)
    first, second = one.begin(one.look(image)), other.begin(other.look(image))
    assert torch.equal(first.high, second.high)
    assert torch.equal(first.high[..., :8, :16], first.high[..., 64:, 64:])
    assert not torch.equal(first.high, first.low)
    assert first.low.abs().max() <= 1
    # Of a normal distribution cut to [−1, 1]: √(1 − 2φ(1)/0.6827) = 0.540.
    assert first.low.std().item() == pytest.approx(0.540, abs=0.01)
    drawn = one.draw(one.look(image))
    assert not torch.equal(drawn.low, one.draw(one.look(image)).low)
    assert drawn.low.std().item() == pytest.approx(0.540, abs=0.01)


def test_the_start_travels_with_the_parameters() -> None:
    zeros = Network(start="zeros")
    again = from_state(zeros.state_dict())
    assert torch.equal(again.first, zeros.first)
    assert not again.first.any()
    assert from_state(Network().state_dict()).first.any()


def test_each_round_has_its_step_and_reaches_every_parameter() -> None:
    torch.manual_seed(0)
    network, batch = Network(t=2, c=2, n=2), _pair()
    rounds = 0
    for terms in Objective()(network, batch), *Objective().rounds(network, batch):
        assert set(terms) == {"absolute", "colour"}
        network.zero_grad()
        torch.stack(list(terms.values())).sum().backward()
        for name, value in network.named_parameters():
            assert value.grad is not None, name
            assert value.grad.abs().sum() > 0, name
        rounds += 1
    assert rounds == 3


def test_training_and_enhancing_visit_the_modules_alike() -> None:
    torch.manual_seed(0)
    network, batch = Network(t=2, c=2, n=2, start="zeros"), _pair()
    *_, last = Objective(absolute=1.0, colour=0.0).rounds(network, batch)
    with torch.no_grad():
        enhanced = network(batch["low"]).enhanced
    expected = 2 * (enhanced - batch["high"]).abs().mean()
    assert last["absolute"].item() == pytest.approx(expected.item(), rel=1e-5)


def test_weights_scale_terms_and_zero_leaves_them_out() -> None:
    network, batch = Network(t=1, c=1, n=1, start="zeros"), _pair()
    once = Objective()(network, batch)
    terms = Objective(absolute=3.0, colour=0.0)(network, batch)
    assert set(terms) == {"absolute"}
    assert terms["absolute"].item() == pytest.approx(3 * once["absolute"].item(), rel=1e-5)


def test_twenty_steps_lower_the_objective() -> None:
    torch.manual_seed(0)
    network, objective = Network(t=1, c=1, n=2, start="zeros"), Objective()
    batch = _pair(height=16, width=16)
    optimiser = torch.optim.AdamW(network.parameters(), lr=5e-4)
    totals: list[float] = []
    for _ in range(10):
        for terms in objective.rounds(network, batch):
            total = torch.stack(list(terms.values())).sum()
            optimiser.zero_grad()
            total.backward()
            optimiser.step()
            totals.append(total.item())
    # Rounds differ among each other, so two batches are compared with two.
    assert sum(totals[-4:]) < 0.85 * sum(totals[:4])
