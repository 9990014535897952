"""Fifty damaged videos; `mutated.py` takes any number."""

from __future__ import annotations

import mutated


def test_damaged_videos_are_enhanced_or_refused_in_one_line():
    assert mutated.run(50, 0) == []
