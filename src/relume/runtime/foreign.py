"""Model files of other projects: one picture in, one out, described by hand where a card lacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from relume.card import Card, Encoding
from relume.engines import Array, Graph, Port
from relume.errors import ContractError, WeightsError
from relume.frozen import frozen

WHOLE = "whole"
"""How a reach of the whole picture is written."""
_IMAGE, _ENHANCED = "image", "enhanced"


@frozen
class Description:
    """What a model without a card wants."""

    input: Encoding
    """Of its input and of its output."""
    reach: int | None
    """Pixels; None means the whole picture."""
    multiple_of: int = 1

    def __post_init__(self) -> None:
        if self.input not in ("srgb", "linear"):
            raise ContractError(f"input: expected srgb or linear, got {self.input!r}")
        if self.reach is not None and self.reach < 0:
            raise ContractError(f"reach: expected 0 pixels or more, got {self.reach}")
        if self.multiple_of < 1:
            raise ContractError(f"multiple of: expected 1 or more, got {self.multiple_of}")


class Renamed:
    """A graph under the names that relume gives its input and output."""

    def __init__(self, graph: Graph, names: Mapping[str, str]) -> None:
        self._graph = graph
        self._theirs = dict(names)
        ours = {theirs: name for name, theirs in names.items()}
        self.inputs = tuple(ours.get(name, name) for name in graph.inputs)
        self.outputs = tuple(ours.get(name, name) for name in graph.outputs)
        self.metadata = graph.metadata
        self.ports: Mapping[str, Port] = {
            ours.get(name, name): port for name, port in graph.ports.items()
        }

    def run(self, feeds: Mapping[str, Array], outputs: Sequence[str]) -> list[Array]:
        """Compute the named outputs."""
        given = {self._theirs.get(name, name): value for name, value in feeds.items()}
        return self._graph.run(given, [self._theirs.get(name, name) for name in outputs])


def adopt(graph: Graph, description: Description, *, where: str) -> tuple[Graph, Card]:
    """Give a graph a card, and its input and output their names.

    Raises: WeightsError when it does not take one (1, 3, H, W) float32 and return one.
    """
    for kind, found in (("input", graph.inputs), ("output", graph.outputs)):
        if len(found) != 1:
            raise WeightsError(
                f"{where}: a model without a card needs one {kind}, this one has "
                f"{', '.join(found) or 'none'}; export it with a card"
            )
        _check(graph.ports[found[0]], f"{where}: its {kind} {found[0]!r}")
    card = Card(
        name=Path(where).stem,
        title=Path(where).name,
        summary="A model of another project, described by hand.",
        kind="neural",
        reach=description.reach,
        input=description.input,
        output=description.input,
        multiple_of=description.multiple_of,
    )
    return Renamed(graph, {_IMAGE: graph.inputs[0], _ENHANCED: graph.outputs[0]}), card


def _check(port: Port, what: str) -> None:
    if port.type != "float32":
        raise WeightsError(f"{what} must be float32 in [0, 1], it is {port.type}")
    if port.shape is None:  # shown by the first picture
        return
    if len(port.shape) != 4 or any(
        size not in (None, wanted) for size, wanted in zip(port.shape, (1, 3), strict=False)
    ):
        raise WeightsError(f"{what} must be (1, 3, H, W), it is {_written(port.shape)}")
    if port.shape[2:] != (None, None):
        raise WeightsError(
            f"{what} must take any height and width, it is {_written(port.shape)}; "
            "export it with dynamic axes"
        )


def _written(shape: tuple[int | None, ...]) -> str:
    return f"({', '.join('any' if size is None else str(size) for size in shape)})"
