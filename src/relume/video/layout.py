"""How the planes of a frame lie in memory, as arrays.

Work is done on planar YUV of 8 to 12 bits and on gray; every other pixel format is converted to the
nearest of those first, which is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from relume.frozen import frozen

if TYPE_CHECKING:
    from av.video.format import VideoFormat
    from av.video.frame import VideoFrame

Planes: TypeAlias = tuple[NDArray[Any], ...]
"""Y′, C_B, C_R or Y′ alone; (H, W) uint8, or uint16 with the code in the low bits."""


@frozen
class Layout:
    """A pixel format: bits, and how many luma samples share a chroma sample."""

    name: str
    depth: int
    across: int = 0
    """log₂ of luma columns per chroma column."""
    down: int = 0
    """log₂ of luma rows per chroma row."""
    gray: bool = False

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(np.uint8 if self.depth == 8 else np.uint16)

    def chroma(self, height: int, width: int) -> tuple[int, int]:
        """Return the size of a chroma plane."""
        return -(-height // (1 << self.down)), -(-width // (1 << self.across))

    def sizes(self, height: int, width: int) -> tuple[tuple[int, int], ...]:
        """Return the size of each plane."""
        if self.gray:
            return ((height, width),)
        return ((height, width), *[self.chroma(height, width)] * 2)


_SHIFTS = {"420": (1, 1), "422": (1, 0), "444": (0, 0)}
LAYOUTS: dict[str, Layout] = {
    **{
        f"yuv{name}p{suffix}": Layout(f"yuv{name}p{suffix}", depth, *shifts)
        for name, shifts in _SHIFTS.items()
        for suffix, depth in (("", 8), ("10le", 10), ("12le", 12))
    },
    "gray": Layout("gray", 8, gray=True),
    "gray10le": Layout("gray10le", 10, gray=True),
    "gray12le": Layout("gray12le", 12, gray=True),
}
"""By the names of FFmpeg."""


def nearest(format: VideoFormat) -> tuple[Layout, str]:
    """Return the layout to work in for a pixel format, and what is changed or lost by it."""
    name = format.name
    parts = format.components
    lost = "transparency left out" if any(part.is_alpha for part in parts) else ""
    plain = name.replace("yuvj", "yuv").replace("yuva", "yuv")
    if plain in LAYOUTS:
        return LAYOUTS[plain], lost
    bits = max((part.bits for part in parts), default=8)
    depth = "" if bits <= 8 else "10le" if bits <= 10 else "12le"
    luma = [part for part in parts if part.is_luma]
    if len(parts) <= 2 and luma and not format.is_rgb:
        found = LAYOUTS[f"gray{depth}"]
    elif format.is_rgb or not luma:
        found = LAYOUTS[f"yuv444p{depth}"]
    else:
        wide, tall = format.chroma_width(256), format.chroma_height(256)
        shape = "444" if wide == 256 else "422" if tall == 256 else "420"
        found = LAYOUTS[f"yuv{shape}p{depth}"]
    same = name in {"nv12", "nv16", "nv21", "p010le", "p210le", "yuyv422", "uyvy422"}
    told = "" if same else f"pixel format {name} becomes {found.name}"
    return found, "; ".join(filter(None, (told, lost)))


def planes_of(frame: VideoFrame, layout: Layout) -> Planes:
    """Return the planes of a frame as arrays on its memory."""
    return views(frame.planes, layout, frame.height, frame.width)


def views(planes: Sequence[Any], layout: Layout, height: int, width: int) -> Planes:
    """Return arrays on the memory of PyAV's planes, whose lines may be longer than the picture."""
    size = layout.dtype.itemsize
    return tuple(
        np.frombuffer(plane, layout.dtype)[: tall * (plane.line_size // size)].reshape(
            tall, plane.line_size // size
        )[:, :wide]
        for plane, (tall, wide) in zip(planes, layout.sizes(height, width), strict=False)
    )
