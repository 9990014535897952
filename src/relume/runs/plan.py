"""What a run reads and writes: files, folders and patterns become pairs of input and output.

| input    | without -o                      | with -o DIR             | with -o FILE |
|----------|---------------------------------|-------------------------|--------------|
| a/x.jpg  | a/x.relume.jpg                  | DIR/x.jpg               | FILE         |
| a/x.ARW  | a/x.relume.tif                  | DIR/x.tif               | FILE         |
| folder a | beside each: a/b/x.relume.jpg   | its tree: DIR/b/x.jpg   | refused      |

Results of earlier runs, by their name, are passed over beside other inputs, as a shell's `*.jpg`
names them; where nothing else is named they are meant, and -o enhances them again.

Nothing is touched here; a plan that would overwrite an input is refused, and what would become one
file gets distinct names (`names`). `search` finds the pictures.
"""

# Path's own questions raise where there is no permission or a name is too long; os.path's say no.
# ruff: noqa: PTH110, PTH112, PTH119

from __future__ import annotations

import os
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import field
from os import PathLike
from pathlib import Path
from stat import S_ISREG

from relume.errors import ContractError, UnreadableError
from relume.frozen import frozen
from relume.runs import names
from relume.runs.search import (
    MARK,
    Found,
    Problem,
    Search,
    identity,
    inside_of,
    is_result,
    suffix_of,
)

BECOMES = {".heic": ".jpg", ".heif": ".jpg", ".hif": ".jpg"}
"""Suffixes of formats that are read and not written → what becomes of them."""
NOTHING: Mapping[str, str] = {}
SOUND = frozenset(
    ".aac .aif .aiff .flac .m4a .m4b .mka .mp3 .oga .ogg .opus .wav .weba .wma".split()  # noqa: SIM905
)
"""Suffixes of sound, which may hold a cover and is no picture for that."""
WRITABLE = {".dng", ".ts"}
"""Suffixes that become another one unless they are asked for."""


class Job:
    """One picture to enhance. It keeps names as text, since paths take several times the memory."""

    __slots__ = ("input_name", "output_name", "skip")

    def __init__(
        self, input: str | PathLike[str], output: str | PathLike[str], skip: str = ""
    ) -> None:
        self.input_name = os.fspath(input)
        self.output_name = os.fspath(output)
        self.skip = skip
        """Why there is nothing to do; empty when there is."""

    @property
    def input(self) -> Path:
        return Path(self.input_name)

    @property
    def output(self) -> Path:
        return Path(self.output_name)

    def skipped(self, why: str) -> Job:
        """Return the job with another reason to skip it; an empty one for none."""
        return Job(self.input_name, self.output_name, why)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Job) and self._values == other._values

    def __hash__(self) -> int:
        return hash(self._values)

    def __repr__(self) -> str:
        return f"Job{self._values}"

    @property
    def _values(self) -> tuple[str, str, str]:
        return self.input_name, self.output_name, self.skip


@frozen
class Plan:
    """All jobs of a run in the order of its inputs."""

    jobs: tuple[Job, ...]
    problems: tuple[Problem, ...]
    ignored: int
    """Results of an earlier run; in folders what is hidden or no picture, too."""
    folder: Path | None = None
    """Where all results go, if it is one folder."""
    lacking: Mapping[str, int] = field(default_factory=dict[str, int])
    """The line that adds a package → how many of the ignored files need it."""


def plan(
    inputs: Sequence[str],
    *,
    output: str | None,
    recursive: bool,
    overwrite: bool,
    suffixes: Container[str],
    becomes: Mapping[str, str] = BECOMES,
    lacking: Mapping[str, str] = NOTHING,
    renamed: Callable[[str, str], str] | None = None,
) -> Plan:
    """Pair every picture with its output; `suffixes` are those of pictures, in lower case.

    `becomes` are the suffixes whose results have another one, `lacking` those that need a package
    which is not installed, with the line that adds it. An output that exists and is not empty
    counts as done, unless `overwrite`. `renamed` may give an input's output another name.

    Inputs that would have one result get distinct names, as `names` says.

    Raises: ContractError when an output would be an input or `output` fits neither a file nor a
    folder.
    """
    search = Search(recursive, suffixes, output, lacking)
    found = _without_results([one for text in inputs for one in search.find(text)], search)
    if not found:
        folder = _folder(output, suffixes, becomes)
        return Plan((), tuple(search.problems), search.ignored, folder, search.lacked)
    one_file = len(inputs) == len(found) == 1 and found[0].root is None
    place = _place(output, one_file, suffixes, becomes, lacking)
    jobs: list[Job] = []
    problems = search.problems
    for picture in found:
        try:
            target = place.of(picture)
            jobs.append(Job(picture.name, renamed(picture.name, target) if renamed else target))
        except UnreadableError as error:
            problems.append(Problem(picture.name, error))
    del found  # with a million pictures, each list counts
    _refuse_overwriting(jobs)
    if not names.are_distinct(job.output_name for job in jobs):
        pairs = [(job.input, job.output) for job in jobs]
        jobs = [Job(*pair) for pair in names.distinct(pairs, mark=MARK, identity=identity)]
    for job in jobs:
        job.skip = _nothing_to_do(job, overwrite=overwrite)
    return Plan(tuple(jobs), tuple(problems), search.ignored, place.folder, search.lacked)


def _without_results(found: list[Found], search: Search) -> list[Found]:
    """Return what was found but for results that are named beside other inputs, and count those."""
    named = sum(one.root is None and is_result(one.name) for one in found)
    if named in (0, len(found)):
        return found  # with a million pictures, each list counts
    search.ignored += named
    return [one for one in found if one.root is not None or not is_result(one.name)]


@frozen
class _Place:
    """Says where the result of a picture goes: into a file, a folder, or beside its input."""

    suffixes: Container[str]
    becomes: Mapping[str, str]
    lacking: Mapping[str, str]
    file: Path | None = None
    folder: Path | None = None

    def of(self, picture: Found) -> str:
        """Raises: UnreadableError for a name that tells no format when one is needed."""
        name = os.path.basename(picture.name)
        suffix = suffix_of(name)
        if suffix.lower() in SOUND:
            raise UnreadableError(f"{picture.name}: sound, neither a picture nor a video")
        if line := self.lacking.get(suffix.lower()):
            raise UnreadableError(f"{picture.name}: needs a package that is not installed; {line}")
        if self.file is not None:
            return str(self.file)
        if suffix.lower() not in self.suffixes and suffix.lower() not in self.becomes:
            words = "not a picture by its name; -o FILE.jpg tries it anyway"
            raise UnreadableError(f"{picture.name}: {words}")
        stem = picture.name.removesuffix(suffix)
        suffix = self.becomes.get(suffix.lower(), suffix)
        if self.folder is None:
            return f"{stem}{MARK}{suffix}"
        start = inside_of(picture.root) if picture.root is not None else picture.name[: -len(name)]
        return f"{inside_of(str(self.folder))}{stem[len(start) :]}{suffix}"


def _place(
    output: str | None,
    one_file: bool,
    suffixes: Container[str],
    becomes: Mapping[str, str],
    lacking: Mapping[str, str],
) -> _Place:
    """Understand -o. Raises: ContractError when it fits neither a file nor a folder."""
    if output is None:
        return _Place(suffixes, becomes, lacking)
    suffix = Path(output).suffix.lower()
    if os.path.isdir(output) or output.endswith(("/", os.sep)):
        return _Place(suffixes, becomes, lacking, folder=Path(output))
    if suffix in suffixes or suffix in becomes:
        if not one_file:
            raise ContractError(f"-o {output} is one file, but the input is not; give a folder")
        if suffix in becomes and suffix not in WRITABLE:
            raise ContractError(f"-o {output}: this format is only read; choose {becomes[suffix]}")
        return _Place(suffixes, becomes, lacking, file=Path(output))
    if one_file and (line := lacking.get(suffix)):
        raise ContractError(f"-o {output}: needs a package that is not installed; {line}")
    if one_file and suffix:
        raise ContractError(f"-o {output}: no known format; for a folder write {output}/")
    if os.path.exists(output):
        raise ContractError(f"-o {output} is a file where a folder is needed")
    return _Place(suffixes, becomes, lacking, folder=Path(output))


def _folder(
    output: str | None, suffixes: Container[str], becomes: Mapping[str, str]
) -> Path | None:
    """Return the folder that -o names, None where it names none."""
    try:
        return _place(output, False, suffixes, becomes, NOTHING).folder
    except ContractError:
        return None


def is_finished(output: str | Path) -> bool:
    """Tell whether an output needs no work: it is there and not empty, since none is ever half
    written. A link is none: whoever would write there tells of it."""
    try:
        about = os.lstat(output)
    except (OSError, ValueError):  # ValueError: a name with a null byte
        return False
    return S_ISREG(about.st_mode) and about.st_size > 0


def finished(output: str | Path) -> str:
    """Return why a job with this output has nothing to do."""
    return f"{output} is there already; --overwrite replaces it"


def _nothing_to_do(job: Job, *, overwrite: bool) -> str:
    """Return why a job is to be skipped, if it is."""
    if is_result(job.input_name) and is_result(job.output_name):
        return "it is a result itself; -o OUT enhances it again"
    if not overwrite and is_finished(job.output_name):
        return finished(job.output_name)
    return ""


def _refuse_overwriting(jobs: Sequence[Job]) -> None:
    """Raises: ContractError where an output is an input."""
    inputs = {identity(job.input_name) for job in jobs}
    inputs.discard(None)  # gone since it was found: reading it will tell
    for job in jobs:
        if (who := identity(job.output_name)) in inputs:
            same = next(one.input_name for one in jobs if identity(one.input_name) == who)
            raise ContractError(
                f"{job.output_name} is an input ({same}) and would be overwritten; "
                "choose another -o"
            )
