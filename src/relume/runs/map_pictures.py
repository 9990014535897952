"""A method's named intermediate results as pictures for people.

| map           | what it is                                 | black | white |
|---------------|--------------------------------------------|-------|-------|
| curve         | a of x ← x + a·x·(1 − x)                   | −1    | 1     |
| residual      | what was taken away, mostly noise          | −1    | 1     |
| offset        | b of a·E + b                               | −1    | 1     |
| slope         | a of a·E + b                               | 0     | 8     |
| gain          | factor                                     | 0     | 8     |
| log_gain      | logarithm of a factor to base 2, in stops  | −4    | 4     |
| any other     | a picture: illumination, reflectance, …    | 0     | 1     |

What lies outside is clipped; a signed map is mid-gray at 0. One channel is a gray picture, three
are RGB; a map of another depth is no picture and is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Map
from relume.errors import ContractError
from relume.frozen import frozen
from relume.io.atomic import refuse_link
from relume.photo import Photo

RANGES: Mapping[str, tuple[float, float]] = {
    "curve": (-1.0, 1.0),
    "residual": (-1.0, 1.0),
    "offset": (-1.0, 1.0),
    "slope": (0.0, 8.0),
    "gain": (0.0, 8.0),
    "log_gain": (-4.0, 4.0),
}
"""Which values are black and white; of a map that is not named, 0 and 1."""

Bytes = NDArray[np.uint8]


def as_pictures(maps: Mapping[str, Map]) -> dict[str, Bytes]:
    """Return the maps that are pictures, (H, W) or (H, W, 3) of 8 bits, by name."""
    return {
        name: as_picture(name, values)
        for name, values in maps.items()
        if values.ndim == 3 and values.shape[2] in (1, 3)
    }


def as_picture(name: str, values: Map) -> Bytes:
    """Draw one map, (H, W, 1 or 3) float, by the range declared for its name."""
    black, white = RANGES.get(name, (0.0, 1.0))
    unit = np.clip((values - np.float32(black)) / np.float32(white - black), 0.0, 1.0)
    levels = np.rint(unit * np.float32(255)).astype(np.uint8)
    return levels[..., 0] if levels.shape[2] == 1 else levels


@frozen
class MapsFolder:
    """Where the maps of many pictures go: FOLDER/PICTURE.MAP.png."""

    folder: Path
    write: Callable[[Photo, Path], object]
    pictures: Sequence[Path]
    """All inputs of the run."""

    def __post_init__(self) -> None:
        names = Counter(picture.name for picture in self.pictures)
        for name in (name for name, count in names.items() if count > 1):
            raise ContractError(
                f"{names[name]} inputs are called {name}, so their maps would overwrite each other "
                f"in {self.folder}; enhance them in several runs"
            )

    def put(self, picture: Path, maps: Mapping[str, Bytes]) -> None:
        """Write the maps of a picture.

        Raises: UnwritableError; ContractError when a map would overwrite an input.
        """
        taken = {other.resolve() for other in self.pictures}
        for name, pixels in maps.items():
            target = self.folder / f"{picture.name}.{name}.png"
            if target.resolve() in taken:
                raise ContractError(f"{target} is an input and is kept; name another --maps")
            refuse_link(target)
            self.write(Photo(pixels, format="png"), target)
