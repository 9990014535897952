"""Engines behind one protocol: what runs a graph, and where.

An engine is one module with

    def open_graph(data: bytes, *, device: str, threads: int | None) -> Graph

(one that can wait with what takes time has a further argument, `published: bool`). It is named in
`_ENGINES` and imported when it is chosen. `NAME:DEVICE` asks for another device than the CPU;
`auto` is ONNX Runtime on the CPU here. Whoever knows that another engine was measured to be faster
for the model at hand (`relume.engines.measured`) asks for that one.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from relume import extras
from relume.engines.graph import Graph
from relume.errors import MissingExtraError, UnknownNameError, WeightsError
from relume.frozen import frozen

AUTO = "auto"
DEFAULT = "onnxruntime"
"""The engine every installation has."""


@frozen
class Engine:
    """What can run graphs, whether it is installed or not."""

    package: str
    """The module it needs."""
    module: str
    """Ours, which opens graphs with it."""
    extra: str | None = None
    """Which of relume's extras brings the package; None where every installation has it."""
    devices: tuple[str, ...] = ("cpu",)
    """Where it may run, the usual one first."""
    published_only: bool = False
    """It runs the networks of methods with published weights, not any model file."""
    waits: bool = False
    """It is told what is published, and opens that at the first run."""
    distributions: tuple[str, ...] = ()
    """Other packages that bring the module, for other devices."""


_ENGINES = {
    DEFAULT: Engine(
        "onnxruntime",
        "relume.engines.onnx_runtime",
        devices=("cpu", "cuda", "coreml", "directml"),
        waits=True,
        distributions=("onnxruntime-gpu", "onnxruntime-directml"),
    ),
    "openvino": Engine("openvino", "relume.engines.openvino", extra="openvino"),
    # The torch wing lies above this one: it is named here and imported only when asked for.
    "torch": Engine("torch", "relume.export.torch_engine", extra="train", published_only=True),
}


def installed() -> dict[str, str]:
    """Return the installed engines and their versions."""
    return {name: _version(engine) for name, engine in _ENGINES.items() if _is_there(engine)}


def available() -> dict[str, str]:
    """Return the installed engines that run any model file, and their versions."""
    found = installed()
    return {name: found[name] for name in found if not _ENGINES[name].published_only}


def usable() -> tuple[str, ...]:
    """Return what runs any model file here: the engines, and their devices beside the CPU."""
    return tuple(
        name
        for engine in available()
        for name in (engine, *(f"{engine}:{device}" for device in _more_devices(engine)))
    )


def names() -> tuple[str, ...]:
    """Return every engine that can be asked for, `auto` first."""
    devices = (
        f"{name}:{device}" for name, engine in _ENGINES.items() for device in engine.devices[1:]
    )
    return (AUTO, *_ENGINES, *devices)


def check(engine: str) -> None:
    """Raise UnknownNameError unless `engine` can be asked for."""
    if engine not in names():
        raise UnknownNameError.of("engine", engine, names())


def require(engine: str) -> None:
    """Raise MissingExtraError where the package of an engine is not installed, and
    UnknownNameError for an engine that does not exist."""
    check(engine)
    name = engine.partition(":")[0]
    chosen = _ENGINES[DEFAULT if name == AUTO else name]
    if chosen.extra is not None and (absent := extras.missing(chosen.extra)):
        raise MissingExtraError(
            f"engine {name} needs {', '.join(absent)}; {extras.pip_line(chosen.extra)}"
        )


def open_graph(
    data: bytes,
    *,
    engine: str = AUTO,
    threads: int | None = None,
    where: str | None = None,
    published: bool = False,
) -> Graph:
    """Load a model from its bytes; `threads` is how many work on one run, None for all there are.

    `where` names the file in an error. What is `published` was compared with its sum, so that an
    engine may put off until the first run what it opens to find damage.

    Raises: UnknownNameError for an engine that does not exist; MissingExtraError for one that is
    not installed or lacks the device; WeightsError for a damaged model.
    """
    require(engine)
    name, _, device = (DEFAULT if engine == AUTO else engine).partition(":")
    chosen = _ENGINES[name]
    module = import_module(chosen.module)
    try:
        told = {"published": published} if chosen.waits else {}
        return module.open_graph(data, device=device or chosen.devices[0], threads=threads, **told)
    except WeightsError as error:
        if where is None:
            raise
        raise WeightsError(f"{where}: {error}") from error


def _more_devices(engine: str) -> tuple[str, ...]:
    """Return the devices beside the CPU that the installed package of an engine offers."""
    if len(_ENGINES[engine].devices) == 1:
        return ()
    return import_module(_ENGINES[engine].module).devices()


def _version(engine: Engine) -> str:
    from importlib.metadata import PackageNotFoundError, version  # loads much, and few ask for it

    for distribution in (engine.package, *engine.distributions):
        try:
            return version(distribution)
        except PackageNotFoundError:
            continue
    return "of unknown version"


def _is_there(engine: Engine) -> bool:
    try:
        return find_spec(engine.package) is not None
    except ImportError:  # whoever hides a package from this process may raise instead
        return False
