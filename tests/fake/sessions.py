"""Small training sessions on folders of small pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import Tensor

from relume.train.recipe import read_recipe
from relume.train.session import Session

TINY = (
    "network.channels=4",
    "data.size=[]",
    "data.sides=[16, 24]",
    "data.epoch=4",
    "data.batch=2",
    "training.epochs=3",
    "training.log_every=1",
    "training.samples=0",
    "training.loggers=[]",
)


class Recorder(list[str]):
    """Keeps lines."""

    def __call__(self, line: str) -> None:
        self.append(line)


def maker(folder: Path) -> Callable[..., Session]:
    """Return what builds a session on `folder`/data, without stepping through the command line."""
    recipe = folder / "recipe.yaml"
    recipe.write_text("method: sgz\n")

    def build(
        name: str, *settings: str, stages: tuple[str, ...] = ("fit",), say: Any = None
    ) -> Session:
        plan = read_recipe(recipe, settings=(*TINY, *settings))
        return Session(
            plan,
            data=folder / "data",
            output=folder / name,
            stages=stages,
            say=Recorder() if say is None else say,
        )

    return build


def state_of(session: Session) -> dict[str, Tensor]:
    """Return a copy of what a session has learned."""
    return {name: value.clone() for name, value in session.trainee.state_dict().items()}
