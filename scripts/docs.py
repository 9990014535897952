"""Write the generated parts of the documentation: the table of methods, docs/methods.md, pictures.

Usage: python scripts/docs.py [--check]      (--check only says whether the texts are up to date)
"""

from __future__ import annotations

import ast
import inspect
import sys
from pathlib import Path

import numpy as np

import relume
from relume import methods
from relume.card import Card

ROOT = Path(__file__).resolve().parents[1]
TABLES = ("methods", "numbers")
"""Parts of the README, each between a comment that opens and one that closes it."""
SET = "## lol-v1, 15 pictures, protocol plain"
"""The part of the leaderboard that the README shows."""


def table() -> str:
    """Return the README's table of methods."""
    lines = ["| method | kind | what it does | source |", "|---|---|---|---|"]
    for card in methods.cards():
        source = f"[{card.year}]({card.paper})" if card.paper else str(card.year or "")
        lines.append(f"| `{card.name}` | {card.kind} | {card.summary} | {source} |")
    return "\n".join(lines)


def section(card: Card) -> str:
    """Return a method's section of docs/methods.md: card, then its module's own account."""
    knobs = [
        f"| `{knob.name}` | {knob.default:g} | {knob.low:g} … {knob.high:g} | {knob.meaning} |"
        for knob in (*card.knobs, *card.built)
    ]
    head = ["| knob | default | range | meaning |", "|---|---|---|---|"] if knobs else ["No knobs."]
    made = (
        ["", "Another value than the default makes a graph of its own, once (extra `train`)."]
        if card.built
        else []
    )
    source = f"{card.year}, <{card.paper}>. " if card.paper else ""
    reach = "whole picture" if card.reach is None else f"{card.reach} px"
    facts = f"{source}Sees: {reach}. Cost: {card.cost}."
    if card.kind == "neural":
        account = f"Read on: [its README](../src/relume/methods/{card.name}/README.md)."
    else:
        module = methods.module(card.name)
        account = ast.get_docstring(ast.parse(inspect.getsource(module))) or ""
        account = f"```text\n{account}\n```"
    title = f"## {card.name}: {card.title}"
    return "\n".join(
        [title, "", card.summary, "", facts, "", *head, *knobs, *made, "", account, ""]
    )


def page() -> str:
    """Return docs/methods.md."""
    intro = (
        "# Methods\n\nEvery method, its knobs, and what it computes, from its own card and module. "
        "Written by `scripts/docs.py`.\n"
    )
    return "\n".join([intro, *(section(card) for card in methods.cards())])


def numbers() -> str:
    """Return the README's part of the leaderboard: PSNR, SSIM and seconds on one set."""
    text = (ROOT / "benchmarks" / "leaderboard.md").read_text(encoding="utf-8")
    part = text.split(SET)[1].split("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("|")]
    head, _, *body = rows
    wanted = [0, *(head.index(name) for name in ("psnr ↑", "ssim-gauss11 ↑", "s"))]
    body.sort(key=lambda row: -float(row[wanted[1]].split(" ")[0].rstrip("\\*≈")))
    lines = ["| method | PSNR, dB | SSIM | seconds |", "|---|--:|--:|--:|"]
    lines += ["| " + " | ".join(row[column] for column in wanted) + " |" for row in body]
    return "\n".join(lines)


def readme() -> str:
    """Return the README with its generated parts as they should be."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, make in zip(TABLES, (table, numbers), strict=True):
        start, end = f"<!-- {name}: written by scripts/docs.py -->", f"<!-- end of {name} -->"
        before, rest = text.split(start)
        text = f"{before}{start}\n{make()}\n{end}{rest.split(end)[1]}"
    return text


def before_and_after() -> None:
    """Write the README's picture: an example as it is, and what `auto` makes of it."""
    low = relume.read(ROOT / "examples" / "cat.jpg").pixels
    pair = np.concatenate([low, np.full_like(low[:, :8], 255), relume.enhance(low)], axis=1)
    relume.write(relume.Photo(pair), ROOT / "docs" / "pictures" / "cat.jpg", quality=90)


def main() -> int:
    """Write the texts and the picture, or say which text is out of date."""
    wanted = {ROOT / "README.md": readme(), ROOT / "docs" / "methods.md": page()}
    if "--check" in sys.argv[1:]:
        old = [
            path.name
            for path, text in wanted.items()
            if not path.exists() or path.read_text(encoding="utf-8") != text
        ]
        if old:
            print(f"out of date: {', '.join(old)}; run: python scripts/docs.py")
        return 1 if old else 0
    for path, text in wanted.items():
        path.write_text(text, encoding="utf-8")
    before_and_after()
    return 0


if __name__ == "__main__":
    sys.exit(main())
