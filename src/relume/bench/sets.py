"""What to measure on: a data set by its name, or a folder whose layout `relume.data` knows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from relume.data import Pair, Survey, survey
from relume.data.datasets import card, names
from relume.data.files import find_folders
from relume.data.pairing import by_key, errors, key_of
from relume.errors import ContractError, NoDatasetError, UnknownNameError, UnreadableError

WHOLE = "all"
"""How the split of a data set without splits is called."""
TEST = "test"


@dataclass(frozen=True)
class PictureSet:
    """Pairs under one name, and the files that became none."""

    name: str
    pairs: Sequence[Pair]
    excluded: Sequence[str] = ()
    """A line for each."""

    @property
    def paired(self) -> bool:
        """Whether there are references."""
        return any(pair.high is not None for pair in self.pairs)


def picture_set(
    text: str, *, data: Path | None, split: str | None = None, limit: int | None = None
) -> PictureSet:
    """Find a data set by its name in `data`, or in the folder that `text` is.

    The split is the test set where there is one. `limit` keeps the first pairs.

    Raises: NoDatasetError; UnknownNameError for a name or split that there is not; ContractError
    when there is more than one split to choose from.
    """
    found = _survey(text, data)
    if not found.card.readable:
        raise ContractError(f"{text}: its files are camera RAW, which bench does not measure yet")
    pairs = _split(found, split)
    if not pairs:
        first = errors(found.problems)[:1]
        why = f": {first[0].message}" if first else ""
        raise NoDatasetError(f"{text}: no picture can be measured{why}; see `relume data check`")
    name = text if text in names() else Path(text).resolve().name
    problems = tuple(problem.message for problem in errors(found.problems))
    return PictureSet(name, pairs[:limit], problems)


def _survey(text: str, data: Path | None) -> Survey:
    if text not in names():
        if Path(text).is_dir():
            return survey(Path(text))
        inside = find_folders(data, text) if data is not None else []
        if not inside:
            raise UnknownNameError.of("data set or folder", text, names())
        return survey(inside[0])
    if data is None:
        raise ContractError(f"{text}: --data DIR says where the data set lies")
    inside = find_folders(data, text)
    for root in (*inside, data):
        try:
            return survey(root, name=text)
        except NoDatasetError:
            continue
    if inside:
        # Its test pairs alone, in a folder of its name.
        return survey(inside[0])
    wanted = card(text)
    raise NoDatasetError(f"{data}: no {wanted.title} here; it needs {wanted.layout}")


def _split(found: Survey, name: str | None) -> tuple[Pair, ...]:
    if name is not None:
        return found.split(name)
    splits = {pair.meta["split"] for pair in found.pairs}
    if TEST in splits:
        return found.split(TEST)
    if len(splits) > 1:
        raise ContractError(f"{found.root}: has {', '.join(sorted(splits))}; choose with --split")
    return found.pairs


def clean_keys(audit: Path, pictures: PictureSet) -> frozenset[str]:
    """Return the keys of a set that an audit, written by `relume audit -o …json`, found clean.

    Raises: UnreadableError; ContractError when the audit is damaged or of other pictures.
    """
    try:
        facts = json.loads(audit.read_bytes())
        clean, leaked = ({str(key) for key in facts[part]} for part in ("clean", "leaked"))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UnreadableError(f"{audit}: cannot be read: {reason}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ContractError(f"{audit}: not an audit; `relume audit … -o audit.json`") from error
    for pair in pictures.pairs:
        if pair.key not in clean | leaked:
            raise ContractError(f"{audit}: was made of other pictures: it lacks {pair.key!r}")
    return frozenset(pair.key for pair in pictures.pairs if pair.key in clean)


def results(folder: Path) -> dict[str, Path]:
    """Return the pictures of a folder by key.

    Raises: NoDatasetError when there are none; ContractError when two have one key.
    """
    if not folder.is_dir():
        raise NoDatasetError(f"{folder}: no such folder; name the folder that holds results")
    files, problems = by_key(folder)
    if problems:
        raise ContractError(problems[0].message)
    if not files:
        raise NoDatasetError(f"{folder}: this folder holds no pictures")
    return files


@dataclass(frozen=True)
class Side:
    """Pictures of up to three folders that belong together."""

    key: str
    enhanced: Path
    reference: Path | None = None
    low: Path | None = None


def sides(
    enhanced: Path, *, reference: Path | None, low: Path | None
) -> tuple[list[Side], list[str]]:
    """Pair files, or the files of folders by key; return also why a file found no partner.

    Raises: NoDatasetError; ContractError when a file is asked to be compared with a folder.
    """
    given = [path for path in (reference, low) if path is not None]
    if not enhanced.is_dir():
        for path in given:
            if path.is_dir():
                raise ContractError(f"{enhanced} is a file and {path} a folder; give two of a kind")
        return [Side(key_of(enhanced), enhanced, reference, low)], []
    for path in given:
        if not path.is_dir():
            raise ContractError(f"{enhanced} is a folder and {path} is none; give two of a kind")
    found = {folder: results(folder) for folder in (enhanced, *given)}
    excluded = [
        f"{path}: no counterpart of key {key!r} in {other}"
        for folder, files in found.items()
        for key, path in files.items()
        for other in found
        if other != folder and key not in found[other]
    ]
    return [
        Side(
            key,
            path,
            found[reference][key] if reference is not None else None,
            found[low][key] if low is not None else None,
        )
        for key, path in found[enhanced].items()
        if all(key in files for files in found.values())
    ], excluded
