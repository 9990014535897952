"""Graphs of ONNX written as if they were functions: one call per operation, numbers as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any, TypeAlias

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from onnx.compose import add_prefix_graph

Value: TypeAlias = str | float | Sequence[int] | NDArray[Any]
"""A tensor's name, or numbers: whole ones become int64, others float32."""


class Builder:
    """A graph that grows; what graphs inside it compute may take its tensors by name."""

    def __init__(self, inside: Builder | None = None) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._numbers: count[int] = count() if inside is None else inside._numbers

    def __call__(self, kind: str, *inputs: Value, **attributes: Any) -> str:
        """Add an operation with one output, and return that."""
        output = self.name()
        self.nodes.append(
            helper.make_node(
                kind, [self.tensor(each) for each in inputs], [output], name=output, **attributes
            )
        )
        return output

    def name(self) -> str:
        """Return a name that no tensor has, in whatever graph of these."""
        return f"t{next(self._numbers)}"

    def tensor(self, value: Value) -> str:
        """Return the name of a tensor that is one, or of numbers that become one."""
        if isinstance(value, str):
            return value
        values = np.asarray(value)
        values = values.astype(np.int64 if values.dtype.kind in "iu" else np.float32)
        self.constants.append(numpy_helper.from_array(values, self.name()))
        return self.constants[-1].name

    def under(self, name: str, output: str) -> None:
        """Call a tensor by a name of the caller's."""
        for node in reversed(self.nodes):
            if output in node.output:
                node.output[:] = [name if each == output else each for each in node.output]
                return
        raise KeyError(output)

    def graph(self, inputs: Sequence[Any], outputs: Sequence[Any]) -> Any:
        """Return the graph between these values, as operations take one for an attribute."""
        return helper.make_graph(self.nodes, self.name(), inputs, outputs, self.constants)

    def put(self, graph: Any, called: Mapping[str, str], outputs: Sequence[str]) -> list[str]:
        """Put in a graph whose inputs are called otherwise here; return what its outputs are."""
        prefix = f"{self.name()}."
        graph = add_prefix_graph(graph, prefix)
        names = {prefix + name: value for name, value in called.items()}
        for node in graph.node:
            node.input[:] = [names.get(name, name) for name in node.input]
        self.nodes.extend(graph.node)
        self.constants.extend(graph.initializer)
        return [prefix + name for name in outputs]

    def branches(
        self, condition: str, then: tuple[Builder, str], other: tuple[Builder, str]
    ) -> str:
        """Add a choice between two graphs of one output each."""
        return self(
            "If",
            condition,
            then_branch=then[0].graph([], [_floats(then[1])]),
            else_branch=other[0].graph([], [_floats(other[1])]),
        )

    def for_each(self, body: Builder, index: str, output: str, *, over: str) -> str:
        """Add a loop over whole numbers, one by one as `index`; return its results, piled up."""
        return self.for_each_of(body, index, (output,), over=over)[0]

    def for_each_of(
        self, body: Builder, index: str, outputs: Sequence[str], *, over: str
    ) -> list[str]:
        """Add such a loop with several results."""
        taken = helper.make_tensor_value_info(index, onnx.TensorProto.INT64, [])
        inner = body.graph([taken], [_floats(each) for each in outputs])
        piled = [self.name() for _ in outputs]
        self.nodes.append(
            helper.make_node("Scan", [over], piled, name=piled[0], body=inner, num_scan_inputs=1)
        )
        return piled


def _floats(name: str) -> Any:
    return helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
