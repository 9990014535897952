"""Put a plug-in where its editor looks, and never over a file that is not ours.

Beside the files lies a receipt with their sha256: what differs from it was changed by somebody, or
was never ours, and is refused.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

from relume import methods
from relume.errors import ContractError, UnknownNameError, UnwritableError
from relume.io.atomic import replacing

RECEIPT = ".relume-installed.json"
_METHOD = "relume"


@dataclass(frozen=True)
class Plugin:
    """What is installed for one editor."""

    editor: str
    files: tuple[str, ...]
    """Among the package's own, below the editor's folder."""
    folder: Callable[[], Path | None]
    """Where the editor looks here; None where nobody can know."""
    facts: Callable[[], Mapping[str, str]]
    """Further files, by name, that say where the command is."""
    hint: str
    """What is left to do, one line."""


@dataclass(frozen=True)
class Step:
    """One file of an installation."""

    path: Path
    content: bytes
    executable: bool = False


def plugin(name: str) -> Plugin:
    """Return the plug-in for an editor. Raises: UnknownNameError."""
    if name not in PLUGINS:
        raise UnknownNameError.of("editor", name, PLUGINS)
    return PLUGINS[name]


def steps(chosen: Plugin, folder: Path | None) -> list[Step]:
    """Return what would be written, into `folder` or where the editor looks.

    Raises: ContractError where no folder is known; UnwritableError for a file that is not ours.
    """
    place = folder or chosen.folder()
    if place is None:
        raise ContractError(f"{chosen.editor}: its folder is not known here; name it by --folder")
    source = files("relume.editors") / chosen.editor
    found = [
        Step(place / name, source.joinpath(*name.split("/")).read_bytes(), name.endswith(".py"))
        for name in chosen.files
    ]
    found += [Step(place / name, text.encode()) for name, text in chosen.facts().items()]
    known = _receipt(place)
    for step in found:
        if os.path.lexists(step.path) and not _is_ours(step, known):
            raise UnwritableError(
                f"{step.path} is there and not as relume left it: move it away, then install again"
            )
    return found


def install(chosen: Plugin, found: list[Step], folder: Path | None) -> None:
    """Write the files, and the receipt last. Raises: UnwritableError."""
    place = folder or chosen.folder()
    assert place is not None  # steps() has asked
    for step in found:
        try:
            step.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UnwritableError(f"{step.path.parent}: {error.strerror or error}") from error
        with replacing(step.path) as file:
            file.write(step.content)
        if step.executable:
            step.path.chmod(0o755)
    kept = {
        **_receipt(place),
        **{_named(step.path, place): _digest(step.content) for step in found},
    }
    with replacing(place / RECEIPT) as file:
        file.write(json.dumps(kept, indent=1, sort_keys=True).encode())


def _is_ours(step: Step, known: Mapping[str, str]) -> bool:
    if not step.path.is_file():  # a folder, a link that leads nowhere, a pipe that nobody fills
        return False
    try:
        content = step.path.read_bytes()
    except OSError:
        return False
    return content == step.content or _digest(content) in known.values()


def _receipt(place: Path) -> dict[str, str]:
    """Raises: UnwritableError for what has its name and is none."""
    receipt = place / RECEIPT
    if not os.path.lexists(receipt):
        return {}
    try:
        content: Any = json.loads(receipt.read_text("utf-8")) if receipt.is_file() else None
    except (OSError, ValueError):
        content = None
    if not isinstance(content, dict):
        raise UnwritableError(
            f"{receipt} is there and no list of what relume installed: move it away, then install "
            "again"
        )
    return {str(name): str(value) for name, value in content.items()}


def _named(path: Path, place: Path) -> str:
    return path.relative_to(place).as_posix()


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def _words() -> list[str]:
    return [sys.executable, "-m", "relume.cli"]


def _gimp_facts() -> Mapping[str, str]:
    knobs = [asdict(knob) for knob in methods.card(_METHOD).knobs]
    facts = {"command": _words(), "method": _METHOD, "knobs": knobs}
    return {"relume/relume.json": json.dumps(facts, indent=1)}


def _darktable_facts() -> Mapping[str, str]:
    words = ", ".join(json.dumps(word, ensure_ascii=False) for word in _words())
    return {"relume_command.lua": f"return {{ {words} }}\n"}


def _no_facts() -> Mapping[str, str]:
    return {}


def _settings() -> Path:
    """Return where programs keep their settings for this user."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming")
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")


def _gimp_folder() -> Path:
    place = _settings() / "GIMP"
    there = sorted(
        (folder for folder in place.glob("3.*") if folder.name[2:].isdigit()),
        key=lambda folder: int(folder.name[2:]),
    )
    return (there[-1] if there else place / "3.0") / "plug-ins"


def _darktable_folder() -> Path:
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "darktable" / "lua"
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "darktable" / "lua"


def _comfyui_folder() -> Path | None:
    nodes = Path.home() / "ComfyUI" / "custom_nodes"
    return nodes if nodes.is_dir() else None


PLUGINS: Mapping[str, Plugin] = {
    "darktable": Plugin(
        "darktable",
        ("relume.lua", "relume_ai.lua", "relume_shared.lua"),
        _darktable_folder,
        _darktable_facts,
        'add the line  require "relume"  to the file luarc in the folder above, and start '
        "darktable again",
    ),
    "gimp": Plugin(
        "gimp",
        ("relume/relume.py",),
        _gimp_folder,
        _gimp_facts,
        "start GIMP again: Colors → More light (relume)",
    ),
    "comfyui": Plugin(
        "comfyui",
        ("relume/__init__.py", "relume/nodes.py", "relume/pyproject.toml",
         "relume/requirements.txt"),
        _comfyui_folder,
        _no_facts,
        "install relume into ComfyUI's own Python, and start it again: image/adjust → More light",
    ),
}  # fmt: skip
