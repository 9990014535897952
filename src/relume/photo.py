"""A picture with everything that must survive the trip through an enhancement."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from relume.arrays import Pixels
from relume.card import Encoding
from relume.errors import ContractError

Format = Literal["jpeg", "png", "webp", "tiff", "bmp", "avif", "heic"]


@dataclass(frozen=True, eq=False)
class Photo:
    """Pixels, upright, and what came with them.

    `pixels` is (H, W) gray or (H, W, 3) RGB in `encoding` and the colour space of `icc`, uint8 or
    uint16 spanning its whole type; `alpha` is (H, W) of the same type or None. `exif` is a TIFF
    blob whose orientation is already applied to the pixels, `xmp` a packet.
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
    subsampling: Literal["4:4:4", "4:2:2", "4:2:0"] | None = None
    """Chroma subsampling of a JPEG."""
    notes: tuple[str, ...] = ()
    """What was changed on reading, for people: "CMYK converted to sRGB"."""

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

    @property
    def width(self) -> int:
        return self.pixels.shape[1]

    @property
    def height(self) -> int:
        return self.pixels.shape[0]

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
        return replace(self, pixels=pixels)
