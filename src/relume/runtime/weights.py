"""Model files: find them, check them, read their card."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

from relume import engines, methods
from relume.card import Card, from_json
from relume.engines import Graph
from relume.errors import ContractError, UnknownNameError, WeightsError
from relume.runtime.foreign import Description, adopt

CARD_KEY = "relume.card"
"""Key of the card in a model's metadata."""
MODELS = (".onnx", ".xml")
"""Suffixes of model files."""
MAX_MODEL_BYTES = 2**31 - 1
"""The format itself ends here (one protobuf message)."""


def folder(name: str) -> Path:
    """Return the folder of a neural method's weights."""
    method, _ = methods.parted(name)
    return Path(str(methods.__file__)).with_name(method) / "weights"


@cache
def checksums(name: str) -> dict[str, str]:
    """Return file → sha256 as published with a method's weights."""
    try:
        lines = (folder(name) / "SHA256SUMS").read_text().splitlines()
    except OSError as error:
        raise WeightsError(f"{name}: the list of weights is absent; reinstall relume") from error
    return {line.split()[1]: line.split()[0] for line in lines if line.strip()}


def installed(name: str) -> tuple[str, ...]:
    """Return the published files that an installation has to hold.

    Parameters, `.safetensors`, may be left out: a wheel does so, since the model file has them.
    """
    place = folder(name)
    return tuple(
        file
        for file in checksums(name)
        if not file.endswith(".safetensors") or place.joinpath(file).is_file()
    )


def read_published(name: str, file: str) -> bytes:
    """Read one file of a method's weights and check it against the published sha256.

    Raises: WeightsError when it is absent or differs.
    """
    try:
        data = (folder(name) / file).read_bytes()
    except OSError as error:
        raise WeightsError(f"{name}: weights {file} are absent; reinstall relume") from error
    expected, got = checksums(name).get(file, "no entry"), sha256(data).hexdigest()
    if expected != got:
        raise WeightsError(
            f"{name}: weights {file} are not the published ones: expected sha256 {expected[:12]}…, "
            f"got {got[:12]}…; reinstall relume"
        )
    return data


def read_model(path: Path) -> bytes:
    """Read a user's model file; of OpenVINO's format, FILE.xml, FILE.bin beside it as well.

    Raises: WeightsError when it cannot be read or is no model at all.
    """
    try:
        size = path.stat().st_size
        if size > MAX_MODEL_BYTES:
            raise WeightsError(f"{path}: {size} bytes are too many for a model file")
        data = path.read_bytes()
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read: {error.strerror or error}") from error
    if not data:
        raise WeightsError(f"{path}: the file is empty, not a model")
    if path.suffix.lower() == ".xml":
        return b"\0".join((data, read_model(path.with_suffix(".bin"))))
    return data


def refuse_other(name: str) -> None:
    """Raise UnknownNameError for a name that no method has, that of a file or folder too; for
    names that nobody else's request brings."""
    if methods.is_known(methods.parted(name)[0]):
        return
    told, path = methods.unknown(name), Path(name)
    if f"{name!r}" in str(told) and (path.is_file() or path.is_dir()):
        kind = "a folder" if path.is_dir() else "a file that holds no method by its name"
        told = UnknownNameError(f"{name} is {kind}; name a method, or a model file, .onnx or .xml")
    raise told


def card_of(graph: Graph, *, where: str) -> Card:
    """Read the card inside a model file.

    Raises: WeightsError when there is none or it is malformed.
    """
    text = graph.metadata.get(CARD_KEY)
    if text is None:
        raise WeightsError(
            f"{where}: no card inside; export the model with relume to add one, or describe it by "
            "hand: --input srgb --reach 12"
        )
    try:
        return from_json(text)
    except ContractError as error:
        raise WeightsError(f"{where}: its card is malformed: {error}") from error


def has_card(path: Path) -> bool:
    """Tell whether a user's model file says itself what it wants.

    Raises: WeightsError for one that cannot be read.
    """
    graph = engines.open_graph(read_model(path), engine=engines.DEFAULT, where=str(path))
    return CARD_KEY in graph.metadata


def with_card(graph: Graph, *, where: str, description: Description | None) -> tuple[Graph, Card]:
    """Return a graph and its card, which is inside, or made from a description where none is.

    Raises: WeightsError; ContractError when a model that has a card is described as well.
    """
    if description is None:
        return graph, card_of(graph, where=where)
    if CARD_KEY in graph.metadata:
        raise ContractError(f"{where}: has a card inside; leave out its description")
    return adopt(graph, description, where=where)
