"""Where the manifests of a folder of results are."""

from __future__ import annotations

from pathlib import Path

HOME = ".relume"
"""Folder of the manifests, inside the folder of the results."""
NAME = "run.sqlite"


def manifest_of(folder: Path, *, shard: tuple[int, int] | None = None) -> Path:
    """Return where the manifest of a folder of results is, or that of one shard of a run."""
    name = NAME if shard is None else f"run-{shard[0]}-of-{shard[1]}.sqlite"
    return folder / HOME / name


def shards_of(folder: Path) -> list[Path]:
    """Return the manifests of shards in a folder of results."""
    return sorted((folder / HOME).glob("run-*-of-*.sqlite"))
