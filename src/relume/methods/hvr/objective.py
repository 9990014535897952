"""What HVR minimises: differences to the well-exposed picture, after each round of supervision.

HVR-SSLE. Every argument of `Objective` may stand in the section `objective` of a recipe.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, cast

import torch
from torch import Tensor, nn

from relume.losses import objective
from relume.losses.chroma_saturation import chroma_saturation
from relume.losses.lpips import Lpips
from relume.losses.objective import Batch, Terms, View
from relume.methods.hvr.network import Latents, Network, Seen
from relume.metrics.lpips import Network as Backbone


class Objective(objective.Objective):
    """L1 in [−1, 1], chroma and saturation, LPIPS, weighted.

    T, C and N are the network's, and the start of the latents too. The LPIPS term needs the
    published weights of its backbone and of its linear layers, both given by path; without them it
    is left out.
    """

    needs: ClassVar[View] = "low_high"

    def __init__(
        self,
        *,
        absolute: float = 1.0,
        colour: float = 1.0,
        perceptual: float = 0.1,
        perceptual_network: Backbone = "alex",
        perceptual_backbone: str = "",
        perceptual_heads: str = "",
    ) -> None:
        super().__init__()
        self.weights = {"absolute": absolute, "colour": colour, "perceptual": perceptual}
        self.lpips: nn.Module | None = None
        if perceptual and perceptual_backbone:
            self.lpips = Lpips(
                perceptual_network,
                backbone=Path(perceptual_backbone),
                heads=Path(perceptual_heads),
            )

    def forward(self, network: nn.Module, batch: Batch) -> Terms:
        """Return the terms of the first round."""
        return next(self.rounds(network, batch))

    def rounds(self, network: nn.Module, batch: Batch) -> Iterator[Terms]:
        """Yield the terms of each of N rounds.

        Only the last visit of each module is differentiated, and the latents are carried to the
        next round as they are.
        """
        hvr = cast("Network", network)
        latents: Latents | None = None
        for _ in range(max(hvr.n, 1)):
            with torch.no_grad():
                seen = hvr.look(batch["low"])
                latents = latents or hvr.draw(seen)
                latents = _all_but_the_last(hvr, seen, latents)
            latents = hvr.refine(hvr.look(batch["low"]), latents)
            enhanced = hvr.read(latents)
            latents = Latents(latents.high.detach(), latents.low.detach())
            height, width = batch["high"].shape[-2:]
            yield self._terms(enhanced[..., :height, :width].float(), batch["high"])

    def _terms(self, enhanced: Tensor, high: Tensor) -> Terms:
        """Compare an enhanced picture in [−1, 1] with one in [0, 1]."""
        unit = (enhanced + 1) / 2
        terms = {
            "absolute": (enhanced - (2 * high - 1)).abs().mean(),
            "colour": chroma_saturation(unit, high),
        }
        if self.lpips is not None:
            terms["perceptual"] = self.lpips(enhanced, 2 * high - 1)
        return {
            name: self.weights[name] * value for name, value in terms.items() if self.weights[name]
        }


def _all_but_the_last(network: Network, seen: Seen, latents: Latents) -> Latents:
    """Work T·C − 1 times on the low latent, on the high one after every T-th time."""
    for turn in range(1, network.t * network.c):
        latents = network.refine(seen, latents, highs=int(turn % network.t == 0))
    return latents
