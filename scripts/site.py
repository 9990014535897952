"""Gather the documentation's pages in build/pages, for zensical to make a site of.

Pages are docs/*.md, the README, CONTRIBUTING, the CHANGELOG, the READMEs of the methods, and one
that shows every public name of relume from its docstring. A link to a page leads to it, a picture
comes along, and a link to a file of the source is left as its text.

Usage: python scripts/site.py && zensical build --clean --strict
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import relume
from relume import methods

ROOT = Path(__file__).resolve().parents[1]
PAGES = ROOT / "build" / "pages"
PICTURES = (".jpg", ".jpeg", ".png", ".svg", ".webp", ".gif")
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s#]+)(#[^)\s]*)?\)")


def sources() -> dict[Path, str]:
    """Return every page's file → its place in the site."""
    found = {
        ROOT / "README.md": "index.md",
        ROOT / "CONTRIBUTING.md": "contributing.md",
        ROOT / "CHANGELOG.md": "changes.md",
    }
    docs = ROOT / "docs"
    found |= {path: path.relative_to(docs).as_posix() for path in sorted(docs.rglob("*.md"))}
    for name in methods.names():
        readme = Path(str(methods.module(name).__file__)).parent / "README.md"
        if readme.parent.name == name and readme.is_file():
            found[readme] = f"methods/{name}.md"
    return found


def rewritten(text: str, source: Path, place: str, places: dict[Path, str]) -> str:
    """Return a page's text with links that lead to pages of the site, or to nothing else."""
    here = Path(place).parent

    def lead(match: re.Match[str]) -> str:
        mark, shown, target, anchor = match.groups()
        if re.match(r"\w+:", target):
            return match[0]
        path = Path(os.path.normpath(source.parent / target))
        if path in places:
            return f"[{shown}]({os.path.relpath(places[path], here)}{anchor or ''})"
        if path.suffix.lower() in PICTURES and path.is_file():
            copied = PAGES / "pictures" / path.name
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copied)
            return f"{mark}[{shown}]({os.path.relpath(f'pictures/{path.name}', here)})"
        return shown

    return _LINK.sub(lead, text)


def reference() -> str:
    """Return the page of every public name."""
    names = (name for name in relume.__all__ if not name.startswith("_"))
    head = "# Reference\n\nEverything public of `relume`, from its docstrings."
    return "\n\n".join([head, *(f"::: relume.{name}" for name in sorted(names, key=str.lower))])


def main() -> None:
    """Write every page anew."""
    shutil.rmtree(PAGES, ignore_errors=True)
    places = sources()
    texts = {
        place: (source.read_text(encoding="utf-8"), source) for source, place in places.items()
    }
    for place, (text, source) in texts.items():
        page = PAGES / place
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(rewritten(text, source, place, places), encoding="utf-8")
    listed = (ROOT / "zensical.toml").read_text(encoding="utf-8")
    for place in places.values():
        if f'"{place}"' not in listed:
            print(
                f"{place}: not in the navigation of zensical.toml, found by links and search only"
            )
    (PAGES / "reference.md").write_text(reference() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
