"""Files of two folders become pairs by key, never by their position in a sorted list.

Pairing by position shifts every later pair when one file is missing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from relume.data.files import PICTURES, Listing, list_files, natural
from relume.data.pair import Pair
from relume.words import counted

_ROLE = "low|normal|high|input|gt|target|label"
_PREFIX = re.compile(rf"^(?:{_ROLE})[-_ ]?(?=\d)")
_SUFFIX = re.compile(rf"[-_ ](?:{_ROLE})$")

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Problem:
    """Something wrong with a copy of a data set."""

    severity: Severity
    kind: str
    """A few words that stay the same: "no partner", "duplicate key", "count"…"""
    place: Path
    message: str


def key_of(path: Path) -> str:
    """Return the stem in lower case without what only says its role: low00690 → 00690."""
    stem = path.stem.lower()
    return _SUFFIX.sub("", _PREFIX.sub("", stem)) or stem


@dataclass(frozen=True)
class Facts:
    """What the folders of a branch say of each of its pairs."""

    known: Mapping[str, str]

    def __call__(self, low: Path, high: Path | None) -> Mapping[str, str]:
        return self.known


@dataclass(frozen=True)
class Branch:
    """Two folders whose files belong together, or one whose pictures have no counterpart."""

    split: str
    low: Path
    high: Path | None
    expected: int | None = None
    """Pairs, as published."""
    group: str = ""
    key: Callable[[Path], str] = key_of
    """Key of a low file."""
    scene: Callable[[Path], str] = key_of
    """What a low file shares with its high file, and with other exposures of its scene."""
    high_scene: Callable[[Path], str] = key_of
    high_is_optional: bool = False
    suffixes: frozenset[str] = PICTURES
    describe: Callable[[Path, Path | None], Mapping[str, str]] = lambda low, high: {}
    """Further facts of a pair."""
    keep: Callable[[Path], bool] = lambda low: True
    """Which of the low files are in this split."""
    is_certain: bool = True
    """The names of its folders or files are found in no other data set."""


def pair_up(branch: Branch, *, dataset: str) -> tuple[list[Pair], list[Problem]]:
    """Pair the files of a branch, and report every file that found no place."""
    lows = list_files(branch.low, suffixes=branch.suffixes)
    problems = _about(lows)
    low_files = [path for path in lows.files if branch.keep(path)]
    highs: dict[str, Path] = {}
    if branch.high is None:
        lows_by_key = _unique(low_files, branch.low)
    else:
        lows_by_key = _index(low_files, lambda path: _below(branch.low, path, branch.key), problems)
        listed = list_files(branch.high, suffixes=branch.suffixes)
        problems += _about(listed)
        wanted = {_below(branch.low, path, branch.scene) for path in low_files}
        others = {_below(branch.low, path, branch.scene) for path in lows.files} - wanted
        files = [
            path
            for path in listed.files
            if _below(branch.high, path, branch.high_scene) not in others
        ]
        highs = _index(files, lambda p: _below(branch.high, p, branch.high_scene), problems)  # pyright: ignore[reportArgumentType]
    pairs: list[Pair] = []
    used: set[str] = set()
    for key, low in lows_by_key.items():
        scene = key if branch.high is None else _below(branch.low, low, branch.scene)
        high = highs.get(scene)
        used.add(scene)
        if branch.high is not None and high is None and not branch.high_is_optional:
            message = f"{low}: no counterpart of key {scene!r} in {branch.high}"
            problems.append(Problem("error", "no partner", low, message))
            continue
        meta = {"dataset": dataset, "split": branch.split, **branch.describe(low, high)}
        if branch.group:
            meta["group"] = branch.group
            key, scene = f"{branch.group}/{key}", f"{branch.group}/{scene}"
        pairs.append(Pair(key, low, high, scene.rstrip("/"), meta))
    for scene, high in highs.items():
        if scene not in used:
            message = f"{high}: no counterpart of key {scene!r} in {branch.low}"
            problems.append(Problem("error", "no partner", high, message))
    pairs.sort(key=lambda pair: natural(pair.key))
    if branch.expected is not None and len(pairs) != branch.expected:
        message = (
            f"{branch.low}: {counted(len(pairs), _what(branch))}, published are {branch.expected}"
        )
        problems.append(Problem("warning", "count", branch.low, message))
    return pairs, problems


def by_key(root: Path) -> tuple[dict[str, Path], list[Problem]]:
    """Return the pictures below a folder by key, in its natural order, and what is wrong."""
    listing = list_files(root)
    problems = _about(listing)
    found = _index(listing.files, lambda path: _below(root, path, key_of), problems)
    return {key: found[key] for key in sorted(found, key=natural)}, problems


def _what(branch: Branch) -> str:
    return "picture" if branch.high is None else "pair"


def _below(root: Path, path: Path, name: Callable[[Path], str]) -> str:
    """Put the folders between `root` and a file before its name."""
    inside = path.relative_to(root).parent.as_posix().lower()
    return name(path) if inside == "." else f"{inside}/{name(path)}"


def _about(listing: Listing) -> list[Problem]:
    return [
        Problem("error", "empty file", path, f"{path}: the file is empty; fetch it again")
        for path in listing.empty
    ]


def _index(
    files: Iterable[Path], name: Callable[[Path], str], problems: list[Problem]
) -> dict[str, Path]:
    """Return the files by name; of several the first, and a problem for each other."""
    found: dict[str, Path] = {}
    for path in files:
        first = found.setdefault(name(path), path)
        if first is not path:
            message = f"{path}: the same key {name(path)!r} as {first}; keep one of them"
            problems.append(Problem("error", "duplicate key", path, message))
    return found


def _unique(files: Sequence[Path], root: Path) -> dict[str, Path]:
    """Return files that need no counterpart by stem, or by whole name where stems are equal."""
    stems = Counter(_below(root, path, lambda path: path.stem.lower()) for path in files)
    found: dict[str, Path] = {}
    for path in files:
        stem = _below(root, path, lambda path: path.stem.lower())
        found[stem if stems[stem] == 1 else path.relative_to(root).as_posix()] = path
    return found


def errors(problems: Sequence[Problem]) -> list[Problem]:
    """Return those that are no mere warnings."""
    return [problem for problem in problems if problem.severity == "error"]
