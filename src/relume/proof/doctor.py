"""What relume finds on this machine: versions, engines, renderer, extras, weights."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from relume import engines, extras, methods
from relume.engines.measured import Measured, recall_of
from relume.errors import WeightsError
from relume.release import __version__
from relume.render import backend, why_numpy
from relume.render.bands import thread_count
from relume.runtime import weights
from relume.words import counted

_NEEDED = {
    "numpy": "numpy",
    "pillow": "PIL",
    "onnxruntime": "onnxruntime",
    "pyvips": "pyvips",
    "simplejpeg": "simplejpeg",
    "typer": "typer",
    "rich": "rich",
}
"""Package every installation has → the module that is imported."""
_CGROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
"""Where Linux states a container's limit, version 2 and 1."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    topic: str
    name: str
    found: str
    fault: str = ""
    """What is wrong and the way out; empty when nothing is."""


def examine() -> list[Finding]:
    """Look at everything a method needs here; a missing extra is no fault."""
    return [*_packages(), *_computing(), *_machine(), *_extras(), *_weights(), *_speed()]


def _packages() -> Iterator[Finding]:
    yield Finding("versions", "relume", __version__)
    yield Finding("versions", "python", f"{platform.python_version()} ({sys.executable})")
    for package, module in _NEEDED.items():
        fault = ""
        try:
            import_module(module)
            found = version(package)
        except PackageNotFoundError:
            found = "of unknown version"
        except Exception as error:  # a broken shared library raises anything, OSError first
            found = "cannot be imported"
            fault = f"{type(error).__name__}: {error}; pip install --force-reinstall {package}"
        yield Finding("versions", package, found, fault)
        if package == "pyvips" and not fault:
            yield Finding("versions", "libvips", _libvips())


def _libvips() -> str:
    import pyvips

    return ".".join(str(pyvips.version(part)) for part in range(3))


def _computing() -> Iterator[Finding]:
    found = engines.installed()
    for engine, number in found.items():
        yield Finding("engines", engine, number)
    try:
        for name in sorted(set(engines.usable()) - set(found)):
            yield Finding("engines", name, "offered; never chosen unless asked for or measured")
    except Exception as error:  # a broken shared library raises anything
        fault = f"{type(error).__name__}: {error}; pip install --force-reinstall onnxruntime"
        yield Finding("engines", "devices", "cannot be listed", fault)
    if not engines.available():
        yield Finding("engines", "none", "", "no engine is installed; pip install onnxruntime")
    # NumPy does the same work several times slower: worth saying, not a fault.
    yield Finding(
        "renderer", backend(), why_numpy() or f"compiled, {counted(thread_count(None), 'thread')}"
    )


def _machine() -> Iterator[Finding]:
    yield Finding("machine", "system", platform.platform())
    total = os.cpu_count() or 1
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else total
    yield Finding("machine", "processors", f"{usable} of {total} usable")
    if (memory := memory_bytes()) is not None:
        yield Finding("machine", "memory", f"{memory / 2**30:.1f} GiB")


def memory_bytes() -> int | None:
    """Return the memory this process may use; None where the system does not say."""
    known: list[int] = []
    for path in _CGROUP_LIMITS:
        try:
            known.append(int(Path(path).read_text()))
        except (OSError, ValueError):  # no such file, or "max"
            continue
    if "SC_PHYS_PAGES" in getattr(os, "sysconf_names", {}):
        known.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return min(known, default=None)


def _extras() -> Iterator[Finding]:
    for extra in extras.EXTRAS:
        absent = extras.missing(extra)
        found = f"without {', '.join(absent)}; {extras.pip_line(extra)}" if absent else "complete"
        yield Finding("extras", extra, found)


def _weights() -> Iterator[Finding]:
    for name in methods.names():
        try:
            if methods.card(name).kind == "classical":
                continue
            files = weights.installed(name)
            for file in files:
                weights.read_published(name, file)
            yield Finding("weights", name, f"{counted(len(files), 'file')} as published")
        except WeightsError as error:
            yield Finding("weights", name, "unsound", str(error))
        except Exception as error:  # a plugin's module may raise anything
            fault = f"{type(error).__name__}: {error}; reinstall the package it comes from"
            yield Finding("weights", name, "cannot be imported", fault)


def _speed() -> Iterator[Finding]:
    """Say which engine `auto` takes for each network, and why."""
    for name in methods.names():
        try:
            card = methods.card(name)
            if card.kind == "classical":
                continue
            measured = recall_of(weights.checksums(name)[f"{card.weights[0].name}.onnx"])
        except Exception:  # said under its weights
            continue
        if measured is None:
            yield Finding("speed", name, f"not measured: auto takes {engines.DEFAULT}; --bench")
        else:
            yield Finding("speed", name, f"{_times(measured)}: auto takes {measured.best}")


def _times(measured: Measured) -> str:
    """Write what was measured, the fastest first."""
    order = sorted(measured.seconds.items(), key=lambda item: item[1])
    return ", ".join(f"{engine} {1000 * seconds:.3g} ms" for engine, seconds in order)
