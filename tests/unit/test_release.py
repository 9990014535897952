"""A release: one wheel for every later Python, small, with a bill of what comes along."""

from __future__ import annotations

import importlib.util
import tomllib
import zlib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
COMPILED = 600_000
"""Bytes of a wheel that extensions take, packed and without what debuggers read."""


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def dist() -> ModuleType:
    spec = importlib.util.spec_from_file_location("dist", ROOT / "scripts" / "dist.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_extensions_keep_to_the_limited_interface_and_the_wheel_says_so(
    project: dict[str, Any],
) -> None:
    tool = project["tool"]
    assert tool["distutils"]["bdist_wheel"]["py-limited-api"] == "cp311"
    extensions = tool["setuptools"]["ext-modules"]
    assert len(extensions) == len(list((ROOT / "src").rglob("_*.c")))
    for extension in extensions:
        assert extension["py-limited-api"]
        assert ["Py_LIMITED_API", "0x030B0000"] in extension["define-macros"]
        assert "-g0" in extension["extra-compile-args"]


def test_what_goes_into_the_wheel_is_small(project: dict[str, Any], dist: ModuleType) -> None:
    source = ROOT / "src" / "relume"
    left_out = project["tool"]["setuptools"]["exclude-package-data"]["*"]
    assert all(pattern.endswith("*.safetensors") for pattern in left_out)
    unpacked = {".safetensors", ".c", ".h", ".so", ".pyc"}
    packed = sum(
        len(zlib.compress(file.read_bytes()))
        for file in source.rglob("*")
        if file.is_file() and file.suffix not in unpacked
    )
    assert packed + COMPILED < dist.MOST_BYTES


def test_the_bill_names_licences_and_what_wheels_bring(dist: ModuleType) -> None:
    pytest.importorskip("av")
    parts = {part["name"].lower(): part for part in dist.bill()["components"]}
    assert {"numpy", "pillow", "onnxruntime", "pyvips", "av", "torch"} <= parts.keys()
    assert "x264 and x265 (GPL" in parts["av"]["description"]
    assert all(part["licenses"][0]["license"]["name"] for part in parts.values())
    assert parts["numpy"]["properties"][0]["value"] == "none"
    assert "video" in parts["av"]["properties"][0]["value"]
