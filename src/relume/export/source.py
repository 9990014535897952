"""What is exported: a method by its name, a checkpoint of a training, or a model file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml
from torch import nn

from relume import methods
from relume.card import Card, from_json
from relume.errors import ContractError, WeightsError
from relume.export.agreement import Run, run_of
from relume.export.graphs import PRECISION_KEY, facts, opset_of, parse, state
from relume.export.interface import Interface, interface
from relume.export.onnx import CARD_KEY, OPSET, least_opset, onnx_bytes, runner
from relume.export.parameters import published
from relume.export.refilled import refilled
from relume.export.wanted import CHECKPOINTS, check_source
from relume.export.weights import card_with, load_network
from relume.runtime import weights


@dataclass(frozen=True, eq=False)
class Source:
    """Something that can be exported, and what every export is compared with."""

    card: Card
    face: Interface
    network: nn.Module | None
    """None for a model file, whose network is unknown."""
    expected: Run
    """Runs it in float32."""
    to_onnx: Callable[[int], bytes]
    """Opset → the float32 model, card included."""
    opset: int = OPSET
    """The oldest that has all operators of the network, or that of the model file."""


def open_source(name: str, *, method: str | None = None) -> Source:
    """Find what is to be exported by its name or path; `method` says whose a checkpoint is.

    Raises: UnknownNameError, WeightsError, ContractError.
    """
    suffix = Path(name).suffix.lower()
    if suffix == ".onnx":
        return of_model(weights.read_model(Path(name)), where=name)
    if suffix in CHECKPOINTS:
        path = Path(name)
        method = method or _method_of(path)
        network = load_network(method, path)
        card = card_with(network, methods.card(method), name=path.stem)
        return _of_network(network, card)
    check_source(name)
    card = methods.card(name)
    stem = card.weights[0].name
    parameters = published(name, stem)
    module = import_module(f"relume.methods.{card.name}.network")
    # What is shipped was made by the same exporter, which takes up to a minute; like anything
    # else it is compared with the network before it is written again.
    shipped = weights.read_published(name, f"{stem}.onnx")
    return _of_network(module.from_state(parameters), card, shipped=shipped)


def _of_network(network: nn.Module, card: Card, *, shipped: bytes | None = None) -> Source:
    """Return a network as a source; what is not `shipped` itself may be so but for parameters."""
    network = network.eval()

    @cache
    def to_onnx(opset: int) -> bytes:
        if shipped is not None and opset_of(parse(shipped, where=card.name)) == opset:
            return shipped
        again = refilled(network, card, opset=opset) if shipped is None else None
        return again or onnx_bytes(network, card, opset=opset)

    return Source(
        card=card,
        face=interface(network, card),
        network=network,
        expected=run_of(network),
        to_onnx=to_onnx,
        opset=least_opset(network),
    )


def _method_of(checkpoint: Path) -> str:
    """Read whose checkpoint it is from the recipe its training keeps in the folder above it."""
    for folder in checkpoint.absolute().parents[:2]:
        recipe = folder / "recipe.yaml"
        if recipe.is_file():
            try:
                content: Any = yaml.safe_load(recipe.read_text(encoding="utf-8"))
            except (OSError, ValueError, yaml.YAMLError):
                continue
            if isinstance(content, dict) and isinstance(content.get("method"), str):
                return content["method"]
    raise ContractError(f"{checkpoint}: does not say whose weights it holds; add --method NAME")


def of_model(content: bytes, *, where: str) -> Source:
    """Return a float32 model file as a source. Raises: WeightsError, ContractError."""
    model = parse(content, where=where)
    known = facts(model)
    if CARD_KEY not in known:
        raise WeightsError(f"{where}: no card inside; a card says what a model takes and gives")
    if known.get(PRECISION_KEY, "fp32") != "fp32":
        raise ContractError(
            f"{where}: is {known[PRECISION_KEY]} already; export from the float32 model"
        )
    try:
        card = from_json(known[CARD_KEY])
    except ContractError as error:
        raise WeightsError(f"{where}: its card is malformed: {error}") from error
    inputs = [value.name for value in model.graph.input]
    outputs = tuple(value.name for value in model.graph.output)
    knobs = {knob.name: knob for knob in card.knobs}
    if inputs[:1] != ["image"] or outputs[:1] != ("enhanced",) or not knobs.keys() >= {*inputs[1:]}:
        raise WeightsError(
            f"{where}: expected inputs image and knobs of its card, and outputs from enhanced on; "
            f"got {', '.join(inputs)} and {', '.join(outputs)}"
        )
    face = Interface(
        channels=1 if card.input == "mosaic" else 3,
        multiple_of=card.multiple_of,
        knobs=tuple(knobs[name] for name in inputs[1:]),
        outputs=outputs,
    )

    there = opset_of(model)

    def as_it_is(opset: int) -> bytes:
        if opset != there:
            raise ContractError(f"--opset {opset}: {where} has opset {there}, which stays")
        state(model, {PRECISION_KEY: "fp32"})
        return model.SerializeToString(deterministic=True)

    return Source(
        card=card,
        face=face,
        network=None,
        expected=runner(content),
        to_onnx=as_it_is,
        opset=there,
    )
