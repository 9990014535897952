"""What `--watch` needs is asked for before anything is enhanced."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from e2e.command import Call, put_photo
from relume.extras import pip_line


def test_what_cannot_be_watched_is_told_before_anything_is_enhanced(
    relume: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_photo("d/a.jpg")
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    ended = relume("enhance", "d", "-o", "out", "-m", "gamma", "--watch")
    assert (ended.code, ended.out) == (1, "")
    assert pip_line("watch") in ended.complaint
    ended = relume("enhance", "d/a.jpg", "-o", "out", "-m", "gamma", "--watch")
    assert ended.code == 2
    assert "--watch wants folders" in ended.complaint
    assert not Path("out").exists()
