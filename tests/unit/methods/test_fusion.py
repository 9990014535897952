from __future__ import annotations

import numpy as np
from classical import night, run


def test_more_stops_are_brighter_and_nothing_clips():
    picture = night(0, (90, 120)) * np.float32(0.4)
    means = [run("fusion", picture, stops=s).mean() for s in (0, 1, 2, 3)]
    assert np.all(np.diff(means) > 0.01)


def test_highlights_are_kept():
    picture = night(1, (90, 120))
    picture[:, 60:] = np.linspace(0.6, 0.95, 60, dtype=np.float32)[None, :, None]
    result = run("fusion", picture)
    slope = np.diff(result[:, 70:110].mean(axis=(0, 2)))
    assert slope.min() > 0
