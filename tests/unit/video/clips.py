"""Small videos made by PyAV, for tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

Frame = Callable[[int], np.ndarray]
"""Index → (H, W, 3) uint8, or planes stacked as PyAV's `from_ndarray` wants them."""


def scene(height: int = 64, width: int = 96, *, light: float = 0.06, seed: int = 1) -> np.ndarray:
    """Return a dark scene in sRGB: blocks of colour, a ramp and some texture."""
    random = np.random.default_rng(seed)
    coarse = random.random((8, 12, 3))
    blocks = np.kron(coarse, np.ones((-(-height // 8), -(-width // 12), 1)))[:height, :width]
    ramp = np.linspace(0.3, 1, width)[None, :, None]
    texture = 0.9 + 0.2 * random.random((height, width, 1))
    linear = np.clip(blocks * ramp * texture * light, 0, 1)
    return (np.clip(linear, 0, 1) ** (1 / 2.2) * 255).astype(np.uint8)


def still(picture: np.ndarray) -> Frame:
    """Show one picture all the time."""
    return lambda _: picture


def noisy(picture: np.ndarray, *, sd: float = 2.0) -> Frame:
    """Show one picture with new noise in each frame."""

    def at(index: int) -> np.ndarray:
        noise = np.random.default_rng(index).normal(0, sd, picture.shape)
        return np.clip(picture + noise, 0, 255).astype(np.uint8)

    return at


def moving(picture: np.ndarray) -> Frame:
    """Move a bright disc over a picture."""
    height, width = picture.shape[:2]
    y, x = np.mgrid[:height, :width]

    def at(index: int) -> np.ndarray:
        result = picture.copy()
        disc = (x - (10 + 2 * index) % width) ** 2 + (y - height // 2) ** 2 < (height // 6) ** 2
        result[disc] = 90
        return result

    return at


@dataclass(frozen=True)
class Tags:
    """Range, matrix, primaries, transfer as FFmpeg numbers them."""

    range: int = 0
    matrix: int = 2
    primaries: int = 2
    transfer: int = 2


def write(
    path: Path,
    frame: Frame = still(scene()),  # noqa: B008 (a picture nobody changes)
    *,
    times: Sequence[int] = range(20),
    base: Fraction = Fraction(1, 20),
    codec: str = "libx264",
    pixels: str = "yuv420p",
    options: dict[str, str] | None = None,
    tags: Tags = Tags(),
    aspect: Fraction | None = None,
    matrix: Sequence[int] | None = None,
    sound: bool = False,
    container: dict[str, str] | None = None,
    metadata: dict[str, str] | None = None,
    format: str | None = None,
) -> Path:
    """Write a video whose frames are shown at `times`, in units of `base`."""
    first = frame(0)
    with av.open(str(path), "w", options=container or {}, format=format) as out:
        out.metadata.update(metadata or {})
        given = {"crf": "10", "preset": "ultrafast"} if codec.startswith("libx26") else {}
        rate = 1 / (base * max(1, (times[-1] - times[0]) // max(1, len(times) - 1)))
        stream = out.add_stream(codec, rate=rate, options={**given, **(options or {})})
        context = stream.codec_context
        context.width, context.height = first.shape[1], first.shape[0]
        context.pix_fmt = pixels
        context.time_base = base
        context.thread_count = 1
        if tags.matrix != 2 or tags.range:
            context.color_range, context.colorspace = tags.range, tags.matrix
            context.color_primaries, context.color_trc = tags.primaries, tags.transfer
        if aspect is not None:
            stream.sample_aspect_ratio = aspect
        if matrix is not None:
            stream.set_display_matrix(matrix)
        audio = out.add_stream("aac", rate=44100) if sound else None
        for index, time in enumerate(times):
            picture = av.VideoFrame.from_ndarray(frame(index), format="rgb24")
            wide = picture.reformat(
                format=pixels,
                dst_colorspace=1 if tags.matrix == 1 else 9 if tags.matrix == 9 else None,
                dst_color_range=2 if tags.range == 2 else 1,
            )
            wide.colorspace, wide.color_range = tags.matrix, tags.range
            wide.color_primaries, wide.color_trc = tags.primaries, tags.transfer
            wide.pts, wide.time_base = time, base
            out.mux(stream.encode(wide))
        out.mux(stream.encode(None))
        if audio is not None:
            _sound(out, audio, float((times[-1] + 1) * base))
    return path


def _sound(out: av.container.OutputContainer, stream: av.AudioStream, seconds: float) -> None:
    count = int(seconds * 44100) // 1024 + 1
    for index in range(count):
        at = np.arange(index * 1024, (index + 1) * 1024) / 44100
        wave = (0.2 * np.sin(2 * np.pi * 440 * at)).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(wave[None], format="fltp", layout="mono")
        frame.sample_rate, frame.pts = 44100, index * 1024
        out.mux(stream.encode(frame))
    out.mux(stream.encode(None))


def times(path: Path, kind: str = "video") -> list[Fraction]:
    """Return the seconds at which frames, or packets of sound, are shown."""
    with av.open(str(path)) as container:
        stream = container.streams.get(**{kind: 0})[0]
        if kind == "video":
            return [frame.pts * stream.time_base for frame in container.decode(stream)]
        return [p.pts * stream.time_base for p in container.demux(stream) if p.size]


def packets(path: Path, kind: str = "audio") -> list[bytes]:
    """Return the packets of a stream."""
    with av.open(str(path)) as container:
        stream = container.streams.get(**{kind: 0})[0]
        return [bytes(packet) for packet in container.demux(stream) if packet.size]


def lumas(path: Path) -> np.ndarray:
    """Return the luma planes, (frames, H, W) uint8."""
    with av.open(str(path)) as container:
        return np.stack([f.to_ndarray(format="gray8") for f in container.decode(video=0)])


def pictures(path: Path) -> list[np.ndarray]:
    """Return the frames as RGB by the tags they carry."""
    with av.open(str(path)) as container:
        return [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]
