"""The pages of the site: those of the navigation, every public name on one, no link astray."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import relume

ROOT = Path(__file__).parents[2]


@pytest.fixture
def pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    spec = importlib.util.spec_from_file_location("site_pages", ROOT / "scripts" / "site.py")
    assert spec is not None
    assert spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "PAGES", tmp_path / "pages")
    module.main()
    return tmp_path / "pages"


def listed(navigation: Any) -> set[str]:
    """Return the pages of a navigation."""
    if isinstance(navigation, str):
        return {navigation}
    parts = navigation.values() if isinstance(navigation, dict) else navigation
    return set().union(*(listed(part) for part in parts))


def test_pages_are_found(pages: Path) -> None:
    settings = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]
    there = {path.relative_to(pages).as_posix() for path in pages.rglob("*.md")}
    assert there >= listed(settings["nav"])
    assert {page for page in there if "/" in page} <= listed(settings["nav"])
    reference = (pages / "reference.md").read_text(encoding="utf-8")
    public = {name for name in relume.__all__ if not name.startswith("_")}
    assert set(re.findall(r"::: relume\.(\w+)", reference)) == public


def test_links_lead_to_pages(pages: Path) -> None:
    for page in pages.rglob("*.md"):
        for target in re.findall(r"\]\(([^)\s#]+)", page.read_text(encoding="utf-8")):
            if not re.match(r"\w+:", target):
                assert (page.parent / target).exists(), f"{page}: {target}"
