"""The YAML that reproduces weights, read as strictly as it is documented.

Defaults are those SGZ publishes; a method's own `recipe.yaml` says where it differs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

import yaml

from relume.data.options import build, call
from relume.errors import ContractError, UnreadableError
from relume.train.recipe_data import Darkened, Data, Source
from relume.train.recipe_training import Optimiser, Training

__all__ = [
    "Darkened",
    "Data",
    "Optimiser",
    "Recipe",
    "Source",
    "Training",
    "call",
    "read_recipe",
    "write_recipe",
]


LENGTHS = ("epochs", "steps", "minutes")
"""How long a training lasts, under `training`."""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides about the weights, except the pictures themselves."""

    method: str
    network: dict[str, Any] = field(default_factory=dict[str, Any])
    """Arguments of the method's `Network`."""
    objective: dict[str, Any] = field(default_factory=dict[str, Any])
    """Arguments of the method's `Objective`."""
    data: Data = field(default_factory=Data)
    optimiser: Optimiser = field(default_factory=Optimiser)
    training: Training = field(default_factory=Training)


def read_recipe(path: Path, *, settings: Iterable[str] = ()) -> Recipe:
    """Read a recipe and apply `section.key=value` settings, values in YAML.

    A length that is set, epochs, steps or minutes, takes the place of the recipe's own.

    Raises: UnreadableError when it is no YAML; UnknownNameError for a key that does not exist;
    ContractError for a value of another type, or steps and minutes both.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UnreadableError(f"{path}: not a recipe: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise UnreadableError(f"{path}: not a recipe: expected sections, got {content!r:.60}")
    tree = cast("dict[str, Any]", content)
    changes = tuple(settings)
    for setting in changes:
        _apply(tree, setting)
    _settle_length(tree, {change.partition("=")[0].strip() for change in changes})
    if "method" not in tree:
        raise ContractError(f"{path}: a recipe needs a line 'method: NAME'")
    return build(Recipe, tree, where="recipe")


def _settle_length(tree: dict[str, Any], changed: set[str]) -> None:
    """Let go of what the recipe says of its length where a user says it otherwise."""
    training = tree.get("training")
    if not isinstance(training, dict):
        return
    section = cast("dict[str, Any]", training)
    given = [name for name in LENGTHS if f"training.{name}" in changed and section.get(name)]
    if {"steps", "minutes"} <= set(given):
        raise ContractError("--set training.steps and training.minutes: choose one of them")
    for name in ("steps", "minutes"):
        if given and name not in given and name in section:
            section[name] = 0


def write_recipe(recipe: Recipe) -> str:
    """Return a recipe as YAML."""
    return yaml.safe_dump(_plain(asdict(recipe)), sort_keys=False, allow_unicode=True)


def _apply(tree: dict[str, Any], setting: str) -> None:
    path, equals, text = setting.partition("=")
    keys = path.strip().split(".")
    if not equals or not all(keys):
        raise ContractError(f"--set {setting}: expected section.key=value")
    for key in keys[:-1]:
        inner = tree.setdefault(key, {})
        if not isinstance(inner, dict):
            raise ContractError(f"--set {setting}: {key} is not a section")
        tree = cast("dict[str, Any]", inner)
    try:
        tree[keys[-1]] = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ContractError(f"--set {setting}: the value is not YAML") from error


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in cast("dict[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in cast("list[Any]", value)]
    return value
