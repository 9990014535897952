"""Read and write parameters without running anyone's code: no pickle beyond plain tensors."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from relume.errors import WeightsError

State = dict[str, Tensor]
"""Parameters by their names."""

NETWORK_PREFIXES = ("average.network.", "network.")
"""Under which a training checkpoint keeps the network, beside the objective; an average of weights
is preferred to those of the last step."""

CONTAINERS = ("state_dict", "model")
"""Under which published checkpoints keep parameters, beside what else they hold."""


def read_state(path: Path) -> State:
    """Read the parameters in a .safetensors file or a torch checkpoint (.pth, .pt, .ckpt).

    Raises: WeightsError when it is absent, is neither, or holds more than tensors.
    """
    if not path.is_file():
        raise WeightsError(f"{path}: no such file of weights")
    if path.suffix == ".safetensors":
        try:
            return load_file(path)
        except (SafetensorError, OSError) as error:
            raise WeightsError(f"{path}: not a safetensors file: {error}") from error
    try:
        content: Any = torch.load(path, map_location="cpu", weights_only=True)
    # The unpickler raises exceptions of many types on bad data (KeyError, struct.error, …).
    except Exception as error:
        raise WeightsError(
            f"{path}: not a checkpoint of plain tensors; convert it to .safetensors first"
        ) from error
    for key in CONTAINERS:
        if isinstance(content, dict) and isinstance(content.get(key), dict):  # pyright: ignore[reportUnknownMemberType]
            content = content[key]  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(content, dict):
        raise WeightsError(f"{path}: expected parameters by name, got {type(content).__name__}")
    named = cast("dict[object, object]", content)
    state = {name: value for name, value in named.items() if isinstance(value, Tensor)}
    if not state or len(state) != len(named) or not all(isinstance(name, str) for name in state):
        raise WeightsError(f"{path}: expected parameters by name, got something else beside them")
    strings = cast("State", state)
    for prefix in NETWORK_PREFIXES:
        inner = {
            name.removeprefix(prefix): value
            for name, value in strings.items()
            if name.startswith(prefix)
        }
        if inner:
            return inner
    return strings


def state_bytes(network: nn.Module) -> bytes:
    """Return the parameters of a network as a safetensors file; equal parameters, equal bytes."""
    return save({name: value.contiguous() for name, value in network.state_dict().items()})
