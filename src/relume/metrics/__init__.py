"""Picture quality: NumPy arrays in, one number out. Every module here with a `METRIC` is a metric.

    from relume.metrics.scorer import scorer
    ssim = scorer("ssim")                      # str(ssim.label) == "ssim-gauss11[plain]"
    ssim(enhanced, reference)                  # pictures of any type; the protocol prepares them

The plain functions (`relume.metrics.psnr.psnr`, …) take arrays and say what white is.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from relume.errors import UnknownNameError
from relume.metrics.descriptor import Metric


@cache
def _modules() -> dict[str, ModuleType]:
    """Return the modules that are metrics, by name."""
    found = (import_module(f"{__name__}.{entry.name}") for entry in iter_modules(__path__))
    return {module.METRIC.name: module for module in found if hasattr(module, "METRIC")}


def names() -> tuple[str, ...]:
    """Return the names of all metrics, sorted."""
    return tuple(sorted(_modules()))


def module(name: str) -> ModuleType:
    """Return the module of a metric.

    Raises: UnknownNameError with the nearest names.
    """
    if name not in _modules():
        raise UnknownNameError.of("metric", name, names())
    return _modules()[name]


def metric(name: str) -> Metric:
    """Return what a metric is.

    Raises: UnknownNameError with the nearest names.
    """
    return module(name).METRIC
