"""What becomes of damaged files: mutated ones of every format are read, enhanced and written.

python benchmarks/fuzz.py                     20,000 files
python benchmarks/fuzz.py --count 500         as the tests run it
python benchmarks/fuzz.py --only jpeg,dng     some formats
python benchmarks/fuzz.py --more DIR          small files of your own beside ours, as for HEIC

Each file ends well, or in one line of a RelumeError; anything else is a fault: another exception,
more than 10 seconds, a file left half written, a process that dies. A seed and a number give the
same file each time. Work is done in processes of its own, so that a library that crashes is
reported with the number of the file and the rest goes on.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from queue import Empty, Queue
from tempfile import TemporaryDirectory
from threading import Thread

TESTS = Path(__file__).resolve().parents[1] / "tests"
SECONDS = 10.0
BATCH = 250
"""Files per process."""
MOST_PIXELS = 4_000_000
EXTREMES = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\1", b"\x80\0\0\0")


def valid_files() -> dict[str, bytes]:
    """Return small valid files of every kind, by name."""
    sys.path.insert(0, str(TESTS))
    from dataclasses import replace

    import numpy as np

    from fake import dng, gain_maps, pictures, raw
    from relume.colour_statement import of_codes
    from relume.io import encode
    from relume.io.jxl import library
    from relume.io.metadata import icc
    from relume.photo import Photo

    light = raw.scene(32, 40)
    counts = (dng.filtered(light, "RGGB") * 65535).astype(np.uint16)
    found = {name: make() for name, make in pictures.KINDS.items()}
    found |= {
        "dng": raw.bayer_dng(raw.mosaic_of(light)),
        "dng-linear": raw.linear_dng((light * 65535).astype(np.uint16)),
        "dng-stated": dng.write(counts, dng.signed(dng.BASELINE_EXPOSURE, 1), dng.shorts(
            dng.ACTIVE_AREA, 0, 0, 32, 40), dng.ratios(dng.CROP_ORIGIN, 2, 2), dng.ratios(
            dng.CROP_SIZE, 32, 24), dng.ratios(dng.BLACK, 10.5), cfa="RGGB"),
        "dng-half": dng.write(dng.filtered(light, "RGGB").astype(np.float16), cfa="RGGB"),
        "dng-quad": dng.write(counts, cfa="RRGGRRGGGGBBGGBB"),
        "jpeg-iso": gain_maps.ultra_hdr(gain_maps.iso(), by="iso"),
        "jpeg-adobe": gain_maps.ultra_hdr(video=gain_maps.VIDEO),
        "jpeg-apple": gain_maps.apple(2.0),
        "jpeg-motion": gain_maps.motion(),
    }  # fmt: skip
    photo = Photo(
        pictures.smooth(24, 30), icc=icc.srgb(), exif=pictures.exif(6), xmp=pictures.xmp(6)
    )
    for name in ("jpeg", "png", "webp", "tiff", "bmp", "avif", "dng"):
        found[f"{name}-ours"] = encode(photo, format=name)
    if library.is_there():
        deep = Photo(pictures.pixels(24, 30, bits=16), alpha=pictures.pixels(
            24, 30, channels=1, bits=16))  # fmt: skip
        found |= {
            "jxl-ours": encode(photo, format="jxl"),
            "jxl-lossless": encode(photo, format="jxl", quality=100),
            "jxl-deep": encode(deep, format="jxl", quality=100),
            "jxl-hdr": encode(replace(deep, stated=of_codes(9, 16, by="nclx")), format="jxl"),
        }
    return found


def _bits(data: bytearray, draw: random.Random) -> None:
    for _ in range(draw.choice((1, 2, 8, 40))):
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)


def _bytes(data: bytearray, draw: random.Random) -> None:
    for _ in range(draw.choice((1, 3, 10))):
        data[draw.randrange(len(data))] = draw.randrange(256)


def _numbers(data: bytearray, draw: random.Random) -> None:
    at = draw.randrange(max(len(data) - 4, 1))
    size = draw.choice((1, 2, 4))
    data[at : at + size] = draw.choice(EXTREMES)[:size]


def _headers(data: bytearray, draw: random.Random) -> None:
    for _ in range(draw.choice((1, 2, 4))):
        data[draw.randrange(min(len(data), 400))] = draw.randrange(256)


def _cut(data: bytearray, draw: random.Random) -> None:
    del data[draw.randrange(len(data)) :]


def _removed(data: bytearray, draw: random.Random) -> None:
    at = draw.randrange(len(data))
    del data[at : at + draw.choice((1, 4, 50, 500))]


def _repeated(data: bytearray, draw: random.Random) -> None:
    at, many = draw.randrange(len(data)), draw.choice((1, 4, 50, 500))
    data[at:at] = data[at : at + many] * draw.choice((1, 2, 20))


def _swapped(data: bytearray, draw: random.Random) -> None:
    one, other = (draw.randrange(max(len(data) - 64, 1)) for _ in range(2))
    data[one : one + 64], data[other : other + 64] = data[other : other + 64], data[one : one + 64]


def _zeros(data: bytearray, draw: random.Random) -> None:
    at = draw.randrange(len(data))
    many = min(draw.choice((4, 64, 1000)), len(data) - at)
    data[at : at + many] = bytes(many)


MUTATIONS: tuple[Callable[[bytearray, random.Random], None], ...] = (
    _bits, _bytes, _numbers, _headers, _headers, _cut, _removed, _repeated, _swapped, _zeros
)  # fmt: skip


def mutated(files: dict[str, bytes], *, seed: int, number: int) -> tuple[str, bytes]:
    """Return the file of a number and what it was made from."""
    draw = random.Random(f"{seed} {number}")
    name = sorted(files)[number % len(files)]
    data = bytearray(files[name])
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        if data:
            draw.choice(MUTATIONS)(data, draw)
    return name, bytes(data)


def work(files: dict[str, bytes], numbers: range, *, seed: int) -> None:
    """Do some files and tell of each on standard output; the body of a process."""
    from relume.errors import RelumeError
    from relume.io import read, write
    from relume.runtime import Enhancer

    enhancer = Enhancer("gamma")
    with TemporaryDirectory() as folder:
        for number in numbers:
            print("begin", number, sep="\t", flush=True)
            name, data = mutated(files, seed=seed, number=number)
            target = Path(folder) / f"{number}"
            start, told = time.perf_counter(), "read"
            try:
                photo = read(data, max_pixels=MOST_PIXELS)
                result = enhancer.photo(photo).photo
                written = {"heic": "jpeg", "raw": "tiff", "dng": "tiff"}
                format = written.get(photo.format or "", photo.format)
                write(result, target, format=format)  # type: ignore[arg-type]
            except RelumeError as error:
                told = "refused" if "\n" not in str(error) else "several lines"
            except Exception as error:
                told = f"{type(error).__name__}: {' '.join(str(error).split())[:150]}"
            seconds = time.perf_counter() - start
            left = [one for one in Path(folder).iterdir() if one != target]
            if left or (target.exists() and not target.stat().st_size):
                told = "a file left half written"
            target.unlink(missing_ok=True)
            print("end", number, f"{seconds:.3f}", name, told, sep="\t", flush=True)


class Tally:
    """Outcomes, and what was wrong."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.faults: list[str] = []
        self.slowest = 0.0

    def add(self, number: int, seconds: float, name: str, told: str) -> None:
        self.slowest = max(self.slowest, seconds)
        self.outcomes[told if told in ("read", "refused") else "fault"] += 1
        if told not in ("read", "refused") or seconds > SECONDS:
            self.faults.append(f"{number} ({name}): {told}, {seconds:.1f} s")


def run(first: int, last: int, *, options: list[str], tally: Tally) -> int:
    """Do files in a process and return the number that comes next."""
    command = [sys.executable, __file__, "--work", f"{first}:{last}", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    lines: Queue[str | None] = Queue()
    errors: list[str] = []
    assert process.stdout is not None
    assert process.stderr is not None
    out, err = process.stdout, process.stderr

    def listen() -> None:
        for line in out:
            lines.put(line)
        lines.put(None)

    readers = [Thread(target=listen, daemon=True)]
    readers.append(Thread(target=lambda: errors.extend(err), daemon=True))
    for reader in readers:
        reader.start()
    current, begun = first, False
    while True:
        try:
            # The first line comes when everything is imported.
            line = lines.get(timeout=3 * SECONDS if begun else 120)
        except Empty:
            process.kill()
            process.wait()
            if last - first > 1:  # again, alone: a machine may have slept meanwhile
                return run(current, current + 1, options=options, tally=tally)
            tally.add(current, 3 * SECONDS, "?", "hangs")
            return current + 1
        if line is None:
            break
        kind, number, *rest = line.rstrip("\n").split("\t")
        current = int(number)
        begun = True
        if kind == "end":
            tally.add(current, float(rest[0]), rest[1], rest[2])
            current += 1
    if process.wait() != 0 or current < last:
        why = " ".join(errors[-1].split())[:150] if errors else ""
        tally.add(current, 0.0, "?", f"the process ended with {process.returncode} {why}".strip())
        return current + 1
    return last


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="beginnings of names, with commas")
    parser.add_argument("--more", default="", help="a folder of further files")
    parser.add_argument("--work", default="", help=argparse.SUPPRESS)
    given = parser.parse_args()
    options = ["--seed", str(given.seed), "--only", given.only, "--more", given.more]
    if given.work:
        files = valid_files()
        if given.more:
            paths = sorted(path for path in Path(given.more).iterdir() if path.is_file())
            files |= {f"own {path.name}": path.read_bytes() for path in paths}
        wanted = tuple(given.only.split(","))
        files = {name: data for name, data in files.items() if name.startswith(wanted)}
        first, last = map(int, given.work.split(":"))
        work(files, range(first, last), seed=given.seed)
        return 0
    tally, number = Tally(), 0
    start = time.perf_counter()
    while number < given.count:
        last = min(number - number % BATCH + BATCH, given.count)
        number = run(number, last, options=options, tally=tally)
        if sys.stderr.isatty():
            print(f"\r{number}", end="", file=sys.stderr)
    for fault in tally.faults:
        print(fault)
    counts = ", ".join(f"{many} {what}" for what, many in sorted(tally.outcomes.items()))
    print(
        f"{given.count} files of seed {given.seed}: {counts}; slowest {tally.slowest:.1f} s; "
        f"{len(tally.faults)} faults; {time.perf_counter() - start:.0f} s"
    )
    return 1 if tally.faults else 0


if __name__ == "__main__":
    sys.exit(main())
