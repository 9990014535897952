"""Which encoder writes the pictures of a result, and how it is told to repeat itself byte for byte.

| codec  | encoder    | pieces in | layouts                       | crf, as good as the input |
|--------|------------|-----------|-------------------------------|---------------------------|
| h264   | libx264    | mp4       | 4:2:0, 4:2:2, 4:4:4; 8, 10    | 18                        |
| hevc   | libx265    | mp4       | the same, and 12              | 20                        |
| av1    | libsvtav1  | mp4       | 4:2:0; 8, 10                  | 25                        |
| ffv1   | ffv1       | matroska  | all                           | without loss              |
| prores | prores_ks  | mov       | 4:2:2, 4:4:4; 10              | by its profile            |

Only constant quality is offered: at a bit rate x265 and SVT-AV1 give other bytes in every run. x264
reads memory that was never set where it uses AVX-512, so that it is kept from it (same pictures).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

from relume.errors import ContractError
from relume.frozen import frozen
from relume.video.layout import LAYOUTS, Layout

Name: TypeAlias = Literal["h264", "hevc", "av1", "ffv1", "prores"]


@frozen
class Codec:
    """An encoder and what it takes."""

    name: Name
    encoder: str
    pieces: str
    """FFmpeg's name of the container of a piece."""
    depths: tuple[int, ...]
    shapes: tuple[str, ...]
    gray: bool
    crf: float | None
    most_crf: float = 51
    presets: tuple[str, ...] = ()
    preset: str = ""

    def fitting(self, layout: Layout) -> Layout:
        """Return the layout it encodes that loses least of another one."""
        if layout.gray and self.gray and layout.depth in self.depths:
            return layout
        depth = min((d for d in self.depths if d >= layout.depth), default=max(self.depths))
        shape = "420" if layout.gray or layout.down else "422" if layout.across else "444"
        order = ("420", "422", "444")
        shape = next((s for s in order[order.index(shape) :] if s in self.shapes), self.shapes[-1])
        return LAYOUTS[f"yuv{shape}p{'' if depth == 8 else f'{depth}le'}"]

    def loses(self, layout: Layout) -> str:
        """Say what becomes of a layout of which this codec holds less, or nothing."""
        after = self.fitting(layout)
        coarser = after.across > layout.across or after.down > layout.down
        if after.depth >= layout.depth and (layout.gray or not coarser):
            return ""
        return f"pixel format {layout.name} becomes {after.name}, {self.name} holds no more"


_SLOWER = ("medium", "slow", "slower", "veryslow", "placebo")
_X26 = ("ultrafast", "superfast", "veryfast", "faster", "fast", *_SLOWER)
_SVT = tuple(map(str, range(14)))
_ALL = ("420", "422", "444")
CODECS: dict[str, Codec] = {
    one.name: one
    for one in (
        Codec("h264", "libx264", "mp4", (8, 10), _ALL, True, 18, 51, _X26, "medium"),
        Codec("hevc", "libx265", "mp4", (8, 10, 12), _ALL, True, 20, 51, _X26, "medium"),
        Codec("av1", "libsvtav1", "mp4", (8, 10), ("420",), False, 25, 63, _SVT, "8"),
        Codec("ffv1", "ffv1", "matroska", (8, 10, 12), _ALL, True, None),
        Codec("prores", "prores_ks", "mov", (10,), ("422", "444"), False, None),
    )
}  # fmt: skip
CONTAINERS: dict[str, tuple[Name, ...]] = {
    ".mp4": ("h264", "hevc", "av1", "ffv1"),
    ".m4v": ("h264", "hevc"),
    ".mov": ("h264", "hevc", "prores"),
    ".mkv": ("h264", "hevc", "av1", "ffv1", "prores"),
    ".webm": ("av1",),
    ".ts": ("h264", "hevc"),
}
"""Suffix of a result → the codecs it takes; the first is taken where the input's does not fit."""


@frozen
class Encoding:
    """A codec with everything that decides its bytes."""

    codec: Codec
    layout: Layout
    options: Mapping[str, str]
    threads: int


def chosen(
    name: str | None, *, source: str, suffix: str, crf: float | None, preset: str | None
) -> tuple[Codec, float | None, str]:
    """Return the codec for a result: the one that was named, or that of the source if it fits.

    Raises: ContractError for a container, crf or preset it does not go with.
    """
    if suffix not in CONTAINERS:
        raise ContractError(f"-o: no film is written as {suffix}; use {', '.join(CONTAINERS)}")
    fitting = CONTAINERS[suffix]
    kept = source if source in fitting else fitting[0]
    codec = CODECS[name or kept]
    if codec.name not in fitting:
        raise ContractError(
            f"--codec {codec.name} does not go into {suffix}; choose {' or '.join(fitting)}, "
            "or another container with -o"
        )
    if codec.crf is None and crf is not None:
        raise ContractError(f"--crf is not for {codec.name}")
    quality = crf if crf is not None else codec.crf
    if quality is not None and not 0 <= quality <= codec.most_crf:
        raise ContractError(f"--crf {quality:g}: {codec.name} takes 0 to {codec.most_crf:g}")
    speed = preset if preset is not None else codec.preset
    if speed not in (codec.presets or ("",)):
        known = ", ".join(codec.presets) or "none"
        raise ContractError(f"--preset {speed}: {codec.name} knows {known}")
    return codec, quality, speed


def check_ahead(name: str | None, *, suffix: str, crf: float | None, preset: str | None) -> None:
    """Raise ContractError for what no source whatever could be stored with."""
    errors: list[ContractError] = []
    for source in CONTAINERS.get(suffix, ("",)):
        try:
            chosen(name, source=source, suffix=suffix, crf=crf, preset=preset)
        except ContractError as error:
            errors.append(error)
        else:
            return
    raise errors[0]


def encoding(
    codec: Codec,
    layout: Layout,
    *,
    crf: float | None,
    preset: str,
    threads: int,
    reorders: bool,
    pixels: int,
) -> Encoding:
    """Settle the options of an encoder for frames of `pixels`; `reorders` allows frames that are
    stored out of order."""
    layout = codec.fitting(layout)
    options = _options(codec, layout, crf, preset, reorders, threads, pixels)
    return Encoding(codec, layout, options, threads)


def _options(
    codec: Codec,
    layout: Layout,
    crf: float | None,
    preset: str,
    reorders: bool,
    threads: int,
    pixels: int,
) -> dict[str, str]:
    match codec.name:
        case "h264":
            # Mode 3 of adaptive quantisation spends more on what is dark.
            parameters = ["aq-mode=3", *(["asm=AVX2"] if "avx512f" in cpu_flags() else [])]
            parameters += [] if reorders else ["bframes=0"]
            most = next((most for least, most in LOOKAHEAD if pixels >= least), None)
            if most is not None and preset in FARSIGHTED:
                parameters.append(f"rc-lookahead={most}")
            return {"crf": f"{crf:g}", "preset": preset, "x264-params": ":".join(parameters)}
        case "hevc":
            parameters = ["log-level=error", "info=0", f"pools={threads}", "frame-threads=1"]
            parameters += [] if reorders else ["bframes=0"]
            return {"crf": f"{crf:g}", "preset": preset, "x265-params": ":".join(parameters)}
        case "av1":
            return {"crf": f"{crf:g}", "preset": preset, "svtav1-params": f"lp={threads}"}
        case "ffv1":
            return {"level": "3", "slices": "4", "slicecrc": "1", "g": "1"}
        case "prores":
            return {"profile": "4" if "444" in layout.name else "3"}


FARSIGHTED = ("fast", "medium", "slow", "slower", "veryslow", "placebo")
"""Presets of x264 that look at 30 frames and more before they encode one."""
LOOKAHEAD = ((6_000_000, 20), (1_500_000, 25))
"""Pixels of a frame from which x264 looks at so many frames ahead at most: each takes three bytes a
pixel."""


@cache
def cpu_flags() -> frozenset[str]:
    """Return the processor's abilities, where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return frozenset()
    found = next((line for line in lines if line.startswith(("flags", "Features"))), ":")
    return frozenset(found.partition(":")[2].split())


def cpu_class() -> str:
    """Name what decides which code of an encoder runs: other classes give other bytes."""
    known = ("sse4_2", "avx", "avx2", "avx512f", "avx512vbmi2", "asimd", "sve")
    return "+".join(flag for flag in known if flag in cpu_flags()) or "unknown"
