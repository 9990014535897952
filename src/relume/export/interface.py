"""What the graph of a network takes and gives: read from its `forward` and its card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_type_hints

import torch
from torch import Tensor, nn

from relume.card import Card, Knob
from relume.errors import ContractError

AXES = {0: "batch", 2: "height", 3: "width"}
"""The dimensions of `image` that may be any number."""


@dataclass(frozen=True)
class Interface:
    """Names and sizes of a graph's inputs and outputs."""

    channels: int
    """Of the input `image`: three, or one for a mosaic."""
    multiple_of: int
    """Heights and widths are multiples of it."""
    knobs: tuple[Knob, ...]
    """Scalar inputs after `image`, in the order in which `forward` takes them."""
    outputs: tuple[str, ...]
    """`enhanced`, then the maps."""

    def size(self, height: int, width: int) -> tuple[int, int]:
        """Return the nearest size, not smaller, that the graph takes."""
        rows, columns = (
            -(-side // self.multiple_of) * self.multiple_of for side in (height, width)
        )
        return rows, columns

    def example(self) -> tuple[Tensor, ...]:
        """Return inputs by which a graph is traced: two pictures, higher than one, not square."""
        height, width = self.size(24, 40)
        count = 2 * self.channels * height * width
        image = torch.linspace(0, 1, count).reshape(2, self.channels, height, width)
        return (image, *(torch.tensor(knob.default, dtype=torch.float32) for knob in self.knobs))

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the inputs."""
        return ("image", *(knob.name for knob in self.knobs))


def interface(network: nn.Module, card: Card) -> Interface:
    """Return what the graph of `network` takes and gives.

    The outputs are the fields of the named tuple that `forward` is declared to return, the knobs
    those that `graph_knobs` of the network names, with the ranges of the card.
    Raises: ContractError when the network and the card do not fit each other.
    """
    result: Any = get_type_hints(type(network).forward).get("return")
    outputs: tuple[str, ...] = getattr(result, "_fields", ())
    if outputs[:1] != ("enhanced",):
        raise ContractError(
            f"{card.name}: the network's forward must return a named tuple that begins with "
            f"'enhanced', not {getattr(result, '__name__', result)}"
        )
    known = {knob.name: knob for knob in card.knobs}
    names: tuple[str, ...] = getattr(network, "graph_knobs", ())
    for name in names:
        if name not in known:
            raise ContractError(f"{card.name}: its network has the knob {name!r}, its card has not")
    return Interface(
        channels=1 if card.input == "mosaic" else 3,
        multiple_of=card.multiple_of,
        knobs=tuple(known[name] for name in names),
        outputs=outputs,
    )
