"""Which recipe a training follows, and what it builds."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import Path

from torch import nn

from relume.errors import ContractError, WeightsError
from relume.export.weights import load_network
from relume.extras import need
from relume.losses.objective import Objective
from relume.train.optimisers import spelt
from relume.train.recipe import Optimiser, Recipe, call
from relume.train.wanted import read_plan


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
    plan = read_plan(
        method, output=output, recipe=recipe, settings=settings, minutes=minutes, begun=begun
    )
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
