"""Which pictures of a training set show a scene of a test set, and how we know.

| kind    | evidence                                                                          |
|---------|-----------------------------------------------------------------------------------|
| file    | the same bytes                                                                    |
| pixels  | the same decoded pixels                                                           |
| scene   | keypoints fit one shift and scale, and the pictures agree where they overlap      |
| similar | keypoints fit, but the pictures disagree elsewhere: another view of the same      |
|         | things, or something was moved. No leak by itself; look at it                     |

The thresholds were set on planted leaks and 22 000 unrelated pairs of photographs, and on LOL-v1;
see tests/unit/audit. A pair is judged by its high picture where it has one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from relume.audit.alignment import Alignment, align
from relume.audit.fingerprint import Fingerprint, fingerprint, hash_pixels
from relume.audit.index import Index
from relume.data.pair import Pair
from relume.errors import RelumeError
from relume.photo import Photo

Kind = Literal["file", "pixels", "scene", "similar"]
KINDS: tuple[Kind, ...] = ("file", "pixels", "scene", "similar")
LEAKS: frozenset[Kind] = frozenset({"file", "pixels", "scene"})

LEAST_INLIERS = 10
"""Of 22 350 unrelated pairs of photographs one had 6 keypoints that fit, none more."""
SURE_INLIERS = 12
"""Enough where the pictures cannot be compared, because one is nearly all white or black."""
LEAST_AGREEMENT = 0.9
"""Leaks with noise, JPEG, a crop and a tenth of the light keep 0.93, with ten times it nearly
all 0.9; other views of one place in LOL-v1 reach 0.89."""
LEAST_SIMILAR = 0.5
"""Under it two pictures share a repeated pattern, or one thing among many."""
LEAST_SETTLED = 0.55
"""The same leaks keep 0.6; the other view that reaches 0.89 has 0.45."""

Read = Callable[[Path], Photo]


@dataclass(frozen=True, eq=False)
class Scene:
    """A pair and what its clearer picture looks like."""

    pair: Pair
    fingerprint: Fingerprint
    files: tuple[tuple[Path, bytes, bytes], ...]
    """Path, hash of the file and hash of the pixels of all its pictures."""


@dataclass(frozen=True)
class Unusable:
    """A picture that could not be read: whether it leaks is not known."""

    path: Path
    error: str


@dataclass(frozen=True)
class Finding:
    """A test scene and a training scene that show the same, or nearly."""

    test: Pair
    train: Pair
    test_picture: Path
    train_picture: Path
    kind: Kind
    alignment: Alignment | None
    """None for equal files and pixels, which need none."""

    @property
    def leaks(self) -> bool:
        return self.kind in LEAKS


@dataclass(frozen=True)
class Audit:
    """Everything that was found."""

    test: tuple[Pair, ...]
    """Scenes that could be looked at."""
    train: tuple[Pair, ...]
    findings: tuple[Finding, ...]
    """By test scene in its order, strongest first."""
    unusable: tuple[Unusable, ...]

    @property
    def leaked(self) -> tuple[str, ...]:
        """Keys of the test scenes that stand in the training set."""
        found = {finding.test.key for finding in self.findings if finding.leaks}
        return tuple(pair.key for pair in self.test if pair.key in found)

    @property
    def clean(self) -> tuple[str, ...]:
        """Keys of the test scenes that do not."""
        leaked = set(self.leaked)
        return tuple(pair.key for pair in self.test if pair.key not in leaked)


def audit(
    *,
    train: Sequence[Pair],
    test: Sequence[Pair],
    read: Read,
    jobs: int = 1,
    moved: Callable[[], None] = lambda: None,
) -> Audit:
    """Find the scenes of `test` in `train`; `moved` is called after each of their pairs."""
    unusable: list[Unusable] = []
    train_scenes = _readable(_look(train, read, jobs, moved), unusable)
    test_scenes = _readable(_look(test, read, jobs, moved), unusable)
    known = _Known(train_scenes)
    findings = [finding for scene in test_scenes for finding in known.findings(scene)]
    return Audit(
        test=tuple(scene.pair for scene in test_scenes),
        train=tuple(scene.pair for scene in train_scenes),
        findings=tuple(findings),
        unusable=tuple(dict.fromkeys(unusable)),
    )


def _look(
    pairs: Iterable[Pair], read: Read, jobs: int, moved: Callable[[], None]
) -> Iterator[Scene | Unusable]:
    pool = ThreadPoolExecutor(max_workers=jobs)
    try:
        for scene in pool.map(partial(_scene, read=read), pairs):
            moved()
            yield scene
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _scene(pair: Pair, *, read: Read) -> Scene | Unusable:
    clearer = pair.high or pair.low
    path = clearer
    try:
        found = fingerprint(path, read(path).pixels)
        files = [(path, found.file_hash, found.pixel_hash)]
        if pair.low != clearer:
            path = pair.low
            with path.open("rb") as stream:
                file_hash = hashlib.file_digest(stream, "sha256").digest()
            files.append((path, file_hash, hash_pixels(read(path).pixels)))
    except (RelumeError, OSError) as error:
        message = str(error)
        return Unusable(path, message if str(path) in message else f"{path}: {message}")
    return Scene(pair, found, tuple(files))


def _readable(found: Iterable[Scene | Unusable], unusable: list[Unusable]) -> list[Scene]:
    scenes: list[Scene] = []
    for each in found:
        if isinstance(each, Scene):
            scenes.append(each)
        else:
            unusable.append(each)
    return scenes


class _Known:
    """The training scenes, searchable by hashes and by what they show."""

    def __init__(self, scenes: Sequence[Scene]) -> None:
        self._scenes = scenes
        self._by_file: dict[bytes, list[tuple[int, Path]]] = {}
        self._by_pixels: dict[bytes, list[tuple[int, Path]]] = {}
        alike: dict[bytes, list[int]] = {}
        for number, scene in enumerate(scenes):
            alike.setdefault(scene.fingerprint.pixel_hash, []).append(number)
            for path, file_hash, pixel_hash in scene.files:
                self._by_file.setdefault(file_hash, []).append((number, path))
                self._by_pixels.setdefault(pixel_hash, []).append((number, path))
        # Equal pictures would take the votes from each other: only the first is searched for.
        self._alike = list(alike.values())
        self._index = Index(
            [scenes[numbers[0]].fingerprint.keypoints.descriptors for numbers in self._alike]
        )

    def findings(self, scene: Scene) -> list[Finding]:
        """Return the training scenes that show a test scene, strongest first."""
        same = self._same(scene)
        found = [
            Finding(scene.pair, self._scenes[number].pair, path, other, kind, None)
            for number, (kind, path, other) in same.items()
        ]
        here = scene.fingerprint
        for picture, aligned in self._aligned(here).items():
            kind = _judge(aligned)
            for number in self._alike[picture]:
                other = self._scenes[number]
                if kind is not None and number not in same:
                    path = other.fingerprint.path
                    found.append(Finding(scene.pair, other.pair, here.path, path, kind, aligned))
        return sorted(found, key=_strength)

    def _aligned(self, here: Fingerprint) -> dict[int, Alignment]:
        """Return the pictures that a fingerprint lies on, each in the turn that fits best."""
        best: dict[int, Alignment] = {}
        for candidate in self._index.search(here.keypoints.descriptors):
            there = self._scenes[self._alike[candidate.picture][0]].fingerprint
            before = best.get(candidate.picture)
            least = before.inliers + 1 if before else LEAST_INLIERS
            aligned = align(here, there, candidate.turn, least=least)
            if aligned is not None:
                best[candidate.picture] = aligned
        return best

    def _same(self, scene: Scene) -> dict[int, tuple[Kind, Path, Path]]:
        """Return number → kind, test picture and training picture of scenes that share one."""
        found: dict[int, tuple[Kind, Path, Path]] = {}
        for path, file_hash, _ in scene.files:
            for number, other in self._by_file.get(file_hash, ()):
                found.setdefault(number, ("file", path, other))
        for path, _, pixel_hash in scene.files:
            for number, other in self._by_pixels.get(pixel_hash, ()):
                found.setdefault(number, ("pixels", path, other))
        return found


def _judge(alignment: Alignment) -> Kind | None:
    """Return what an alignment shows; None when the pictures agree in little but keypoints."""
    agreement, settled = alignment.overlap.agreement, alignment.overlap.settled
    if agreement is None or settled is None:
        return "scene" if alignment.inliers >= SURE_INLIERS else "similar"
    if agreement >= LEAST_AGREEMENT and settled >= LEAST_SETTLED:
        return "scene"
    return "similar" if agreement >= LEAST_SIMILAR else None


def _strength(finding: Finding) -> tuple[int, int]:
    return KINDS.index(finding.kind), -(finding.alignment.inliers if finding.alignment else 0)
