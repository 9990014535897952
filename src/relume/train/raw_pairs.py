"""SID's dark and long exposures for training: patches of mosaics and of what they should become.

Files are developed once and kept in the user's cache, `relume/raw` in it, as plain arrays of which
a patch reads only its own rows: 25 MB for a short exposure of Sony's, 73 MB for a long one.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from relume import io
from relume.colour import encode_srgb
from relume.data import survey
from relume.data.datasets.sid import amplification
from relume.data.files import find_folders
from relume.data.mosaicking import balanced
from relume.engines.cache import private_folder
from relume.errors import UnreadableError
from relume.extras import need
from relume.io.atomic import replacing
from relume.losses.objective import Batch
from relume.photo import Mosaic
from relume.train.scenes import Scene

Samples = NDArray[np.uint16]
"""1 is 65535."""
LARGEST_WHOLE = 1024
"""Sides of the middle of a frame that validates: a whole one takes a gigabyte in torch."""


def scenes(folder: Path) -> tuple[Scene, ...]:
    """Return the training pairs of SID's Sony part below a folder; none where it is something else.

    Raises: NoDatasetError where a copy is there but unusable.
    """
    if not find_folders(folder, "sony/short"):
        return ()
    return tuple(
        Scene(pair.key, (pair.low, pair.high))
        for pair in survey(folder, name="sid").split("train")
        if pair.high is not None and pair.meta.get("group") == "sony"
    )


def draw(
    scene: Scene, *, sides: tuple[int, int] | None, flip: bool, random: np.random.Generator
) -> Batch:
    """Return a random patch in RGGB phase, every other one mirrored if `flip` says so."""
    plane, picture = _opened(*scene.paths)
    tall, wide = sides or (plane.shape[0] // 2 * 2, plane.shape[1] // 2 * 2)
    if tall > plane.shape[0] or wide > plane.shape[1]:
        raise UnreadableError(f"{scene.paths[0]}: is smaller than {tall}×{wide}; lower data.sides")
    mirrored = flip and wide < plane.shape[1] and bool(random.random() < 0.5)
    top = 2 * int(random.integers((plane.shape[0] - tall) // 2 + 1))
    # A mirrored row begins with the last column, which must be a red one: it starts on an odd one.
    columns = (plane.shape[1] - wide - mirrored) // 2 + 1
    left = 2 * int(random.integers(columns)) + mirrored
    area = slice(top, top + tall), slice(left, left + wide)
    step = -1 if mirrored else 1
    return _batch(scene, plane[area][:, ::step], picture[area][:, ::step])


def middle(scene: Scene) -> Batch:
    """Return the middle of a pair, for validation."""
    plane, picture = _opened(*scene.paths)
    sides = [min(side // 2 * 2, LARGEST_WHOLE) for side in plane.shape]
    area = tuple(
        slice((full - side) // 4 * 2, (full - side) // 4 * 2 + side)
        for full, side in zip(plane.shape, sides, strict=True)
    )
    return _batch(scene, plane[area], picture[area])


def _batch(scene: Scene, plane: Samples, picture: Samples) -> Batch:
    return {
        "mosaic": torch.from_numpy(_unit(plane)[None]),
        "srgb": torch.from_numpy(np.ascontiguousarray(_unit(picture).transpose(2, 0, 1))),
        "ratio": torch.tensor(amplification(*scene.paths)),
    }


def _unit(samples: Samples) -> NDArray[np.float32]:
    return samples.astype(np.float32) * np.float32(1 / 65535)


def _opened(low: Path, high: Path) -> tuple[Samples, Samples]:
    """Return a white-balanced plane in RGGB phase and its picture, both as files in memory."""
    place = private_folder("raw")
    plane, picture = (place / f"{_key(low, high)}.npy", place / f"{_key(high)}.npy")
    if not (plane.is_file() and picture.is_file()):
        long = _mosaic(high)
        down, right = long.offset_of_red()
        short = replace(_mosaic(low), white_balance=long.white_balance)
        found = balanced(short.normalised()[down:, right:], short.white_balance)
        _keep(found, plane)
        if not picture.is_file():
            _keep(_developed(high)[down:, right:], picture)
    mosaic, truth = np.load(plane, mmap_mode="r"), np.load(picture, mmap_mode="r")
    if mosaic.shape != truth.shape[:2]:
        raise UnreadableError(f"{low}: {mosaic.shape} sites, its long exposure {truth.shape[:2]}")
    return mosaic, truth


def _mosaic(path: Path) -> Mosaic:
    mosaic = io.read(path, want="mosaic").mosaic
    if mosaic is None:
        raise UnreadableError(f"{path}: holds no Bayer mosaic")
    return mosaic


def _developed(path: Path) -> NDArray[np.float32]:
    """Return what the network is to give: white-balanced camera RGB, sRGB's transfer function."""
    rawpy: Any = need("rawpy", extra="raw")
    with rawpy.imread(str(path)) as raw:
        linear: NDArray[np.uint16] = raw.postprocess(
            use_camera_wb=True,
            output_color=rawpy.ColorSpace.raw,
            gamma=(1, 1),
            no_auto_bright=True,
            adjust_maximum_thr=0.0,
            output_bps=16,
        )
    return encode_srgb(_unit(linear)).astype(np.float32)


def _keep(unit: NDArray[np.float32], path: Path) -> None:
    with replacing(path) as file:
        np.save(file, np.rint(unit * np.float32(65535)).astype(np.uint16))


def _key(*paths: Path) -> str:
    """Name files by what they are now: another copy or another version is another key."""
    about = [(str(path.resolve()), path.stat().st_mtime_ns, path.stat().st_size) for path in paths]
    return sha256(repr(about).encode()).hexdigest()[:32]
