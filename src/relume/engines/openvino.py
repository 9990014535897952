"""OpenVINO on the CPU: a graph is compiled once for each size, and kept on disk.

With fixed sizes it fuses what it runs step by step otherwise; a compilation takes some tenths of a
second, so tiles share one size.
"""

from __future__ import annotations

import io
import sys
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from hashlib import sha256
from threading import Lock
from typing import Any

import numpy as np

from relume.engines import onnx_runtime
from relume.engines.cache import Shelf
from relume.engines.graph import Array, Graph, Port
from relume.errors import WeightsError
from relume.render.bands import thread_count

MOST_SIZES = 8
"""Compiled sizes kept in memory: landscape and portrait, pictures and maps, of two cameras."""
SHELF = "openvino"
ATTENTION = frozenset({"Softmax", "ScaledDotProductAttention"})
"""Graphs with one of these operators are compared with ONNX Runtime before they are trusted:
OpenVINO 2026.4 computed a window attention wrongly at times (4 of about 35 compilations; the cause
is unknown)."""
ATTEMPTS = 4
"""Compilations of such a graph before giving up."""
AGREEMENT = 1e-4
"""Largest difference to ONNX Runtime, relative to 1 or to the largest value."""
_DEVICE = "CPU"
_TELEMETRY = "openvino_telemetry"


class OpenVinoGraph:
    """A model and its compiled forms, by the sizes of its inputs and the outputs asked for."""

    def __init__(
        self,
        core: Any,
        model: Any,
        *,
        key: str,
        settings: Mapping[str, Any],
        reference: Callable[[], Graph] | None = None,
    ) -> None:
        self._core = core
        self._model = model
        self._reference = reference
        self._key = key
        self._settings = dict(settings)
        self._compiled: OrderedDict[object, _Compiled] = OrderedDict()
        self._lock = Lock()
        self.inputs = tuple(str(port.get_any_name()) for port in model.inputs)
        self.outputs = tuple(str(port.get_any_name()) for port in model.outputs)
        self.ports: Mapping[str, Port] = {
            str(port.get_any_name()): _port(port) for port in (*model.inputs, *model.outputs)
        }
        self.metadata: Mapping[str, str] = {
            str(name): str(value) for name, value in _metadata(model).items()
        }

    def run(self, feeds: Mapping[str, Array], outputs: Sequence[str]) -> list[Array]:
        """Compute the named outputs and only what they need."""
        given = {name: np.asarray(value) for name, value in feeds.items()}
        shapes = {name: given[name].shape for name in self.inputs if name in given}
        return self._for(shapes, tuple(outputs), given).run(given)

    def _for(
        self,
        shapes: dict[str, tuple[int, ...]],
        outputs: tuple[str, ...],
        feeds: Mapping[str, Array],
    ) -> _Compiled:
        key = (tuple(shapes.items()), outputs)
        with self._lock:  # other threads mostly want the same size: they wait for it
            found = self._compiled.get(key)
            if found is None:
                found = self._proven(shapes, outputs, feeds)
                self._compiled[key] = found
                if len(self._compiled) > MOST_SIZES:
                    self._compiled.popitem(last=False)
            self._compiled.move_to_end(key)
            return found

    def _proven(
        self,
        shapes: dict[str, tuple[int, ...]],
        outputs: tuple[str, ...],
        feeds: Mapping[str, Array],
    ) -> _Compiled:
        """Compile until the result for the first picture is the reference's, where there is one."""
        if self._reference is None:
            return _Compiled(self._compile(shapes, outputs), outputs)
        expected = self._reference().run(feeds, outputs)
        for _ in range(ATTEMPTS):
            made = _Compiled(self._compile(shapes, outputs), outputs)
            if _agree(expected, made.run(feeds)):
                return made
            Shelf(SHELF).drop(self._shelf_key(shapes, outputs))
        raise WeightsError(
            "OpenVINO computes this model wrongly on this machine; use --engine onnxruntime"
        )

    def _compile(self, shapes: dict[str, tuple[int, ...]], outputs: tuple[str, ...]) -> Any:
        """Take the compiled form from the disk, or make it and put it there."""
        shelf, key = Shelf(SHELF), self._shelf_key(shapes, outputs)
        if (kept := shelf.take(key)) is not None:
            try:
                return self._core.import_model(io.BytesIO(kept), _DEVICE, self._settings)
            except RuntimeError:  # of another build of the same version: make it anew
                pass
        try:
            model = self._model.clone()
            for result in model.get_results():
                if result.get_output_tensor(0).get_names().isdisjoint(outputs):
                    model.remove_result(result)
            model.reshape({name: list(shape) for name, shape in shapes.items()})
            compiled = self._core.compile_model(model, _DEVICE, self._settings)
        except RuntimeError as error:
            raise WeightsError(f"OpenVINO cannot run this model: {_reason(error)}") from error
        shelf.put(key, compiled.export_model().getvalue())
        return compiled

    def _shelf_key(self, shapes: dict[str, tuple[int, ...]], outputs: tuple[str, ...]) -> str:
        return f"{self._key} {sorted(shapes.items())} {outputs}"


class _Compiled:
    """A compiled model and its requests: one per thread that runs it at the same time."""

    def __init__(self, compiled: Any, outputs: tuple[str, ...]) -> None:
        self._compiled = compiled
        self._outputs = outputs
        self._idle: deque[Any] = deque()

    def run(self, feeds: Mapping[str, Array]) -> list[Array]:
        try:
            request = self._idle.pop()
        except IndexError:
            request = self._compiled.create_infer_request()
        try:
            results = request.infer(feeds, share_inputs=True)
            return [results[name] for name in self._outputs]
        except RuntimeError as error:
            raise WeightsError(f"OpenVINO cannot run this model: {_reason(error)}") from error
        finally:
            self._idle.append(request)


def open_graph(data: bytes, *, device: str = "cpu", threads: int | None) -> OpenVinoGraph:
    """Open a model from memory; `device` is the CPU.

    Raises: WeightsError when OpenVINO cannot read it or lacks one of its operators.
    """
    openvino = import_quietly()
    core = openvino.Core()
    try:
        # OpenVINO's own format is a text and its parameters, which `read_model` joins by a NUL.
        graph, _, parameters = data.partition(b"\0") if data[:1] == b"<" else (data, b"", b"")
        model = core.read_model(graph, parameters) if parameters else core.read_model(data)
    except RuntimeError as error:
        raise WeightsError(f"OpenVINO cannot read this model: {_reason(error)}") from error
    together = thread_count(None)
    settings = {
        # Else it computes in half precision where the processor offers that.
        "INFERENCE_PRECISION_HINT": "f32",
        "EXECUTION_MODE_HINT": "ACCURACY",
        # A stream is what one run works with; several runs share the threads.
        "NUM_STREAMS": max(together // (threads or together), 1),
        "INFERENCE_NUM_THREADS": max(together, threads or 1),
        "ENABLE_CPU_PINNING": False,  # the renderer's threads need the processors as well
    }
    doubtful = data[:1] != b"<" and any(op.get_type_name() in ATTENTION for op in model.get_ops())
    if doubtful:
        settings["NUM_STREAMS"] = 1  # each stream has a compilation of its own
    machine = core.get_property(_DEVICE, "FULL_DEVICE_NAME")
    key = f"{sha256(data).hexdigest()} {openvino.get_version()} {machine} {settings}"
    # Opened once for all sizes: a network with attention takes a second to open.
    reference = cache(partial(onnx_runtime.open_graph, data, threads=None)) if doubtful else None
    return OpenVinoGraph(core, model, key=key, settings=settings, reference=reference)


def import_quietly() -> Any:
    """Import OpenVINO without the part of it that reports its use to its makers."""
    if "openvino" in sys.modules or _TELEMETRY in sys.modules:
        import openvino

        return openvino
    sys.modules[_TELEMETRY] = None  # pyright: ignore[reportArgumentType]  (an import fails then)
    try:
        import openvino
    finally:
        del sys.modules[_TELEMETRY]
    return openvino


def _agree(expected: Sequence[Array], found: Sequence[Array]) -> bool:
    return all(
        np.abs(one - other).max(initial=0.0) <= AGREEMENT * max(1.0, np.abs(one).max(initial=0.0))
        for one, other in zip(expected, found, strict=True)
    )


def _metadata(model: Any) -> dict[str, Any]:
    """Return what the ONNX file says of itself; OpenVINO keeps it as its framework's."""
    return model.get_rt_info(["framework"]).value if model.has_rt_info(["framework"]) else {}


def _port(port: Any) -> Port:
    shape = port.get_partial_shape()
    sizes = (
        None
        if shape.rank.is_dynamic
        else tuple(None if side.is_dynamic else int(side.get_length()) for side in shape)
    )
    return Port(sizes, str(np.dtype(port.get_element_type().to_dtype())))


def _reason(error: RuntimeError) -> str:
    """Return the line of OpenVINO's report that says what is wrong, not where in its sources."""
    lines = [line.strip(" -") for line in str(error).splitlines() if line.strip()]
    places = ("Exception from", "Check ", "FrontEnd API", "Model wasn't", "Summary")
    telling = [line for line in lines if not line.startswith(places)]
    return next(iter(telling or lines), type(error).__name__)[:200]
