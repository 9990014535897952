"""Models opened with ONNX Runtime while exporting: on the CPU, and quiet."""

from __future__ import annotations

from typing import Any

import onnxruntime


def open_session(content: bytes) -> Any:
    """Return a session that runs a model; what cannot be read raises ONNX Runtime's own errors."""
    options: Any = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # its warnings speak of the graph, not to the user
    # Sessions and torch run in turn here: threads that wait by spinning would take the processors
    # from the next of them.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
