"""Which engine `auto` takes for a model: ONNX Runtime, unless another was measured to be faster.

The measurements lie in the user's cache. One counts only for the very model, the versions of the
engines, and the kind of machine and number of threads it was made with.
"""

from __future__ import annotations

import json
import platform
import warnings
from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from relume.engines import cache, table
from relume.frozen import frozen
from relume.io.atomic import replacing
from relume.render.bands import thread_count
from relume.words import counted

FILE = "engines.json"
GAIN = 1.1
"""How many times faster another engine must be: less is within what two measurements differ by."""
_LIMIT = 2**20
"""Bytes of the file; a few hundred models fit."""


@frozen
class Measured:
    """How long each engine took for one picture, in seconds, and under which circumstances."""

    method: str
    seconds: Mapping[str, float]
    """Of the engines whose result agreed with ONNX Runtime's."""
    circumstances: Mapping[str, str]

    @property
    def best(self) -> str:
        """The engine that `auto` takes."""
        quickest = min(self.seconds, key=lambda engine: self.seconds[engine])
        usual = self.seconds.get(table.DEFAULT)
        if usual is not None and usual < GAIN * self.seconds[quickest]:
            return table.DEFAULT
        return quickest


def circumstances() -> dict[str, str]:
    """Return what a measurement depends on besides the model."""
    machine = f"{platform.system()} {platform.machine()}, {counted(thread_count(None), 'thread')}"
    return {**table.available(), "machine": machine}


def digest(data: bytes) -> str:
    """Return the name of a model in the memory."""
    return sha256(data).hexdigest()


def recall(data: bytes) -> Measured | None:
    """Return the measurement of a model, unless there is none or circumstances have changed."""
    return recall_of(digest(data))


def recall_of(name: str) -> Measured | None:
    """Return the measurement of the model whose digest is known already."""
    entry = _load().get(name)
    if entry is None:
        return None
    try:
        measured = Measured(
            str(entry["method"]),
            {str(name): float(value) for name, value in entry["seconds"].items()},
            {str(name): str(value) for name, value in entry["circumstances"].items()},
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        _warn("an entry is malformed")
        return None
    fits = measured.seconds and measured.circumstances == circumstances()
    return measured if fits and set(measured.seconds) <= set(table.names()) else None


def settled(engine: str, data: bytes) -> str:
    """Return the engine that is meant: what `auto` takes for a model, others as they are.

    Raises: UnknownNameError for an engine that does not exist.
    """
    table.check(engine)
    return fastest(data) if engine == table.AUTO else engine


def fastest(data: bytes) -> str:
    """Return the engine that `auto` takes for a model."""
    measured = recall(data)
    return measured.best if measured is not None else table.DEFAULT


def remember(data: bytes, measured: Measured) -> None:
    """Keep a measurement for later runs.

    Raises: UnwritableError when the cache cannot be written.
    """
    entries = {**_load(), digest(data): asdict(measured)}
    text = json.dumps(entries, indent=1, sort_keys=True)
    with replacing(cache.private_folder() / FILE) as file:
        file.write(text.encode())


def _load() -> dict[str, Any]:
    try:
        with (cache.folder() / FILE).open("rb") as file:
            text = file.read(_LIMIT + 1)
    except OSError:
        return {}
    try:
        content = json.loads(text) if len(text) <= _LIMIT else None
    except ValueError:
        content = None
    if not isinstance(content, dict):
        _warn("it is damaged")
        return {}
    return content


def _warn(what: str) -> None:
    path = cache.folder() / FILE
    message = f"{path} is ignored: {what}; `relume doctor --bench` writes it anew"
    warnings.warn(message, RuntimeWarning, stacklevel=3)
