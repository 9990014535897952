"""Pictures of a run among files, folders and patterns, by name.

Names are text here and not paths, which for a million pictures would take a gigabyte and minutes.
An entry that cannot be looked at is told and left out.
"""

# Path's own questions raise where there is no permission or a name is too long; os.path's say no.
# ruff: noqa: PTH112, PTH113, PTH116, PTH207, PTH119

from __future__ import annotations

import errno
import glob
import os
from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from relume.errors import RelumeError, UnreadableError
from relume.frozen import frozen
from relume.io.atomic import is_special
from relume.runs.addresses import is_stream, shown
from relume.runs.earlier import results_in

MARK = ".relume"
"""Stands before the suffix of a result that lies beside its input."""


@frozen
class Problem:
    """An input that no job came from."""

    input: str
    error: RelumeError
    is_empty: bool = False
    """It is a folder without pictures, which may still come."""


class Found(NamedTuple):
    """A picture and the folder it was found in; None when it was named itself."""

    name: str
    root: str | None = None


class Search:
    """Finds pictures and remembers what it could not use."""

    def __init__(
        self,
        recursive: bool,
        suffixes: Container[str],
        output: str | None,
        lacking: Mapping[str, str],
    ) -> None:
        self.problems: list[Problem] = []
        self.ignored = 0
        self.lacked: dict[str, int] = {}
        self._lacking = lacking
        self._recursive = recursive
        self._suffixes = suffixes
        # Results of an earlier run inside the folder are not its pictures.
        self._avoid = identity(Path(output)) if output is not None else None

    def find(self, text: str) -> Iterator[Found]:
        path = Path(text)
        if os.path.isdir(text):
            yield from self._find_in(str(path))
        elif os.path.isfile(text):
            yield Found(str(path))
        elif os.path.lexists(text):
            self._note(text, _why_not(text))
        elif glob.has_magic(text):
            names = filter(os.path.isfile, sorted(glob.glob(text, recursive=True)))
            matches = [str(Path(name)) for name in names]
            pictures = [match for match in matches if self._is_picture(match)]
            self.ignored += len(matches) - len(pictures)
            if not pictures:
                self._note(text, "no picture matches this pattern")
            yield from map(Found, pictures)
        elif is_stream(text):
            self._note(
                shown(text),
                "an address is no file; --live SECONDS records a camera or a stream, anything else "
                "is to be fetched first",
            )
        else:
            self._note(text, "no such file or folder")

    def _find_in(self, root: str) -> Iterator[Found]:
        problems, empty, lacked = len(self.problems), True, dict(self.lacked)
        for name in self._walk(root):
            empty = False
            yield Found(name, root)
        if empty and len(self.problems) == problems:
            hint = "" if self._recursive else "; -r looks into its folders too"
            for line, count in self.lacked.items():
                if (here := count - lacked.get(line, 0)) > 0:
                    hint = f", but {needing(here, line)}"
            self._note(root, f"this folder holds no pictures to enhance{hint}", is_empty=True)

    def _walk(self, folder: str) -> Iterator[str]:
        try:
            with os.scandir(folder) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self._note(folder, f"this folder cannot be read: {error.strerror or error}")
            return
        before = inside_of(folder)
        for entry in listed:
            path = before + entry.name
            try:
                # Links to folders are not followed: they may lead in circles or out of the tree.
                is_folder, is_file = entry.is_dir(follow_symlinks=False), entry.is_file()
            except OSError:  # a link in a circle, or what may not be looked at
                if self._is_picture(path):
                    self._note(path, _why_not(path))
                else:
                    self.ignored += 1
                continue
            if is_folder:
                if self._recursive and not self._avoided(path):
                    yield from self._originals_in(path)
            elif is_file and self._is_picture(path):
                yield path
            elif self._is_picture(path) and is_special(path):
                self._note(path, _why_not(path))
            else:
                self.ignored += 1
                if entry.is_file() and (line := self._lacking.get(suffix_of(entry.name).lower())):
                    self.lacked[line] = self.lacked.get(line, 0) + 1

    def _originals_in(self, folder: str) -> Iterator[str]:
        """Yield what is below a folder, without what earlier runs wrote into it."""
        with results_in(Path(folder)) as results:
            for path in self._walk(folder):
                if results is not None and results.hold(Path(path)):
                    self.ignored += 1
                else:
                    yield path

    def _is_picture(self, path: str) -> bool:
        name = os.path.basename(path)
        return (
            not name.startswith(".")
            and suffix_of(name).lower() in self._suffixes
            and not is_result(name)
        )

    def _avoided(self, folder: str) -> bool:
        if os.path.basename(folder).startswith("."):
            return True
        return identity(folder) == self._avoid

    def _note(self, text: str, what: str, *, is_empty: bool = False) -> None:
        self.problems.append(Problem(text, UnreadableError(f"{text}: {what}"), is_empty))


def needing(count: int, line: str) -> str:
    """Say how many files need a package, and the line that adds it."""
    return f"{count} {'file needs' if count == 1 else 'files need'} {line}"


def inside_of(folder: str) -> str:
    """Return what stands before the names of a folder's entries, as paths join them."""
    return "" if folder == "." else folder if folder.endswith(os.sep) else folder + os.sep


def suffix_of(name: str) -> str:
    """Return the suffix of a name as paths do, a hundred times as fast."""
    dot = name.rfind(".")
    return name[dot:] if 0 < dot < len(name) - 1 else ""


def _why_not(path: str | Path) -> str:
    """Say why an entry that is there is no file."""
    try:
        os.stat(path)
    except FileNotFoundError:
        return "a link to what is not there"
    except OSError as error:
        if error.errno == errno.ELOOP:
            return "a link that leads in a circle"
        return f"it cannot be looked at: {(error.strerror or str(error)).lower()}"
    return "is neither a file nor a folder; pipe a stream in with -"


def is_result(path: str) -> bool:
    name = os.path.basename(path)
    return suffix_of(name.removesuffix(suffix_of(name))).lower() == MARK


def identity(path: str | Path) -> int | None:
    """Tell files apart whatever links or spellings lead to them; None for what is not there."""
    try:
        stat = os.stat(path)
    except (OSError, ValueError):  # ValueError: a name with a null byte
        return None
    return stat.st_dev << 64 | stat.st_ino  # one number takes half of what a pair does
