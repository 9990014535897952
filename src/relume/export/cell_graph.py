"""The restoration by cells as a graph of strips and bands: nn.cell_shrinkage, taken apart."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper
from onnx.utils import Extractor

from relume.engines import nodes, shrinkage
from relume.engines.shrinkage import CELL, OtherGraphError
from relume.engines.subgraph import only
from relume.export.graph_builder import Builder
from relume.export.picture_rows import BLOCK, Sizes, seen

NOISE = "noise"
GRAYS = 16
"""Coefficients of gray, which come first."""


class Cells:
    """A restoration, taken apart: what needs a halo, and what is done place by place."""

    def __init__(self, whole: Any) -> None:
        """Raises: OtherGraphError for a graph that does not restore by cells."""
        graph = nodes.read(only(whole.SerializeToString(), [NOISE]))
        found = shrinkage.matched(graph)
        producers, constants = graph.producers(), graph.constants
        self._whole, self._found = whole, found
        share = producers[found["share"]]
        self._features = share.inputs[0]
        enter, self._entered = _entrance(graph, found["cells"])
        ends = (self._entered, found["plain"], self._features, found["means"], found["black"])
        for name in ends:
            whole.graph.value_info.append(
                helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
            )
        strong = float(constants[found["strong"]])
        size = np.ones(3 * CELL * CELL, np.float32)
        size[:GRAYS] = 1 / strong
        waves = constants[producers[found["cells"]].inputs[1]]
        cosines = -waves * size[:, None, None, None]
        patch = -constants[found["patch"]] * size[:, None, None, None]
        weights, bias = constants[share.inputs[1]], constants[share.inputs[2]]
        back = waves.reshape(len(waves), -1).T[..., None, None] / size[:, None, None]
        gray, colour = slice(GRAYS), slice(GRAYS, None)
        self._gray = (cosines[gray], patch[gray], -weights[gray], -bias[gray], back[:, gray])
        self._colour = (
            cosines[colour],
            patch[colour],
            weights[colour],
            bias[colour],
            back[:, colour],
        )
        self._detail = float(constants[found["detail"]])
        mixed = np.einsum("oi,ichw->ochw", constants[enter.inputs[1]][..., 0, 0], waves)
        self._enter = mixed, constants[enter.inputs[2]]
        self._plain = waves[::GRAYS].sum(axis=(2, 3))

    def features(self, made: Builder, sizes: Sizes, top: str, bottom: str) -> dict[str, str]:
        """Return what cells of rows are to the network, their means, and how much gray grows."""
        entered, plain = self._begun(made, sizes, top, bottom)
        wanted = (self._features, self._found["means"], self._found["black"])
        known = {self._entered: entered, self._found["plain"]: plain}
        part = Extractor(self._whole).extract_model(list(known), list(wanted)).graph
        features, means, black = made.put(part, known, wanted)
        bordered = made("Pad", means, [0, 0, 1, 1, 0, 0, 1, 1], mode="edge")
        growth = made("Sub", self._detail, made("Mul", black, 1 + self._detail))
        return {"features": features, "means": bordered, "growth": growth}

    def _begun(self, made: Builder, sizes: Sizes, top: str, bottom: str) -> tuple[str, str]:
        """Return what the network begins with, and the means of cells."""
        body, number = Builder(made), made.name()
        first = body("Add", top, body("Mul", body("Reshape", number, [1]), [BLOCK]))
        root = body("Sqrt", seen(body, sizes, first, body("Add", first, [BLOCK])))
        pooled = body("AveragePool", root, kernel_shape=[CELL, CELL], strides=[CELL, CELL])
        count = made("Div", made("Sub", bottom, top), [BLOCK])
        over = made("Range", 0, made("Squeeze", count), 1)
        root, pooled = made.for_each_of(body, number, (root, pooled), over=over)

        def stacked(piled: str, side: int) -> str:
            rows = made("Transpose", made("Squeeze", piled, [1]), perm=[1, 0, 2, 3])
            wide = made("Div", sizes.whole_width, [side])
            return made("Reshape", rows, made("Concat", [1, 3, -1], wide, axis=0))

        entered = made("Conv", stacked(root, 1), *self._enter, strides=[CELL, CELL])
        pooled = stacked(pooled, CELL)
        plain = made("MatMul", self._plain, made("Reshape", pooled, [1, 3, -1]))
        size = made("Concat", [1, 3], made("Shape", pooled, start=2), axis=0)
        return made("Relu", entered), made("Reshape", plain, size)

    def clean(
        self,
        made: Builder,
        root: str,
        strip: dict[str, str],
        first: str,
        sizes: Sizes,
        *,
        colourless: str,
    ) -> str:
        """Return the roots of a band without their noise, in [0, 1]; `colourless` says whether all
        channels are equal: then the average of their noise is taken away, which is that of gray."""
        end = made("Add", first, made("Div", sizes.band, [CELL]))
        features = made("Slice", strip["features"], first, end, [2])
        means = made("Slice", strip["means"], first, made("Add", end, [2]), [2])
        growth = made("Slice", strip["growth"], first, end, [2])

        def part(way: Builder, of: tuple[NDArray[Any], ...]) -> tuple[str, str]:
            waves, patch, weights, bias, _ = of
            smooth = way("Conv", means, patch)
            rough = way("Add", way("Conv", root, waves, strides=[CELL, CELL]), smooth)
            share = way("Sigmoid", way("Conv", features, weights, bias))
            return rough, way("Mul", share, rough)

        ways: list[tuple[Builder, str]] = []
        for gray in (True, False):
            way = Builder(made)
            rough, kept = part(way, self._gray)
            more = way("Add", kept, way("Mul", way("Softsign", kept), growth))
            back = way("Conv", way("Sub", rough, more), self._gray[-1])
            if not gray:
                colour = way("Conv", part(way, self._colour)[1], self._colour[-1])
                back = way("Add", back, colour)
            ways.append((way, way("DepthToSpace", back, blocksize=CELL, mode="CRD")))
        back = made.branches(colourless, *ways)
        return made("Clip", made("Add", root, back), 0.0, 1.0)


def _entrance(graph: nodes.Nodes, cells: str) -> tuple[nodes.Node, str]:
    """Return the convolution that takes cells into the network, and what comes after its ReLU."""
    (enter,) = (node for node in graph.nodes if node.operation == "Conv" and cells in node.inputs)
    takers = [node for node in graph.nodes if enter.outputs[0] in node.inputs]
    if len(takers) != 1 or takers[0].operation != "Relu" or len(enter.inputs) != 3:
        raise OtherGraphError
    return enter, takers[0].outputs[0]
