"""A picture with everything that must survive the trip through an enhancement."""

from __future__ import annotations

from dataclasses import field, replace
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Pixels, Plane
from relume.card import Encoding
from relume.colour_statement import ASSUMED, Colour
from relume.colour_statement.icc import of_profile
from relume.errors import ContractError
from relume.frozen import frozen
from relume.gain_map import GainMap

Format = Literal["jpeg", "png", "webp", "tiff", "bmp", "avif", "heic", "jxl", "dng", "raw"]

Want: TypeAlias = Literal["developed", "mosaic"]
"""What reading makes of camera RAW: a picture, or the mosaic for a method that starts from it."""

Subsampling: TypeAlias = Literal["4:4:4", "4:2:2", "4:2:0", "4:4:0", "4:1:1", "4:4:1"]
"""Chroma of a JPEG: whole, half across, half both ways, half down, a quarter across, a quarter
down."""

Cfa: TypeAlias = Literal["RGGB", "BGGR", "GRBG", "GBRG"]
"""The colours of a mosaic's first two rows and columns in reading order."""

_IDENTITY = np.eye(3)


@frozen(eq=False)
class Mosaic:
    """What a sensor counted, one sample per site, upright, and what the counts mean.

    `normalised` brings it to [0, 1]; white-balanced by `white_balance`, developed to three
    channels, and multiplied by `matrix`, it is linear sRGB.
    """

    samples: NDArray[np.uint16]
    """(H, W), H and W at least 2: the visible area."""
    cfa: Cfa
    black: tuple[float, float, float, float]
    """Counts at no light, for each site of `cfa`."""
    white: float
    """Counts at saturation."""
    white_balance: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Gains of red, green and blue that make gray gray; that of green is 1."""
    matrix: NDArray[np.float64] = field(default_factory=lambda: _IDENTITY)
    """(3, 3): white-balanced camera RGB → linear sRGB, rows of sum 1, so that gray stays gray."""
    exposure_seconds: float | None = None
    iso: float | None = None
    baseline_exposure: float = 0.0
    """Stops by which the file wants its picture to be brighter than captured."""
    crop: tuple[int, int, int, int] | None = None
    """Top, left, height and width of `samples` in what the sensor saw, as it lay; None for all."""

    def __post_init__(self) -> None:
        samples, shape = self.samples, self.samples.shape
        if samples.dtype != np.uint16 or len(shape) != 2 or min(shape) < 2:
            raise ContractError(
                f"mosaic: expected (H, W) uint16 of 2 × 2 or more, got {shape} {samples.dtype}"
            )
        if not 0 <= min(self.black) <= max(self.black) < self.white:
            raise ContractError(
                f"mosaic: expected 0 ≤ black < white, got black {self.black}, white {self.white}"
            )

    def normalised(self) -> Plane:
        """Return max(samples − black, 0) / (white − black), at most 1; (H, W) float32."""
        plane = np.empty(self.samples.shape, np.float32)
        for site, black in enumerate(self.black):
            row, column = divmod(site, 2)
            there = plane[row::2, column::2]
            np.subtract(self.samples[row::2, column::2], np.float32(black), out=there)
            there *= np.float32(1.0 / (self.white - black))
        return np.clip(plane, 0.0, 1.0, out=plane)

    def offset_of_red(self) -> tuple[int, int]:
        """Return the row and column, each 0 or 1, of the first red site."""
        return divmod(self.cfa.index("R"), 2)


@frozen
class Beside:
    """What a file says of its picture beside EXIF and XMP."""

    texts: tuple[tuple[str, str], ...] = ()
    """Keyword and text: those of PNG; `COMMENT` is that of JPEG, too."""
    photoshop: bytes | None = None
    """Image resources of Photoshop, IPTC records among them."""
    extended_xmp: bytes | None = None
    """What of a JPEG's XMP did not fit into one segment."""


COMMENT = "Comment"
NOTHING = Beside()


@frozen
class Motion:
    """The video of a motion photo."""

    data: bytes
    """An MP4 or QuickTime file."""
    microseconds: int | None = None
    """Of the video, at which the picture was taken; None where that is not stated."""


@frozen(eq=False)
class Photo:
    """Pixels, upright, and what came with them.

    `pixels` is (H, W) gray or (H, W, 3) RGB in `encoding`, whose colours `colour` tells; uint8 or
    uint16 spanning its whole type; `alpha` is (H, W) of the same type or None. `exif` is a TIFF
    blob whose orientation is already applied to the pixels, `xmp` a packet.

    Where `encoding` is "mosaic", `pixels` are the samples of `mosaic`, which says what they mean.
    """

    pixels: Pixels
    alpha: Pixels | None = None
    encoding: Encoding = "srgb"
    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None
    format: Format | None = None
    """What it was read from; None for a picture that was never a file."""
    quality: int | None = None
    """Estimated quality of a JPEG, 1–100; 100 for a WebP means lossless."""
    subsampling: Subsampling | None = None
    """Chroma subsampling of a JPEG."""
    notes: tuple[str, ...] = ()
    """What was changed on reading, for people: "CMYK converted to sRGB"."""
    mosaic: Mosaic | None = None
    depth: int | None = None
    """Bits per sample in the file; pixels of 10 and 12 bits span 16 here."""
    orientation: int = 1
    """How the file lay, as EXIF counts: `pixels` are upright."""
    pages: int = 1
    """Pictures in the file, of which this is one: pages, frames."""
    beside: Beside = NOTHING
    gain_map: GainMap | None = None
    """What turns the pixels that were read into their rendering for brighter displays."""
    motion: Motion | None = None
    stated: Colour | None = None
    """What the pixels mean where a file says so without an ICC profile."""

    def __post_init__(self) -> None:
        shape = self.pixels.shape
        if not (len(shape) == 2 or (len(shape) == 3 and shape[2] == 3)) or 0 in shape:
            raise ContractError(f"pixels: expected (H, W) or (H, W, 3), got {shape}")
        if self.pixels.dtype.name not in ("uint8", "uint16"):
            raise ContractError(f"pixels: expected uint8 or uint16, got {self.pixels.dtype}")
        if self.alpha is not None and (
            self.alpha.shape != shape[:2] or self.alpha.dtype != self.pixels.dtype
        ):
            raise ContractError(
                f"alpha: expected {shape[:2]} {self.pixels.dtype}, "
                f"got {self.alpha.shape} {self.alpha.dtype}"
            )
        if (self.encoding == "mosaic") != (self.mosaic is not None) or (
            self.mosaic is not None and self.mosaic.samples is not self.pixels
        ):
            raise ContractError("photo: mosaic pixels are the samples of its mosaic, no others")

    @classmethod
    def of_mosaic(
        cls, mosaic: Mosaic, *, exif: bytes | None = None, format: Format | None = None
    ) -> Photo:
        """Return a mosaic as a photo."""
        return cls(mosaic.samples, encoding="mosaic", mosaic=mosaic, exif=exif, format=format)

    @property
    def width(self) -> int:
        return self.pixels.shape[1]

    @property
    def height(self) -> int:
        return self.pixels.shape[0]

    @property
    def colour(self) -> Colour:
        """What the pixels mean: as the profile says, else as the file states, else sRGB."""
        profiled = of_profile(self.icc) if self.icc is not None else None
        return profiled or self.stated or ASSUMED

    @property
    def bits(self) -> int:
        """Bits per sample, 8 or 16."""
        return self.pixels.dtype.itemsize * 8

    def with_pixels(self, pixels: Pixels) -> Photo:
        """Return the same photo with other pixels, of the same size and type."""
        if pixels.shape != self.pixels.shape or pixels.dtype != self.pixels.dtype:
            raise ContractError(
                f"pixels: expected {self.pixels.shape} {self.pixels.dtype}, "
                f"got {pixels.shape} {pixels.dtype}"
            )
        mosaic = replace(self.mosaic, samples=pixels) if self.mosaic is not None else None
        return replace(self, pixels=pixels, mosaic=mosaic)
