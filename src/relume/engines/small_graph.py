"""A small graph, node by node: what a network sees of a reduced picture, without a session.

To import ONNX Runtime and open a session takes fifty times as long as one run of such a graph, so
that a first picture comes sooner. Sizes are settled when the graph is read: what follows from them
and from parameters is computed then, and never again. ONNX Runtime is the reference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from relume.engines.nodes import Node, Nodes
from relume.engines.shrinkage import OtherGraphError
from relume.engines.small_operations import Array, Step, edges, settled, size_of, step, windows
from relume.errors import ContractError
from relume.render.restoration import instructions

MOST_NODES = 400


class SmallGraph:
    """Some outputs of a graph; safe to use from several threads, whose number changes nothing."""

    def __init__(self, graph: Nodes, outputs: Sequence[str], *, shape: tuple[int, ...]) -> None:
        """`shape` is that of the input `image`; other inputs are numbers.

        Raises: OtherGraphError for a graph with what is not known here.
        """
        nodes = graph.only(outputs).nodes
        if len(nodes) > MOST_NODES:
            raise OtherGraphError
        self._known = dict(graph.constants)
        self._steps: list[tuple[Step, tuple[str, ...], str]] = []
        self._same: dict[str, str] = {}
        """Tensors that are another one under a second name."""
        self._padded: dict[str, tuple[str, tuple[int, int, int, int]]] = {}
        """Tensors whose edges go on, by what they are made of: whoever takes windows does it."""
        self._convolved: dict[str, tuple[int, Node]] = {}
        """Which step makes a convolution: a ReLU is done with it."""
        self._shape = shape
        uses = Counter(each for node in nodes for each in node.inputs)
        for node in nodes:
            self._take(node, uses)
        self._outputs = tuple(self._named(each) for each in outputs)
        if not {found for _, _, found in self._steps}.issuperset(self._outputs):
            raise OtherGraphError
        self._dropped = self._last_uses()

    def run(self, feeds: Mapping[str, Array]) -> list[Array]:
        """Compute the outputs."""
        values = {**self._known, **feeds}
        with np.errstate(all="ignore"):  # a graph may pass through what it does not come out with
            for (work, given, found), dropped in zip(self._steps, self._dropped, strict=True):
                values[found] = work(*[values[each] for each in given])
                for each in dropped:  # its memory is still in the caches for the next tensor
                    del values[each]
        return [values[each] for each in self._outputs]

    def works(self) -> bool:
        """Try it: nothing but a run tells whether the sizes of tensors fit together."""
        made = {found for _, _, found in self._steps}
        named = {each for _, given, _ in self._steps for each in given} - made - self._known.keys()
        feeds = {
            each: np.zeros(self._shape if each == "image" else (), np.float32) for each in named
        }
        try:
            return all(np.isfinite(each).all() for each in self.run(feeds))
        except (ValueError, IndexError, OtherGraphError):
            return False

    def _last_uses(self) -> list[tuple[str, ...]]:
        """Return which tensors nobody needs after each step."""
        kept = {*self._outputs, *self._known}
        dropped: list[tuple[str, ...]] = []
        for _, given, _ in reversed(self._steps):
            last = set(given) - kept
            dropped.append(tuple(sorted(last)))
            kept |= last
        return dropped[::-1]

    def _named(self, tensor: str) -> str:
        return self._same.get(tensor, tensor)

    def _take(self, node: Node, uses: Counter[str]) -> None:
        """Compute a node now, or note what is to be done for each picture."""
        if len(node.outputs) != 1:
            raise OtherGraphError
        (found,) = node.outputs
        given = tuple(self._named(each) for each in node.inputs)
        node = Node(node.operation, given, node.outputs, node.attributes)
        if node.operation == "Shape":
            if given != ("image",):
                raise OtherGraphError
            self._known[found] = size_of(self._shape, node)
        elif all(each in self._known or not each for each in given):
            value = settled(node, self._known)
            if value is None:
                work, taken = step(node, self._known)
                value = work(*[self._known[each] for each in given[:taken]])
            self._known[found] = value
        elif node.operation == "MatMul":
            self._same[found] = self._unmoved(given)
        elif node.operation == "Pad":
            self._padded[found] = (given[0], edges(node, self._known))
        elif node.operation == "AveragePool" and given[0] in self._padded:
            source, pads = self._padded[given[0]]
            self._steps.append((windows(node, pads), (source,), found))
        elif not self._padded.keys().isdisjoint(given):
            raise OtherGraphError
        elif node.operation == "Relu" and self._convolved.get(given[0]) and uses[given[0]] == 1:
            at, convolution = self._convolved[given[0]]
            work, _ = step(convolution, self._known, relu=True)
            self._steps[at] = (work, convolution.inputs[:1], found)
        else:
            work, taken = step(node, self._known)
            if node.operation == "Conv":
                self._convolved[found] = (len(self._steps), node)
            self._steps.append((work, given[:taken], found))

    def _unmoved(self, given: tuple[str, ...]) -> str:
        """Return what a product equals: a picture of the size that is looked at is not reduced."""
        for one, other in (given, given[::-1]):
            matrix = self._known.get(one)
            if (
                matrix is not None
                and matrix.ndim == 2
                and np.array_equal(matrix, np.eye(*matrix.shape))
            ):
                return other
        raise OtherGraphError


def read(graph: Nodes, outputs: Sequence[str], *, shape: tuple[int, ...]) -> SmallGraph | None:
    """Return some outputs of a graph; None where it holds what is not known here, or where nothing
    was compiled."""
    if instructions() is None:
        return None
    try:
        return SmallGraph(graph, outputs, shape=shape)
    except (OtherGraphError, ContractError, KeyError, IndexError, TypeError, ValueError):
        return None
