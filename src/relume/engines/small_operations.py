"""What the nodes of a small graph do, in NumPy and, where that would be slow, compiled.

Tensors are (1, C, h, w) as in the model, but lie in memory with their channels last wherever a
convolution made them. An operation of another kind, or used in another way, is an OtherGraphError.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from relume.engines.nodes import Node
from relume.engines.shrinkage import OtherGraphError, plain
from relume.render import convolution

Array: TypeAlias = NDArray[Any]
Step: TypeAlias = Callable[..., Array]
Known: TypeAlias = Mapping[str, Array]
"""Tensors that are the same for every picture."""

PAIRS: Mapping[str, Step] = {
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "Div": np.divide,
    "Min": np.minimum,
    "Max": np.maximum,
    "Log": np.log,
    "Exp": np.exp,
    "Sqrt": np.sqrt,
    "Tanh": np.tanh,
}
"""Operations that are NumPy's, which broadcasts as ONNX does."""


def step(node: Node, known: Known, *, relu: bool = False) -> tuple[Step, int]:
    """Return what computes a node, and how many of its inputs that takes; the rest is known.

    `relu` asks for one after a convolution.
    """
    if relu:
        return _conv(node, tuple(known[each] for each in node.inputs[1:]), relu=True), 1
    if node.operation in PAIRS:
        return PAIRS[node.operation], len(node.inputs)
    if node.operation == "Pow" and node.inputs[1] not in known:
        return np.power, 2
    if node.operation == "Concat":
        return partial(_joined, axis=_integer(node, "axis")), len(node.inputs)
    make = _MADE.get(node.operation)
    if make is None or not all(each in known or each == "" for each in node.inputs[1:]):
        raise OtherGraphError
    return make(node, tuple(known[each] for each in node.inputs[1:] if each)), 1


FEW = 8
"""Channels: of fewer, planes are kept, of more, pixels."""

Given: TypeAlias = tuple[Array, ...]
"""The inputs of a node after its first."""


def _joined(*parts: Array, axis: int) -> Array:
    return np.concatenate(parts, axis=axis)


def _integer(node: Node, name: str) -> int:
    found = node.attributes.get(name)
    if not isinstance(found, int):
        raise OtherGraphError
    return found


def _fitting(right: bool) -> None:
    if not right:
        raise OtherGraphError


def _relu(node: Node, given: Given) -> Step:
    return partial(np.maximum, np.float32(0))


def _power(node: Node, given: Given) -> Step:
    (exponent,) = given
    return np.square if exponent.size == 1 and exponent == 2 else partial(_raised, exponent)


def _raised(exponent: Array, base: Array) -> Array:
    return np.power(base, exponent)


def _clip(node: Node, given: Given) -> Step:
    _fitting(bool(given) and node.inputs[1] != "")
    return partial(_clipped, low=given[0], high=given[1] if len(given) == 2 else None)


def _clipped(x: Array, *, low: Array, high: Array | None) -> Array:
    x = np.maximum(x, low)
    return x if high is None else np.minimum(x, high)


# ---- tensors of another shape --------------------------------------------------------------------


def _numbers(values: Array) -> tuple[int, ...]:
    return tuple(int(each) for each in values.ravel())


def _slice(node: Node, given: Given) -> Step:
    (first,), (last,), (axis,), (by,) = (_numbers(each) for each in (*given, np.ones(1))[:4])
    _fitting(by == 1 and axis >= 0)
    place = (*(slice(None),) * axis, slice(first, last))

    def cut(x: Array) -> Array:
        return x[place]

    return cut


def _unsqueeze(node: Node, given: Given) -> Step:
    return partial(np.expand_dims, axis=_numbers(given[0]))


def edges(node: Node, known: Known) -> tuple[int, int, int, int]:
    """Return by how many samples the edges of a tensor go on: top, left, bottom, right."""
    pads = _numbers(known[node.inputs[1]])
    _fitting(node.attributes.get("mode") == "edge" and len(pads) == 8 and min(pads) >= 0)
    _fitting(pads[:2] == pads[4:6] == (0, 0) and len(node.inputs) == 2)
    return pads[2], pads[3], pads[6], pads[7]


def _double(node: Node, given: Given) -> Step:
    way = node.attributes.get("coordinate_transformation_mode", "half_pixel")
    _fitting(_numbers(given[-1]) == (1, 1, 2, 2) and len(given) == 1)
    _fitting(node.attributes.get("mode") == "linear")
    _fitting(way in ("half_pixel", "pytorch_half_pixel"))
    return _enlarged


def _enlarged(x: Array) -> Array:
    rows = _doubled(_last(_laid(x)))
    return _first(_doubled(rows.swapaxes(0, 1)).swapaxes(0, 1))


def _laid(x: Array) -> Array:
    """Return few maps as planes, one after the other: what follows takes them together so."""
    return np.ascontiguousarray(x) if x.shape[1] < FEW else x


def _doubled(x: Array) -> Array:
    """Return twice as many rows, linearly, edges on edges; how they lie in memory stays."""
    most, rest = x * np.float32(0.75), x * np.float32(0.25)
    found = np.empty_like(x, shape=(2 * len(x), *x.shape[1:]))
    np.add(most[1:], rest[:-1], out=found[2::2])
    np.add(most[:-1], rest[1:], out=found[1:-1:2])
    found[0], found[-1] = x[0], x[-1]
    return found


# ---- means and extremes --------------------------------------------------------------------------


def _reduce(node: Node, given: Given, rule: Step) -> Step:
    axes = _numbers(given[0])
    keeps = bool(node.attributes.get("keepdims", 1))
    _fitting(bool(axes))
    if axes == (2, 3) and not keeps:
        return partial(_over_all, rule=rule)
    return partial(rule, axis=axes, keepdims=keeps)


def _over_all(x: Array, *, rule: Step) -> Array:
    """Reduce pixel after pixel, as most tensors lie: five times as fast."""
    return rule(_last(x).reshape(-1, x.shape[1]), axis=0, keepdims=False)[None]


def _mean(x: Array, *, axis: int | tuple[int, ...], keepdims: bool) -> Array:
    return np.asarray(np.mean(x, axis=axis, keepdims=keepdims, dtype=np.float32))


def windows(node: Node, pads: tuple[int, int, int, int] = (0, 0, 0, 0)) -> Step:
    """Return what averages windows one pixel apart, of a tensor whose edges go on."""
    size = _pair(node, "kernel_shape")
    _fitting(plain_pool(node) and _pair(node, "strides", (1, 1)) == (1, 1))
    _fitting(all(pads[each] < size[each % 2] for each in range(4)))

    def averaged(x: Array) -> Array:
        return convolution.averages(x[0], size, pads=pads)[None]

    return averaged


def _average(node: Node, given: Given) -> Step:
    if _pair(node, "strides", (1, 1)) == (1, 1):
        return windows(node)
    _fitting(plain_pool(node) and not given)
    _fitting(_pair(node, "strides") == _pair(node, "kernel_shape") == (2, 2))
    return _halved


def _halved(x: Array) -> Array:
    _fitting(x.shape[2] % 2 == x.shape[3] % 2 == 0)
    rows = x[:, :, ::2] + x[:, :, 1::2]
    return (rows[..., ::2] + rows[..., 1::2]) * np.float32(0.25)


def plain_pool(node: Node) -> bool:
    """Say whether a pool has windows that lie inside and nothing special."""
    how = node.attributes
    return (
        how.get("pads", (0,) * 4) == (0,) * 4
        and how.get("dilations", (1, 1)) == (1, 1)
        and not how.get("ceil_mode", 0)
        and how.get("auto_pad", "NOTSET") == "NOTSET"
    )


def _pair(node: Node, name: str, usual: tuple[int, int] | None = None) -> tuple[int, int]:
    found = node.attributes.get(name, usual)
    if not isinstance(found, tuple) or len(found) != 2:
        raise OtherGraphError
    return found


# ---- convolutions --------------------------------------------------------------------------------


def _last(x: Array) -> Array:
    """(1, C, h, w) → (h, w, C)."""
    return x[0].transpose(1, 2, 0)


def _first(x: Array) -> Array:
    """(h, w, C) → (1, C, h, w)."""
    return x.transpose(2, 0, 1)[None]


def _pixelwise(work: Step, x: Array) -> Array:
    return _first(work(_last(x)))


def _conv(node: Node, given: Given, *, relu: bool = False) -> Step:
    _fitting(len(given) == 2 and given[0].ndim == 4)
    weights, bias = given
    outputs, inputs, high, wide = weights.shape
    _fitting(outputs <= convolution.MOST_CHANNELS and bias.shape == (outputs,))
    if inputs == 1 and (high, wide) == (3, 3) and node.attributes.get("group") == outputs:
        stride, other = _pair(node, "strides", (1, 1))
        _fitting(stride == other in (1, 2) and plain(node, pads=1, stride=stride, depthwise=True))
        around = convolution.depthwise(weights, bias, stride=stride, relu=relu)
        return partial(_pixelwise, around)
    _fitting(high == wide and plain(node, pads=0, stride=high))
    _fitting(inputs * high * wide <= convolution.MOST_INPUTS)
    matrix = weights.transpose(0, 2, 3, 1).reshape(outputs, -1)
    product = convolution.pointwise(matrix, bias, relu=relu)

    def convolved(x: Array) -> Array:
        cells = _last(x)
        if high > 1:
            rows, columns = cells.shape[0] // high, cells.shape[1] // wide
            cells = cells[: rows * high, : columns * wide]
            cells = cells.reshape(rows, high, columns, wide, inputs).swapaxes(1, 2)
            cells = cells.reshape(rows, columns, high * wide * inputs)
        return _first(product(cells))

    return convolved


def _dense(node: Node, given: Given) -> Step:
    how = node.attributes
    _fitting(how.get("alpha", 1.0) == how.get("beta", 1.0) == 1.0)
    _fitting(how.get("transB", 0) == 1 and not how.get("transA", 0) and len(given) == 2)
    weights, bias = given
    _fitting(weights.ndim == 2 and bias.shape == weights.shape[:1])
    _fitting(weights.shape[0] <= convolution.MOST_CHANNELS)
    _fitting(weights.shape[1] <= convolution.MOST_INPUTS)
    return convolution.pointwise(weights, bias)


_MADE: Mapping[str, Callable[[Node, Given], Step]] = {
    "AveragePool": _average,
    "Clip": _clip,
    "Conv": _conv,
    "Gemm": _dense,
    "Pow": _power,
    "ReduceMax": partial(_reduce, rule=np.max),
    "ReduceMean": partial(_reduce, rule=_mean),
    "Relu": _relu,
    "Resize": _double,
    "Slice": _slice,
    "Unsqueeze": _unsqueeze,
}
"""Operations whose inputs after the first are known beforehand."""


def settled(node: Node, known: Known) -> Array | None:
    """Return what a node gives whose inputs are all known, of those that only sizes go through."""
    given = [known[each] for each in node.inputs]
    match node.operation:
        case "Squeeze" if len(given) == 1:
            return np.squeeze(given[0])
        case "Cast" if node.attributes.get("to") == 1:
            return given[0].astype(np.float32)
        case "Range":
            return np.arange(*(each.item() for each in given), dtype=given[0].dtype)
        case "Transpose" if node.attributes.get("perm") == (1, 0):
            return given[0].T
        case _:
            return None


def size_of(shape: tuple[int, ...], node: Node) -> Array:
    """Return what a Shape node says of a tensor of this shape."""
    last = _integer(node, "end") if "end" in node.attributes else None
    return np.array(shape[_integer(node, "start") if "start" in node.attributes else 0 : last])
