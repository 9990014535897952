"""The formulas by which a graph shrinks the coefficients of cells, operation by operation.

They are those of `relume.nn.cell_shrinkage` as it is exported, after its last convolutions.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from relume.engines.nodes import Node, Nodes

CELL, COEFFICIENTS = 4, 48
"""As in program.h: pixels of a cell's side, and its coefficients."""

Pattern: TypeAlias = tuple[Any, ...] | str | float
"""An operation and its inputs, the name that a tensor is found under, or a number that it is."""

_SHIFTED = ("Add", "cells", ("Conv", ("Pad", "means", "pads"), "patch"))
_KEPT = ("Sub", ("Slice", "rough", 0, 16, 1, 1), "gray")
_PATTERN: tuple[tuple[str, Pattern | list[Pattern]], ...] = (
    ("noise", ("DepthToSpace", ("Conv", ("Concat", "shrunk", "colour"), "back"))),
    ("colour", ("Slice", "taken", 16, "end", 1, 1)),
    ("shrunk", ("Sub", "gray", ("Mul", "part", ("Mul", "growth", "strong")))),
    ("gray", ("Slice", "taken", 0, 16, 1, 1)),
    ("taken", ("Mul", ("Sigmoid", "share"), "rough")),
    ("part", ("Div", _KEPT, ("Add", ("Abs", _KEPT), "strong"))),
    # Where detail is 0 the exporter leaves out a product with 1.
    ("growth", [("Sub", "detail", ("Mul", "black", "more")), ("Sub", "detail", "black")]),
    ("rough", _SHIFTED),
    ("means", ("Add", "evened", ("Mul", "present", "added"))),
    ("evened", ("Add", "plain", ("Mul", "black", ("Sub", ("AveragePool", "plain"), "plain")))),
    ("plain", ("Slice", "cells", 0, "end", 1, 16)),
    ("present", ("Min", ("Mul", "brightest", 100), 1)),
    ("brightest", ("MaxPool", ("Slice", "plain", 0, 1, 1, 1))),
    (
        "black",
        ("Div", "rounding", ("Add", ("Pow", ("Pow", ("Div", "brightest", "level"), 2), 2), 1)),
    ),
)
"""What is computed after the last convolutions, name by name, from the end."""

_POOL = {"kernel_shape": (3, 3), "pads": (1, 1, 1, 1)}


class OtherGraphError(Exception):
    """The graph is another one."""


def matched(graph: Nodes) -> dict[str, str]:
    """Return under which names a graph computes the shrinkage.

    Raises: OtherGraphError where it computes something else.
    """
    producers = graph.producers()
    found = {"noise": "noise"}
    for name, pattern in _PATTERN:
        ways = pattern if isinstance(pattern, list) else [pattern]
        for way in ways:
            tried = dict(found)
            with suppress(OtherGraphError):
                _match(found[name], way, tried, producers, graph.constants)
                break
        else:
            raise OtherGraphError
        found = tried
    _check(found, producers, graph.constants)
    return found


def _match(
    tensor: str,
    pattern: Pattern,
    found: dict[str, str],
    producers: Mapping[str, Node],
    constants: Mapping[str, NDArray[Any]],
) -> None:
    """Find the names of a pattern from a tensor on."""
    if isinstance(pattern, str):
        if found.setdefault(pattern, tensor) != tensor:
            raise OtherGraphError
    elif isinstance(pattern, tuple):
        node = producers.get(tensor)
        if node is None or node.operation != pattern[0]:
            raise OtherGraphError
        if len(node.inputs) != len(pattern) - 1:
            raise OtherGraphError
        for each, part in zip(node.inputs, pattern[1:], strict=True):
            _match(each, part, found, producers, constants)
    else:
        value = constants[tensor]
        if value.size != 1 or abs(float(value.reshape(())) - pattern) > 1e-6:
            raise OtherGraphError


def _check(
    found: Mapping[str, str], producers: Mapping[str, Node], constants: Mapping[str, NDArray[Any]]
) -> None:
    """Check what no pattern says: attributes, and constants that are whole arrays."""
    last = producers["noise"]
    back = producers[last.inputs[0]]
    pools = [node for node in producers.values() if node.operation.endswith("Pool")]
    (pad,) = (node for node in producers.values() if node.operation == "Pad")
    joined = producers[back.inputs[0]]
    less = next(node for node in producers.values() if node.inputs[1:] == (found["patch"],))
    if not (
        last.attributes.get("blocksize") == CELL
        and last.attributes.get("mode") == "CRD"
        and joined.attributes.get("axis") == 1
        and pad.attributes.get("mode") == "edge"
        and tuple(constants[found["pads"]]) == (0, 0, 1, 1, 0, 0, 1, 1)
        and int(constants[found["end"]].reshape(())) >= COEFFICIENTS
        and all(node.attributes.get(key) == value for node in pools for key, value in _POOL.items())
        and all(node.attributes.get("strides", (1, 1)) == (1, 1) for node in pools)
        and all(not node.attributes.get("count_include_pad", 0) for node in pools)
        and constants[found["patch"]].shape == (COEFFICIENTS, 3, 3, 3)
        and plain(less, pads=0)
        and plain(back, pads=0)
        and equal(constants[found["back"]], cosines().reshape(COEFFICIENTS, -1).T[..., None, None])
    ):
        raise OtherGraphError


def plain(node: Node, *, pads: int, stride: int = 1, depthwise: bool = False) -> bool:
    """Say whether a convolution has these pads and strides and nothing special."""
    attributes = node.attributes
    return (
        attributes.get("pads", (0, 0, 0, 0)) == (pads,) * 4
        and attributes.get("strides", (1, 1)) == (stride, stride)
        and attributes.get("dilations", (1, 1)) == (1, 1)
        and (attributes.get("group", 1) != 1) == depthwise
        and attributes.get("auto_pad", "NOTSET") == "NOTSET"
    )


def equal(found: NDArray[Any], wanted: NDArray[Any]) -> bool:
    """Say whether two arrays are the same but for rounding."""
    return found.shape == wanted.shape and bool(np.abs(found - wanted).max() <= 1e-6)


def cosines() -> NDArray[np.float64]:
    """Return the cosine waves of a cell, as relume.nn.cell_shrinkage.cell_cosines makes them."""
    place = np.arange(CELL)
    waves = np.cos(np.pi / CELL * place[:, None] * (place + 0.5)) * (2 / CELL) ** 0.5
    waves[0] = CELL**-0.5
    colours = np.array(((1.0, 1.0, 1.0), (1.0, 0.0, -1.0), (1.0, -2.0, 1.0)))
    colours /= np.linalg.norm(colours, axis=1, keepdims=True)
    basis = np.einsum("kc,ui,vj->kuvcij", colours, waves, waves)
    return basis.reshape(COEFFICIENTS, 3, CELL, CELL)
