"""How much memory a piece of work takes, by the system's own account."""

from __future__ import annotations

import ctypes
import gc
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"
"""What sets the peak back to the present size: proc(5), clear_refs."""


class Meter:
    """Measures the peak of this process over what it held when the meter was made.

    Made before a method is loaded, it counts weights, workspace and result. Linux only: elsewhere
    the peak cannot be set back, and every reading is None.
    """

    def __init__(self) -> None:
        gc.collect()
        _give_back()
        self._before = _kibibytes("VmRSS")

    def restart(self) -> None:
        """Forget the peak so far."""
        try:
            _CLEAR.write_text(_RESET_PEAK)
        except OSError:
            self._before = None

    def mebibytes(self) -> float | None:
        """Return the peak since the restart."""
        peak = _kibibytes("VmHWM")
        if peak is None or self._before is None:
            return None
        return max(0.0, (peak - self._before) / 1024)


def _kibibytes(name: str) -> int | None:
    try:
        lines = _STATUS.read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{name}:")), None)


def _give_back() -> None:
    """Return freed memory to the system, so that it is not taken for memory in use."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it
        if trim is not None:
            trim(0)
