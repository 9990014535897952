"""The rows of a manifest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from relume.frozen import frozen
from relume.runs.stamp import Stamp

State: TypeAlias = Literal["begun", "done", "failed", "deadly", "damaged", "again"]
"""`deadly` killed its worker again and again; `damaged` is another result than was made; `again`,
which only earlier releases wrote, was asked for and not yet done."""
Begun: TypeAlias = tuple[str | Path, str, Stamp | None, Stamp | None]
"""Of a picture that is begun: output, input, the input's stamp, that of what lay in its place."""
Settled: TypeAlias = tuple[str, str, int, str, int, str]
"""Of a picture that is done: key of the output, input, the input's size and mark, the output's."""


@dataclass(frozen=True)
class Row:
    """What is known of one picture."""

    output: str
    """Relative to the folder of the results where it lies inside, else absolute."""
    input: str
    input_stamp: Stamp | None
    input_hash: str | None
    settings: str
    state: State
    before: Stamp | None
    """What lay in the output's place when the picture was begun."""
    output_stamp: Stamp | None
    output_hash: str | None
    method: str | None
    seconds: float | None
    error: str | None
    run: int
    at: float
    """When it was begun or ended."""


@frozen
class RunRow:
    """One command that wrote into a manifest."""

    id: int
    began: float
    ended: float | None
    settings: str
    command: tuple[str, ...]
    folder: str
    """Where it was given."""
    results: str | None = None
    """The folder that names of results are relative to, as it was called then."""


@frozen
class Ending:
    """How a picture ended."""

    state: Literal["done", "failed", "deadly"]
    input_hash: str | None = None
    output_stamp: Stamp | None = None
    output_hash: str | None = None
    method: str | None = None
    seconds: float | None = None
    error: str | None = None


_KEPT = {0xDC00 + byte: 0x10FF00 + byte for byte in range(0x80, 0x100)}
_NAMED = {kept: byte for byte, kept in _KEPT.items()}


def kept(text: str) -> str:
    """Return a text as SQLite keeps it: a byte of a name that is no UTF-8, which Python takes for
    half a character, becomes one of those that are for private use."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.translate(_KEPT)
    return text


def named(text: str) -> str:
    """Return the text that was kept."""
    return text if text.isascii() else text.translate(_NAMED)


def halves(stamp: Stamp | None) -> tuple[int | None, str | None]:
    return (None, None) if stamp is None else (stamp.size, stamp.mark)


def _stamp(size: int | None, mark: str | None) -> Stamp | None:
    return None if size is None or mark is None else Stamp(size, mark)


def as_run(found: Sequence[Any]) -> RunRow:
    """Return a command, as it is selected."""
    number, began, ended, settings, command, folder, results = found
    place = None if results is None else named(results)
    words = tuple(json.loads(command))
    return RunRow(number, began, ended, settings, words, named(folder), place)


def as_row(found: Sequence[Any]) -> Row:
    output, input, in_size, in_mark, in_hash, settings, state, before_size, before_mark = found[:9]
    out_size, out_mark, out_hash, method, seconds, error, run, at = found[9:]
    return Row(
        output=named(output),
        input=named(input),
        input_stamp=_stamp(in_size, in_mark),
        input_hash=in_hash,
        settings=settings,
        state=state,
        before=_stamp(before_size, before_mark),
        output_stamp=_stamp(out_size, out_mark),
        output_hash=out_hash,
        method=method,
        seconds=seconds,
        error=None if error is None else named(error),
        run=run,
        at=at,
    )
