"""ONNX Runtime, the default engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from relume.errors import WeightsError
from relume.runtime.engines import Array

QUIET = 3
"""ONNX Runtime's log level for errors only: its warnings speak of the graph, not to the user."""


class OnnxRuntimeGraph:
    """A session of ONNX Runtime on the CPU."""

    def __init__(self, session: Any, *, path_only: Any) -> None:
        self._session = session
        self._path_only = path_only
        self.inputs = tuple(str(node.name) for node in session.get_inputs())
        self.outputs = tuple(str(node.name) for node in session.get_outputs())
        self.metadata: Mapping[str, str] = dict(session.get_modelmeta().custom_metadata_map)

    def run(self, feeds: Mapping[str, Array], outputs: Sequence[str]) -> list[Array]:
        """Compute the named outputs and only what they need."""
        return self._session.run(list(outputs), dict(feeds), self._path_only)


def open_graph(data: bytes, *, threads: int | None) -> OnnxRuntimeGraph:
    """Open a model from memory, so that it cannot reach for files beside itself.

    Raises: WeightsError when ONNX Runtime cannot read it.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = QUIET
    options.intra_op_num_threads = threads or 0
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    path_only = onnxruntime.RunOptions()
    path_only.only_execute_path_to_fetches = True
    path_only.log_severity_level = QUIET
    try:
        session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors share no base class below Exception
        reason = str(error).splitlines()[0][:200]
        raise WeightsError(f"ONNX Runtime cannot read this model: {reason}") from error
    return OnnxRuntimeGraph(session, path_only=path_only)
