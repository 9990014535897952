"""The table of recipe keys in docs/training.md, written from the dataclasses.

python -m relume.train.reference docs/training.md
"""

from __future__ import annotations

import ast
import inspect
import sys
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

from relume.train.recipe import Darkened, Data, Optimiser, Source, Training

BEGIN, END = (
    "<!-- recipe keys: written by relume.train.reference -->",
    "<!-- end of recipe keys -->",
)
SECTIONS: dict[str, type] = {
    "data": Data,
    "data.sources[]": Source,
    "data.darkening": Darkened,
    "optimiser": Optimiser,
    "training": Training,
}


def meanings(kind: type) -> dict[str, str]:
    """Return what stands below each field of a dataclass, by the field's name."""
    body = ast.parse(inspect.getsource(kind)).body[0]
    assert isinstance(body, ast.ClassDef)
    found: dict[str, str] = {}
    for field, text in zip(body.body, body.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
        ):
            found[field.target.id] = " ".join(str(text.value.value).split())
    return found


def tables() -> str:
    """Return a table per section: key, default, meaning."""
    parts: list[str] = []
    for section, kind in SECTIONS.items():
        lines = [f"### `{section}`", "", "| key | default | meaning |", "|---|---|---|"]
        texts = meanings(kind)
        lines += [
            f"| `{each.name}` | {_default(each)} | {texts[each.name].replace('|', chr(92) + '|')} |"
            for each in fields(kind)
        ]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def refreshed(text: str) -> str:
    """Return a page with the tables between its markers brought up to date."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{tables()}\n\n{END}{after}"


def _default(each: Field[Any]) -> str:
    made = each.default_factory() if each.default_factory is not MISSING else each.default
    if each.name in ("sources", "darkening"):
        return "see below"
    if isinstance(made, tuple):
        return f"`[{', '.join(map(str, made))}]`"
    return f"`{made}`" if made != "" else "empty"


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(refreshed(page.read_text(encoding="utf-8")), encoding="utf-8")
