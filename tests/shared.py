"""Where the research data lie; tests that need them skip when they are absent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("RELUME_DATA", Path(__file__).resolve().parents[2] / "shared"))


def need_shared(*parts: str) -> Path:
    """Return a path among the research data, or skip the test that asks for it."""
    path = ROOT.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"needs {'/'.join(parts)} of the research data; set RELUME_DATA to its folder")
    return path
