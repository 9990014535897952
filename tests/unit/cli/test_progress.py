"""How far long work is told: rarely where lines stay, in place on a terminal."""

from __future__ import annotations

import sys

import pytest

from relume.cli import _progress
from relume.export.saying import telling


def test_a_log_gets_a_line_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    times = iter([0.0, 4.0, 12.0, 15.0, 31.0])
    monkeypatch.setattr(_progress, "monotonic", lambda: next(times))
    with _progress.told() as say:
        assert list(telling("abcd", say, "searching", "layer")) == ["a", "b", "c", "d"]
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "searching: layer 2 of 4, 12 s\nsearching: layer 4 of 4, 31 s\n"


def test_on_a_terminal_a_line_takes_the_place_of_another(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    times = iter([0.0, 0.1, 12.0, 13.0])
    monkeypatch.setattr(_progress, "monotonic", lambda: next(times))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with _progress.told() as say:
        for line in ("soon", "a long line", "short"):
            say(line)
    assert capsys.readouterr().err == "\ra long line, 12 s\rshort, 13 s      \r" + 11 * " " + "\r"
