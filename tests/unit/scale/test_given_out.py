"""Tasks that are given out again, when a worker has ended: without Ray, which only carries them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from relume.cli._fleet import Tally, _begin, _end
from relume.runs.manifest import Manifest
from relume.runs.treatment import Treatment
from relume.scale import fleet
from relume.scale.fleet import DEADLY, DEPTH, Fleet
from relume.scale.tasks import Record, Task

SETTINGS = '{"method": "relume"}'


class ActorError(Exception): ...


class Ray:
    """Does what it is given when it is asked for; some tasks end their worker some times."""

    exceptions = SimpleNamespace(RayActorError=ActorError)

    def __init__(self, deaths: dict[str, int]) -> None:
        self._deaths = deaths

    def remote(self, **_: object) -> Any:
        gone: list[bool] = []
        do = SimpleNamespace(remote=lambda task: (task, gone))
        actor = SimpleNamespace(do=do)
        return lambda worker: SimpleNamespace(remote=lambda treatment: actor)

    def wait(self, references: list[Any], **_: object) -> tuple[list[Any], list[Any]]:
        return references, []

    def get(self, reference: tuple[Task, list[bool]]) -> Record:
        task, gone = reference
        if gone or self._deaths.get(task.input, 0):
            self._deaths[task.input] = self._deaths.get(task.input, 0) - 1
            gone.append(True)
            raise ActorError("killed")
        return Record(task, "done")


def ended(
    monkeypatch: pytest.MonkeyPatch, book: Manifest, tasks: list[Task], deaths: dict[str, int]
) -> dict[str, Record]:
    monkeypatch.setattr(fleet, "need", lambda *_, **__: Ray(deaths))
    crowd = Fleet("ray", Treatment("relume"), workers=2)
    crowd._crews = [crowd._crew() for _ in range(2)]
    found: dict[str, Record] = {}
    for record in crowd.records(tasks, begin=lambda task: _begin(book, task)):
        assert record.task.input not in found
        found[record.task.input] = record
        _end(book, record)
    return found


@pytest.mark.parametrize("dies", range(6))
def test_what_waited_for_a_worker_that_ended_is_no_other_runs(
    dies: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = [Task(f"a/{name}.png", f"{tmp_path}/{name}.png") for name in range(3 * DEPTH)]
    with Manifest(tmp_path / "m.sqlite", root=tmp_path) as book:
        book.open_run(SETTINGS, command=["enhance"])
        found = ended(monkeypatch, book, tasks, {f"a/{dies}.png": 1})
        assert {record.state for record in found.values()} == {"done"}
        assert len(found) == len(tasks)
        assert book.counts() == {"done": len(tasks)}


def test_what_ends_every_worker_stops_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = [Task(f"a/{name}.png", f"{tmp_path}/{name}.png") for name in range(3 * DEPTH)]
    with Manifest(tmp_path / "m.sqlite", root=tmp_path) as book:
        book.open_run(SETTINGS, command=["enhance"])
        ended(monkeypatch, book, tasks, {"a/0.png": DEADLY})
        assert book.counts() == {"done": len(tasks) - 1, "deadly": 1}


def test_what_another_run_has_begun_is_left_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = Task("a/0.png", f"{tmp_path}/0.png")
    with Manifest(tmp_path / "m.sqlite", root=tmp_path) as other:
        other.open_run(SETTINGS, command=["enhance"])
        assert _begin(other, mine)
        with Manifest(tmp_path / "m.sqlite", root=tmp_path) as book:
            book.open_run(SETTINGS, command=["enhance"])
            found = ended(monkeypatch, book, [mine], {})
    assert "another run is at work" in found["a/0.png"].message


def test_what_was_begun_and_never_ended_counts_as_failed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Manifest(tmp_path / "m.sqlite", root=tmp_path) as book:
        book.open_run(SETTINGS, command=["enhance"])
        _begin(book, Task("a/0.png", f"{tmp_path}/0.png"))
        tally = Tally("lines")
        tally.unended(book)
    assert tally.failed == 1
    assert "a/0.png" in capsys.readouterr().err
