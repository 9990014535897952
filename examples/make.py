"""Make the example pictures: free photographs, darkened as a short exposure would have.

Usage: python examples/make.py [FOLDER]      (needs scikit-image, which ships the photographs)

| picture       | photograph, licence        | exposure                                   |
|---------------|----------------------------|--------------------------------------------|
| rocket.jpg    | SpaceX, public domain      | as taken, at dusk                          |
| cat.jpg       | Stefan van der Walt, CC0   | 3 stops under                              |
| coffee.png    | Rachel Michetti, CC0       | 4.5 stops under, 16 bit                    |
| astronaut.jpg | NASA, public domain        | 2.5 stops under, 2 more towards the right  |

Darkening: to linear light, times 2^−stops, shot noise of a full well of 4,000 electrons at white
and read noise of 3 electrons, back to sRGB, rounded. The same pictures come out every time.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from skimage import data

import relume
from relume.colour import decode_srgb, encode_srgb

FULL_WELL = 4000.0
READ_NOISE = 3.0


def underexpose(
    photo: NDArray[np.uint8], *, stops: float, fall: float = 0.0, seed: int = 0
) -> NDArray[np.float64]:
    """Darken (H, W, 3) by `stops`, and by `fall` more from left to right; encoded, in [0, 1]."""
    random = np.random.default_rng(seed)
    light = decode_srgb(photo / 255.0)
    falling = np.linspace(0.0, fall, photo.shape[1])[None, :, None]
    electrons = light * FULL_WELL * 2.0 ** -(stops + falling)
    counted = random.poisson(electrons) + READ_NOISE * random.standard_normal(electrons.shape)
    return encode_srgb(np.clip(counted / FULL_WELL, 0.0, 1.0))


def main(folder: Path) -> None:
    """Write the four pictures into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    eight, sixteen = 255, 65535
    pictures = {
        "rocket.jpg": data.rocket(),
        "cat.jpg": np.rint(underexpose(data.chelsea(), stops=3.0) * eight).astype(np.uint8),
        "coffee.png": np.rint(underexpose(data.coffee(), stops=4.5) * sixteen).astype(np.uint16),
        "astronaut.jpg": np.rint(underexpose(data.astronaut(), stops=2.5, fall=2.0) * eight).astype(
            np.uint8
        ),
    }
    for name, pixels in pictures.items():
        relume.write(relume.Photo(pixels), folder / name, quality=92)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
