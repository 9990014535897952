"""What a run reads and writes: files, folders and patterns become pairs of input and output.

| input    | without -o                      | with -o DIR             | with -o FILE |
|----------|---------------------------------|-------------------------|--------------|
| a/x.jpg  | a/x.relume.jpg                  | DIR/x.jpg               | FILE         |
| a/x.ARW  | a/x.relume.tif                  | DIR/x.tif               | FILE         |
| folder a | beside each: a/b/x.relume.jpg   | its tree: DIR/b/x.jpg   | refused      |

Nothing is touched here; a plan that would overwrite an input is refused, and what would become one
file gets distinct names (`names`). An entry that cannot be looked at is told and left out.
"""

# Path's own questions raise where there is no permission or a name is too long; os.path's say no.
# ruff: noqa: PTH110, PTH112, PTH113, PTH116, PTH202, PTH207

from __future__ import annotations

import errno
import glob
import os
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from relume.errors import ContractError, RelumeError, UnreadableError
from relume.runs import names
from relume.runs.earlier import results_in

MARK = ".relume"
"""Stands before the suffix of a result that lies beside its input."""
BECOMES = {".heic": ".jpg", ".heif": ".jpg", ".hif": ".jpg"}
"""Suffixes of formats that are read and not written → what becomes of them."""
NOTHING: Mapping[str, str] = {}
WRITABLE = {".dng"}
"""Suffixes that become another one unless they are asked for."""


@dataclass(frozen=True)
class Job:
    """One picture to enhance."""

    input: Path
    output: Path
    skip: str = ""
    """Why there is nothing to do; empty when there is."""


@dataclass(frozen=True)
class Problem:
    """An input that no job came from."""

    input: str
    error: RelumeError


@dataclass(frozen=True)
class Plan:
    """All jobs of a run in the order of its inputs."""

    jobs: tuple[Job, ...]
    problems: tuple[Problem, ...]
    ignored: int
    """Files in folders that are no pictures, hidden, or results of an earlier run."""
    folder: Path | None = None
    """Where all results go, if it is one folder."""
    lacking: Mapping[str, int] = field(default_factory=dict[str, int])
    """The line that adds a package → how many of the ignored files need it."""


@dataclass(frozen=True)
class _Found:
    """A picture and the folder it was found in; None when it was named itself."""

    path: Path
    root: Path | None = None


def plan(
    inputs: Sequence[str],
    *,
    output: str | None,
    recursive: bool,
    overwrite: bool,
    suffixes: Container[str],
    becomes: Mapping[str, str] = BECOMES,
    lacking: Mapping[str, str] = NOTHING,
) -> Plan:
    """Pair every picture with its output; `suffixes` are those of pictures, in lower case.

    `becomes` are the suffixes whose results have another one, `lacking` those that need a package
    which is not installed, with the line that adds it. An output that exists and is not empty
    counts as done, unless `overwrite`.

    Inputs that would have one result get distinct names, as `names` says.

    Raises: ContractError when an output would be an input or `output` fits neither a file nor a
    folder.
    """
    search = _Search(recursive, suffixes, output, lacking)
    found = [picture for text in inputs for picture in search.find(text)]
    if not found:
        return Plan((), tuple(search.problems), search.ignored, lacking=search.lacked)
    one_file = len(inputs) == len(found) == 1 and found[0].root is None
    place = _place(output, one_file, suffixes, becomes)
    pairs: list[tuple[Path, Path]] = []
    problems = search.problems
    for picture in found:
        try:
            pairs.append((picture.path, place.of(picture)))
        except UnreadableError as error:
            problems.append(Problem(str(picture.path), error))
    _refuse_overwriting(pairs)
    named = names.distinct(pairs, mark=MARK, identity=_identity)
    jobs = tuple(_job(source, target, overwrite=overwrite) for source, target in named)
    return Plan(jobs, tuple(problems), search.ignored, place.folder, search.lacked)


class _Search:
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
        self._avoid = _identity(Path(output)) if output is not None else None

    def find(self, text: str) -> Iterator[_Found]:
        path = Path(text)
        if os.path.isdir(text):
            yield from self._find_in(path)
        elif os.path.isfile(text):
            yield _Found(path)
        elif os.path.lexists(text):
            self._note(text, _why_not(text))
        elif glob.has_magic(text):
            names = filter(os.path.isfile, sorted(glob.glob(text, recursive=True)))
            matches = [Path(name) for name in names]
            pictures = [match for match in matches if self._is_picture(match)]
            self.ignored += len(matches) - len(pictures)
            if not pictures:
                self._note(text, "no picture matches this pattern")
            yield from map(_Found, pictures)
        else:
            self._note(text, "no such file or folder")

    def _find_in(self, root: Path) -> Iterator[_Found]:
        problems, empty, lacked = len(self.problems), True, dict(self.lacked)
        for path in self._walk(root):
            empty = False
            yield _Found(path, root)
        if empty and len(self.problems) == problems:
            hint = "" if self._recursive else "; -r looks into its folders too"
            for line, count in self.lacked.items():
                if (here := count - lacked.get(line, 0)) > 0:
                    hint = f", but {needing(here, line)}"
            self._note(str(root), f"this folder holds no pictures to enhance{hint}")

    def _walk(self, folder: Path) -> Iterator[Path]:
        try:
            with os.scandir(folder) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self._note(str(folder), f"this folder cannot be read: {error.strerror or error}")
            return
        for entry in listed:
            path = folder / entry.name
            try:
                # Links to folders are not followed: they may lead in circles or out of the tree.
                is_folder, is_file = entry.is_dir(follow_symlinks=False), entry.is_file()
            except OSError:  # a link in a circle, or what may not be looked at
                if self._is_picture(path):
                    self._note(str(path), _why_not(path))
                else:
                    self.ignored += 1
                continue
            if is_folder:
                if self._recursive and not self._avoided(path):
                    yield from self._originals_in(path)
            elif is_file and self._is_picture(path):
                yield path
            else:
                self.ignored += 1
                if entry.is_file() and (line := self._lacking.get(path.suffix.lower())):
                    self.lacked[line] = self.lacked.get(line, 0) + 1

    def _originals_in(self, folder: Path) -> Iterator[Path]:
        """Yield what is below a folder, without what earlier runs wrote into it."""
        with results_in(folder) as results:
            for path in self._walk(folder):
                if results is not None and results.hold(path):
                    self.ignored += 1
                else:
                    yield path

    def _is_picture(self, path: Path) -> bool:
        hidden = path.name.startswith(".")
        return not hidden and path.suffix.lower() in self._suffixes and not _is_result(path)

    def _avoided(self, folder: Path) -> bool:
        if folder.name.startswith("."):
            return True
        return _identity(folder) == self._avoid

    def _note(self, text: str, what: str) -> None:
        self.problems.append(Problem(text, UnreadableError(f"{text}: {what}")))


def needing(count: int, line: str) -> str:
    """Say how many files need a package, and the line that adds it."""
    return f"{count} {'file needs' if count == 1 else 'files need'} {line}"


@dataclass(frozen=True)
class _Place:
    """Says where the result of a picture goes: into a file, a folder, or beside its input."""

    suffixes: Container[str]
    becomes: Mapping[str, str]
    file: Path | None = None
    folder: Path | None = None

    def of(self, picture: _Found) -> Path:
        """Raises: UnreadableError for a name that tells no format when one is needed."""
        if self.file is not None:
            return self.file
        path = picture.path
        suffix = path.suffix
        if suffix.lower() not in self.suffixes and suffix.lower() not in self.becomes:
            raise UnreadableError(f"{path}: not a picture by its name; -o FILE.jpg tries it anyway")
        suffix = self.becomes.get(suffix.lower(), suffix)
        if self.folder is None:
            return path.with_name(f"{path.stem}{MARK}{suffix}")
        inside = path.relative_to(picture.root) if picture.root is not None else Path(path.name)
        return self.folder / inside.with_suffix(suffix)


def _place(
    output: str | None, one_file: bool, suffixes: Container[str], becomes: Mapping[str, str]
) -> _Place:
    """Understand -o. Raises: ContractError when it fits neither a file nor a folder."""
    if output is None:
        return _Place(suffixes, becomes)
    suffix = Path(output).suffix.lower()
    if os.path.isdir(output) or output.endswith(("/", os.sep)):
        return _Place(suffixes, becomes, folder=Path(output))
    if suffix in suffixes or suffix in becomes:
        if not one_file:
            raise ContractError(f"-o {output} is one file, but the input is not; give a folder")
        if suffix in becomes and suffix not in WRITABLE:
            raise ContractError(f"-o {output}: this format is only read; choose .jpg or .png")
        return _Place(suffixes, becomes, file=Path(output))
    if one_file and suffix:
        raise ContractError(f"-o {output}: no known format; for a folder write {output}/")
    if os.path.exists(output):
        raise ContractError(f"-o {output} is a file where a folder is needed")
    return _Place(suffixes, becomes, folder=Path(output))


def is_finished(output: Path) -> bool:
    """Tell whether an output needs no work: it is there and not empty, since none is ever half
    written."""
    return os.path.isfile(output) and os.path.getsize(output) > 0


def finished(output: Path) -> str:
    """Return why a job with this output has nothing to do."""
    return f"{output} is there already; --overwrite replaces it"


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


def _is_result(path: Path) -> bool:
    return Path(path.stem).suffix.lower() == MARK


def _job(picture: Path, output: Path, *, overwrite: bool) -> Job:
    if _is_result(picture) and _is_result(output):
        return Job(picture, output, "it is a result itself; -o OUT enhances it again")
    if not overwrite and is_finished(output):
        return Job(picture, output, finished(output))
    return Job(picture, output)


def _refuse_overwriting(pairs: Iterable[tuple[Path, Path]]) -> None:
    """Raises: ContractError where an output is an input."""
    pairs = tuple(pairs)
    inputs = {_identity(source): source for source, _ in pairs}
    inputs.pop(None, None)  # gone since it was found: reading it will tell
    for _, target in pairs:
        if (same := inputs.get(_identity(target))) is not None:
            raise ContractError(
                f"{target} is an input ({same}) and would be overwritten; choose another -o"
            )


def _identity(path: Path) -> tuple[int, int] | None:
    """Tell files apart whatever links or spellings lead to them; None for what is not there."""
    try:
        stat = path.stat()
    except (OSError, ValueError):  # ValueError: a name with a null byte
        return None
    return stat.st_dev, stat.st_ino
