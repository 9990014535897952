"""ONNX Runtime, the default engine; on other devices than the CPU only when asked to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from relume.errors import MissingExtraError, WeightsError
from relume.runtime.engines import Array, Port

QUIET = 3
"""ONNX Runtime's log level for errors only: its warnings speak of the graph, not to the user."""


@dataclass(frozen=True)
class Provider:
    """How ONNX Runtime calls a device, and which package offers it."""

    name: str
    package: str
    options: Mapping[str, str] = field(default_factory=dict[str, str])


_PROVIDERS = {
    "cpu": Provider("CPUExecutionProvider", "onnxruntime"),
    # Products of 10 bits would differ from the CPU's by more than the parity we promise.
    "cuda": Provider("CUDAExecutionProvider", "onnxruntime-gpu", {"use_tf32": "0"}),
    "coreml": Provider("CoreMLExecutionProvider", "onnxruntime", {"ModelFormat": "MLProgram"}),
    "directml": Provider("DmlExecutionProvider", "onnxruntime-directml"),
}
_TYPES = {"float": "float32", "double": "float64"}
"""ONNX Runtime's names of types that NumPy calls otherwise."""


class OnnxRuntimeGraph:
    """A session of ONNX Runtime."""

    def __init__(
        self, session: Any, *, path_only: Any, turn: AbstractContextManager[Any] | None = None
    ) -> None:
        self._session = session
        self._path_only = path_only
        self._turn = turn or nullcontext()
        inputs, outputs = session.get_inputs(), session.get_outputs()
        self.inputs = tuple(str(node.name) for node in inputs)
        self.outputs = tuple(str(node.name) for node in outputs)
        self.metadata: Mapping[str, str] = dict(session.get_modelmeta().custom_metadata_map)
        self.ports: Mapping[str, Port] = {
            str(node.name): _port(node) for node in (*inputs, *outputs)
        }

    def run(self, feeds: Mapping[str, Array], outputs: Sequence[str]) -> list[Array]:
        """Compute the named outputs and only what they need."""
        with self._turn:
            return self._session.run(list(outputs), dict(feeds), self._path_only)


def devices() -> tuple[str, ...]:
    """Return the devices beside the CPU that the installed package offers."""
    import onnxruntime

    offered = onnxruntime.get_available_providers()
    return tuple(name for name, one in _PROVIDERS.items() if one.name in offered and name != "cpu")


def open_graph(data: bytes, *, device: str = "cpu", threads: int | None) -> OnnxRuntimeGraph:
    """Open a model from memory, so that it cannot reach for files beside itself.

    Raises: WeightsError when ONNX Runtime cannot read it; MissingExtraError for a device that the
    installed package does not offer or that does not work here.
    """
    import onnxruntime

    provider = _PROVIDERS[device]
    if provider.name not in onnxruntime.get_available_providers():
        raise MissingExtraError(
            f"the installed ONNX Runtime does not offer {device}; pip install {provider.package} "
            "where there is such a device"
        )
    options = onnxruntime.SessionOptions()
    options.log_severity_level = QUIET
    options.intra_op_num_threads = threads or 0
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if device == "directml":  # it forbids both
        options.enable_mem_pattern = False
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    path_only = onnxruntime.RunOptions()
    path_only.only_execute_path_to_fetches = True
    path_only.log_severity_level = QUIET
    wanted = [(provider.name, dict(provider.options))]
    if device != "cpu":
        wanted.append((_PROVIDERS["cpu"].name, {}))  # for what the device cannot compute
    try:
        session = onnxruntime.InferenceSession(data, options, providers=wanted)
    except Exception as error:  # its errors share no base class below Exception
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise WeightsError(f"ONNX Runtime cannot read this model: {reason}") from error
    if session.get_providers()[0] != provider.name:  # it falls back without a word
        raise MissingExtraError(
            f"ONNX Runtime offers {device} but it does not work on this machine; "
            "check its driver, or leave out --engine"
        )
    turn = Lock() if device == "directml" else None  # its sessions serve one thread at a time
    return OnnxRuntimeGraph(session, path_only=path_only, turn=turn)


def _port(node: Any) -> Port:
    kind = str(node.type).removeprefix("tensor(").removesuffix(")")
    shape = tuple(size if isinstance(size, int) else None for size in node.shape)
    return Port(shape, _TYPES.get(kind, kind))
