"""From the bytes of a model to something that runs: this floor knows no card and no picture."""

from __future__ import annotations

from relume.engines.graph import Array, Graph, Port
from relume.engines.table import (
    AUTO,
    DEFAULT,
    available,
    check,
    installed,
    names,
    open_graph,
    require,
    usable,
)

__all__ = [
    "AUTO",
    "DEFAULT",
    "Array",
    "Graph",
    "Port",
    "available",
    "check",
    "installed",
    "names",
    "open_graph",
    "require",
    "usable",
]
