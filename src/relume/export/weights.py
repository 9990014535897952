"""From parameters to the files that travel: model, parameters, golden, checksums."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from importlib import import_module
from pathlib import Path

from torch import nn

from relume import methods
from relume.card import Card, Weights
from relume.errors import ContractError, WeightsError
from relume.export.golden import golden_bytes
from relume.export.onnx import to_onnx
from relume.export.parameters import REST, rest_of
from relume.io.atomic import replacing
from relume.nn.checkpoint import read_state, state_bytes

PUBLISHED = (".onnx", ".safetensors", ".npz")
"""Suffixes of what is published of weights, beside their recipe."""


def import_file(method: str, file: Path, output: Path) -> None:
    """Turn weights in `file`, published or our own, into the model file `output`.

    Raises: WeightsError when the file does not hold weights of this method; UnknownNameError.
    """
    network = load_network(method, file)
    to_onnx(network, card_with(network, methods.card(method), name=output.stem), output)


def load_network(method: str, file: Path) -> nn.Module:
    """Build the network of a method with the parameters in `file`.

    Raises: WeightsError; ContractError when the method has no network; UnknownNameError.
    """
    if methods.card(method).kind != "neural":
        raise ContractError(f"{method} has no weights; see `relume methods`")
    state = read_state(file)
    try:
        return import_module(f"relume.methods.{method}.network").from_state(state)
    except RuntimeError as error:
        raise WeightsError(
            f"{file}: does not hold weights of {method} ({' '.join(str(error).split())[:160]})"
        ) from error


def card_with(
    network: nn.Module, card: Card, *, name: str, trained_on: tuple[str, ...] = (), recipe: str = ""
) -> Card:
    """Return a card whose only weights, and whose number of parameters, are those of `network`."""
    weights = Weights(
        name,
        sha256=sha256(state_bytes(network)).hexdigest(),
        trained_on=trained_on,
        license=None,
        recipe=recipe,
    )
    parameters = sum(value.numel() for value in network.parameters())
    return replace(card, weights=(weights,), parameters=parameters)


def save_weights(network: nn.Module, card: Card, *, folder: Path) -> Path:
    """Write NAME.onnx, NAME.safetensors, NAME.golden.npz and SHA256SUMS; return the first.

    NAME is that of the card's first weights. What is there of its others stays in SHA256SUMS.
    Raises: WeightsError when the card states another sha256 than that of these parameters.
    """
    weights, parameters = card.weights[0], state_bytes(network)
    found = sha256(parameters).hexdigest()
    if weights.sha256 != found:
        raise WeightsError(f"{weights.name}: the card states {weights.sha256!r}, this is {found!r}")
    model = folder / f"{weights.name}.onnx"
    to_onnx(network, card, model)
    files = {
        f"{weights.name}.safetensors": parameters,
        f"{weights.name}.golden.npz": golden_bytes(network, card),
    }
    if (rest := rest_of(parameters, model.read_bytes())) is not None:
        files[f"{weights.name}{REST}"] = rest
    others = tuple(f"{each.name}." for each in card.weights[1:])
    kept = {
        path.name: path.read_bytes()
        for path in folder.iterdir()
        if path.name.startswith(others) and path.suffix in PUBLISHED
    }
    named = {model.name: model.read_bytes(), **files, **kept}
    lines = (f"{sha256(content).hexdigest()}  {name}\n" for name, content in sorted(named.items()))
    files["SHA256SUMS"] = "".join(lines).encode()
    for name, content in files.items():
        with replacing(folder / name) as file:
            file.write(content)
    return model
