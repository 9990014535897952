"""A model whose convolutions multiply 8-bit integers: static quantisation, written as QDQ.

Activations are unsigned bytes over a range measured on pictures, parameters signed bytes with a
scale for each output channel, so large that the result is the same on every processor. Layers that
touch the picture or a map, those of few channels, stay in float32 where that pays: their rounding
is seen directly, and they are a small part of the work.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper
from onnxruntime.quantization import CalibrationMethod, QuantType
from onnxruntime.quantization.calibrate import TensorsData
from onnxruntime.quantization.qdq_quantizer import QDQQuantizer

from relume.arrays import Floats
from relume.export.agreement import Feeds
from relume.export.bearing import Rounding, axis_of_channels, runner_of_rounded
from relume.export.fidelity import Yardstick, few_channels, keep_what_pays
from relume.export.graphs import (
    PRECISION_KEY,
    float_values,
    parse,
    shape_of_weights,
    state,
    weighted,
)
from relume.export.onnx import runner
from relume.export.ranges import Calibration, Spread
from relume.export.saying import Say, silent, telling
from relume.export.sessions import open_session

FOLDED = ("Relu", "Clip")
"""Operators that are part of the convolution before them when the range ends where they cut."""

Ranges = Mapping[str, tuple[float, float]]


def to_int8(
    content: bytes,
    samples: Sequence[Feeds],
    *,
    calibration: Calibration,
    yardstick: Yardstick,
    multiple_of: int,
    say: Say = silent,
) -> tuple[float, bytes]:
    """Return the model in 8-bit integers and its fidelity in dB, with as few layers left in
    float32 as that needs."""
    model = parse(content, where="the model")
    ranges = observe(model, samples, calibration, say=say)
    layers = weighted(model)
    # A layer that is used again and again is one, known by its parameters.
    channels = {node.input[1]: _channels(model, node) for node in layers}
    ranking = yardstick.smaller(multiple_of=multiple_of)

    def attempt(kept: Collection[str]) -> tuple[float, bytes]:
        nodes = [node.name for node in layers if node.input[1] not in kept]
        made = quantise(content, ranges, nodes=nodes)
        return yardstick.measure(runner(made)), made

    @cache
    def rounding() -> Rounding:
        return runner_of_rounded(content, through_bytes, ranges=ranges)

    return keep_what_pays(
        attempt,
        channels,
        few_channels(channels),
        alone=lambda layer: ranking.measure(rounding()((layer,))),
        say=say,
    )


def through_bytes(values: Floats, *, axis: int) -> Floats:
    """Return parameters as signed bytes keep them, with a scale for each channel of an axis."""
    shape = [-1 if each == axis else 1 for each in range(values.ndim)]
    step = steps(values, axis=axis).reshape(shape)
    return (np.round(values / step) * step).astype(np.float32)


def steps(values: Floats, *, axis: int) -> Floats:
    """Return the step of each output channel, the finest at which no sum of two products saturates.

    AVX2 without VNNI adds products of an unsigned and a signed byte by twos in 16 bits, which hold
    32767 (Intel's VPMADDUBSW): 255 · (a + b) fits where a + b ≤ 128. Which two are added is the
    engine's choice, so the two largest parameters of one sign may come to 127, and 128 rounded:
    between 7 and 8 bits, as the parameters of a channel allow.
    """
    rows = np.moveaxis(values, axis, 0).reshape(values.shape[axis], -1)
    if rows.shape[1] == 1:
        rows = np.concatenate([rows, np.zeros_like(rows)], axis=1)
    ordered = np.sort(rows, axis=1)
    upper = np.maximum(ordered[:, -2:], 0).sum(axis=1)
    lower = np.maximum(-ordered[:, :2], 0).sum(axis=1)
    largest = np.maximum(np.abs(rows).max(axis=1), np.maximum(upper, lower))
    return np.maximum(largest / 127, 1e-12).astype(np.float32)


def _channels(model: Any, node: Any) -> tuple[int, int]:
    """Return how many channels go into a layer and come out."""
    shape = shape_of_weights(model, node)
    groups = next((each.i for each in node.attribute if each.name == "group"), 1)
    if node.op_type == "MatMul":
        return shape[-2], shape[-1]
    if node.op_type == "ConvTranspose":
        return shape[0], shape[1] * groups
    return shape[1] * groups, shape[0]


def observe(
    model: Any, samples: Sequence[Feeds], calibration: Calibration, *, say: Say = silent
) -> Ranges:
    """Run a model on samples and return the range of every value next to its weighted layers."""
    floats = float_values(model) - {each.name for each in model.graph.initializer}
    readers: dict[str, list[Any]] = {}
    for node in model.graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    names: dict[str, None] = {}
    for node in weighted(model):
        after = [each for name in node.output for each in readers.get(name, ())]
        folded = [name for each in after if each.op_type in FOLDED for name in each.output]
        names.update(dict.fromkeys([*node.input[:1], *node.output, *folded]))
    wanted = [name for name in names if name in floats]
    opened = onnx.ModelProto()
    opened.CopyFrom(model)
    there = {value.name for value in (*opened.graph.input, *opened.graph.output)}
    for name in wanted:
        if name not in there:
            value = onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
            opened.graph.output.append(value)
    session = open_session(opened.SerializeToString())
    asked = [name for name in wanted if name not in {value.name for value in model.graph.input}]
    spreads = {name: Spread() for name in wanted}
    for feeds in telling(samples, say, "calibrating", "picture"):
        results = dict(zip(asked, session.run(asked, dict(feeds)), strict=True)) if asked else {}
        for name in wanted:
            spreads[name].add(results[name] if name in results else feeds[name])
    return {name: spread.range(calibration) for name, spread in spreads.items()}


def quantise(content: bytes, ranges: Ranges, *, nodes: Collection[str]) -> bytes:
    """Return the model with the named layers in 8-bit integers."""
    model = parse(content, where="the model")
    if not nodes:  # the quantizer would take that for all of them
        state(model, {PRECISION_KEY: "int8"})
        return model.SerializeToString(deterministic=True)
    weighted(model)  # gives every layer its name
    known = onnx.shape_inference.infer_shapes(model)
    bounds: dict[str, Any] = {
        name: (np.array(low, np.float32), np.array(high, np.float32))
        for name, (low, high) in ranges.items()
    }
    folded = [node.name for node in known.graph.node if node.op_type in FOLDED]
    with _quiet():
        quantizer: Any = QDQQuantizer(
            known,
            per_channel=True,
            reduce_range=False,
            weight_qType=QuantType.QInt8,
            activation_qType=QuantType.QUInt8,
            tensors_range=TensorsData(CalibrationMethod.MinMax, bounds),
            nodes_to_quantize=[*nodes, *_after(known, nodes, folded)],
            nodes_to_exclude=[],
            op_types_to_quantize=["Conv", "ConvTranspose", "Gemm", "MatMul", *FOLDED],
            extra_options={"TensorQuantOverrides": _overrides(known, nodes)},
        )
        quantizer.quantize_model()
        quantizer.model.topological_sort()
    made = quantizer.model.model
    made.producer_name, made.producer_version = "relume", ""
    del made.graph.value_info[:], made.metadata_props[:]
    made.metadata_props.extend(model.metadata_props)
    state(made, {PRECISION_KEY: "int8"})
    onnx.checker.check_model(made)
    return made.SerializeToString(deterministic=True)


def _overrides(model: Any, nodes: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """Return the range of every output channel of the named layers, as the quantizer takes it."""
    held = {each.name: each for each in model.graph.initializer}
    found: dict[str, list[dict[str, Any]]] = {}
    for node in weighted(model):
        if node.name in nodes:
            axis = axis_of_channels(node)
            finest = steps(numpy_helper.to_array(held[node.input[1]]), axis=axis)
            ends = (np.float32(127) * finest).astype(np.float32)
            found[node.input[1]] = [{"axis": axis, "rmin": -end, "rmax": end} for end in ends]
    return found


def _after(model: Any, nodes: Collection[str], folded: Collection[str]) -> list[str]:
    """Return the rectifiers that read a quantised layer."""
    outputs = {name for node in model.graph.node if node.name in nodes for name in node.output}
    return [
        node.name
        for node in model.graph.node
        if node.name in folded and node.name and node.input[0] in outputs
    ]


@contextmanager
def _quiet() -> Generator[None]:
    """Keep the quantizer's advice to itself."""
    logger = logging.getLogger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
