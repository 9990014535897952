"""One row on one picture, as a line of JSON: what was measured, with what, on what."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from math import inf
from pathlib import Path
from typing import Any, BinaryIO, Self

from relume.errors import ContractError, UnreadableError, UnwritableError
from relume.io.atomic import replacing
from relume.release import __version__
from relume.words import counted

INPUT = "input"
"""How the row of the method `identity` is called."""
CHUNK = 1 << 20


@dataclass(frozen=True)
class Origin:
    """What made a picture; two records of equal origin hold the same picture."""

    kind: str
    """`method`, `results` or `command`."""
    name: str
    """Of the method, the folder or the executable."""
    knobs: Mapping[str, float] = field(default_factory=dict[str, float])
    weights: str = ""
    """sha256 of the model file that ran; empty for a method without, of all of them for `auto`."""
    source: str = ""
    """sha256 of the code of the method and of what runs it, of the result, or of the executable."""
    version: str = __version__


@dataclass(frozen=True)
class Record:
    """One row on one picture of a data set."""

    dataset: str
    row: str
    key: str
    origin: Origin
    low: str
    """sha256 of the dark input's file."""
    high: str
    """sha256 of the reference's file; empty when there is none."""
    width: int
    height: int
    values: Mapping[str, float]
    """Full name of the number, with its protocol, → the number."""
    faults: Mapping[str, str]
    """Full name of a number that could not be had → why."""
    seconds: float | None
    mebibytes: float | None
    note: str
    """Why `auto` chose what it chose."""
    versions: Mapping[str, str]
    machine: str

    @property
    def place(self) -> tuple[str, str, str]:
        """Data set, row and key: the newest record of a place counts."""
        return self.dataset, self.row, self.key


def to_json(record: Record) -> str:
    """Write a record as one line; infinity becomes the text "inf", which JSON lacks."""
    facts = asdict(record)
    facts["values"] = {
        name: "inf" if value == inf else "-inf" if value == -inf else value
        for name, value in record.values.items()
    }
    return json.dumps(facts, ensure_ascii=False, allow_nan=False)


def from_json(line: str) -> Record:
    """Read one line.

    Raises: ContractError when it is no record.
    """
    try:
        facts: dict[str, Any] = json.loads(line)
        if set(facts) != {field.name for field in fields(Record)}:
            raise ValueError("other fields than a record has")
        facts["origin"] = Origin(**facts["origin"])
        facts["values"] = {str(name): float(value) for name, value in facts["values"].items()}
        record = Record(**facts)
        for text in record.place:
            if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance] (a file's)
                raise ValueError("a data set, row or key that is no text")
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise ContractError(f"not a record: {error}") from error
    return record


class Store:
    """A file of records that grows line by line; what a run measured is never lost.

    with Store(path) as store: ...
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._records: dict[tuple[str, str, str], Record] = {}
        self._stream: BinaryIO | None = None

    def __enter__(self) -> Self:
        """Read what is there. Raises: UnwritableError; ContractError for a damaged line."""
        with _writing(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            content = self._path.read_bytes() if self._path.exists() else b""
        # A line without its end was being written when the power went.
        lines = content[: content.rfind(b"\n") + 1].splitlines()
        for number, line in enumerate(lines, 1):
            try:
                record = from_json(line.decode())
            except (ContractError, UnicodeDecodeError) as error:
                raise ContractError(
                    f"{self._path}, line {number}: {error}; --overwrite begins anew"
                ) from error
            self._records[record.place] = record
        whole = b"".join(to_json(record).encode() + b"\n" for record in self._records.values())
        if whole != content:  # older records of a place go
            with replacing(self._path) as stream:
                stream.write(whole)
        with _writing(self._path):
            self._stream = self._path.open("ab")
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream is not None:
            self._stream.close()

    def find(self, like: Record) -> Record | None:
        """Return a record of the same picture from the same origin.

        A metric that changed shows only in the version of relume, which is part of the origin.
        """
        found = self._records.get(like.place)
        same = found is not None and (found.origin, found.low, found.high) == (
            like.origin,
            like.low,
            like.high,
        )
        return found if same else None

    def add(self, record: Record) -> None:
        """Append a record. Raises: UnwritableError."""
        if self._stream is None:
            raise ContractError("a store takes records inside its `with` block")
        with _writing(self._path):
            self._stream.write(to_json(record).encode() + b"\n")
            self._stream.flush()
        self._records[record.place] = record


def forget(path: Path) -> None:
    """Delete a file of records, if there is one. Raises: UnwritableError."""
    with _writing(path):
        path.unlink(missing_ok=True)


@contextmanager
def _writing(path: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UnwritableError(f"cannot write {path}: {reason}") from error


def digest(path: Path) -> str:
    """Return the sha256 of a file.

    Raises: UnreadableError.
    """
    state = sha256()
    try:
        with path.open("rb") as stream:
            while part := stream.read(CHUNK):
                state.update(part)
    except OSError as error:
        raise UnreadableError(f"{path}: cannot be read: {error.strerror or error}") from error
    return state.hexdigest()


@cache
def versions() -> dict[str, str]:
    """Return what the numbers may depend on."""
    return {
        "relume": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in ("numpy", "onnxruntime", "pillow")},
    }


@cache
def machine() -> str:
    """Describe the machine; not its name."""
    model = platform.processor() or platform.machine()
    try:
        with Path("/proc/cpuinfo").open() as lines:
            model = next(
                (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")),
                model,
            )
    except OSError:
        pass  # not Linux
    return (
        f"{model}, {counted(os.cpu_count() or 1, 'core')}, {platform.system()} {platform.machine()}"
    )
