"""A network that shrinks the coefficients of cells, as the table of layers that C works through.

`relume.nn.cell_shrinkage` is exported as a graph. What is recognised here is its structure,
whatever the number of channels and blocks: pointwise convolutions, with a depthwise one before them
or without, sums, enlargements, and the formulas of shrinking. Another graph gives None.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from relume.engines import nodes, shrinkage
from relume.engines.nodes import Node, Nodes
from relume.engines.shrinkage import (
    CELL,
    COEFFICIENTS,
    OtherGraphError,
    cosines,
    equal,
    plain,
)
from relume.errors import WeightsError
from relume.render.restoration import CellLayers

GROUP = 16
"""As in program.h: what channels are padded to."""

CELLS, MIX, ENLARGE, MEANS_OF, SHRINK = range(5)
"""Kinds of layers, as in program.h."""

MOST_CHANNELS, MOST_LAYERS, MOST_NODES = 256, 64, 400

_INPUTS = ("from_", "also", "third")
_SHAPE = ("inputs", "outputs", "half", "stride", "inner_relu", "relu")
_STORED = ("depthwise", "depthwise_bias", "pointwise", "bias", "patch")
_COLUMNS = (*_INPUTS, *_SHAPE, *_STORED)
"""A layer's numbers after its kind, as in program.h."""
_PLACES = (*_INPUTS, *_STORED)
"""Of these, what is −1 where there is none."""


def read(model: bytes) -> CellLayers | None:
    """Return the layers of a model's output `noise`; None where the graph is of another kind.

    What is no model gives None, too: whatever runs models says so itself.
    """
    try:
        return of(nodes.read(model))
    except (WeightsError, ValueError):
        return None


def of(graph: Nodes) -> CellLayers | None:
    """Return the layers of a graph whose nodes have been read."""
    try:
        return _Reader(graph.only(["noise"])).layers()
    except (OtherGraphError, KeyError, IndexError, ValueError):
        return None


class _Reader:
    def __init__(self, graph: Nodes) -> None:
        if len(graph.nodes) > MOST_NODES:
            raise OtherGraphError
        self._graph = graph
        self._constants = graph.constants
        self._producers = graph.producers()
        self._rows: list[list[int]] = []
        self._buffers: dict[str, int] = {}
        self._weights: list[NDArray[np.float32]] = []
        self._filled = 0

    def layers(self) -> CellLayers:
        found = shrinkage.matched(self._graph)
        cells = self._buffer(found["cells"])
        share, added = self._conv(found["share"]), self._conv(found["added"])
        if cells != 0 or share.inputs[0] != added.inputs[0]:
            raise OtherGraphError
        features = self._buffer(share.inputs[0])
        means = self._means(added, features)
        self._shrink(share, features, means, self._constants[found["patch"]])
        table = np.array(self._rows, np.int32)
        if len(table) > MOST_LAYERS or table[:, 4:6].max() > MOST_CHANNELS:
            raise OtherGraphError
        detail, rounding, strong, level = (
            float(self._constants[found[each]])
            for each in ("detail", "rounding", "strong", "level")
        )
        more = float(self._constants[found["more"]]) if "more" in found else 1.0
        if abs(more - 1 - detail) > 1e-6:
            raise OtherGraphError
        return CellLayers(table, np.concatenate(self._weights), (detail, rounding, strong, level))

    # ---- layers ------------------------------------------------------------------------------

    def _row(self, kind: int, **numbers: int) -> int:
        absent = {name: -1 if name in _PLACES else 0 for name in _COLUMNS}
        self._rows.append([kind, *(numbers.get(each, absent[each]) for each in _COLUMNS)])
        return len(self._rows) - 1

    def _put(self, values: NDArray[Any]) -> int:
        """Keep weights, channels last and padded, and return where they stand."""
        values = np.asarray(values, np.float32)
        short = -values.shape[-1] % GROUP if values.shape[-1] != 3 else 0
        values = np.pad(values, [(0, 0)] * (values.ndim - 1) + [(0, short)])
        at, self._filled = self._filled, self._filled + values.size
        self._weights.append(values.ravel())
        return at

    def _conv(self, tensor: str) -> Node:
        node = self._producers.get(tensor)
        if node is None or node.operation != "Conv" or len(node.inputs) != 3:
            raise OtherGraphError
        return node

    def _is_conv(self, tensor: str) -> bool:
        node = self._producers.get(tensor)
        return node is not None and node.operation == "Conv"

    def _buffer(self, tensor: str) -> int:
        """Return the layer that computes a tensor, written down once."""
        if tensor not in self._buffers:
            node, relu = self._producers[tensor], False
            if node.operation == "Relu":
                node, relu = self._producers[node.inputs[0]], True
            self._buffers[tensor] = self._layer(node, relu)
        return self._buffers[tensor]

    def _layer(self, node: Node, relu: bool) -> int:
        if node.operation == "Add":
            for which in (0, 1):
                one, other = node.inputs[which], node.inputs[1 - which]
                source = self._producers.get(one)
                if source is not None and source.operation == "Resize":
                    return self._enlarged(source, other, relu)
            for which in (1, 0):
                one, other = node.inputs[which], node.inputs[1 - which]
                if self._is_conv(one):
                    also = self._buffer(other)
                    return self._mixed(self._producers[one], also, relu)
            raise OtherGraphError
        if node.operation != "Conv":
            raise OtherGraphError
        weights = self._constants[node.inputs[1]]
        if weights.shape == (COEFFICIENTS, 3, CELL, CELL):
            return self._cells(node, weights, relu)
        return self._mixed(node, -1, relu)

    def _cells(self, node: Node, weights: NDArray[Any], relu: bool) -> int:
        root = self._producers[node.inputs[0]]
        if (
            relu
            or self._rows
            or root.operation != "Sqrt"
            or root.inputs != ("image",)
            or not plain(node, pads=0, stride=CELL)
            or not equal(weights, cosines())
            or (len(node.inputs) == 3 and np.any(self._constants[node.inputs[2]]))
        ):
            raise OtherGraphError
        return self._row(CELLS, outputs=COEFFICIENTS)

    def _enlarged(self, node: Node, other: str, relu: bool) -> int:
        scales = self._constants[node.inputs[2]] if len(node.inputs) == 3 else np.zeros(0)
        way = node.attributes.get("coordinate_transformation_mode", "half_pixel")
        if (
            tuple(scales) != (1, 1, 2, 2)
            or node.attributes.get("mode") != "linear"
            or way not in ("half_pixel", "pytorch_half_pixel")
        ):
            raise OtherGraphError
        also, small = self._buffer(other), self._buffer(node.inputs[0])
        channels = self._rows[small][5]
        return self._row(
            ENLARGE, from_=small, also=also, inputs=channels, outputs=channels, relu=int(relu)
        )

    def _mixed(self, node: Node, also: int, relu: bool) -> int:
        weights = self._constants[node.inputs[1]]
        if weights.shape[2:] != (1, 1) or not plain(node, pads=0) or len(node.inputs) != 3:
            raise OtherGraphError
        before, inner_relu = node.inputs[0], False
        source = self._producers[before]
        if source.operation == "Relu" and self._is_depthwise(source.inputs[0]):
            source, inner_relu = self._producers[source.inputs[0]], True
        numbers: dict[str, int] = {}
        if self._is_depthwise(source.outputs[0]):
            stride = 2 if source.attributes.get("strides") == (2, 2) else 1
            if not plain(source, pads=1, stride=stride, depthwise=True):
                raise OtherGraphError
            around = self._constants[source.inputs[1]]
            before = source.inputs[0]
            numbers = {
                "stride": stride,
                "inner_relu": int(inner_relu),
                "depthwise": self._put(around.reshape(-1, 9).T),
                "depthwise_bias": self._put(self._constants[source.inputs[2]]),
            }
        small = self._buffer(before)
        return self._row(
            MIX,
            from_=small,
            also=also,
            inputs=weights.shape[1],
            outputs=weights.shape[0],
            half=int(self._rows[small][6] == 1 or numbers.get("stride") == 2),
            relu=int(relu),
            pointwise=self._put(weights[..., 0, 0].T),
            bias=self._put(self._constants[node.inputs[2]]),
            **numbers,
        )

    def _is_depthwise(self, tensor: str) -> bool:
        if not self._is_conv(tensor):
            return False
        node = self._producers[tensor]
        weights = self._constants.get(node.inputs[1])
        return weights is not None and weights.shape[1:] == (1, 3, 3) and len(node.inputs) == 3

    def _means(self, node: Node, features: int) -> int:
        weights = self._constants[node.inputs[1]]
        if weights.shape[0] != 3 or weights.shape[2:] != (1, 1) or not plain(node, pads=0):
            raise OtherGraphError
        return self._row(
            MEANS_OF,
            from_=0,
            also=features,
            inputs=weights.shape[1],
            outputs=3,
            pointwise=self._put(weights[..., 0, 0].T),
            bias=self._put(self._constants[node.inputs[2]]),
        )

    def _shrink(self, node: Node, features: int, means: int, patch: NDArray[Any]) -> None:
        weights = self._constants[node.inputs[1]]
        if (
            weights.shape[0] != COEFFICIENTS
            or weights.shape[2:] != (1, 1)
            or not plain(node, pads=0)
        ):
            raise OtherGraphError
        self._row(
            SHRINK,
            from_=0,
            also=features,
            third=means,
            inputs=weights.shape[1],
            outputs=COEFFICIENTS,
            pointwise=self._put(weights[..., 0, 0].T),
            bias=self._put(self._constants[node.inputs[2]]),
            patch=self._put(patch.transpose(2, 3, 1, 0).reshape(27, COEFFICIENTS)),
        )
