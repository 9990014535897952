"""The pictures of folders and stores, one after another: a plan that is never held as a whole."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from relume.errors import ContractError, UnreadableError
from relume.runs.search import MARK
from relume.runs.shards import Shard, falls_to
from relume.runs.stamp import Stamp
from relume.scale.storage import is_address, storage_of
from relume.scale.tasks import Task


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
            if (task := self._task(name, PurePosixPath(name).name, stamp)) is not None:
                yield task
            return
        root = name.rstrip("/") + "/"
        avoided = self.output.rstrip("/") + "/"
        is_inside = avoided.startswith(root)
        for found, stamp in storage.walk(name.rstrip("/") or "/"):
            inside = found.removeprefix(root)
            nested = "/" in inside
            if (nested and not self.recursive) or (is_inside and found.startswith(avoided)):
                continue
            if (task := self._task(found, inside, stamp)) is not None:
                yield task

    def _task(self, name: str, inside: str, stamp: Stamp | None) -> Task | None:
        # Text, not paths: those take longer than all else that is done to one of millions.
        if "//" in inside:
            inside = str(PurePosixPath(inside))
        dot = inside.rfind(".")
        end = inside[dot:] if dot > inside.rfind("/") + 1 else ""
        suffix = end.lower()
        if suffix not in self.suffixes or inside.startswith(".") or "/." in inside:
            return None
        if inside[:dot].lower().endswith(MARK):
            return None
        target = inside[:dot] + self.becomes.get(suffix, end)
        if self.shard is not None and not falls_to(target, self.shard):
            return None
        return Task(name, f"{self.output.rstrip('/')}/{target}", stamp)


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
