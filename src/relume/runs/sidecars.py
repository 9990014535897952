"""XMP beside a picture: x.jpg.xmp, as darktable and digiKam name it, or x.xmp, as Adobe does.

Source: XMP specification part 3 (2020), section 2.1 (sidecar files).
"""

# Path's own questions raise where a name is too long, as a sidecar's may be; os.path's say no.
# ruff: noqa: PTH113

from __future__ import annotations

import os
from pathlib import Path

from relume.errors import RelumeError
from relume.io.atomic import replacing
from relume.io.metadata import xmp
from relume.io.source import load
from relume.photo import Photo

LARGEST = 16 << 20
"""Bytes of a sidecar that is copied: they have thousands."""


def put(source: Path, target: Path, photo: Photo, *, copied: bool) -> tuple[str, ...]:
    """Copy the sidecars of a picture beside its result, and return what is to be told.

    What they say of the picture as it was stored is turned with it, unless the result is a copy of
    the file. One that is there already is never overwritten.
    """
    notes: list[str] = []
    for here, there in _pairs(source, target):
        try:
            data = load(here, max_bytes=LARGEST)
            packet = data if copied else xmp.upright(data, turned=photo.orientation)
            if os.path.lexists(there):
                if there.is_file() and load(there, max_bytes=LARGEST) != packet:
                    notes.append(f"{there.name} was there already and is left as it is")
                continue
            with replacing(there) as stream:
                stream.write(packet)
        except RelumeError as error:  # a sidecar is no reason to fail a picture that is written
            notes.append(f"sidecar not copied: {error}")
    return tuple(notes)


def _pairs(source: Path, target: Path) -> list[tuple[Path, Path]]:
    found: list[tuple[Path, Path]] = []
    for suffix in (".xmp", ".XMP"):
        pairs = (
            (source.with_name(source.name + suffix), target.with_name(target.name + suffix)),
            (source.with_suffix(suffix), target.with_suffix(suffix)),
        )
        # A file system that ignores case has each of them twice.
        for here, there in pairs:
            if os.path.isfile(here) and not any(here.samefile(other) for other, _ in found):
                found.append((here, there))
    return found
