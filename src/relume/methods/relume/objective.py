"""What relume's own network minimises: first the estimate learns light, then the restoration noise.

Both learn from a well-exposed photo and a dark counterpart made from it; from pairs that were
photographed, both can learn together. Every argument of `Objective` may stand in the section
`objective` of a recipe.
"""

from __future__ import annotations

from typing import ClassVar, Literal, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from relume.losses import objective
from relume.losses.objective import Batch, Terms, View
from relume.losses.ssim import dissimilarity, similarity
from relume.methods.relume.network import Network, enlarged, log_luma, luma, relight, seen_small

Part: TypeAlias = Literal["estimate", "restoration", "both"]

HIGHLIGHTS = 0.8
"""Both parts learn together what the method gives at its defaults, of which this is one."""

DIM = 0.25
"""Mean of a picture under which it counts as dark: only one photo in twenty is that dark by day."""

NOISE = 0.04
"""Mean error of a relit picture from which noise counts as strong: a picture weighs less the
stronger its noise, by half at this, or those with weak noise would learn nothing."""

REGIONS = (4, 12)
"""Sides of the regions, of 96 of the small picture, whose ratios of light are compared."""

SHADE = 0.03
"""Added before logarithms of tones: about the level under which differences are hard to see."""


class Objective(objective.Objective):
    """`part` is what learns; what is not part of it stays as it is.

    The estimate: the relit small picture against the small photo, by tone, by logarithm (so that
    shadows count), by differences of neighbours (structure), by the mean of the whole picture
    (exposure), by max − min of the channels (saturation) and by the ratios of neighbouring regions
    (what is lit against what is not, whatever the exposure; 0 by default).

    The restoration: the relit clean picture against the relit noise-free one, by luma, by the
    differences of R, G and B to luma, by differences of neighbours and by SSIM of luma.

    Both: the result against the photo, by the same, but SSIM of R, G and B, and by the mean of the
    whole picture.

    `quantile` is what is aimed at where the mean of the photo is uncertain, for a black picture;
    0.5 is what is most likely.
    """

    needs: ClassVar[View] = "low_high"

    def __init__(
        self,
        *,
        part: Part = "estimate",
        tone: float = 1.0,
        logarithm: float = 0.15,
        structure: float = 0.5,
        mean: float = 1.0,
        saturation: float = 0.3,
        ratio: float = 0.0,
        chroma: float = 1.0,
        similarity: float = 0.3,
        quantile: float = 0.75,
    ) -> None:
        super().__init__()
        self.part: Part = part
        self.quantile = quantile
        self.weights = {
            "tone": tone,
            "logarithm": logarithm,
            "structure": structure,
            "mean": mean,
            "saturation": saturation,
            "ratio": ratio,
            "chroma": chroma,
            "similarity": similarity,
        }

    def enhance(self, network: nn.Module, low: Tensor) -> Tensor:
        """Enhance pictures of any size, the estimate alone without restoring."""
        height, width = low.shape[-2:]
        padding = (0, -width % 8, 0, -height % 8)
        padded = functional.pad(low, padding, mode="replicate")
        denoise = float(self.part != "estimate")
        highlights = HIGHLIGHTS if self.part == "both" else 0.0
        return network(padded, 0.0, highlights, denoise).enhanced[..., :height, :width]

    def forward(self, network: nn.Module, batch: Batch) -> Terms:
        if not isinstance(network, Network):
            raise TypeError("this objective belongs to relume's own network")
        low, high = batch["low"], batch["high"]
        match self.part:
            case "estimate":
                terms = _estimate_terms(network, low, high, quantile=self.quantile)
            case "restoration":
                terms = _restoration_terms(network, low, high)
            case "both":
                terms = _terms_of_both(self.enhance(network, low), low, high, self.quantile)
        return {name: self.weights[name] * value for name, value in terms.items()}


def _estimate_terms(network: Network, low: Tensor, high: Tensor, *, quantile: float) -> Terms:
    small, aim = seen_small(low), seen_small(high)
    slope, offset, _ = network.look(low)
    maps = enlarged(slope, small) * log_luma(small) + enlarged(offset, small)
    return light_terms(relight(small, maps), aim, small, quantile=quantile)


def light_terms(found: Tensor, aim: Tensor, small: Tensor, *, quantile: float) -> Terms:
    """Compare a small picture that was relit with the small photo; `small` is it before."""
    return {
        "tone": (found - aim).abs().mean(),
        "logarithm": ((found + SHADE).log() - (aim + SHADE).log()).abs().mean(),
        "structure": _steepness(found - aim),
        "mean": _misplaced(found, aim, small, quantile=quantile),
        "saturation": (_saturation(found) - _saturation(aim)).abs().mean(),
        "ratio": _unlike_ratios(found, aim),
    }


def _restoration_terms(network: Network, low: Tensor, high: Tensor) -> Terms:
    height, width = (side - side % 8 for side in low.shape[-2:])
    low, high = low[..., :height, :width], high[..., :height, :width]
    with torch.no_grad():
        quiet = noise_free(low, high)
        maps = plain_maps(quiet, high)
        aim = relight(quiet, maps)
        before = (relight(low, maps) - aim).abs().mean((1, 2, 3), keepdim=True)
        weight = NOISE / (NOISE + before)
    found = relight(network.restoration(low), maps)
    likeness = similarity(luma(found), luma(aim))
    return {
        **_closeness(found, aim, weight),
        "similarity": (weight.flatten() * (1 - likeness)).mean(),
    }


def _terms_of_both(found: Tensor, low: Tensor, high: Tensor, quantile: float) -> Terms:
    return {
        **_closeness(found, high, torch.ones_like(high[:, :1, :1, :1])),
        "mean": _misplaced(found, high, low, quantile=quantile),
        # Of R, G and B, as benchmarks measure it: pairs are what benchmarks are made of.
        "similarity": dissimilarity(found, high),
    }


def _closeness(found: Tensor, aim: Tensor, weight: Tensor) -> Terms:
    """Compare pictures; `weight` (N, 1, 1, 1) is what each counts."""
    difference = weight * (luma(found) - luma(aim))
    return {
        "tone": difference.abs().mean(),
        "chroma": (weight * (found - aim) - difference).abs().mean(),
        "structure": _steepness(difference),
    }


def plain_maps(low: Tensor, high: Tensor) -> Tensor:
    """Return maps with a bias alone that takes the mean of a dark picture about to that of the
    photo, so that the restoration learns without the estimate; (N, 5, 1, 1)."""
    means = (each.mean((1, 2, 3), keepdim=True).clamp(0.01, 0.9) for each in (low, high))
    dark, bright = (torch.logit(mean) for mean in means)
    zeros = torch.zeros_like(dark)
    return torch.cat((zeros, zeros, zeros, (bright - dark).clamp(min=0), zeros), dim=1)


def _misplaced(found: Tensor, aim: Tensor, before: Tensor, *, quantile: float) -> Tensor:
    """Compare means of pictures; the darker the input, the worse is too little light.

    A quantile loss (Koenker, Bassett, Econometrica 46(1), 1978): of what is uncertain in the dark,
    the upper part is aimed at, since people take a picture that stays dark for a failure.
    """
    found, aim, before = (each.mean((1, 2, 3)) for each in (found, aim, before))
    aimed = 0.5 + (quantile - 0.5) * ((DIM - before) / DIM).clamp(min=0)
    missing = aim - found
    return 2 * torch.maximum(aimed * missing, (aimed - 1) * missing).mean()


def _steepness(values: Tensor) -> Tensor:
    """Average the absolute differences of neighbours, both ways."""
    down, right = values.diff(dim=-2), values.diff(dim=-1)
    return down.abs().mean() + right.abs().mean()


def _unlike_ratios(found: Tensor, aim: Tensor) -> Tensor:
    """Compare how many times as light regions are as their neighbours, as logarithms."""
    total = found.new_zeros(())
    for side in REGIONS:
        here, there = (
            (functional.avg_pool2d(luma(each), side) + SHADE).log() for each in (found, aim)
        )
        total = total + _steepness(here - there)
    return total


def _saturation(image: Tensor) -> Tensor:
    return image.amax(dim=1) - image.amin(dim=1)


def noise_free(low: Tensor, high: Tensor, *, epsilon: float = 1e-4) -> Tensor:
    """Return the dark picture as it would be without noise: what a well-exposed photo explains.

    In each window a channel of the dark picture is a line over that of the photo, since light
    changes smoothly and tone curves are smooth; noise is what no line explains
    (He, Sun, Tang, IEEE TPAMI 35(6), 2013, eqs. 5, 6, 8, with the photo as the guide). A window
    is 5×5 cells of 4×4 pixels; the lines are averaged and laid over the picture by cells, as they
    change slowly (He, Sun, arXiv 1505.00996, 2015). Sides are multiples of 4.
    """

    def mean(cells: Tensor) -> Tensor:
        return functional.avg_pool2d(
            functional.pad(cells, (2, 2, 2, 2), mode="replicate"), 5, stride=1
        )

    def window(values: Tensor) -> Tensor:
        return mean(functional.avg_pool2d(values, 4))

    middle, level = window(high), window(low)
    spread = window(high * high) - middle * middle
    slope = (window(high * low) - middle * level) / (spread + epsilon)
    offset = level - slope * middle
    return (enlarged(mean(slope), high) * high + enlarged(mean(offset), high)).clamp(0, 1)
