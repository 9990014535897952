"""Names for the shapes and types of arrays that travel between modules.

The shape is part of the name and of the docstring; NumPy's types carry only the dtype.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Picture: TypeAlias = NDArray[Any]
"""(H, W) gray or (H, W, 3) RGB; uint8 and uint16 span their whole type, float32 [0, 1]."""

Pixels: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16]
"""(H, W) or (H, W, 3), integers that span their whole type."""

Rgb: TypeAlias = NDArray[np.float32]
"""(H, W, 3) float32 in [0, 1]."""

Plane: TypeAlias = NDArray[np.float32]
"""(H, W) float32."""

Map: TypeAlias = NDArray[np.float32]
"""(h, w, C) float32, C of 1 or 3: a small map that is enlarged when it is applied."""

Floats: TypeAlias = NDArray[np.floating[Any]]
"""Any shape, any float type."""
