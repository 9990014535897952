"""Time and memory of reading and writing, as ratios to the bare libraries in one run.

python benchmarks/io.py            a generated picture of 12 megapixels
python benchmarks/io.py 100        … of 100
python benchmarks/io.py --jxl      JPEG XL alone, with the extra jxl
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import simplejpeg
from PIL import Image

from relume.io import encode, read, write
from relume.photo import Photo

ROUNDS = 7


def generated(megapixels: float) -> Any:
    """Dark slopes, edges and sensor noise: about as many bytes as a photo of that size."""
    width = round((megapixels * 1e6 * 4 / 3) ** 0.5)
    height = round(width * 3 / 4)
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 120, (height // 60 + 2, width // 60 + 2, 3), np.uint8)
    smooth = np.array(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))
    tile = rng.normal(0, 3, (512, 512, 3))
    for top in range(0, height, 512):
        for left in range(0, width, 512):
            part = smooth[top : top + 512, left : left + 512]
            part[:] = np.clip(part + tile[: part.shape[0], : part.shape[1]], 0, 255)
    return smooth


def medians(*functions: Callable[[], Any], rounds: int = ROUNDS) -> list[float]:
    """Seconds of each function, taken in turn so that other load hits all alike."""
    taken: list[list[float]] = [[] for _ in functions]
    for _ in range(rounds):
        for times, function in zip(taken, functions, strict=True):
            start = time.perf_counter()
            function()
            times.append(time.perf_counter() - start)
    return [median(times) for times in taken]


def by_pillow(image: Any, **options: Any) -> bytes:
    stream = BytesIO()
    height, width = image.shape[:2]
    Image.frombuffer("RGB", (width, height), image, "raw", "RGB", 0, 1).save(stream, **options)
    return stream.getvalue()


def speed(megapixels: float) -> None:
    image = generated(megapixels)
    photo = Photo(image)
    jpeg, png = encode(photo, format="jpeg"), encode(photo, format="png")
    tiff = encode(photo, format="tiff")
    print(f"{image.shape[1]} × {image.shape[0]}; JPEG {len(jpeg) / 1e6:.1f} MB")
    ours, bare, pillow = medians(
        lambda: read(jpeg),
        lambda: simplejpeg.decode_jpeg(jpeg),
        lambda: np.asarray(Image.open(BytesIO(jpeg))),
    )
    print(
        f"JPEG read    {ours:.3f} s = {ours / bare:.2f} × simplejpeg, {ours / pillow:.2f} × Pillow"
    )
    ours, bare, pillow = medians(
        lambda: encode(photo, format="jpeg", quality=95),
        lambda: simplejpeg.encode_jpeg(image, 95, "RGB", "420"),
        lambda: by_pillow(image, format="JPEG", quality=95, subsampling="4:2:0"),
    )
    print(f"JPEG encode  {ours:.3f} s = {ours / min(bare, pillow):.2f} × the faster of the two")
    for name, data in (("PNG", png), ("TIFF", tiff)):
        ours, pillow = medians(lambda: read(data), lambda: np.asarray(Image.open(BytesIO(data))))  # noqa: B023
        print(f"{name:4} read    {ours:.3f} s = {ours / pillow:.2f} × Pillow")
    ours, pillow = medians(
        lambda: encode(photo, format="png"),
        lambda: by_pillow(image, format="PNG", compress_level=1),
    )
    print(f"PNG encode   {ours:.3f} s = {ours / pillow:.2f} × Pillow at level 1")
    ours, pillow = medians(
        lambda: encode(photo, format="tiff"),
        lambda: by_pillow(image, format="TIFF", compression="tiff_adobe_deflate"),
    )
    print(f"TIFF encode  {ours:.3f} s = {ours / pillow:.2f} × Pillow, deflate")


def jpeg_xl(megapixels: float) -> None:
    """Beside the library's own two calls: imagecodecs has the same libjxl, for pixels alone."""
    import imagecodecs

    from relume.io.formats import jxl

    shallow = generated(megapixels)
    rng = np.random.default_rng(0)
    deep = shallow.astype(np.uint16) * 257 + rng.integers(0, 257, shallow.shape, np.uint16)
    for image, quality in ((shallow, 90), (shallow, 100), (deep, 90)):
        distance = jxl.distance(quality)
        photo = Photo(image)
        data = encode(photo, format="jxl", quality=quality)
        ours, bare = medians(
            lambda: read(encode(photo, format="jxl", quality=quality)),  # noqa: B023
            lambda: imagecodecs.jpegxl_decode(
                imagecodecs.jpegxl_encode(
                    image,  # noqa: B023
                    distance=distance,  # noqa: B023
                    lossless=distance == 0,  # noqa: B023
                    effort=jxl.EFFORT if distance else jxl.EFFORT_LOSSLESS,  # noqa: B023
                    # Else it takes 16 bits for linear light.
                    photometric="RGB",
                    numthreads=0,
                ),
                numthreads=0,
            ),
            rounds=3,
        )
        (reading,) = medians(lambda: read(data), rounds=3)  # noqa: B023
        print(
            f"JPEG XL, {8 * image.itemsize} bits, quality {quality}: {len(data) / 1e6:.1f} MB, "
            f"write and read {ours:.2f} s (read {reading:.2f}) = {ours / bare:.2f} × its own calls"
        )


def peak() -> float:
    """Largest memory of this process so far, in MB (Linux)."""
    status = Path("/proc/self/status").read_text()
    # Not ru_maxrss: a process inherits the one of the process that started it.
    return int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e6


def memory(path: str) -> None:
    """Read and write one file in this process and print what it took."""
    read(encode(Photo(np.zeros((8, 8, 3), np.uint8)), format="png"))  # everything is loaded now
    read(encode(Photo(np.zeros((8, 8, 3), np.uint8)), format="jpeg"))
    before = peak()
    photo = read(path)
    after_read = peak()
    write(photo, path + Path(path).suffix)
    pixels = photo.pixels.nbytes / 1e6
    print(
        f"{Path(path).suffix[1:]:4} pixels {pixels:.0f} MB, "
        f"read took {after_read - before:.0f} MB, write {peak() - after_read:.0f} MB more"
    )


def main() -> None:
    if sys.argv[1:2] == ["--memory"]:
        memory(sys.argv[2])
        return
    if sys.argv[1:2] == ["--jxl"]:
        jpeg_xl(12)
        return
    megapixels = float(sys.argv[1]) if sys.argv[1:] else 12
    speed(megapixels)
    with TemporaryDirectory() as folder:
        for suffix in (".jpg", ".png", ".tif"):
            path = f"{folder}/picture{suffix}"
            write(Photo(generated(megapixels)), path)
            # A process of its own, as the peak never falls again.
            subprocess.run([sys.executable, __file__, "--memory", path], check=True)


if __name__ == "__main__":
    main()
