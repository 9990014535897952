"""Exit codes and the one line that says why."""

from __future__ import annotations

from types import ModuleType

import pytest

from relume import cli
from relume.errors import (
    ContractError,
    MissingExtraError,
    TooLargeError,
    UnknownNameError,
    UnreadableError,
    UnwritableError,
    WeightsError,
)


def fail_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Make the verb `methods` raise."""
    module = ModuleType("relume.cli.methods")

    def methods() -> None:
        """Fail."""
        raise error

    vars(module)["methods"] = methods
    monkeypatch.setattr(cli, "import_module", lambda name: module)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UnknownNameError("no such name"), 2),
        (ContractError("out of range"), 2),
        (UnreadableError("not a picture"), 1),
        (UnwritableError("no place"), 1),
        (TooLargeError("too large"), 1),
        (WeightsError("unsound"), 1),
        (MissingExtraError("pip install"), 1),
    ],
)
def test_known_errors_are_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    code: int,
) -> None:
    fail_with(monkeypatch, error)
    assert cli.main(["methods"]) == code
    assert capsys.readouterr().err == f"relume: {error.args[0]}\n"


@pytest.mark.parametrize("debug", ["", "1"])
def test_unexpected_errors_ask_for_a_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], debug: str
) -> None:
    monkeypatch.setenv("RELUME_DEBUG", debug)
    fail_with(monkeypatch, ZeroDivisionError("by\nnothing"))
    assert cli.main(["methods"]) == 1
    err = capsys.readouterr().err
    assert err.splitlines()[-1].startswith("relume: unexpected ZeroDivisionError: by nothing; ")
    assert ("Traceback" in err) == (debug == "1")


def test_an_interruption_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fail_with(monkeypatch, KeyboardInterrupt())
    assert cli.main(["methods"]) == 130
    assert capsys.readouterr().err == "relume: interrupted\n"


def test_running_out_of_memory_names_ways_out() -> None:
    assert "--jobs 1" in cli.explain(MemoryError())


def test_every_module_of_the_folder_is_a_verb() -> None:
    assert {"compare", "doctor", "enhance", "methods", "verify"} <= set(cli.verbs())
    assert not any(name.startswith("-") or "_" in name for name in cli.verbs())


@pytest.mark.parametrize(
    ("text", "shown"),
    [("plain × ä", "plain × ä"), ("a\nb\tc", "a b c"), ("\x1b[31m", "�[31m"), ("a  b", "a  b")],
)
def test_text_from_outside_stays_on_one_line(text: str, shown: str) -> None:
    assert cli.clean(text) == shown


def test_a_name_is_said_once() -> None:
    assert cli.named("a.jpg", "is empty") == "a.jpg: is empty"
    assert cli.named("a.jpg", "a.jpg: is empty") == "a.jpg: is empty"
