"""The main job, measured: `sgz` at 12 MP, a 12 MP JPEG end to end, start-up, 100 MP memory.

Usage: python benchmarks/enhance.py [--json FILE] [--skip-torch]

Everything is compared as ratios within one run; each time is the median of repeats. Memory is the
growth of a fresh process's peak resident size over what it held with the picture in memory (Linux).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import measuring
import numpy as np
from measuring import Plane, lamp, median_seconds, report

HEIGHT, WIDTH = 2848, 4256
REPEATS = 7


def scene(height: int, width: int) -> np.ndarray:
    """A generated dark picture with texture, noise and a lamp: (H, W, 3) uint8.

    As a JPEG of quality 92 it takes about 0.23 bytes per pixel, as photographs do.
    """
    return measuring.scene(height, width, light=light)


def light(x: Plane, y: Plane) -> Plane:
    """Return smooth levels with a lamp."""
    return 30 + 25 * np.sin(9 * x) * np.cos(7 * y) + 180 * lamp(x, y)


def in_fresh_process(code: str) -> float:
    """Run `code` in a new interpreter and return the number it prints last."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parent,
    )
    return float(done.stdout.split()[-1])


def command_seconds(arguments: list[str], repeats: int = 5) -> float:
    """Median wall time of a whole command."""
    return median_seconds(
        lambda: subprocess.run(arguments, check=True, capture_output=True), repeats
    )


PEAK = """
from pathlib import Path
def peak():
    # The high-water mark of this program alone; getrusage would inherit its parent's.
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
"""

EXTRA_MEMORY = (
    PEAK
    + """
import numpy as np
from relume.runtime import load
method = load("sgz")
method(np.zeros((64, 64, 3), np.uint8))
picture = np.load({picture!r})
before = peak()
result = method(picture)
print(peak() - before - result.nbytes / 2**20)
"""
)

WHOLE_MEMORY = (
    PEAK
    + """
import relume
relume.write(relume.Enhancer("sgz").photo(relume.read({source!r})).photo, {target!r})
print(peak())
"""
)


def network_seconds(picture: np.ndarray) -> float:
    """The published network run eagerly in torch float32 at full size, scale 12, from uint8."""
    import torch

    from relume.methods.sgz.network import CurveNetwork

    network = CurveNetwork().eval()
    image = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255

    def run() -> None:
        with torch.inference_mode():
            network(image, scale=12)

    return median_seconds(run, 3)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--skip-torch", action="store_true")
    options = parser.parse_args()

    import simplejpeg

    import relume
    from relume import render
    from relume.runtime import Enhancer, load

    picture = scene(HEIGHT, WIDTH)
    rows: dict[str, float] = {}

    method = load("sgz")
    rows["sgz at 12 MP, s"] = median_seconds(lambda: method(picture), REPEATS)
    curve = method.estimate(picture, knobs={"scale": 12.0})
    out = np.empty_like(picture)
    rows["its curve alone, s"] = median_seconds(
        lambda: render.apply(curve, picture, out=out), REPEATS
    )
    if not options.skip_torch:
        rows["torch eager, s"] = network_seconds(picture)
        rows["torch eager / sgz"] = rows["torch eager, s"] / rows["sgz at 12 MP, s"]

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.save(folder / "picture.npy", picture)
        code = EXTRA_MEMORY.format(picture=str(folder / "picture.npy"))
        rows["extra peak memory beside the result, MB"] = in_fresh_process(code)
        dark, bright = folder / "dark.jpg", folder / "bright.jpg"
        relume.write(relume.Photo(picture), dark, quality=92)
        data = dark.read_bytes()
        enhancer = Enhancer("sgz")

        def codec() -> None:
            pixels = simplejpeg.decode_jpeg(data)
            bright.write_bytes(simplejpeg.encode_jpeg(pixels, quality=92, colorsubsampling="420"))

        def whole() -> None:
            relume.write(enhancer.photo(relume.read(dark)).photo, bright)

        rows["JPEG codec alone, s"] = median_seconds(codec, REPEATS)
        rows["JPEG to JPEG, warm, s"] = median_seconds(whole, REPEATS)
        rows["JPEG to JPEG / codec"] = rows["JPEG to JPEG, warm, s"] / rows["JPEG codec alone, s"]
        relume_command = str(Path(sys.executable).with_name("relume"))
        rows["relume enhance, cold, s"] = command_seconds(
            [relume_command, "enhance", str(dark), "-o", str(bright), "--overwrite"]
        )
        rows["relume --help, s"] = command_seconds([relume_command, "--help"])
        rows["python -c pass, s"] = command_seconds([sys.executable, "-c", "pass"])
        rows["import relume, s"] = command_seconds([sys.executable, "-c", "import relume"])

        huge = folder / "huge.jpg"
        relume.write(relume.Photo(scene(10_000, 10_000)), huge, quality=92)
        code = WHOLE_MEMORY.format(source=str(huge), target=str(bright))
        rows["100 MP JPEG to JPEG, peak memory, MB"] = in_fresh_process(code)

    report(rows, about=f"renderer {render.backend()}", json_file=options.json)


if __name__ == "__main__":
    main()
