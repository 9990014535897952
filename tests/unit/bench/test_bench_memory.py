"""The meter counts what is taken after it was made, and forgets an earlier peak."""

from __future__ import annotations

import numpy as np
import pytest

from relume.bench.memory import Meter

TAKEN = 64 * 2**20
"""Bytes; far more than the interpreter takes or gives back by itself meanwhile."""


def test_a_peak_and_its_end() -> None:
    meter = Meter()
    meter.restart()
    if meter.mebibytes() is None:
        pytest.skip("this system does not tell the peak of a process")
    block = np.ones(TAKEN, np.uint8)
    assert int(block[-1]) == 1
    del block
    peak = meter.mebibytes()
    assert peak == pytest.approx(64, abs=8)
    meter.restart()
    after = meter.mebibytes()
    assert after is not None
    assert after < 16
