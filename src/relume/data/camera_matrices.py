"""How cameras see colours: matrices from CIE XYZ to the RGB of the sensor.

Adobe's, D65, as DNG files of these cameras carry them (ColorMatrix2, in ten-thousandths).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relume.colour import camera_matrix

Matrix = NDArray[np.float64]

CAMERA_FROM_XYZ: dict[str, Matrix] = {
    name: np.array(values, np.float64).reshape(3, 3) / 10_000
    for name, values in {
        "Canon EOS 5D Mark III": (6722, -635, -963, -4287, 12460, 2028, -908, 2162, 5668),
        "Nikon D750": (9020, -2890, -715, -4535, 12436, 2348, -934, 1919, 7086),
        "Olympus E-M10": (8380, -2630, -639, -2887, 10725, 2496, -627, 1427, 5438),
        "Panasonic DMC-GH4": (7122, -2108, -512, -3155, 11201, 2231, -541, 1423, 5045),
        "Pentax K-3": (7415, -2052, -721, -5186, 12788, 2682, -1446, 2157, 6773),
        "Sony ILCE-7R": (4913, -541, -202, -6130, 13513, 2906, -1564, 2151, 7183),
        "Sony ILCE-7S": (5838, -1430, -246, -3497, 11477, 2297, -748, 1885, 5778),
    }.items()
}


def draw_camera(*, random: np.random.Generator) -> Matrix:
    """Mix the cameras at random, as Brooks et al. (2019) do, and return the matrix from
    white-balanced camera RGB to linear sRGB, (3, 3) with rows of sum 1."""
    known = np.stack(list(CAMERA_FROM_XYZ.values()))
    shares = random.dirichlet(np.ones(len(known)))
    return camera_matrix(np.tensordot(shares, known, axes=1))
