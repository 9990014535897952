"""What a training is asked for, checked without torch, so that what is wrong is told at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Literal, cast, get_args

from relume.errors import ContractError, UnknownNameError, UnreadableError, UnwritableError
from relume.train.recipe import Recipe, read_recipe
from relume.train.trainable import home_of

Stage = Literal["fit", "validate", "test", "predict"]
"""fit learns and exports; the others use what was learnt: the best checkpoint."""


def stages_of(names: Sequence[str]) -> tuple[Stage, ...]:
    """Return the stages in their order.

    Raises: UnknownNameError; ContractError when there is none.
    """
    known = get_args(Stage)
    for name in names:
        if name not in known:
            raise UnknownNameError.of("stage", name, known)
    if not names:
        raise ContractError(f"--stages: expected some of {', '.join(known)}")
    return tuple(cast("Stage", stage) for stage in known if stage in names)


def require_folder(data: Path) -> None:
    """Raise UnreadableError for a folder of pictures that is not there."""
    if not data.is_dir():
        raise UnreadableError(f"{data}: no such folder; --data names a folder of pictures")


def last_of(output: Path) -> Path:
    """Return the checkpoint at which a training in a folder goes on."""
    return output / "checkpoints" / "last.ckpt"


def require_place(output: Path, *, resume: bool, fits: bool) -> None:
    """Make sure that no other training is overwritten, and that there is one to go on with.

    Raises: UnreadableError; UnwritableError.
    """
    last = last_of(output)
    if (resume or not fits) and not last.is_file():
        way = "start without --resume" if resume else "put fit first in --stages"
        raise UnreadableError(f"{last}: nothing to resume; {way}")
    if fits and not resume and last.exists():
        raise UnwritableError(
            f"{output} already holds a training; --resume continues it, -o names another folder"
        )


def read_plan(
    method: str,
    *,
    output: Path,
    recipe: Path | None = None,
    settings: tuple[str, ...] = (),
    minutes: float = 0.0,
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
    return plan
