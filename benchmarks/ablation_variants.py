"""Parts of relume's own method, each changed alone: what benchmarks/ablations.py trains.

Ideas of five published systems stand against what was built, or beside it. Everything else stays:
recipe, draws, number of steps, first parameters as far as shapes allow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from relume.losses.objective import Batch, Terms
from relume.methods.relume.network import (
    SIDE,
    Network,
    enlarged,
    lines,
    log_luma,
    relight,
    seen_small,
)
from relume.methods.relume.objective import Objective, light_terms
from relume.nn.cell_shrinkage import CELL, CellShrinkage, cell_cosines
from relume.train.augment import rounded
from relume.train.scenes import Scene
from relume.train.views import Draw
from relume.train.views.low_high import View

Part: TypeAlias = Literal["estimate", "restoration"]


class Light(Network):
    """The estimate as it is: gains, bias and γ, laid over the picture by lines over log luma."""

    def maps(self, small: Tensor) -> Tensor:
        """Return what lines are fitted to, (N, 3, 96, 96) → (N, M, 48, 48)."""
        return self.estimate(small)

    def relit(self, small: Tensor, onto: Tensor) -> Tensor:
        """Relight `onto`, of any size, by what is seen in the same picture made small."""
        return relight(onto, laid(self.maps(small), small, onto))


def laid(maps: Tensor, small: Tensor, onto: Tensor) -> Tensor:
    """Lay maps over `onto` by lines over its log luma, fitted where it is small."""
    slope, offset = lines(log_luma(functional.avg_pool2d(small, 2)), maps)
    return enlarged(slope, onto) * log_luma(onto) + enlarged(offset, onto)


class CurveMaps(Light):
    """SGZ: eight steps of x ← x + a·x·(1 − x), one map a in [−1, 1] per channel, no γ.

    a = tanh(map − 1.22): training starts at 0.36, where eight steps lift shadows 12 times, as the
    maps of the baseline do at first.
    """

    def maps(self, small: Tensor) -> Tensor:
        return torch.tanh(self.estimate(small)[:, :3] - 1.22)

    def relit(self, small: Tensor, onto: Tensor) -> Tensor:
        curve = laid(self.maps(small), small, onto).clamp(-1, 1)
        for _ in range(8):
            onto = onto + curve * onto * (1 - onto)
        return onto


class Recurrence(Light):
    """HVR-SSLE: the estimate looks again at what it relit; each time half of its maps is applied,
    so that training starts with as much light as the baseline's."""

    def maps(self, small: Tensor) -> Tensor:
        return self.estimate(small) / 2

    def relit(self, small: Tensor, onto: Tensor) -> Tensor:
        first = self.maps(small)
        again = relight(small, laid(first, small, small)).clamp(0, 1)
        onto = relight(onto, laid(first, small, onto)).clamp(0, 1)
        return relight(onto, laid(self.maps(again), again, onto))


class GrayLight(Light):
    """IllRecNet and Retinex: light is one map; the three channels share a gain."""

    def maps(self, small: Tensor) -> Tensor:
        maps = self.estimate(small)
        gain = maps[:, :3].mean(dim=1, keepdim=True)
        return torch.cat((gain.expand(-1, 3, -1, -1), maps[:, 3:]), dim=1)


class Untouched(Light):
    """Leave every picture as it comes."""

    def __init__(self) -> None:
        super().__init__()
        self.estimate = self.restoration = nn.Identity()

    def relit(self, small: Tensor, onto: Tensor) -> Tensor:
        return onto


class LightObjective(Objective):
    """The terms of the estimate, for whatever relights."""

    def forward(self, network: nn.Module, batch: Batch) -> Terms:
        assert isinstance(network, Light)
        small, aim = seen_small(batch["low"]), seen_small(batch["high"])
        found = network.relit(small, small)
        terms = light_terms(found, aim, small, quantile=self.quantile)
        terms = {name: self.weights[name] * value for name, value in terms.items()}
        return {**terms, **self.more(network, batch, found)}

    def more(self, network: Light, batch: Batch, found: Tensor) -> Terms:
        """Return further terms."""
        return {}


class Consistency(LightObjective):
    """PairLIE: two dark pictures of one photo become the same, by tone."""

    weight = 1.0

    def more(self, network: Light, batch: Batch, found: Tensor) -> Terms:
        again = seen_small(batch["again"])
        difference = (network.relit(again, again) - found).abs().mean()
        return {"consistency": self.weight * difference}


class WeakConsistency(Consistency):
    """The same beside the other terms instead of against them."""

    weight = 0.1


class Twice(View):
    """{"low", "high", "again"}: the baseline's pairs, and each photo darkened once more."""

    def draw(self, scene: Scene, how: Draw) -> Batch:
        pair = super().draw(scene, how)
        again = self.darkened(pair["high"], random=how.random, progress=how.progress)
        return {**pair, "again": rounded(again)}


def restoring(
    *, cell: int = CELL, channels: tuple[int, int] = (32, 48), start: float = -3.0
) -> Network:
    """Build a network whose restoration has cells of `cell`²; `start` is the first bias of s.

    Without cells (1) nothing is left but what the network adds, and a small s only delays it.
    """
    network = Network()
    network.restoration = CellShrinkage(
        channels=channels, blocks=(1, 3, 2), cosines=cell_cosines(cell)
    )
    nn.init.constant_(network.restoration.share.bias, start)
    return network


def restoring_rgb() -> Network:
    """Build a network whose restoration has coefficients of green, red and blue."""
    network = Network()
    gray = cell_cosines()[: CELL**2, :1] * 3**0.5
    # Green first: the first mean decides what counts as black.
    basis = torch.einsum("kc,qij->kqcij", torch.eye(3)[[1, 0, 2]], gray[:, 0])
    network.restoration = CellShrinkage(
        channels=(32, 48), blocks=(1, 3, 2), cosines=basis.reshape(-1, 3, CELL, CELL)
    )
    return network


@dataclass(frozen=True)
class Variant:
    """What is trained instead of the baseline of its part, the first of the part's variants."""

    name: str
    part: Part
    changed: str
    """For people, in the table."""
    network: Callable[[], Network]
    objective: type[Objective] = LightObjective
    view: type[View] = View
    settings: tuple[str, ...] = ()
    """Changes of the recipe, section.key=value."""
    steps: int | None = None
    """Where it is not trained for as many steps as the others: 0 is not at all."""


def _curve(options: str) -> tuple[str, ...]:
    return (f"data.darkening={{name: curve, identity: 0.08, options: {options}}}",)


VARIANTS = (
    Variant("light", "estimate", "nothing: gains, bias, γ", Light),
    Variant("curve-maps", "estimate", "SGZ: eight curve steps, a map per channel", CurveMaps),
    Variant("recurrence", "estimate", "HVR-SSLE: it looks again at what it relit", Recurrence),
    Variant(
        "curve",
        "estimate",
        "HVR-SSLE: pictures darkened by its curve, as published",
        Light,
        settings=_curve("{}"),
    ),
    Variant(
        "curve-alone",
        "estimate",
        "the same without blends, blur and squares of noise",
        Light,
        settings=_curve("{noise: [0, 0], blur: 0, squares: 0}"),
    ),
    Variant(
        "consistency",
        "estimate",
        "PairLIE: two darkenings of a photo become the same, weight 1",
        Light,
        objective=Consistency,
        view=Twice,
    ),
    Variant(
        "weak-consistency",
        "estimate",
        "the same, weight 0.1",
        Light,
        objective=WeakConsistency,
        view=Twice,
    ),
    Variant("gray-light", "estimate", "IllRecNet: light is one gray map", GrayLight),
    Variant("dark", "estimate", "as it comes", Untouched, steps=0),
    Variant(
        "cells", "restoration", "nothing: cells of 4×4, gray and colours", restoring, Objective
    ),
    Variant(
        "small-cells",
        "restoration",
        "cells of 2×2, 20 and 28 channels",
        lambda: restoring(cell=2, channels=(20, 28)),
        Objective,
    ),
    Variant(
        "no-cells",
        "restoration",
        "no packing (LLPackNet): 9 and 14 channels at full size",
        lambda: restoring(cell=1, channels=(9, 14), start=3.0),
        Objective,
    ),
    Variant(
        "rgb",
        "restoration",
        "R, G, B instead of gray and colours (IllRecNet)",
        restoring_rgb,
        Objective,
    ),
    Variant("noisy", "restoration", "as it comes", Untouched, Objective, steps=0),
)


def multiplications(network: Network, part: Part) -> float:
    """Count those of the estimate for a picture, or those of the restoration for a pixel."""
    picture = torch.full((1, 3, SIDE, SIDE), 0.5)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        if part == "estimate":
            assert isinstance(network, Light)
            network.relit(picture, picture)
        else:
            network.restoration(picture)
    pixels = 1 if part == "estimate" else SIDE * SIDE
    return counter.get_total_flops() / 2 / pixels
