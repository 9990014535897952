"""TorchScript: a network that plain `torch.jit.load` runs, the card among its extra files.

It returns a tuple in the order of the extra file `relume.outputs`. Every size is possible, and
it is frozen: its parameters are constants, it learns nothing and asks for no gradients.

| precision | convolutions and linear layers                                                   |
|-----------|----------------------------------------------------------------------------------|
| fp32      | as they are                                                                      |
| fp16      | parameters and products in float16, the rest in float32                          |
| int8      | parameters kept in 8 bits with a scale for each output channel, inputs rounded to |
|           | 8 bits; multiplied in float32: a small file with int8's values, not its speed    |
"""

from __future__ import annotations

import copy
import io
import logging
import warnings
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrize

from relume.arrays import Floats
from relume.export.agreement import Feeds, Run, run_of, threads_for
from relume.export.interface import AXES, Interface
from relume.export.ranges import Calibration, Spread
from relume.export.saying import Say, silent, telling

Weighted = nn.Conv2d | nn.ConvTranspose2d | nn.Linear
COMPACT = (torch.int8, torch.float16)
WEIGHTED = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)


class HalfLayer(nn.Module):
    """A layer that multiplies in float16."""

    def __init__(self, layer: Weighted) -> None:
        super().__init__()
        self.layer = layer.half()

    @property
    def weight(self) -> Tensor:
        """For networks that use a layer's parameters beside the layer."""
        return self.layer.weight.float()

    @property
    def bias(self) -> Tensor | None:
        return None if self.layer.bias is None else self.layer.bias.float()

    def forward(self, features: Tensor) -> Tensor:
        return self.layer(features.half()).float()


class StoredHalfLayer(nn.Module):
    """A layer whose parameters are kept in float16 and that multiplies in float32."""

    kernel: Tensor

    def __init__(self, layer: Weighted) -> None:
        super().__init__()
        self.register_buffer("kernel", layer.weight.detach().half())
        layer.register_parameter("weight", None)
        self.layer = layer

    @property
    def weight(self) -> Tensor:
        """For networks that use a layer's parameters beside the layer."""
        return self.kernel.float()

    @property
    def bias(self) -> Tensor | None:
        return self.layer.bias

    def forward(self, features: Tensor) -> Tensor:
        return _multiply(self.layer, features, self.weight)


class RoundedLayer(nn.Module):
    """A layer whose parameters and inputs have 256 values."""

    kernel: Tensor
    step: Tensor

    def __init__(self, layer: Weighted, low: float, high: float) -> None:
        super().__init__()
        kernel = layer.weight.detach()
        axis = 1 if isinstance(layer, nn.ConvTranspose2d) else 0
        others = [each for each in range(kernel.dim()) if each != axis]
        step = (kernel.abs().amax(dim=others, keepdim=True) / 127).clamp(min=1e-12)
        self.register_buffer("kernel", (kernel / step).round().to(torch.int8))
        self.register_buffer("step", step)
        self.input_step = max((high - low) / 255, 1e-12)
        self.zero = min(255, max(0, round(-low / self.input_step)))
        layer.register_parameter("weight", None)
        self.layer = layer

    def forward(self, features: Tensor) -> Tensor:
        features = torch.fake_quantize_per_tensor_affine(
            features, self.input_step, self.zero, 0, 255
        )
        return _multiply(self.layer, features, self.kernel.float() * self.step)


def _multiply(layer: Weighted, features: Tensor, kernel: Tensor) -> Tensor:
    """Do what a layer does with another kernel."""
    if isinstance(layer, nn.Linear):
        return functional.linear(features, kernel, layer.bias)
    if isinstance(layer, nn.ConvTranspose2d):
        return functional.conv_transpose2d(
            features,
            kernel,
            layer.bias,
            layer.stride,  # pyright: ignore[reportArgumentType]
            layer.padding,  # pyright: ignore[reportArgumentType]
            layer.output_padding,  # pyright: ignore[reportArgumentType]
            layer.groups,
            layer.dilation,  # pyright: ignore[reportArgumentType]
        )
    return layer._conv_forward(features, kernel, layer.bias)  # pyright: ignore[reportPrivateUsage]


def layers_of(network: nn.Module) -> dict[str, Weighted]:
    """Return the layers that hold nearly all parameters, by name."""
    return {name: each for name, each in network.named_modules() if isinstance(each, WEIGHTED)}


def halved(network: nn.Module) -> nn.Module:
    """Return a copy that multiplies in float16."""
    return _replaced(network, dict.fromkeys(layers_of(network), HalfLayer))


def stored_half(network: nn.Module, *, layers: Collection[str]) -> nn.Module:
    """Return a copy that keeps the parameters of the named layers in float16."""
    return _replaced(network, dict.fromkeys(layers, StoredHalfLayer))


def sizes_of(network: nn.Module) -> dict[str, int]:
    """Return how many numbers each layer holds."""
    return {name: layer.weight.numel() for name, layer in layers_of(network).items()}


def rounded(
    network: nn.Module, ranges: Mapping[str, tuple[float, float]], *, kept: Collection[str]
) -> nn.Module:
    """Return a copy whose layers, but for those kept, have 8-bit parameters and inputs."""
    names = [name for name in layers_of(network) if name in ranges and name not in kept]
    return _replaced(
        network,
        {name: partial(RoundedLayer, low=ranges[name][0], high=ranges[name][1]) for name in names},
    )


def _replaced(
    network: nn.Module, makers: Mapping[str, Callable[[Weighted], nn.Module]]
) -> nn.Module:
    made = copy.deepcopy(network)
    for name, make in makers.items():
        layer = layers_of(made)[name]
        if parametrize.is_parametrized(layer):
            for each in list(layer.parametrizations):  # pyright: ignore[reportArgumentType]
                parametrize.remove_parametrizations(layer, each)
        parent, _, own = name.rpartition(".")
        setattr(made.get_submodule(parent), own, make(layer))
    return made.eval()


def channels_of(network: nn.Module) -> dict[str, tuple[int, int]]:
    """Return how many channels go into each layer and come out."""
    return {
        name: (
            (layer.in_features, layer.out_features)
            if isinstance(layer, nn.Linear)
            else (layer.in_channels, layer.out_channels)
        )
        for name, layer in layers_of(network).items()
    }


def observe_layers(
    network: nn.Module,
    samples: Sequence[Feeds],
    calibration: Calibration,
    *,
    say: Say = silent,
) -> dict[str, tuple[float, float]]:
    """Run a network on samples and return the range of every layer's input."""
    spreads: dict[str, Spread] = {}

    def hook(name: str) -> Any:
        def see(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            spreads.setdefault(name, Spread()).add(inputs[0].detach().numpy())

        return see

    handles = [
        layer.register_forward_pre_hook(hook(name)) for name, layer in layers_of(network).items()
    ]
    try:
        run = run_of(network)
        for feeds in telling(samples, say, "calibrating", "picture"):
            run(feeds)
    finally:
        for handle in handles:
            handle.remove()
    return {name: spread.range(calibration) for name, spread in spreads.items()}


def to_torchscript(network: nn.Module, face: Interface, facts: Mapping[str, str]) -> bytes:
    """Return a network as TorchScript with facts among its extra files."""
    with _quiet():
        scripted = torch.jit.trace(network, face.example(), check_trace=False, strict=False)
        return _saved(scripted, facts)


def to_torchscript_by_export(
    network: nn.Module, face: Interface, facts: Mapping[str, str]
) -> bytes:
    """Return a network as TorchScript by way of torch.export, which keeps as symbols the sizes
    that a plain trace would fix."""
    image = dict.fromkeys(AXES, torch.export.Dim.DYNAMIC)
    with _quiet():
        program = torch.export.export(
            network, face.example(), dynamic_shapes=(image, *({} for _ in face.knobs))
        )
        module = program.module(check_guards=False)
        scripted = torch.jit.trace(module, face.example(), check_trace=False, strict=False)
        return _saved(scripted, facts)


def _saved(scripted: Any, facts: Mapping[str, str]) -> bytes:
    file = io.BytesIO()
    # Frozen: parameters are constants, and nothing learns. Those kept in fewer bits stay so, where
    # a constant would be computed beforehand and be as large as float32.
    small = [name for name, held in scripted.named_buffers() if held.dtype in COMPACT]
    frozen = torch.jit.freeze(scripted.eval(), preserved_attrs=small)
    torch.jit.save(frozen, file, _extra_files=dict(facts))
    return file.getvalue()


def run_of_torchscript(content: bytes, *, inputs: Sequence[str]) -> Run:
    """Return a function that runs the bytes of a TorchScript file."""
    with _quiet():
        loaded = torch.jit.load(io.BytesIO(content), map_location="cpu")

    def run(feeds: Feeds) -> list[Floats]:
        given = [torch.from_numpy(feeds[name]) for name in inputs]
        with torch.no_grad(), threads_for(given[0]):
            results: tuple[Tensor, ...] = loaded(*given)
        return [result.numpy() for result in results]

    return run


@contextmanager
def _quiet() -> Generator[None]:
    """Keep torch's advice to itself: what a trace leaves out is found by comparing."""
    logger = logging.getLogger("torch.export")
    level = logger.level
    logger.setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            logger.setLevel(level)
