"""Plain mosaics: bare samples of a sensor, which state nothing about themselves.

| file            | samples                                              | also needed |
|-----------------|------------------------------------------------------|-------------|
| .npy            | (H, W) unsigned integers of 8 or 16 bits             |             |
| .raw            | unsigned integers of 16 bits, little-endian, no head | the size    |
| gray TIFF, PNG  | 8 or 16 bits                                         |             |

What they mean comes from a `Sensor`.
"""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, get_args

import numpy as np
from numpy.typing import NDArray

from relume.errors import ContractError, UnreadableError
from relume.frozen import frozen
from relume.io.codec import Admit
from relume.photo import Cfa, Mosaic

if TYPE_CHECKING:
    from relume.io.raw.levels import WhiteBalance


NPY, HEADERLESS = ".npy", ".raw"
SUFFIXES = (NPY, HEADERLESS)
NPY_MAGIC = b"\x93NUMPY"


@frozen
class Sensor:
    """What the samples of a plain mosaic mean."""

    cfa: Cfa
    black: tuple[float, float, float, float]
    """Counts at no light, for each site of `cfa` in reading order."""
    white: float
    """Counts at saturation."""
    size: tuple[int, int] | None = None
    """Width and height of a headerless file."""

    def __post_init__(self) -> None:
        if self.cfa not in get_args(Cfa):
            raise ContractError(
                f"colour filter: expected one of {', '.join(get_args(Cfa))}, got {self.cfa}"
            )
        if not 0 <= min(self.black) <= max(self.black) < self.white <= 65535:
            raise ContractError(
                f"levels of the mosaic: expected 0 ≤ black < white ≤ 65535, got black "
                f"{', '.join(f'{level:g}' for level in self.black)} and white {self.white:g}"
            )
        if self.size is not None and min(self.size) < 2:
            raise ContractError(f"size of the mosaic: expected 2 × 2 or more, got {self.size}")


def is_plain(data: bytes, suffix: str) -> bool:
    """Whether a file is a mosaic without a picture's container around it."""
    return data.startswith(NPY_MAGIC) or suffix == HEADERLESS


def decode(data: bytes, admit: Admit, sensor: Sensor | None) -> Mosaic:
    """Read a mosaic from the bytes of an .npy or headerless file.

    Raises: UnreadableError when what it needs to know is not given, or does not fit.
    """
    if sensor is None:
        raise UnreadableError(
            "a mosaic without levels: say what its samples mean with --cfa RGGB --black 512 "
            "--white 16383, and --size WxH for .raw (sensor=)"
        )
    samples = _npy(data, admit) if data.startswith(NPY_MAGIC) else _bare(data, admit, sensor)
    return of_samples(samples, sensor)


def of_samples(samples: NDArray[np.uint8] | NDArray[np.uint16], sensor: Sensor) -> Mosaic:
    """Join samples and what they mean."""
    return Mosaic(samples.astype(np.uint16, copy=False), sensor.cfa, sensor.black, sensor.white)


def balanced(mosaic: Mosaic, wanted: WhiteBalance) -> tuple[Mosaic, str]:
    """Give a mosaic a balance of white, as there is no camera to say; return words for it too."""
    from relume.io.raw import levels  # what it needs takes time to load

    gains, words = levels.of_mosaic(mosaic, wanted, camera=None)
    return replace(mosaic, white_balance=gains), words


def _npy(data: bytes, admit: Admit) -> NDArray[np.uint8] | NDArray[np.uint16]:
    stream = BytesIO(data)
    version = np.lib.format.read_magic(stream)
    if version[0] == 1:
        shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
    else:
        shape, _, dtype = np.lib.format.read_array_header_2_0(stream)
    if len(shape) != 2 or dtype.kind != "u" or dtype.itemsize > 2:
        raise UnreadableError(
            f"an array of shape {shape} and type {dtype}: a mosaic is (H, W) of uint16 or uint8"
        )
    admit(shape[1], shape[0])
    stream.seek(0)
    samples = np.load(stream, allow_pickle=False)
    return np.ascontiguousarray(samples, samples.dtype.newbyteorder("="))


def _bare(data: bytes, admit: Admit, sensor: Sensor) -> NDArray[np.uint16]:
    if sensor.size is None:
        raise UnreadableError("samples without a header: give their --size WxH")
    width, height = sensor.size
    admit(width, height)
    if len(data) != 2 * width * height:
        raise UnreadableError(
            f"{len(data)} bytes are not {width} × {height} samples of 16 bits, which take "
            f"{2 * width * height}; give another --size"
        )
    return np.frombuffer(data, "<u2").astype(np.uint16).reshape(height, width)
