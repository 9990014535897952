"""docs/architecture.md leads to what it names: files that are there, and the answers to questions.

A reader who has only that page should find the file for each of QUESTIONS; that its words lead
there is for people to try, that what they lead to is there is checked here.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import relume

PAGE = Path(__file__).parents[2] / "docs" / "architecture.md"
PACKAGE = Path(str(relume.__file__)).parent

QUESTIONS = (
    ("Where is a new engine entered?", "engines/table.py", r"^_ENGINES = \{"),
    ("Where does a new image format go?", "io/formats/", r"^CODEC = Codec\("),
    ("Where does a new verb go?", "cli/", r"^EXAMPLES = "),
    ("Which file cuts a picture into tiles?", "tiles/cutter.py", r"^def tiles\("),
    ("Which file says what a second run skips?", "runs/resume.py", r"^    def judge\("),
)
"""Question, the answer as the page names it, and what stands there."""


def rows() -> list[tuple[str, str]]:
    """Return what the table "Where things are" names, and what it says of it."""
    _, _, rest = PAGE.read_text(encoding="utf-8").partition("## Where things are")
    table, _, _ = rest.partition("\n## ")
    return re.findall(r"^\| (`.*?) \| (.*) \|$", table, re.MULTILINE)


def named(cell: str) -> list[str]:
    """Return the places of a cell; a name without a folder lies beside the one before it."""
    places: list[str] = []
    for name in re.findall(r"`([^`]+)`", cell):
        beside = places and "/" not in name and not (PACKAGE / name).exists()
        places.append(str(Path(places[-1]).parent / name) if beside else name)
    return places


def test_everything_named_is_there() -> None:
    found = [place for cell, _ in rows() for place in named(cell)]
    assert len(found) > 100
    roots = (PACKAGE, PAGE.parents[1])
    assert [place for place in found if not any((root / place).exists() for root in roots)] == []


@pytest.mark.parametrize(("question", "answer", "holds"), QUESTIONS)
def test_questions_have_answers(question: str, answer: str, holds: str) -> None:
    assert any(answer in re.findall(r"`([^`]+)`", cell) for cell, _ in rows()), question
    place = PACKAGE / answer
    files = [place] if place.is_file() else [*place.glob("[a-z]*.py")]
    assert files, question
    for file in files:
        assert re.search(holds, file.read_text(encoding="utf-8"), re.MULTILINE), (
            f"{file} {question}"
        )
