"""Any optimiser of torch by its name, with errors that name what it cannot take."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from relume.errors import ContractError, UnknownNameError
from relume.train.recipe_training import Optimiser

UNFIT = ("LBFGS", "SparseAdam")
"""Optimisers that need the objective as a function, or sparse gradients."""


def names() -> tuple[str, ...]:
    """Return the names of all optimisers, as torch spells them."""
    found = (
        name
        for name, kind in vars(torch.optim).items()
        if inspect.isclass(kind) and issubclass(kind, Optimizer) and kind is not Optimizer
    )
    return tuple(sorted(name for name in found if name not in UNFIT))


def spelt(name: str) -> str:
    """Return the name as torch spells it.

    Raises: UnknownNameError with the nearest names.
    """
    by_case = {known.lower(): known for known in names()}
    if name.lower() not in by_case:
        raise UnknownNameError.of("optimiser", name, names())
    return by_case[name.lower()]


def make_optimiser(parameters: Sequence[nn.Parameter], optimiser: Optimiser) -> Optimizer:
    """Build the optimiser of a recipe.

    Raises: UnknownNameError for a name or option that does not exist; ContractError for a value
    the optimiser refuses.
    """
    kind: Any = getattr(torch.optim, spelt(optimiser.name))
    known = [name for name in inspect.signature(kind).parameters if name not in ("params", "lr")]
    for option in optimiser.options:
        if option not in known:
            raise UnknownNameError.of(f"option of {kind.__name__}", option, known)
    options: dict[str, Any] = dict(optimiser.options)
    if "weight_decay" in known:
        options.setdefault("weight_decay", optimiser.weight_decay)
    options = {k: tuple(v) if isinstance(v, list) else v for k, v in options.items()}
    try:
        return kind(parameters, lr=optimiser.learning_rate, **options)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ContractError(f"recipe.optimiser: {kind.__name__} refuses: {error}") from error
