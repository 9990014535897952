"""A denoiser that shrinks the cosine coefficients of small cells."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from relume.nn.cosine_waves import cosine_waves
from relume.nn.depthwise import Block, Halve, double

CELL = 4
"""Height and width of a cell of the restoration."""

STRONG = 0.1
"""What is left of a gray coefficient of √E grows by half of `detail` if it is as strong as this.
Texture in the dark is weaker; edges are stronger, lose nothing by denoising, and would get rims."""

LEVEL = 1 / 255
"""What the first level of 8 bits above black stands for."""

SET = ("detail", "rounding")
"""What belongs to the weights and is not learnt."""


class CellShrinkage(nn.Module):
    """Shrink the cosine coefficients of cells of 4×4 pixels towards a smooth picture.

    c = transform of √E, u = enlargement of (means of the cells + what the network adds to them)
    taken = s·(c − u), kept = (1 − s)·(c − u), with a share s in (0, 1) per coefficient
    more = g·kept/(1 + |kept|/0.1) for coefficients of gray, 0 for others
    noise = inverse transform of taken − more, result = (√E − noise)²

    Where s is 0 a pixel stays as it is, where s is 1 nothing but the smooth picture is left: both
    need no learning. The shares and what is added come from depthwise blocks on cells of 4×4 and,
    for wide noise, of 8×8 pixels. It works on square roots, in which the noise of light is even,
    and sees how dark a place is, so it knows what the light will be multiplied with.

    Two numbers belong to the weights, are set and not learnt, and are 0 in a new network. `detail`
    is g: what is left of gray grows by up to this part, the weaker the more. `rounding`, in [0, 1],
    is for what lies about at the first level of 8 bits, where hardly more than rounding is left:
    b = rounding/(1 + (255·E)²) with E the square of a cell's mean root, the brightest of 3×3 cells.
    The cells' means become the average of these by the part b, and g becomes g − b·(1 + g), so that
    what is weak goes and a star stays.

    Shrinkage of coefficients: Donoho, Johnstone, Biometrika 81(3), 1994.
    """

    cosines: Tensor
    back: Tensor
    detail: Tensor
    rounding: Tensor

    def __init__(
        self,
        *,
        channels: tuple[int, int],
        blocks: tuple[int, int, int],
        cosines: Tensor | None = None,
    ) -> None:
        """`cosines` may be a basis of other cells or colours: all waves of one after those of the
        other, the mean first of each, gray the first if there is any."""
        super().__init__()
        near, far = channels
        cosines = cell_cosines() if cosines is None else cosines
        coefficients, self.cell = cosines.shape[0], cosines.shape[-1]
        self.register_buffer("cosines", cosines, persistent=False)
        inverse = cosines.flatten(1).T[..., None, None]
        self.register_buffer("back", inverse.contiguous(), persistent=False)
        colourful = (cosines.amax(dim=1) - cosines.amin(dim=1)).amax(dim=(1, 2)) > 1e-6
        self.grays = coefficients - int(colourful.sum())
        self.level = float(cosines[0].sum()) * LEVEL**0.5
        for name in SET:
            self.register_buffer(name, torch.zeros(()))
        self.enter = nn.Conv2d(coefficients, near, 1)
        self.near = nn.Sequential(*(Block(near) for _ in range(blocks[0])))
        self.to_far = Halve(near, far)
        self.far = nn.Sequential(*(Block(far) for _ in range(blocks[1])))
        self.from_far = nn.Conv2d(far, near, 1)
        self.near_again = nn.Sequential(*(Block(near) for _ in range(blocks[2])))
        self.share = nn.Conv2d(near, coefficients, 1)
        self.means = nn.Conv2d(near, 3, 1)
        self.less_smooth = nn.Conv2d(3, coefficients, 3, bias=False)
        with torch.no_grad():  # training starts near the picture itself
            for parameter in (self.share.weight, *self.means.parameters()):
                parameter.zero_()
            self.share.bias.fill_(-3.0)  # pyright: ignore[reportOptionalMemberAccess]
            self.less_smooth.weight.copy_(-enlargement(cosines))

    def forward(self, image: Tensor) -> Tensor:
        """Return the picture without its noise, (N, 3, 8h, 8w) in [0, 1] → the same."""
        return without(image, self.noise(image))

    def noise(self, image: Tensor) -> Tensor:
        """Return what the roots have too much, (N, 3, 8h, 8w) in [0, 1] → as many, around 0.

        With `detail`, what they have too little counts against it.
        """
        cells = functional.conv2d(torch.sqrt(image), self.cosines, stride=self.cell)
        near = self.near(functional.relu(self.enter(cells)))
        far = double(self.from_far(self.far(self.to_far(near))))
        features = self.near_again(functional.relu(near + far))
        means = cells[:, :: self.cell**2]
        brightest = functional.max_pool2d(means[:, :1], 3, stride=1, padding=1)
        # A place without a single level above black has no noise: it stays black.
        present = (brightest * 100).clamp(max=1)
        black = self.rounding / (1 + (brightest / self.level).square().square())
        even = functional.avg_pool2d(means, 3, stride=1, padding=1, count_include_pad=False)
        means = means + black * (even - means) + present * self.means(features)
        smooth = self.less_smooth(functional.pad(means, (1, 1, 1, 1), mode="replicate"))
        rough = cells + smooth
        taken = torch.sigmoid(self.share(features)) * rough
        gray, colour = taken[:, : self.grays], taken[:, self.grays :]
        kept = rough[:, : self.grays] - gray
        growth = self.detail - black * (1 + self.detail)
        gray = gray - kept / (kept.abs() + STRONG) * (STRONG * growth)
        back = functional.conv2d(torch.cat((gray, colour), dim=1), self.back)
        return functional.pixel_shuffle(back, self.cell)


def without(image: Tensor, noise: Tensor) -> Tensor:
    """Return clip(√E − noise)², shapes as they broadcast, in [0, 1] → [0, 1]."""
    return (torch.sqrt(image) - noise).clamp(0, 1).square()


def cell_cosines(cell: int = CELL) -> Tensor:
    """Return an orthonormal basis of cells, (3·cell², 3, cell, cell): the cosine waves of gray,
    those of red − blue, those of green − magenta, the mean first of each."""
    waves = cosine_waves(torch.arange(cell), count=cell)
    colours = torch.tensor(((1.0, 1.0, 1.0), (1.0, 0.0, -1.0), (1.0, -2.0, 1.0)))
    colours = functional.normalize(colours, dim=1)
    basis = torch.einsum("kc,ui,vj->kuvcij", colours, waves, waves)
    return basis.reshape(3 * cell * cell, 3, cell, cell).contiguous()


def enlargement(cosines: Tensor) -> Tensor:
    """Return the weights that take the means of 3×3 cells to what enlarging them linearly would
    put into the middle one, as coefficients; (C, 3, 3, 3)."""
    cell = cosines.shape[-1]
    place = (torch.arange(cell) + 0.5) / cell - 0.5
    weights = (1 - (place[:, None] - torch.tensor((-1.0, 0.0, 1.0))).abs()).clamp(min=0)
    # The coefficient of a mean m is cell · m.
    means = cosines[:: cell**2].sum((2, 3))
    flat = torch.einsum("qcij,ia,jb,kc->qkab", cosines, weights, weights, means)
    return flat / cell**2
