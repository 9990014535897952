"""Run the command line in this process; `command.run` does it in a process of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from e2e.command import Call, Ended


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def relume(folder: Path, capfd: pytest.CaptureFixture[str]) -> Call:
    """Run a command in this process."""
    from relume.cli import main

    def call(*arguments: str) -> Ended:
        capfd.readouterr()
        code = main(arguments)
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return Ended(code, out, err)

    return call
