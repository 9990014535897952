"""The benchmark of relume's parts: what it changes, that all of it learns, and what it records."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("lightning")

import torch

from fake.training import normals
from relume.methods.relume.network import Network, seen_small

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))
try:
    import ablation_variants
    import ablations
finally:
    sys.path.pop(0)

if TYPE_CHECKING:
    from ablation_variants import Variant

VARIANTS = {variant.name: variant for variant in ablation_variants.VARIANTS}
TRAINED = [variant for variant in VARIANTS.values() if variant.steps is None]


def picture(seed: int, height: int = 48, width: int = 40) -> torch.Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed)) * 0.3


def test_the_baseline_of_light_is_the_network_itself() -> None:
    low = picture(0)
    network = ablation_variants.Light().eval()
    with torch.no_grad():
        for value in network.parameters():  # away from the start, where all maps are even
            value.add_(0.02 * torch.randn(value.shape, generator=torch.Generator().manual_seed(1)))
        found = network.relit(seen_small(low), low).clamp(0, 1)
        expected = network(low, 0.0, 0.0, 0.0).enhanced
    assert torch.allclose(found, expected, atol=1e-6)  # another order of sums


def test_the_baseline_of_restoration_is_the_network_itself() -> None:
    built = ablation_variants.restoring().restoration.state_dict()
    assert {name: value.shape for name, value in built.items()} == {
        name: value.shape for name, value in Network().restoration.state_dict().items()
    }
    assert torch.equal(built["less_smooth.weight"], Network().restoration.less_smooth.weight)


@pytest.mark.parametrize("name", ["cells", "small-cells", "no-cells", "rgb"])
def test_cells_are_an_exact_and_reversible_transform(name: str) -> None:
    restoration = VARIANTS[name].network().restoration
    rows = restoration.cosines.flatten(1)
    assert torch.allclose(rows @ rows.T, torch.eye(len(rows)), atol=1e-6)
    assert torch.allclose(restoration.back[..., 0, 0], rows.T)


@pytest.mark.parametrize("name", ["cells", "small-cells", "rgb"])
def test_smooth_pictures_stay_whatever_is_shrunk(name: str) -> None:
    restoration = VARIANTS[name].network().restoration
    torch.nn.init.constant_(restoration.share.bias, 30.0)  # s = 1: nothing but the smooth picture
    ramp = torch.linspace(0.3, 0.7, 48).expand(1, 3, 48, 48) ** 2  # √E is linear
    with torch.no_grad():
        inner = (restoration(ramp) - ramp)[..., 8:-8]
    assert inner.abs().max() < 1e-5


def test_variants_of_the_restoration_cost_the_same() -> None:
    costs = [
        ablation_variants.multiplications(variant.network(), "restoration")
        for variant in TRAINED
        if variant.part == "restoration"
    ]
    assert max(costs) < 1.02 * min(costs)


@pytest.mark.parametrize("variant", TRAINED, ids=lambda variant: variant.name)
def test_every_variant_learns(variant: Variant) -> None:
    torch.manual_seed(0)
    network = variant.network()
    part = variant.part
    objective = variant.objective(part=part)
    batch = {"low": picture(1), "high": picture(1) * 3, "again": picture(2)}
    sum(objective(network, batch).values()).backward()
    gradients = [value.grad for value in getattr(network, part).parameters()]
    assert any(each is not None and each.abs().max() > 0 for each in gradients)
    assert all(each is None or each.isfinite().all() for each in gradients)


def test_records_are_kept_and_not_measured_again(tmp_path: Path) -> None:
    photos, file = normals(tmp_path / "photos"), tmp_path / "records.jsonl"
    wanted = [VARIANTS["cells"], VARIANTS["rgb"], VARIANTS["noisy"]]

    def measured(seeds: list[int]) -> list[dict[str, object]]:
        return ablations.measure(photos, wanted, seeds=seeds, steps=1, count=1, file=file)

    first = measured([0])
    before = file.read_bytes()
    assert measured([0]) == first
    assert file.read_bytes() == before
    assert first[0]["values"] != first[1]["values"]
    assert first[2]["values"]["0"]["psnr"] == ablations.MOST  # type: ignore[index]
    text = ablations.table(first, "restoration")
    assert [line.count("|") for line in text.splitlines()] == [8] * 5


def test_a_table_pairs_by_seed() -> None:
    def record(name: str, seed: int, psnr: float) -> dict[str, object]:
        values = {f"{stops:g}": {"psnr": psnr, "ssim": 0.5} for stops in ablations.STOPS}
        return {"variant": name, "seed": seed, "multiplications": 1, "values": values}

    records = [record("cells", 0, 30.0), record("rgb", 0, 31.0)]
    records += [record("cells", 1, 20.0), record("rgb", 1, 21.02)]
    text = ablations.table(records, "restoration")
    assert "26.01 ± 7.06 (**+1.01 ± 0.01**)" in text
