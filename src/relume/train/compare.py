"""The same training with several optimisers; the best result is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path

from relume.errors import ContractError
from relume.io.atomic import replacing
from relume.train.keeper import Say
from relume.train.run import Outcome, train


@dataclass(frozen=True)
class Entry:
    """One optimiser and what came of it."""

    optimiser: str
    outcome: Outcome


def compare(
    method: str,
    *,
    optimisers: Sequence[str],
    data: Path,
    output: Path,
    recipe: Path | None = None,
    settings: tuple[str, ...] = (),
    minutes: float = 0.0,
    resume: bool = False,
    say: Say = print,
) -> tuple[Entry, ...]:
    """Train with each optimiser in a folder of its own below `output`, alike in all else.

    Each is `NAME` or `NAME:LEARNING_RATE`. Returns them best first, by what the recipe monitors
    or, where nothing validates, by the objective; the files of the best are put into `output`.
    Raises: RelumeError of the kind that fits.
    """
    folders = {name: output / name.lower().replace(":", "-") for name in optimisers}
    if len(set(folders.values())) < len(optimisers):
        raise ContractError(f"--optimizer {','.join(optimisers)}: each may stand there once")
    entries: list[Entry] = []
    for name, folder in folders.items():
        say(f"optimiser {name}")
        begun = resume and (folder / "checkpoints" / "last.ckpt").is_file()
        outcome = train(
            method,
            data=data,
            output=folder,
            recipe=recipe,
            settings=settings,
            minutes=minutes,
            optimiser=name,
            resume=begun,
            say=say,
        )
        entries.append(Entry(name, outcome))
    entries.sort(key=_rank)
    _keep(folders[entries[0].optimiser], output)
    return tuple(entries)


def _rank(entry: Entry) -> float:
    outcome = entry.outcome
    if outcome.best is None:
        return outcome.objective if outcome.objective == outcome.objective else inf
    return outcome.best if outcome.monitor == "total" else -outcome.best


def _keep(best: Path, output: Path) -> None:
    for path in sorted(best.iterdir()):
        if path.is_file():
            with replacing(output / path.name) as file:
                file.write(path.read_bytes())
