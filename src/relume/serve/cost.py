"""What a picture will take, in bytes, told from its declared size before it is decoded.

    cost = pixels · (bytes per pixel of reading and writing + those of the method) + FIXED

The numbers are measured: resident memory above a resting worker's, at 12 megapixels, by
`python benchmarks/service.py --memory`, rounded up. A worker that takes much more than it was
granted is ended by `watch.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

from relume import methods
from relume.serve.task import Task

SHALLOW = (b"\xff\xd8\xff", b"RIFF")
"""JPEG and WebP begin so: they have 8 bits."""
FILE = 8.0
"""Bytes per pixel of 8-bit RGB that is decoded, rendered and encoded."""
DEEP_FILE = 20.0
"""The same where there may be 16 bits, or alpha."""
JPEG_XL = (b"\xff\x0a", b"\0\0\0\x0cJXL ")
JPEG_XL_FILE = 32.0
"""The same of JPEG XL, which begins so and is written as such: its encoder takes most of it."""
WRITTEN: Mapping[str, float] = {"avif": 36.0, "webp": 16.0}
"""Bytes per pixel of encoders that take more."""
METHODS: Mapping[str, float] = {"identity": 0.0, "auto": 24.0, "relume": 24.0}
"""Bytes per pixel of what methods take on top."""
OTHERS = 8.0
"""The same of a method that is not named there."""
FIXED = 16 * 2**20
NETWORKS: Mapping[str, int] = {"pairlie": 160 * 2**20, "illrecnet": 320 * 2**20}
"""Bytes that networks which see whole pictures or large tiles take, bounded by their cards."""
OTHER_NETWORKS = 1024 * 2**20
SMALL = ("auto", "relume", "sgz")
"""What is none, or works on small tiles."""
MAPS = 16.0
"""Bytes per pixel of maps that are drawn and sent."""


def cost(task: Task, first: bytes, *, width: int, height: int) -> int:
    """Estimate the working memory of a task on an upload that begins with `first`."""
    file = FILE if first.startswith(SHALLOW) else DEEP_FILE
    if first.startswith(JPEG_XL):
        file = JPEG_XL_FILE
    pixels = width * height
    if task.kind == "inspect":
        return int(pixels * file) + FIXED
    method, _ = methods.parted(task.method)
    painted = pixels
    if task.side is not None:
        painted = int(pixels * min(1.0, task.side / max(width, height)) ** 2)
    own = METHODS.get(method, OTHERS) + WRITTEN.get(task.format or "", 0.0)
    own += MAPS if task.answer == "maps" else 0.0
    fixed = FIXED
    if method not in SMALL and methods.card(method).kind == "neural":
        fixed += NETWORKS.get(method, OTHER_NETWORKS)
    return int(pixels * file + painted * own) + fixed
