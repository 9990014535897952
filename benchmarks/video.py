"""What enhancing a video costs beside decoding and encoding it alone, in one run.

    python benchmarks/video.py [--frames 60] [--rounds 3] [--preset medium] [--input VIDEO]

A 1920 × 1080 video of a moving dark scene is made unless one is given. Ways take turns, each
`--rounds` times; what is printed are medians, as ratios to decoding and encoding alone with the
same settings (1 is as fast), the frames a second of looking and painting alone, and with --length N
the peak memory of enhancing N small frames beside that of a tenth of them.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path
from statistics import median
from time import perf_counter

import av
import numpy as np

from relume.runtime.method import load
from relume.video.choice import Chosen
from relume.video.enhance import VideoRun
from relume.video.frames import Frames
from relume.video.layout import nearest
from relume.video.looks import Looker
from relume.video.options import Options
from relume.video.paint import Painter
from relume.video.small import seen
from relume.video.source import Source
from relume.video.stream import Watcher


def made(path: Path, *, frames: int, height: int = 1080, width: int = 1920) -> Path:
    """Write a dark scene with something moving and a little noise."""
    random = np.random.default_rng(1)
    blocks = np.kron(random.random((18, 32, 3)), np.ones((-(-height // 18), -(-width // 32), 1)))
    texture = 0.85 + 0.3 * random.random((height, width, 1))
    scene = (0.05 * blocks[:height, :width] * texture) ** (1 / 2.2) * 255
    noise = [random.normal(0, 1.5, scene.shape) for _ in range(4)]
    y, x = np.mgrid[:height, :width]
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=30, options={"crf": "18", "preset": "veryfast"})
        stream.codec_context.width, stream.codec_context.height = width, height
        for index in range(frames):
            picture = scene + noise[index % 4]
            middle = (index * width // 120) % width
            picture[(x - middle) ** 2 + (y - height // 2) ** 2 < (height // 8) ** 2] = 70
            frame = av.VideoFrame.from_ndarray(
                np.clip(picture, 0, 255).astype(np.uint8), format="rgb24"
            ).reformat(format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, 30)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def timed(source: Path, folder: Path, method: str, knobs: dict[str, float], preset: str) -> float:
    """Return the seconds that a video takes; `identity` decodes and encodes alone."""
    loaded = load(method)
    target = folder / "result.mp4"
    run = VideoRun(
        source, target, lambda _: Chosen(loaded, knobs, 1.0), Options(codec="h264", preset=preset)
    )
    start = perf_counter()
    run()
    seconds = perf_counter() - start
    target.unlink()
    return seconds


def watched(source: Path, knobs: dict[str, float]) -> float:
    """Return how many frames a second are looked at and painted, decoding left out."""
    with Source(source) as opened:
        layout, _ = nearest(opened.pixels)
        stills = list(Frames(opened, layout))
        facts = opened.facts
        looker = Looker(load("relume"), knobs, 1.0)
        painter = Painter(looker, layout, facts.colour)
        watcher = Watcher(
            looker,
            lambda planes: seen(planes, layout, facts.colour),
            rate=float(facts.rate),
        )
        start = perf_counter()
        for one in watcher.watch(stills):
            painter.paint(one.look, one.still.planes)
        return len(stills) / (perf_counter() - start)


def peak(frames: int, folder: Path) -> float:
    """Return the MB at the peak of enhancing `frames` small frames, in a process of its own."""
    source = made(folder / f"{frames}.mp4", frames=frames, height=48, width=64)
    code = f"import video, sys; video.alone({str(source)!r}, {str(folder)!r})"
    here = str(Path(__file__).parent)
    out = subprocess.run(
        [sys.executable, "-c", code], cwd=here, check=True, capture_output=True, text=True
    )
    return float(out.stdout)


def alone(source: str, folder: str) -> None:
    """Enhance a video and print the peak of this process."""
    timed(Path(source), Path(folder), "relume", {"denoise": 0.0}, "ultrafast")
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--preset", default="medium")
    parser.add_argument("--input", type=Path)
    parser.add_argument("--length", type=int, default=0)
    asked = parser.parse_args()
    ways = {
        "decode and encode alone": ("identity", {}),
        "relume, denoise 0": ("relume", {"denoise": 0.0}),
        "relume": ("relume", {}),
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if asked.length:
            for frames in (asked.length // 10, asked.length):
                print(f"peak over {frames} small frames: {peak(frames, folder):.0f} MB")
            return
        source = asked.input or made(folder / "source.mp4", frames=asked.frames)
        times: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(asked.rounds):
            for way, (method, knobs) in ways.items():
                times[way].append(timed(source, folder, method, knobs, asked.preset))
        base = median(times["decode and encode alone"])
        for way, seconds in times.items():
            print(f"{way:<26}{base / median(seconds):6.2f}×")
        rates = [watched(source, {"denoise": 0.0}) for _ in range(asked.rounds)]
        print(f"look and paint alone, denoise 0: {median(rates):.0f} frames/s")


if __name__ == "__main__":
    main()
