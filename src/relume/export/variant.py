"""Smaller variants of a published model: made where first asked for, or shipped beside it."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from hashlib import sha256
from importlib import import_module
from pathlib import Path

from relume import methods
from relume.errors import ContractError
from relume.export.onnx import to_onnx
from relume.export.parameters import published
from relume.export.run import Exported, export
from relume.export.samples import generate, read_folder, split
from relume.export.source import of_model
from relume.export.wanted import Precision
from relume.io.atomic import replacing
from relume.runtime import weights

PICTURES = 24
"""Drawn to find ranges and to measure by: enough that more change the result by under 0.3 dB."""


def make(full: bytes, *, precision: Precision) -> bytes:
    """Return a float32 model in another precision, proven to agree with it.

    Raises: DisagreementError when it does not agree; WeightsError for a model without a card.
    """
    source = of_model(full, where="the published model")
    samples = split(generate(PICTURES, source.card)) if precision == "int8" else None
    with tempfile.TemporaryDirectory(prefix="relume-") as folder:
        file = Path(folder, f"{source.card.name}.{precision}.onnx")
        export(source, file, target="onnx", precision=precision, samples=samples)
        return file.read_bytes()


def rebuild(name: str, stem: str, values: Mapping[str, int]) -> bytes:
    """Return the model of published weights with other values of what decides its graph, which are
    attributes of the network, proven to agree with it.

    Raises: DisagreementError; WeightsError.
    """
    card = methods.card(f"{methods.parted(name)[0]}@{stem}")
    network = import_module(f"relume.methods.{card.name}.network").from_state(published(name, stem))
    for each, value in values.items():
        if not hasattr(network, each):
            raise ContractError(f"{name}: its network has no {each!r}, its card has")
        setattr(network, each, value)
    with tempfile.TemporaryDirectory(prefix="relume-") as folder:
        file = Path(folder, f"{card.name}.onnx")
        to_onnx(network, card, file)
        return file.read_bytes()


def ship(model: Path, *, precision: Precision, pictures: Path) -> Exported:
    """Write NAME.int8.onnx or NAME.fp16.onnx beside NAME.onnx and list it in SHA256SUMS.

    int8 is calibrated by the pictures in a folder.
    Raises: DisagreementError when it does not agree; NoDatasetError, WeightsError, UnwritableError.
    """
    source = of_model(weights.read_model(model), where=str(model))
    samples = split(read_folder(pictures, source.card)) if precision == "int8" else None
    file = model.with_name(f"{model.stem}.{precision}.onnx")
    made = export(source, file, target="onnx", precision=precision, samples=samples)
    listed = model.with_name("SHA256SUMS")
    lines = {line.split()[1]: line for line in listed.read_text().splitlines() if line.strip()}
    lines[file.name] = f"{sha256(file.read_bytes()).hexdigest()}  {file.name}"
    with replacing(listed) as place:
        place.write("".join(f"{lines[name]}\n" for name in sorted(lines)).encode())
    return made
