"""`methods`, `compare`, `verify`, `doctor`, help and completion."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from e2e.command import COMMAND, Call, put_photo
from relume import __version__, methods
from relume.card import from_json
from relume.cli import app, verbs
from relume.errors import WeightsError
from relume.proof import verify


def test_methods_lists_every_card(relume: Call) -> None:
    ended = relume("methods")
    assert ended.code == 0
    for card in methods.cards():
        assert card.name in ended.out
        assert all(knob.name in ended.out for knob in card.knobs)


def test_methods_json_is_the_cards(relume: Call) -> None:
    told = json.loads(relume("methods", "--json").out)
    assert [from_json(json.dumps(card)) for card in told] == list(methods.cards())


def test_one_method_in_full(relume: Call) -> None:
    card = methods.card("gamma")
    ended = relume("methods", "gamma")
    for text in (card.title, card.summary, card.cost, card.knobs[0].meaning):
        assert text in ended.out
    assert [card["name"] for card in json.loads(relume("methods", "gamma", "--json").out)] == [
        "gamma"
    ]
    ended = relume("methods", "gama")
    assert ended.code == 2
    assert "did you mean gamma" in ended.complaint


def test_compare_draws_a_sheet(relume: Call) -> None:
    put_photo("a.jpg", height=90, width=120)
    ended = relume("compare", "a.jpg", "-o", "sheet.png", "--methods", "gamma,identity")
    assert ended.code == 0
    assert [line.split(",")[0] for line in ended.out.splitlines()] == ["input", "gamma", "identity"]
    assert ended.out.splitlines()[1].endswith(" ms")
    with Image.open("sheet.png") as sheet:
        assert sheet.width >= 200
    ended = relume("compare", "a.jpg", "-o", "sheet.png", "--methods", "gamma")
    assert ended.code == 2
    assert "--overwrite" in ended.complaint
    assert (
        relume("compare", "a.jpg", "-o", "sheet.png", "--methods", "gamma", "--overwrite").code == 0
    )


def test_compare_shows_auto_first_and_leaves_out_what_is_slow(
    relume: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_photo("a.png", height=60, width=80)
    names = ("gamma", "lime")
    monkeypatch.setattr(methods, "cards", lambda: tuple(map(methods.card, names)))
    ended = relume("compare", "a.png", "-o", "sheet.png")
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert [line.split(",")[0].split(":")[0] for line in lines if "chooses" not in line] == [
        *("input", "auto", "gamma", "lime")
    ]
    assert lines[2].startswith("auto chooses ")
    monkeypatch.setattr("relume.cli.compare.PATIENCE", 0.0)
    ended = relume("compare", "a.png", "-o", "few.png")
    assert ended.out.endswith(
        "left out, over 0 s each: auto, gamma, lime; --methods all shows them\n"
    )


def test_compare_tells_a_terminal_what_it_tries(
    relume: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_photo("a.png", height=60, width=80)
    words = ("compare", "a.png", "--methods", "gamma,he")
    assert relume(*words, "-o", "quiet.png").err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    ended = relume(*words, "-o", "told.png")
    assert ended.code == 0
    told = [part for part in ended.err.replace("\x1b[K", "").split("\r") if part]
    assert told == ["gamma (1 of 2) …", "he (2 of 2) …"]
    assert ended.err.endswith("\r\x1b[K")


@pytest.mark.parametrize("verb", [("verify", "gamma"), ("enhance", "a.png", "-m")])
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("sgz.pt", "TorchScript"),
        ("runs/last.ckpt", "`relume export runs/last.ckpt -o mine.onnx`"),
        ("Epoch99.pth", "import-weights METHOD Epoch99.pth"),
        ("first.safetensors", "named as a checkpoint"),
        ("a.png", "a.png is a file that holds no method"),
        ("some", "some is a folder; name a method, or a model file"),
    ],
)
def test_a_file_that_is_no_model_is_told_as_what_it_is(
    relume: Call, verb: tuple[str, ...], name: str, words: str
) -> None:
    put_photo("a.png")
    Path("some").mkdir()
    ended = relume(*verb, name)
    assert (ended.code, ended.out) == (2, "")  # nothing else was checked before
    assert words in ended.complaint


def test_compare_tells_such_a_file_too(relume: Call) -> None:
    put_photo("a.png")
    ended = relume("compare", "a.png", "-o", "s.png", "--methods", "gamma,sgz.pt")
    assert ended.code == 2
    assert "TorchScript" in ended.complaint


def test_compare_takes_all_classical_methods(relume: Call) -> None:
    put_photo("a.png", height=60, width=80)
    names = [card.name for card in methods.cards() if card.kind == "classical"]
    ended = relume("compare", "a.png", "-o", "sheet.jpg", "--methods", ",".join(names))
    assert (ended.code, ended.err) == (0, "")
    assert len(ended.out.splitlines()) == 1 + len(names)


def test_compare_shows_what_failed_and_ends_with_one(relume: Call) -> None:
    put_photo("a.jpg")
    ended = relume("compare", "a.jpg", "-o", "sheet.png", "--methods", "gamma,absent.onnx")
    assert ended.code == 1
    assert "absent.onnx" in ended.complaint
    assert "absent.onnx failed" in ended.out
    assert Path("sheet.png").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("a.jpg", "-o", "a.jpg", "--overwrite"), 2, "is the input"),
        (("a.jpg", "-o", "link.jpg", "--overwrite"), 2, "is the input"),
        (("a.jpg", "-o", "s.png", "--methods", "gama"), 2, "did you mean gamma"),
        (("a.jpg", "-o", "s.xyz", "--methods", "gamma"), 1, ".xyz"),
        (("a.jpg", "-o", "none/s.png", "--methods", "gamma"), 1, "none/s.png"),
        (("absent.jpg", "-o", "s.png", "--methods", "gamma"), 1, "absent.jpg"),
        (("a.jpg", "--methods", "gamma"), 2, "--output"),
        (("a.jpg", "-o", "s.png", "--size", "5"), 2, "--size"),
    ],
)
def test_compare_refuses(relume: Call, arguments: tuple[str, ...], code: int, said: str) -> None:
    put_photo("a.jpg")
    Path("link.jpg").symlink_to("a.jpg")
    ended = relume("compare", *arguments)
    assert ended.code == code
    assert said in ended.complaint
    assert sorted(path.name for path in Path().iterdir()) == ["a.jpg", "link.jpg"]


def test_verify_passes_and_tells_its_limits(relume: Call) -> None:
    ended = relume("verify", "gamma")
    assert ended.code == 0
    assert "passed" in ended.out
    (check,) = json.loads(relume("verify", "gamma", "--json").out)
    assert check["passed"] is True
    assert check["error"] <= check["limit"]
    assert relume("verify", "gama").code == 2


def test_verify_ends_with_one_when_a_check_fails(
    relume: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(name: str, file: str) -> bytes:
        raise WeightsError(f"{name}: not the published ones")

    monkeypatch.setattr(verify.weights, "read_published", damaged)
    neural = next(card.name for card in methods.cards() if card.kind == "neural")
    ended = relume("verify", neural)
    assert ended.code == 1
    assert "FAILED" in ended.out
    checks = json.loads(relume("verify", neural, "--json").out)
    assert not any(check["passed"] for check in checks)


def test_doctor_names_versions_and_extras(relume: Call) -> None:
    ended = relume("doctor")
    assert "onnxruntime" in ended.out
    findings = json.loads(relume("doctor", "--json").out)
    assert {"versions", "engines", "renderer", "machine", "extras"} <= {
        finding["topic"] for finding in findings
    }
    assert ended.code == int(any(finding["fault"] for finding in findings))


def test_version(relume: Call) -> None:
    ended = relume("--version")
    assert (ended.code, ended.out) == (0, f"relume {__version__}\n")


def test_help_lists_every_verb(relume: Call) -> None:
    for arguments in ((), ("--help",), ("-h",)):
        ended = relume(*arguments)
        assert ended.code == 0
        assert ended.err == ""
        assert all(f"  {verb} " in ended.out for verb in verbs())
        assert "..." not in ended.out.split("Commands:")[1]


@pytest.mark.parametrize("verb", verbs())
def test_every_verb_explains_itself_with_examples(relume: Call, verb: str) -> None:
    ended = relume(verb, "--help")
    assert ended.code == 0
    _, _, examples = ended.out.partition("Examples:\n")
    assert examples.strip()
    assert any(f"relume {verb}" in line for line in examples.splitlines())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("enhnace",), "did you mean enhance"),
        (("--brighter",), "--brighter"),
        (("methods", "gamma", "sgz"), "unexpected extra argument"),
    ],
)
def test_wrong_words_are_one_line(relume: Call, arguments: tuple[str, ...], said: str) -> None:
    ended = relume(*arguments)
    assert ended.code == 2
    assert said in ended.complaint


def test_the_app_is_an_ordinary_typer_app(folder: Path) -> None:
    put_photo("a.jpg")
    result = CliRunner().invoke(app, ["enhance", "a.jpg", "-m", "gamma"])
    assert result.exit_code == 0
    assert Path("a.relume.jpg").exists()


def test_help_is_light() -> None:
    code = (
        "import sys; from relume.cli import main; main(['--help']);"
        "print([m for m in ('numpy', 'onnxruntime', 'torch', 'PIL', 'pyvips') if m in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("relume enh", "enhance"),
        ("relume enhance -m gam", "gamma"),
        ("relume methods ident", "identity"),
        ("relume enhance -m gamma -k ", "gamma="),
    ],
)
def test_shells_complete(line: str, expected: str) -> None:
    words = line.split(" ")
    ended = subprocess.run(
        [*COMMAND],
        env={
            **os.environ,
            "_RELUME_COMPLETE": "complete_bash",
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(words) - 1),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert expected in ended.stdout.split()


def test_completion_script_is_shown(relume: Call) -> None:
    ended = subprocess.run(
        [*COMMAND, "--show-completion"],
        env={**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    # Without a shell to detect, the option wants its name.
    assert "Traceback" not in ended.stderr
