"""Parts of a run for machines that do not know of each other: names decide which is whose."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias
from zlib import crc32

from relume.errors import ContractError
from relume.runs.plan import Plan

Shard: TypeAlias = tuple[int, int]
"""Number, from 1 on, and count of shards."""


def parse_shard(text: str) -> Shard:
    """Understand N/M, shard N of M. Raises: ContractError."""
    number, _, count = text.partition("/")
    if number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count):
        return int(number), int(count)
    raise ContractError(f"--shards wants N/M with N from 1 to M, got {text!r}")


def falls_to(inside: str, shard: Shard) -> bool:
    """Say whether a result, by its path inside the folder of results, belongs to a shard.

    The name alone decides, so that pictures which come later move no other to another shard.
    """
    number, count = shard
    return crc32(inside.encode("utf-8", "surrogateescape")) % count == number - 1


def part_of(planned: Plan, shard: Shard) -> Plan:
    """Return the part of a plan that falls to a shard. Raises: ContractError without a folder."""
    folder = planned.folder
    if folder is None:
        raise ContractError("--shards parts a run into a folder of results: give -o DIR")
    jobs = tuple(
        job for job in planned.jobs if falls_to(job.output.relative_to(folder).as_posix(), shard)
    )
    return replace(planned, jobs=jobs)
