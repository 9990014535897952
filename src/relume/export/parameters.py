"""Parameters of published weights, which travel once: inside the model file.

A model file holds nearly all of them under their names. NAME.rest.npz holds those it lacks, where
there are any: exporters drop what a graph does not use and rename what they turn round. Together
they give the very bytes of NAME.safetensors, whose sha256 is published, so that a release needs no
second copy; a checkout has that file as well.
"""

from __future__ import annotations

import io
from hashlib import sha256
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from safetensors.torch import load, save

from relume.errors import WeightsError
from relume.export.graphs import parse
from relume.nn.checkpoint import State
from relume.runtime import weights

NAMES = "names of all"
REST = ".rest.npz"
"""Suffix of what a model file lacks, and under NAMES the names of all parameters."""


def published(name: str, stem: str) -> State:
    """Return parameters by name, of the weights `stem` of a method.

    Raises: WeightsError when files are absent or are not the published ones.
    """
    file = f"{stem}.safetensors"
    if (weights.folder(name) / file).is_file():
        return load(weights.read_published(name, file))
    listed = weights.checksums(name)
    rest = f"{stem}{REST}"
    content = joined(
        weights.read_published(name, f"{stem}.onnx"),
        weights.read_published(name, rest) if rest in listed else None,
    )
    if sha256(content).hexdigest() != listed.get(file):
        raise WeightsError(f"{name}: {stem}.onnx does not hold the published weights")
    return load(content)


def joined(model: bytes, rest: bytes | None) -> bytes:
    """Return the safetensors file that a model file and what it lacks were made from."""
    state = _held(model)
    names = set[str]()
    if rest is not None:
        with np.load(io.BytesIO(rest), allow_pickle=False) as stored:
            names = {str(name) for name in stored[NAMES]}
            state |= {
                name: torch.from_numpy(stored[name]) for name in stored.files if name != NAMES
            }
    # Constants of the graph are no parameters.
    return save({name: value for name, value in state.items() if not names or name in names})


def rest_of(parameters: bytes, model: bytes) -> bytes | None:
    """Return, as an .npz, the parameters in a safetensors file that a model file lacks.

    None where the model file holds them all and nothing else.
    """
    if joined(model, None) == parameters:
        return None
    held, wanted = _held(model), load(parameters)
    arrays: dict[str, NDArray[Any]] = {
        name: value.numpy()
        for name, value in sorted(wanted.items())
        if name not in held or not torch.equal(held[name], value) or held[name].dtype != value.dtype
    }
    file = io.BytesIO()
    np.savez_compressed(file, **arrays, **{NAMES: np.array(sorted(wanted))})  # pyright: ignore[reportArgumentType]
    return file.getvalue()


def _held(model: bytes) -> State:
    """Return the constants of a model by their names."""
    tensors = parse(model, where="the model").graph.initializer
    return {each.name: torch.from_numpy(numpy_helper.to_array(each).copy()) for each in tensors}
