"""Every module here is a data set: this directory is the registry.

A module holds a `CARD`. Where the parts on it do not say how its files lie, it also has

    def branches(root: Path) -> list[Branch]     # what lies below root; none if it is not here
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

from relume.data import folders
from relume.data.card import Dataset
from relume.data.files import list_files
from relume.data.pair import Pair
from relume.data.pairing import Branch, Problem, errors, pair_up
from relume.errors import ContractError, NoDatasetError, UnknownNameError

GENERIC = ("illrecnet", "folder-pairs", "folder")
"""Layouts without names or counts of their own; tried when nothing else fits, in this order."""


@cache
def _modules() -> dict[str, ModuleType]:
    found = (import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
    return {module.CARD.name: module for module in found}


def names() -> tuple[str, ...]:
    """Return the names of all data sets, sorted."""
    return tuple(sorted(_modules()))


def card(name: str) -> Dataset:
    """Return the card of a data set.

    Raises: UnknownNameError with the nearest names.
    """
    if name not in _modules():
        raise UnknownNameError.of("data set", name, names())
    return _modules()[name].CARD


@dataclass(frozen=True)
class Survey:
    """A copy of a data set on disk: its pairs, and what is wrong with their files' names."""

    card: Dataset
    root: Path
    pairs: tuple[Pair, ...]
    problems: tuple[Problem, ...]

    def split(self, name: str) -> tuple[Pair, ...]:
        """Return the pairs of one split.

        Raises: UnknownNameError with the splits there are.
        """
        splits = dict.fromkeys(pair.meta["split"] for pair in self.pairs)
        if name not in splits:
            raise UnknownNameError.of(f"split of {self.card.name} in {self.root}", name, splits)
        return tuple(pair for pair in self.pairs if pair.meta["split"] == name)

    def require_sound(self) -> None:
        """Raises: ContractError with the first error about the files' names, and their number."""
        if found := errors(self.problems):
            more = f" ({len(found)} such problems)" if len(found) > 1 else ""
            raise ContractError(f"{found[0].message}{more}; `relume data check` lists all")


def survey(root: Path, *, name: str | None = None) -> Survey:
    """Find the pairs of the data set below `root`, recognised by its structure unless named.

    Raises: UnknownNameError for a name nothing answers to; NoDatasetError when `root` holds no
    such data set.
    """
    if name is not None:
        known = card(name)
    if not root.is_dir():
        raise NoDatasetError(f"{root}: no such folder; name the folder that holds a data set")
    name = name or recognise(root)
    known = card(name)
    found = _branches(root, name)
    pairs: list[Pair] = []
    problems: list[Problem] = []
    for branch in found:
        more_pairs, more_problems = pair_up(branch, dataset=name)
        pairs += more_pairs
        problems += more_problems
    if not found or (not pairs and not errors(problems)):
        raise NoDatasetError(
            f"{root}: no {known.title} here; it needs {known.layout}; {known.obtain}"
        )
    problems += _absent(known, found, root)
    # Splits that share folders tell of the same file more than once.
    return Survey(known, root, tuple(pairs), tuple(dict.fromkeys(problems)))


def recognise(root: Path) -> str:
    """Return the name of the data set that lies below `root`.

    Raises: NoDatasetError when it holds none, or might be more than one.
    """
    if not list_files(root, suffixes=_Any()).files:
        raise NoDatasetError(f"{root}: this folder is empty; name the folder that holds a data set")
    fits: dict[str, tuple[int, int]] = {}
    for name in (name for name in names() if name not in GENERIC):
        found = _branches(root, name)
        right = sum(_is_right(branch) for branch in found)
        if found and (right == len(found) or any(branch.is_certain for branch in found)):
            fits[name] = (right, len(found))
    if fits:
        best = max(fits.values())
        chosen = [name for name in fits if fits[name] == best]
        if len(chosen) > 1:
            raise NoDatasetError(f"{root}: may be {' or '.join(chosen)}; say which with --dataset")
        return chosen[0]
    for name in GENERIC:
        if _branches(root, name):
            return name
    raise NoDatasetError(
        f"{root}: holds no pictures in a layout we know; put pictures in it, or pairs in its "
        "folders low and high"
    )


class _Any:
    """A container that holds every suffix."""

    def __contains__(self, _: object) -> bool:
        return True


def _branches(root: Path, name: str) -> list[Branch]:
    module = _modules()[name]
    if hasattr(module, "branches"):
        return module.branches(root)
    return folders.branches(root, module.CARD)


def _is_right(branch: Branch) -> bool:
    """Tell whether a branch has the published number of files."""
    return len(list_files(branch.low, suffixes=branch.suffixes).files) == branch.expected


def _absent(known: Dataset, found: list[Branch], root: Path) -> list[Problem]:
    """Warn of published parts that this copy lacks."""
    have = {(branch.split, branch.group) for branch in found}
    wanted = {(part.split, part.group) for part in known.parts if part.pairs is not None}
    return [
        Problem(
            "warning",
            "part absent",
            root,
            f"{root}: the part {' '.join(filter(None, (split, group)))} of {known.title} is absent",
        )
        for split, group in sorted(wanted - have)
    ]
