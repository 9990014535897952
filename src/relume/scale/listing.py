"""The pictures of folders and stores, one after another: a plan that is never held as a whole."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from relume.errors import ContractError, UnreadableError
from relume.runs.search import MARK
from relume.runs.shards import Shard, falls_to
from relume.scale.storage import Entry, Tell, is_address, storage_of
from relume.scale.tasks import Task


def raising(error: UnreadableError) -> None:
    """Raise it."""
    raise error


@dataclass(frozen=True)
class Listing:
    """Lists the pictures of a run and says where their results go: the tree is kept."""

    inputs: Sequence[str]
    output: str
    """A folder or an address."""
    suffixes: Container[str]
    """Of pictures, in lower case."""
    becomes: Mapping[str, str]
    """Suffixes whose results have another one."""
    recursive: bool = False
    shard: Shard | None = None
    tell: Tell = raising
    """Is called with what is wrong with a folder that is then left out."""

    def __iter__(self) -> Iterator[Task]:
        """Raises: UnreadableError for an input that is not there or cannot be listed."""
        for name in self.inputs:
            yield from self._of(name)

    def _of(self, name: str) -> Iterator[Task]:
        storage = storage_of(name)
        if not storage.is_folder(name):
            stamp = storage.stamp(name)
            if stamp is None:
                raise UnreadableError(f"{name}: no such file or folder")
            path = PurePosixPath(name)
            yield from self._in(name[: -len(path.name)], "", [(path.name, stamp)])
            return
        root = name.rstrip("/")
        avoided = self.output.rstrip("/") + "/"
        for folder, files in storage.folders(root or "/", self.tell):
            inside = folder[len(root) :].strip("/")
            if inside and not self.recursive:
                return
            hidden = inside.startswith(".") or "/." in inside
            if not hidden and not f"{folder}/".startswith(avoided):
                yield from self._in(folder, inside, files)

    def _in(self, folder: str, inside: str, files: list[Entry]) -> Iterator[Task]:
        """Yield the pictures among the files of a folder."""
        # Text, not paths: those take longer than all else that is done to one of millions.
        if "//" in inside:
            inside = str(PurePosixPath(inside))
        before = folder.rstrip("/") + "/"
        below = f"{inside}/" if inside else ""
        results = f"{self.output.rstrip('/')}/{below}"
        shard, known = self.shard, self._known
        for name, stamp in files:
            dot = name.rfind(".")
            end = name[dot:]
            becomes = known.get(end) or self._becomes(end)
            if not becomes or dot < 1 or name[0] == "." or _is_result(name, dot):
                continue
            target = name if becomes == end else name[:dot] + becomes
            if shard is None or falls_to(below + target, shard):
                yield Task(before + name, results + target, stamp)

    def _becomes(self, end: str) -> str:
        """Return the suffix of a picture's result, by the picture's; nothing for what is none."""
        suffix = end.lower()
        if suffix not in self.suffixes:
            return ""
        self._known[end] = becomes = self.becomes.get(suffix, end)
        return becomes

    @cached_property
    def _known(self) -> dict[str, str]:
        """Suffixes of pictures, as they were found, and what becomes of them."""
        return {}


def _is_result(name: str, dot: int) -> bool:
    return name[max(0, dot - len(MARK)) : dot].lower() == MARK


def check_places(inputs: Sequence[str], output: str | None) -> str:
    """Return a run's folder of results.

    Raises: ContractError where there is none, or it is an input.
    """
    if output is None:
        raise ContractError("a run on a cluster puts its results into a folder: give -o OUT")
    if any(name.rstrip("/") == output.rstrip("/") for name in inputs):
        raise ContractError(f"-o {output} is an input; choose another")
    if not is_address(output) and PurePosixPath(output).suffix:
        raise ContractError(f"-o {output}: no folder by its name; write {output}/")
    return output
