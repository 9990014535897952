"""Distance in the features of a network that knows pictures."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn

from relume.nn.vgg import Vgg19

LAYERS = (9, 13, 18)
"""Of VGG-19's stack: the second pooling, the second activation behind it, the third pooling."""
WEIGHTS = (0.8, 1.0, 1.0)


class FeatureDistance(nn.Module):
    """Σ w·mean|φ(preds) − φ(target)| over three layers φ of a frozen VGG-19.

    Source: LLPackNet (Lamba et al., BMVC 2020), section 3.3; Johnson et al., ECCV 2016.
    """

    def __init__(self, *, weights: Path) -> None:
        super().__init__()
        self.network = Vgg19(weights=weights, after=LAYERS).requires_grad_(False)

    def forward(self, preds: Tensor, target: Tensor) -> Tensor:
        """(N, 3, H, W) in [0, 1], both → ≥ 0."""
        pairs = zip(WEIGHTS, self.network(preds), self.network(target), strict=True)
        terms = [weight * (found - wanted).abs().mean() for weight, found, wanted in pairs]
        return terms[0] + terms[1] + terms[2]
