"""Miniature folders to train on, one for each view of an objective."""

from __future__ import annotations

from pathlib import Path

from fake.datasets import expose, put, scene


def nights(root: Path, count: int = 3) -> Path:
    """Dark pictures of several sizes."""
    for index in range(count):
        put(root / f"{index}.png", expose(scene(index, height=40 + index, width=56), 0.05))
    return root


def normals(root: Path, count: int = 3) -> Path:
    """Well-exposed pictures."""
    for index in range(count):
        put(root / f"{index}.png", scene(20 + index, height=40, width=56 + index))
    return root


def pairs(root: Path, count: int = 3) -> Path:
    """Dark and well-exposed pictures with equal names."""
    for index in range(count):
        picture = scene(40 + index, height=40, width=56)
        put(root / "low" / f"{index}.png", expose(picture, 0.05))
        put(root / "high" / f"{index}.png", picture)
    return root


def brackets(root: Path, count: int = 2) -> Path:
    """A folder per scene, each with three exposures."""
    for index in range(count):
        picture = scene(60 + index, height=40, width=56)
        for number in range(3):
            put(root / f"scene{index}" / f"{number}.png", expose(picture, 0.03 * 3.0**number))
    return root
