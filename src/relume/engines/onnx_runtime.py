"""ONNX Runtime, the default engine; on other devices than the CPU only when asked to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import field
from functools import cache
from threading import Lock
from typing import Any

from relume.engines.graph import Array, Port
from relume.engines.stated import Stated, stated
from relume.engines.subgraph import only
from relume.errors import MissingExtraError, WeightsError
from relume.frozen import frozen

QUIET = 3
"""ONNX Runtime's log level for errors only: its warnings speak of the graph, not to the user."""


@frozen
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
    """A session of ONNX Runtime, and one for each part of its outputs that is asked for.

    ONNX Runtime computes every output of a session, also those nobody asks for, so that the part
    of the graph that some of them need gets a session of its own at the first run. Where it is
    known what the file states, no other is opened.
    """

    def __init__(
        self,
        data: bytes,
        *,
        open_session: Callable[[bytes], Any],
        turn: AbstractContextManager[Any] | None = None,
        known: Stated | None = None,
    ) -> None:
        self._data = data
        self._open = open_session
        self._turn = turn or nullcontext()
        self._opening = Lock()
        self._parts: dict[frozenset[str], tuple[Any, tuple[str, ...]]] = {}
        if known is None:
            session = open_session(data)
            known = _stated(session)
            self._parts[frozenset(known.outputs)] = session, known.inputs
        self.inputs, self.outputs = known.inputs, known.outputs
        self.metadata, self.ports = known.metadata, known.ports

    def run(self, feeds: Mapping[str, Array], outputs: Sequence[str]) -> list[Array]:
        """Compute the named outputs and only what they need."""
        session, inputs = self._for(frozenset(outputs))
        given = {name: value for name, value in feeds.items() if name in inputs}
        with self._turn:
            return session.run(list(outputs), given)

    def _for(self, outputs: frozenset[str]) -> tuple[Any, tuple[str, ...]]:
        """Return the session that computes these outputs, and the inputs it wants."""
        with self._opening:
            if outputs not in self._parts:
                self._parts[outputs] = self._opened(outputs)
            return self._parts[outputs]

    def _opened(self, outputs: frozenset[str]) -> tuple[Any, tuple[str, ...]]:
        every = frozenset(self.outputs)
        if outputs != every:
            # Branches and loops cannot be cut: all of it is computed.
            with suppress(WeightsError):
                session = self._open(only(self._data, sorted(outputs)))
                return session, tuple(str(node.name) for node in session.get_inputs())
        if every not in self._parts:
            self._parts[every] = self._open(self._data), self.inputs
        return self._parts[every]


def devices() -> tuple[str, ...]:
    """Return the devices beside the CPU that the installed package offers."""
    import onnxruntime

    offered = onnxruntime.get_available_providers()
    return tuple(name for name, one in _PROVIDERS.items() if one.name in offered and name != "cpu")


def open_graph(
    data: bytes, *, device: str = "cpu", threads: int | None, published: bool = False
) -> OnnxRuntimeGraph:
    """Open a model from memory, so that it cannot reach for files beside itself.

    One that is `published` is known to be whole: on the CPU all waits for the first run.
    Raises: WeightsError when ONNX Runtime cannot read it; MissingExtraError for a device that the
    installed package does not offer or that does not work here.
    """
    turn = Lock() if device == "directml" else None  # its sessions serve one thread at a time
    if published and device == "cpu":
        # To import ONNX Runtime takes as long as to open a session, and either may never be needed.
        opener = cache(lambda: _opener(device, threads))
        return OnnxRuntimeGraph(
            data, open_session=lambda model: opener()(model), known=stated(data)
        )
    return OnnxRuntimeGraph(data, open_session=_opener(device, threads), turn=turn)


def _opener(device: str, threads: int | None) -> Callable[[bytes], Any]:
    """Return what opens sessions on a device. Raises: MissingExtraError."""
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
    wanted = [(provider.name, dict(provider.options))]
    if device != "cpu":
        wanted.append((_PROVIDERS["cpu"].name, {}))  # for what the device cannot compute

    def open_session(model: bytes) -> Any:
        try:
            session = onnxruntime.InferenceSession(model, options, providers=wanted)
        except Exception as error:  # its errors share no base class below Exception
            reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
            raise WeightsError(f"ONNX Runtime cannot read this model: {reason}") from error
        if session.get_providers()[0] != provider.name:  # it falls back without a word
            raise MissingExtraError(
                f"ONNX Runtime offers {device} but it does not work on this machine; "
                "check its driver, or leave out --engine"
            )
        return session

    return open_session


def _stated(session: Any) -> Stated:
    """Return what a session says of its model."""
    inputs, outputs = session.get_inputs(), session.get_outputs()
    return Stated(
        tuple(str(node.name) for node in inputs),
        tuple(str(node.name) for node in outputs),
        {str(node.name): _port(node) for node in (*inputs, *outputs)},
        dict(session.get_modelmeta().custom_metadata_map),
    )


def _port(node: Any) -> Port:
    kind = str(node.type).removeprefix("tensor(").removesuffix(")")
    shape = tuple(size if isinstance(size, int) else None for size in node.shape)
    return Port(shape, _TYPES.get(kind, kind))
