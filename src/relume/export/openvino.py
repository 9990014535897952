"""OpenVINO's own format: a graph as XML, its parameters beside it, the card among the facts."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from relume.arrays import Floats
from relume.engines.openvino import import_quietly
from relume.errors import WeightsError
from relume.export.agreement import Feeds, Run
from relume.extras import need
from relume.io.atomic import replacing


@dataclass(frozen=True)
class Representation:
    """The two files of a model."""

    graph: bytes
    parameters: bytes


def to_openvino(content: bytes, *, where: str) -> Representation:
    """Return an ONNX model, facts included, in OpenVINO's format.

    Raises: MissingExtraError; WeightsError when OpenVINO lacks one of its operators.
    """
    need("openvino", extra="openvino")
    openvino = import_quietly()
    with tempfile.TemporaryDirectory(prefix="relume-") as folder:
        graph, parameters = Path(folder, "model.xml"), Path(folder, "model.bin")
        try:
            model = openvino.Core().read_model(content)
            openvino.serialize(model, graph, parameters)
        except RuntimeError as error:
            reason = " ".join(str(error).split())[-200:]
            raise WeightsError(f"{where}: OpenVINO cannot hold this model: {reason}") from error
        return Representation(graph.read_bytes(), parameters.read_bytes())


def run_of_openvino(made: Representation, *, outputs: tuple[str, ...]) -> Run:
    """Return a function that runs a model on the CPU, in float32 where it does not say else."""
    core = import_quietly().Core()
    model = core.read_model(made.graph, made.parameters)
    compiled: Any = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

    def run(feeds: Feeds) -> list[Floats]:
        results = compiled(dict(feeds))
        return [np.array(results[name]) for name in outputs]

    return run


def write_openvino(made: Representation, path: Path) -> None:
    """Write FILE.xml and FILE.bin, both or none."""
    # Both are whole under other names before the first takes its own.
    with replacing(path) as graph, replacing(path.with_suffix(".bin")) as parameters:
        graph.write(made.graph)
        parameters.write(made.parameters)
