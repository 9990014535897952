"""Engines behind one protocol: what runs a graph.

An engine is one module with `open_graph`; it is named here and imported when it is chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any, Protocol

from numpy.typing import NDArray

from relume.errors import UnknownNameError

Array = NDArray[Any]

_MODULES = {"onnxruntime": "relume.runtime.onnxruntime_engine"}
"""Engine → the module that opens graphs with it, in the order in which `auto` prefers them."""


class Graph(Protocol):
    """A loaded model."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the inputs."""
        ...

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the outputs."""
        ...

    @property
    def metadata(self) -> Mapping[str, str]:
        """What the file says of itself; the card is under `relume.card`."""
        ...

    def run(self, feeds: Mapping[str, Array], outputs: Sequence[str]) -> list[Array]:
        """Compute the named outputs; thread-safe."""
        ...


def available() -> dict[str, str]:
    """Return the installed engines and their versions."""
    return {name: version(name) for name in _MODULES if find_spec(name) is not None}


def names() -> tuple[str, ...]:
    """Return every engine that can be asked for, `auto` first."""
    return ("auto", *_MODULES)


def check(engine: str) -> None:
    """Raise UnknownNameError unless `engine` can be asked for."""
    if engine not in names():
        raise UnknownNameError.of("engine", engine, names())


def open_graph(data: bytes, *, engine: str = "auto", threads: int | None = None) -> Graph:
    """Load a model from its bytes.

    Raises: UnknownNameError for an engine that does not exist; WeightsError for a damaged model.
    """
    check(engine)
    chosen = next(iter(_MODULES)) if engine == "auto" else engine
    return import_module(_MODULES[chosen]).open_graph(data, threads=threads)
