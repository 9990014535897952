"""LPIPS as one ONNX file, from the published weights of a backbone and of the linear layers.

The backbone is torchvision's file of AlexNet, VGG16 or SqueezeNet 1.1 (or its `features` alone);
the linear layers are those of LPIPS 0.1, recognised by their hash. Which layers are tapped:

| network | after the rectifier of convolutions    | channels                          |
|---------|----------------------------------------|-----------------------------------|
| alex    | 1, 2, 3, 4, 5                          | 64, 192, 384, 256, 256            |
| vgg     | 1_2, 2_2, 3_3, 4_3, 5_3                | 64, 128, 256, 512, 512            |
| squeeze | 1, fire 2, 4, 5, 6, 7, 8 (of 1 to 8)   | 64, 128, 256, 384, 384, 512, 512  |

Source: Zhang, Isola, Efros, Shechtman, Wang, CVPR 2018, arXiv 1801.03924.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from relume.arrays import Floats
from relume.errors import UnknownNameError, WeightsError
from relume.io.atomic import replacing
from relume.metrics.lpips import NETWORK_KEY, Network
from relume.metrics.parameters import read_published
from relume.nn.checkpoint import State, read_state

OPSET = 18
SHIFT = (-0.030, -0.088, -0.188)
SCALE = (0.458, 0.448, 0.450)
"""Mean and deviation of the pictures the backbones learned from, for samples in [−1, 1]."""
EPSILON = 1e-10
"""Added to the norm of a position's features."""

HEADS_SHA256: dict[Network, str] = {
    "alex": "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0",
    "vgg": "a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868",
    "squeeze": "4a5350f23600cb79923ce65bb07cbf57dca461329894153e05a1346bd531cf76",
}


@dataclass(frozen=True)
class Conv:
    """A convolution and its rectifier; `name` is its number in the backbone."""

    name: str
    stride: int = 1
    padding: int = 1


@dataclass(frozen=True)
class Pool:
    """The largest of each window."""

    size: int
    ceil: bool = False
    """A window may end outside."""


@dataclass(frozen=True)
class Fire:
    """SqueezeNet's module: 1×1, then 1×1 and 3×3 side by side."""

    name: str


@dataclass(frozen=True)
class Tap:
    """Here features are compared."""


Step = Conv | Pool | Fire | Tap

_TAP, _HALF = Tap(), Pool(2)
_THIRD, _THIRD_CEIL = Pool(3), Pool(3, ceil=True)
STEPS: dict[Network, tuple[Step, ...]] = {
    "alex": (
        Conv("0", stride=4, padding=2), _TAP, _THIRD, Conv("3", padding=2), _TAP, _THIRD,
        Conv("6"), _TAP, Conv("8"), _TAP, Conv("10"), _TAP,
    ),
    "vgg": (
        Conv("0"), Conv("2"), _TAP, _HALF, Conv("5"), Conv("7"), _TAP, _HALF,
        Conv("10"), Conv("12"), Conv("14"), _TAP, _HALF,
        Conv("17"), Conv("19"), Conv("21"), _TAP, _HALF,
        Conv("24"), Conv("26"), Conv("28"), _TAP,
    ),
    "squeeze": (
        Conv("0", stride=2, padding=0), _TAP, _THIRD_CEIL, Fire("3"), Fire("4"), _TAP, _THIRD_CEIL,
        Fire("6"), Fire("7"), _TAP, _THIRD_CEIL, Fire("9"), _TAP, Fire("10"), _TAP,
        Fire("11"), _TAP, Fire("12"), _TAP,
    ),
}  # fmt: skip


def as_network(name: str) -> Network:
    """Return a network of LPIPS by its name. Raises: UnknownNameError."""
    for network in HEADS_SHA256:
        if network == name:
            return network
    raise UnknownNameError.of("network of LPIPS", name, HEADS_SHA256)


def lpips_to_onnx(network: Network, *, backbone: Path, heads: Path, output: Path) -> None:
    """Write the model file of lpips-alex, lpips-vgg or lpips-squeeze.

    Raises: WeightsError when a file is absent or holds other weights; UnwritableError.
    """
    read_published(
        heads, sha256=HEADS_SHA256[network], what=f"the linear layers of lpips-{network} 0.1"
    )
    model = build(network, backbone=read_state(backbone), heads=read_state(heads))
    with replacing(output) as file:
        file.write(model.SerializeToString(deterministic=True))


def build(network: Network, *, backbone: State, heads: State) -> Any:
    """Return the model: `preds` and `target`, (1, 3, H, W) in [−1, 1], to `distance`, (1, 1).

    Raises: WeightsError when the weights are not those of this network.
    """
    stem = {name.removeprefix("features."): tensor.numpy() for name, tensor in backbone.items()}
    weights = {name: tensor.numpy() for name, tensor in heads.items()}
    graph = _Graph(network)
    both = graph.add("Concat", ["preds", "target"], {"axis": 0})
    centred = graph.add("Sub", [both, graph.constant(np.reshape(SHIFT, (1, 3, 1, 1)))])
    value = graph.add("Div", [centred, graph.constant(np.reshape(SCALE, (1, 3, 1, 1)))])
    distances: list[str] = []
    for step in STEPS[network]:
        match step:
            case Conv():
                value = graph.convolve(value, step.name, stem, step.stride, step.padding)
            case Fire():
                value = graph.fire(value, step.name, stem)
            case Pool():
                attributes = {
                    "kernel_shape": [step.size] * 2, "strides": [2, 2], "ceil_mode": int(step.ceil),
                }  # fmt: skip
                value = graph.add("MaxPool", [value], attributes)
            case Tap():
                distances.append(graph.compare(value, f"lin{len(distances)}.model.1", weights))
    graph.nodes.append(helper.make_node("Sum", distances, ["distance"]))
    return _model(graph)


@dataclass
class _Graph:
    """Nodes and weights under construction; every method returns the name of its result."""

    network: Network
    nodes: list[Any] = field(default_factory=list[Any])
    weights: list[Any] = field(default_factory=list[Any])
    channels: int = 3
    """Of the features the next layer sees."""

    def add(
        self, kind: str, inputs: Sequence[str], attributes: Mapping[str, Any] | None = None
    ) -> str:
        name = f"{kind}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **(attributes or {})))
        return name

    def constant(self, value: Floats, *, kind: type = np.float32) -> str:
        name = f"weight{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value, kind), name))
        return name

    def convolve(
        self, value: str, name: str, stem: Mapping[str, Floats], stride: int, padding: int
    ) -> str:
        weight = self.take(stem, name)
        kernel = self.constant(weight)
        offsets = stem.get(f"{name}.bias", np.empty(0))
        if offsets.shape != weight.shape[:1]:
            raise self.refusal(f"{name}.bias", f"{weight.shape[0]} numbers", offsets)
        bias = self.constant(offsets)
        self.channels = weight.shape[0]
        attributes = {"strides": [stride] * 2, "pads": [padding] * 4}
        return self.add("Relu", [self.add("Conv", [value, kernel, bias], attributes)])

    def fire(self, value: str, name: str, stem: Mapping[str, Floats]) -> str:
        squeezed = self.convolve(value, f"{name}.squeeze", stem, 1, 0)
        inside = self.channels
        narrow = self.convolve(squeezed, f"{name}.expand1x1", stem, 1, 0)
        outside, self.channels = self.channels, inside
        wide = self.convolve(squeezed, f"{name}.expand3x3", stem, 1, 1)
        self.channels += outside
        return self.add("Concat", [narrow, wide], {"axis": 1})

    def take(self, weights: Mapping[str, Floats], name: str) -> Floats:
        """Return the kernel of a layer that sees the features as they are now."""
        kernel = weights.get(f"{name}.weight", np.empty(0))
        if kernel.ndim != 4 or kernel.shape[1] != self.channels:
            raise self.refusal(f"{name}.weight", f"a kernel for {self.channels} channels", kernel)
        return kernel

    def refusal(self, name: str, expected: str, got: Floats) -> WeightsError:
        """Say that a file holds the weights of something else."""
        return WeightsError(
            f"these are not weights of lpips-{self.network}: {name}: expected {expected}, "
            f"got {f'shape {got.shape}' if got.size else 'none'}"
        )

    def compare(self, value: str, name: str, heads: Mapping[str, Floats]) -> str:
        """Average the weighted squared differences of the two pictures' normalised features."""
        head = self.take(heads, name)
        channels = self.constant(np.array([1]), kind=np.int64)
        norm = self.add("ReduceL2", [value, channels], {"keepdims": 1})
        norm = self.add("Add", [norm, self.constant(np.array(EPSILON))])
        unit = self.add("Div", [value, norm])
        first, second = f"preds{len(self.nodes)}", f"target{len(self.nodes)}"
        self.nodes.append(helper.make_node("Split", [unit], [first, second], axis=0, num_outputs=2))
        apart = self.add("Sub", [first, second])
        squares = self.add("Mul", [apart, apart])
        weighted = self.add("Conv", [squares, self.constant(head)])
        places = self.constant(np.array([2, 3]), kind=np.int64)
        return self.add("ReduceMean", [weighted, places], {"keepdims": 0})


def _model(graph: _Graph) -> Any:
    """Close the graph and check it, shapes of weights included."""
    picture = [1, 3, "height", "width"]
    inputs = [
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, picture)
        for name in ("preds", "target")
    ]
    outputs = [helper.make_tensor_value_info("distance", onnx.TensorProto.FLOAT, [1, 1])]
    body = helper.make_graph(graph.nodes, "lpips", inputs, outputs, graph.weights)
    model = helper.make_model(
        body, producer_name="relume", opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9
    )
    helper.set_model_props(model, {NETWORK_KEY: graph.network})
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        reason = " ".join(str(error).split())[:160]
        raise WeightsError(f"these are not weights of lpips-{graph.network}: {reason}") from error
    return model
