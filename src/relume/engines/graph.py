"""What every engine makes of a model file: one protocol, whoever runs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from numpy.typing import NDArray

from relume.frozen import frozen

Array = NDArray[Any]


@frozen
class Port:
    """An input or output of a graph."""

    shape: tuple[int | None, ...] | None
    """None for a length that may be any, and for a shape the file does not state."""
    type: str
    """The samples', as NumPy calls it: float32."""


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

    @property
    def ports(self) -> Mapping[str, Port]:
        """Shape and type of every input and output."""
        ...

    def run(self, feeds: Mapping[str, Array], outputs: Sequence[str]) -> list[Array]:
        """Compute the named outputs; thread-safe."""
        ...
