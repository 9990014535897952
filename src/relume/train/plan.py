"""Which recipe a training follows, and whether it may begin here."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from math import inf
from pathlib import Path

from torch import nn

from relume.errors import ContractError, UnreadableError, UnwritableError, WeightsError
from relume.export.weights import load_network
from relume.extras import need
from relume.losses.objective import Objective
from relume.train.optimisers import spelt
from relume.train.recipe import Optimiser, Recipe, call, read_recipe
from relume.train.trainable import home_of


def choose_recipe(
    method: str,
    *,
    output: Path,
    recipe: Path | None = None,
    settings: tuple[str, ...] = (),
    minutes: float = 0.0,
    optimiser: str = "",
    begun: bool = False,
) -> Recipe:
    """Read the recipe given, that of the training in `output` if it has `begun`, or the method's.

    Raises: RelumeError of the kind that fits.
    """
    home = home_of(method)
    own = output / "recipe.yaml" if begun else home / "recipe.yaml"
    plan = read_recipe(recipe or own, settings=settings)
    if plan.method != method:
        raise ContractError(f"{recipe or own}: is a recipe for {plan.method}, not for {method}")
    if not 0 <= minutes < inf:
        raise ContractError(f"--minutes: expected a time of at least 0, got {minutes:g}")
    if minutes:
        plan = replace(plan, training=replace(plan.training, minutes=minutes))
    if optimiser:
        plan = replace(plan, optimiser=with_name(plan.optimiser, optimiser))
    spelt(plan.optimiser.name)
    if "wandb" in plan.training.loggers:
        need("wandb", extra="wandb")
    return plan


def with_name(optimiser: Optimiser, named: str) -> Optimiser:
    """Return the optimiser `NAME` or `NAME:LEARNING_RATE`; options of another one are dropped.

    Raises: UnknownNameError for a name torch does not know; ContractError for a bad number.
    """
    name, colon, rate = named.partition(":")
    name = spelt(name.strip())
    if name != spelt(optimiser.name):
        optimiser = replace(optimiser, name=name, options={})
    if not colon:
        return optimiser
    try:
        return replace(optimiser, learning_rate=float(rate))
    except ValueError as error:
        raise ContractError(
            f"--optimizer {named}: expected NAME or NAME:LEARNING_RATE, got {rate!r}"
        ) from error


def require_place(output: Path, *, last: Path, resume: bool, fits: bool) -> None:
    """Make sure that no other training is overwritten, and that there is one to go on with.

    Raises: UnreadableError; UnwritableError.
    """
    if (resume or not fits) and not last.is_file():
        way = "start without --resume" if resume else "put fit first in --stages"
        raise UnreadableError(f"{last}: nothing to resume; {way}")
    if fits and not resume and last.exists():
        raise UnwritableError(
            f"{output} already holds a training; --resume continues it, -o names another folder"
        )


def make_network(plan: Recipe) -> nn.Module:
    """Build the network of a recipe, with the weights it starts from.

    Raises: RelumeError where a section or the weights do not fit.
    """
    kind = import_module(f"relume.methods.{plan.method}.network").Network
    network: nn.Module = call(kind, plan.network, where="network")
    if plan.training.start:
        start = Path(plan.training.start)
        try:
            network.load_state_dict(load_network(plan.method, start).state_dict())
        except RuntimeError as error:
            raise WeightsError(f"{start}: does not fit the network of this recipe") from error
    return network


def make_objective(plan: Recipe) -> Objective:
    """Build the objective of a recipe; raises RelumeError where the section does not fit."""
    kind = import_module(f"relume.methods.{plan.method}.objective").Objective
    return call(kind, plan.objective, where="objective")
