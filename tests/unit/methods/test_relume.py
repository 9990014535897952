from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from torch.nn import functional

from fake.night import night
from relume.export.weights import load_network
from relume.methods import relume
from relume.methods.relume.network import (
    Network,
    calmed,
    enlarged,
    from_state,
    lifted,
    luma,
    relight,
    seen_small,
)
from relume.methods.relume.objective import Objective, light_terms, noise_free
from relume.nn.cell_shrinkage import CELL, SET, STRONG, CellShrinkage
from relume.runtime import load
from relume.runtime.lift_method import reduced

NAME = relume.CARD.weights[0].name


def tensor(image: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)[None]))


@pytest.fixture(scope="module")
def network() -> Network:
    loaded = load_network(
        "relume", Path(relume.__file__).parent / "weights" / f"{NAME}.safetensors"
    )
    assert isinstance(loaded, Network)
    return loaded.eval()


@pytest.mark.parametrize(
    "knobs", [{}, {"exposure": 0.7, "highlights": 0.5, "denoise": 0.3, "floor": 5.0}]
)
def test_the_runtime_does_what_the_network_does(network, knobs):
    image = night(136, 200)
    with torch.no_grad():
        expected = network(tensor(image), **knobs).enhanced[0].permute(1, 2, 0).numpy()
    # Logarithms and powers of another library, and tiles.
    assert np.abs(load("relume")(image, **knobs) - expected).max() <= 2e-4


def test_fits_the_card(network):
    count = sum(value.numel() for value in network.parameters())
    assert count == relume.CARD.parameters < 100_000


def test_the_whole_picture_is_seen_as_the_runtime_sees_it():
    for size in ((200, 136), (96, 96), (40, 300)):
        image = night(*size)
        small = seen_small(tensor(image))[0].permute(1, 2, 0).numpy()
        assert np.abs(small - reduced(image, 96)).max() <= 1e-5


def test_any_architecture_is_found_from_its_parameters():
    network = Network(
        channels=(8, 12, 16),
        hidden=8,
        restoration_channels=(8, 12),
        restoration_blocks=(2, 1, 3),
    )
    again = from_state(network.state_dict())
    image = tensor(night(64, 48))
    with torch.no_grad():
        assert torch.equal(network.eval()(image).enhanced, again.eval()(image).enhanced)


def test_relighting_keeps_the_order_of_tones():
    ramp = torch.linspace(0, 1, 256).view(1, 1, 1, 256).expand(1, 3, 1, 256)
    for maps in ((1.5, 1.5, 1.5, 1.0, 0.3), (0.0, 0.0, 0.0, -1.0, -0.5)):
        lit = relight(ramp, torch.tensor(maps).view(1, 5, 1, 1))
        assert (lit.diff(dim=-1) >= 0).all()


def with_shares(value: float) -> CellShrinkage:
    """Return a restoration that takes the same share of every coefficient, and adds nothing."""
    restoration = CellShrinkage(channels=(8, 8), blocks=(1, 1, 1)).eval()
    with torch.no_grad():
        restoration.share.bias.fill_(value)
    return restoration


def test_what_no_share_is_taken_of_stays():
    for image in (0.3 + 0.7 * tensor(night(64, 48)), tensor(night(64, 48)) ** 3):
        with torch.no_grad():
            assert (with_shares(-50.0)(image) - image).abs().max() <= 1e-5


def grown(
    restoration: CellShrinkage,
    *,
    coefficient: int,
    height: float,
    roots: tuple[float, float, float] = (0.5, 0.4, 0.3),
) -> torch.Tensor:
    """Return by what a restoration multiplies one coefficient of √E over an even picture."""
    flat = torch.tensor(roots).view(1, 3, 1, 1).expand(1, 3, 64, 64)
    wave = height * restoration.cosines[coefficient].tile(1, 16, 16)
    with torch.no_grad():
        smooth, waved = (each - restoration.noise(each**2) for each in (flat, flat + wave))
    assert torch.allclose(smooth, flat, atol=1e-6)
    gain = (waved - flat).norm() / wave.norm()
    assert torch.allclose(waved, flat + gain * wave, atol=1e-6)
    return gain


def test_detail_makes_weak_gray_stronger_and_leaves_edges_colour_and_what_is_smooth():
    restoration = with_shares(-50.0)
    gray, coloured = 5, CELL**2 + 5
    for detail in (0.0, 0.5, 1.0):
        restoration.detail.fill_(detail)
        for height in (0.01, 0.1, 0.5):
            gain = torch.tensor(1 + detail / (1 + height / STRONG))
            found = grown(restoration, coefficient=gray, height=height)
            assert torch.allclose(found, gain, rtol=1e-3)
            found = grown(restoration, coefficient=coloured, height=height)
            assert torch.allclose(found, torch.ones(()), rtol=1e-3)


@pytest.mark.parametrize("levels", [1, 2, 4, 100])
def test_around_the_first_level_what_is_weak_goes(levels: int):
    restoration = with_shares(-50.0)
    restoration.detail.fill_(0.5)
    restoration.rounding.fill_(1.0)
    black, root = 1 / (1 + levels**2), (levels / 255) ** 0.5
    for height in (0.01, 0.05):
        found = grown(restoration, coefficient=5, height=height, roots=(root, root, root))
        growth = 0.5 - black * 1.5
        assert torch.allclose(found, torch.tensor(1 + growth / (1 + height / STRONG)), rtol=1e-3)


def rounded_black() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 2, (1, 1, 64, 64), generator=generator).expand(1, 3, 64, 64) / 255


def test_around_the_first_level_cells_become_the_average_of_nine():
    restoration = with_shares(50.0)  # nothing but the means, enlarged
    image = rounded_black()
    with torch.no_grad():
        before = functional.avg_pool2d((image.sqrt() - restoration.noise(image))[:, :1], CELL)
        restoration.rounding.fill_(1.0)
        after = functional.avg_pool2d((image.sqrt() - restoration.noise(image))[:, :1], CELL)
    means = functional.avg_pool2d(image.sqrt()[:, :1], CELL)
    brightest = functional.max_pool2d(means, 3, stride=1, padding=1)
    black = 1 / (1 + (255 * brightest**2) ** 2)
    even = functional.avg_pool2d(means, 3, stride=1, padding=1, count_include_pad=False)
    inner = (..., slice(1, -1), slice(1, -1))
    assert torch.allclose(before[inner], enlarged_means(means)[inner], atol=1e-6)
    expected = enlarged_means(means + black * (even - means))
    assert torch.allclose(after[inner], expected[inner], atol=1e-6)
    assert after.std() < 0.7 * before.std()


def enlarged_means(means: torch.Tensor) -> torch.Tensor:
    """Return what the means of cells are once they were enlarged linearly."""
    size = (CELL * means.shape[-2], CELL * means.shape[-1])
    wide = functional.interpolate(means, size, mode="bilinear", align_corners=False)
    return functional.avg_pool2d(wide, CELL)


def test_a_star_in_black_stays():
    restoration = with_shares(-50.0)
    restoration.rounding.fill_(1.0)
    star = rounded_black().clone()
    star[..., 30:32, 30:32] = 120 / 255
    with torch.no_grad():
        assert (restoration(star)[..., 30:32, 30:32] > 100 / 255).all()


def test_older_weights_give_what_they_gave():
    state = Network().state_dict()
    generator = torch.Generator().manual_seed(0)
    for name, value in state.items():
        if name.startswith("restoration.") and value.ndim:
            value += 0.05 * torch.randn(value.shape, generator=generator)
    older = {
        name: value for name, value in state.items() if name.removeprefix("restoration.") not in SET
    }
    waves = torch.arange(3 * CELL**2).reshape(3, CELL**2).T.flatten()  # colour by colour before
    for name in ("share.weight", "share.bias", "less_smooth.weight"):
        older[f"restoration.{name}"] = older[f"restoration.{name}"][waves]
    older["restoration.enter.weight"] = older["restoration.enter.weight"][:, waves]
    network = from_state(older)
    assert network.restoration.detail == network.restoration.rounding == 0
    image = tensor(night(64, 48))
    with torch.no_grad():
        found, expected = (each.eval()(image).noise for each in (network, from_state(state)))
    assert torch.equal(found, expected)


def test_lifted_says_how_many_times_brighter_a_place_becomes():
    image = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0)) * 0.3 + 0.02
    image = luma(image).expand(1, 3, 8, 8)
    for maps in ((0.5, 0.5, 0.5, 0.7, 0.2), (0.0, 0.0, 0.0, 0.0, -0.7)):
        stack = torch.tensor(maps).view(1, 5, 1, 1).expand(1, 5, 8, 8)
        times = relight(image, stack)[:, :1] / image[:, :1]
        assert torch.allclose(lifted(stack, image), times.log(), atol=0.01)


@pytest.mark.parametrize(
    ("level", "most", "least"), [(0.3, 0.1, 0.0), (1.0, 0.3, 0.2), (8, 1, 0.95)]
)
def test_what_is_nearly_black_loses_its_colour(level, most, least):
    """Of its colour, a part between `least` and `most` stays; its gray stays."""
    colour = torch.tensor((1.2, 1.2, 0.6)).view(1, 3, 1, 1) / 255 * level
    found = calmed(colour, torch.zeros(()))
    kept = (found.amax(1) - found.amin(1)) / (colour.amax() - colour.amin())
    assert least <= float(kept) <= most
    assert torch.allclose(luma(found), luma(colour), atol=1e-7)


def test_without_its_coefficients_a_picture_is_smooth():
    root = tensor(night(64, 48)) ** 0.5
    means = torch.nn.functional.avg_pool2d(root, CELL)
    with torch.no_grad():
        found = with_shares(50.0)(root**2)
    assert (found**0.5 - enlarged(means, root)).abs().max() <= 1e-4


def test_restoration_reaches_as_far_as_the_card_says():
    restoration = CellShrinkage(channels=(4, 4), blocks=(1, 3, 2)).double()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in restoration.parameters():
            parameter.copy_(0.3 * torch.randn(parameter.shape, generator=generator))
        image = torch.rand(1, 3, 160, 160, dtype=torch.float64, generator=generator)
        before = restoration(image)
        lifting = relume.CARD.lifting
        assert lifting is not None
        for place in range(72, 80):
            poked = image.clone()
            poked[..., place, place] = 1 - poked[..., place, place]
            changed = (restoration(poked) - before)[0].abs().sum(dim=0).nonzero()
            assert (changed - place).abs().max() <= lifting.halo


@pytest.mark.parametrize(("deviation", "levels"), [(0.02, 2.0), (0.001, 0.6)])
def test_strong_noise_is_calmed_and_weak_noise_left(network, deviation, levels):
    """Of 8 bits; before, the mean errors are 4.1 and 0.3."""
    down, right = np.mgrid[:128, :128].astype(np.float32) / 128
    truth = 0.03 + 0.08 * right + 0.04 * (np.sin(25 * down) > 0)
    truth = tensor(truth[..., None] * np.array([1.0, 0.8, 0.6])).float()
    noise = deviation * torch.randn(truth.shape, generator=torch.Generator().manual_seed(0))
    low = ((truth + noise).clamp(0, 1) * 255).round() / 255
    with torch.no_grad():
        after = (network.restoration(low) - truth).abs().mean()
    assert 255 * after < levels


def test_black_stays_black(network):
    with torch.no_grad():
        assert network.restoration(torch.zeros(1, 3, 64, 64)).max() == 0


def test_noise_free_is_nearer_to_the_truth():
    high = tensor(night(96, 96)) ** 0.3
    truth = 0.15 * high
    noise = 0.02 * torch.randn(high.shape, generator=torch.Generator().manual_seed(0))
    found = noise_free(truth + noise, high)
    assert (found - truth).abs().mean() < 0.25 * noise.abs().mean()


@pytest.mark.parametrize("part", ["estimate", "restoration"])
def test_only_the_part_that_learns_gets_gradients(part):
    network = Network()
    high = tensor(night(96, 104)) ** 0.3
    terms = Objective(part=part)(network, {"low": 0.2 * high, "high": high})
    torch.stack(list(terms.values())).sum().backward()
    learning = {
        name.split(".")[0] for name, value in network.named_parameters() if value.grad is not None
    }
    assert learning == {part}
    assert all(torch.isfinite(value) for value in terms.values())


def test_validation_takes_any_size():
    low = tensor(night(37, 50))
    assert Objective().enhance(Network(), low).shape == low.shape


def test_ratios_of_regions_do_not_depend_on_exposure():
    aim = 0.4 + 0.5 * tensor(night(96, 96)) ** 0.5
    half_lit = aim.clone()
    half_lit[..., :48] *= 0.5
    found = {
        name: float(light_terms(image, aim, 0.2 * aim, quantile=0.5)["ratio"])
        for name, image in (("same", aim), ("darker", 0.5 * aim), ("half", half_lit))
    }
    assert found["same"] == 0
    assert found["darker"] < 0.2 * found["half"]
