"""Which scenes a folder holds, which of them are left out, and which only validate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from PIL import Image

from relume.data.pairing import Branch, errors, pair_up
from relume.errors import UnreadableError
from relume.train.pictures import Shelf, list_pictures, read_picture
from relume.train.recipe import Data, Source
from relume.words import counted


@dataclass(frozen=True)
class Scene:
    """What was photographed: one picture, a low and a high one, or several exposures."""

    key: str
    """Unique in its source."""
    paths: tuple[Path, ...]

    def is_named(self, names: Sequence[str]) -> bool:
        """Tell whether one of the names means this scene: its key, a file's name or stem."""
        own = {self.key, self.key.rpartition("/")[2]}
        own |= {name for path in self.paths for name in (path.name, path.stem)}
        return not own.isdisjoint(names)


def single_pictures(folder: Path) -> tuple[Scene, ...]:
    """Return each picture below a folder as a scene of its own."""
    paths = [path.relative_to(folder) for path in list_pictures(folder)]
    stems = Counter(path.with_suffix("") for path in paths)
    return tuple(
        Scene((path if stems[stem] > 1 else stem).as_posix(), (folder / path,))
        for path in paths
        for stem in (path.with_suffix(""),)
    )


def has_pairs(folder: Path) -> bool:
    """Tell whether a folder holds one of low and high."""
    return (folder / "low").is_dir() or (folder / "high").is_dir()


def pairs(folder: Path) -> tuple[Scene, ...]:
    """Return the pictures of low/ and high/ with equal names.

    Raises: UnreadableError when a picture has no counterpart, or there is none at all.
    """
    for side in ("low", "high"):
        list_pictures(folder / side)
    branch = Branch("train", folder / "low", folder / "high")
    found, problems = pair_up(branch, dataset="folder-pairs")
    if wrong := errors(problems):
        more = f" ({len(wrong)} such problems)" if len(wrong) > 1 else ""
        raise UnreadableError(f"{wrong[0].message}{more}; pairs need equal names")
    return tuple(Scene(pair.key, (pair.low, pair.high)) for pair in found if pair.high is not None)


def exposures(folder: Path) -> tuple[Scene, ...]:
    """Return the folders below a folder as scenes, each with two or more exposures.

    Raises: UnreadableError when a folder holds only one picture, or there is none at all.
    """
    together: dict[Path, list[Path]] = {}
    for path in list_pictures(folder):
        together.setdefault(path.parent, []).append(path)
    lonely = [paths[0] for paths in together.values() if len(paths) < 2]
    if lonely:
        more = f" ({len(lonely)} such folders)" if len(lonely) > 1 else ""
        raise UnreadableError(
            f"{lonely[0]}: the only exposure in its folder{more}; each scene needs a folder with "
            "two or more"
        )
    return tuple(
        Scene(place.relative_to(folder).as_posix(), tuple(paths))
        for place, paths in together.items()
    )


def inspect(scene: Scene) -> int:
    """Look at the first bytes of a scene's files: of the right kind, and of one size.

    Returns the pixels of all, where the first bytes tell them.
    Raises: UnreadableError. A file that is damaged further on shows when it is read.
    """
    sizes: set[tuple[int, int]] = set()
    for path in scene.paths:
        try:
            with Image.open(path) as image:
                sizes.add(image.size)
        except (OSError, Image.DecompressionBombError):  # Pillow knows fewer formats than we do
            read_picture(path)
    if len(sizes) > 1:  # unless an orientation tag makes them equal
        Shelf(size=(), megabytes=0).read_scene(scene.paths)
    return len(scene.paths) * max((width * height for width, height in sizes), default=0)


def without(scenes: tuple[Scene, ...], source: Source, *, folder: Path) -> tuple[Scene, ...]:
    """Leave out what a source excludes.

    Raises: UnreadableError when nothing is left.
    """
    kept = tuple(scene for scene in scenes if not scene.is_named(source.exclude))
    if not kept:
        raise UnreadableError(f"{folder}: nothing is left; data.sources.exclude names all scenes")
    return kept


def split(
    scenes: tuple[Scene, ...], data: Data, *, folder: Path
) -> tuple[tuple[Scene, ...], tuple[Scene, ...]]:
    """Return the scenes that teach and those that only validate.

    The part `holdout` is chosen by the hash of the scenes' names, so it is the same on every
    machine and in every run. Raises: UnreadableError when nothing is left to learn from.
    """
    named = {scene.key for scene in scenes if scene.is_named(data.held_out)}
    count = round(len(scenes) * data.holdout) or (1 if data.holdout else 0)
    drawn = sorted(scenes, key=lambda scene: sha256(scene.key.encode()).digest())[:count]
    held = named | {scene.key for scene in drawn}
    teaching = tuple(scene for scene in scenes if scene.key not in held)
    if not teaching:
        raise UnreadableError(
            f"{folder}: {counted(len(scenes), 'scene')} in all, and none is left to learn from; "
            "add pictures or lower data.holdout"
        )
    return teaching, tuple(scene for scene in scenes if scene.key in held)
