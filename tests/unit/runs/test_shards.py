"""Shards of a run: together they are the run, and their records become one."""

from __future__ import annotations

from pathlib import Path

import pytest

from relume.errors import ContractError
from relume.runs.manifest import Manifest
from relume.runs.manifest_files import manifest_of, shards_of
from relume.runs.plan import Job, Plan
from relume.runs.rows import Ending
from relume.runs.shards import falls_to, parse_shard, part_of


def test_parts_are_disjoint_and_whole() -> None:
    jobs = tuple(Job(Path(f"in/{index}.jpg"), Path(f"out/{index}.jpg")) for index in range(500))
    planned = Plan(jobs, (), 0, Path("out"))
    parts = [part_of(planned, (number, 4)).jobs for number in (1, 2, 3, 4)]
    assert sorted(map(len, parts))[0] > 80
    assert sorted(str(job.input) for part in parts for job in part) == sorted(
        str(job.input) for job in jobs
    )
    assert falls_to("a/b.jpg", (1, 1))
    with pytest.raises(ContractError, match="-o DIR"):
        part_of(Plan(jobs, (), 0), (1, 2))


@pytest.mark.parametrize("text", ["", "1", "0/2", "3/2", "a/b", "1/2/3", "-1/2"])
def test_what_is_no_shard(text: str) -> None:
    with pytest.raises(ContractError, match="N/M"):
        parse_shard(text)
    assert parse_shard("2/3") == (2, 3)


def test_records_of_shards_become_one_whatever_the_order(tmp_path: Path) -> None:
    for number in (1, 2):
        with Manifest(manifest_of(tmp_path, shard=(number, 2)), root=tmp_path) as shard:
            shard.open_run(f'{{"shard": {number}}}', command=["enhance", str(number)])
            for name in (f"{number}.jpg", "both.jpg"):
                shard.begin_all([(tmp_path / name, name, None, None)])
                shard.end(tmp_path / name, Ending("done", method=str(number)))
    first, second = shards_of(tmp_path)
    with Manifest(manifest_of(tmp_path), root=tmp_path) as book:
        assert book.take_over(second) == 2
        assert book.take_over(first) == 1  # its other row is older
        assert book.take_over(first) == 0
        assert {row.output: row.method for row in book.rows()} == {
            "1.jpg": "1", "2.jpg": "2", "both.jpg": "2",
        }  # fmt: skip
        commands = {run.id: run.command for run in book.runs()}
        assert sorted(commands.values()) == [("enhance", "1"), ("enhance", "2")]
        assert all(commands[row.run][1] == row.method for row in book.rows())
        assert all(f'"shard": {row.method}' in row.settings for row in book.rows())
