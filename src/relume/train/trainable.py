"""Which methods can be trained; without torch, so that a wrong name shows at once."""

from __future__ import annotations

from pathlib import Path

from relume import methods
from relume.errors import ContractError


def trainable() -> tuple[str, ...]:
    """Return the names of the methods that have an objective."""
    return tuple(card.name for card in methods.cards() if _home(card.name) is not None)


def home_of(method: str) -> Path:
    """Return the folder with a method's objective and recipe.

    Raises: UnknownNameError; ContractError for a method that cannot be trained.
    """
    found = _home(method)
    if found is None:
        raise ContractError(
            f"{method} has nothing to learn; what can be trained: {', '.join(trainable())}"
        )
    return found


def _home(method: str) -> Path | None:
    file = methods.module(method).__file__
    home = Path(file).parent if file is not None else None
    return home if home is not None and (home / "objective.py").is_file() else None
