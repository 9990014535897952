"""Plug-ins go where the editor looks, and over nothing that is not ours."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from relume.editors.install import PLUGINS, RECEIPT, install, plugin, steps
from relume.errors import ContractError, UnknownNameError, UnwritableError


@pytest.mark.parametrize("name", PLUGINS)
def test_installs_and_installs_again(name: str, tmp_path: Path) -> None:
    chosen, place = plugin(name), tmp_path / "plug-ins"
    first = steps(chosen, place)
    install(chosen, first, place)
    assert all(step.path.read_bytes() == step.content for step in first)
    install(chosen, steps(chosen, place), place)
    assert set(json.loads((place / RECEIPT).read_text())) == {
        step.path.relative_to(place).as_posix() for step in first
    }


def test_an_older_version_of_ours_is_replaced_and_a_changed_one_is_not(tmp_path: Path) -> None:
    chosen = plugin("darktable")
    install(chosen, steps(chosen, tmp_path), tmp_path)
    script = tmp_path / "relume.lua"
    script.write_text("-- of yesterday")
    with pytest.raises(UnwritableError, match="not as relume left it"):
        steps(chosen, tmp_path)
    from hashlib import sha256

    digest = sha256(script.read_bytes()).hexdigest()
    (tmp_path / RECEIPT).write_text(json.dumps({"relume.lua": digest}))
    for other in ("relume_ai.lua", "relume_command.lua"):
        (tmp_path / other).unlink()
    install(chosen, steps(chosen, tmp_path), tmp_path)
    assert script.read_text().startswith("--[[")


def test_a_foreign_file_is_kept(tmp_path: Path) -> None:
    foreign = tmp_path / "relume" / "relume.py"
    foreign.parent.mkdir()
    foreign.write_text("mine")
    with pytest.raises(UnwritableError):
        steps(plugin("gimp"), tmp_path)
    assert foreign.read_text() == "mine"


@pytest.mark.skipif(os.name != "posix", reason="pipes and links are POSIX's")
@pytest.mark.parametrize("kind", ["pipe", "link to nothing", "link to a foreign file", "folder"])
def test_what_is_no_file_of_ours_is_kept(tmp_path: Path, kind: str) -> None:
    place, there, other = tmp_path / "lua", tmp_path / "lua" / "relume.lua", tmp_path / "mine.lua"
    place.mkdir()
    if kind == "pipe":
        os.mkfifo(there)
    elif kind == "folder":
        there.mkdir()
    else:
        there.symlink_to(other)
    if kind == "link to a foreign file":
        other.write_text("mine")
    with pytest.raises(UnwritableError, match="not as relume left it"):
        steps(plugin("darktable"), place)
    assert [path.name for path in place.iterdir()] == ["relume.lua"]
    assert other.exists() == (kind == "link to a foreign file")


@pytest.mark.parametrize("content", [None, "mine", "[1]"])
def test_a_foreign_receipt_is_kept(tmp_path: Path, content: str | None) -> None:
    receipt = tmp_path / RECEIPT
    if content is None:
        receipt.mkdir()
    else:
        receipt.write_text(content)
    with pytest.raises(UnwritableError, match="no list of what relume installed"):
        steps(plugin("darktable"), tmp_path)
    assert content is None or receipt.read_text() == content


@pytest.mark.skipif(os.name != "posix", reason="rights are POSIX's")
def test_gimp_starts_only_what_may_be_executed(tmp_path: Path) -> None:
    chosen = plugin("gimp")
    install(chosen, steps(chosen, tmp_path), tmp_path)
    assert os.access(tmp_path / "relume" / "relume.py", os.X_OK)
    facts = json.loads((tmp_path / "relume" / "relume.json").read_text())
    assert facts["command"][0] == sys.executable


def test_gimp_takes_the_newest_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    assert plugin("gimp").folder() == tmp_path / "GIMP" / "3.0" / "plug-ins"
    for version in ("2.10", "3.0", "3.2", "3.10"):
        (tmp_path / "GIMP" / version).mkdir(parents=True)
    assert plugin("gimp").folder() == tmp_path / "GIMP" / "3.10" / "plug-ins"


def test_an_editor_without_a_place_needs_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    with pytest.raises(ContractError, match="--folder"):
        steps(plugin("comfyui"), None)
    with pytest.raises(UnknownNameError, match="gimp"):
        plugin("gmp")
