"""A release: one wheel for every later Python, small, with a bill of what comes along."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
import tomllib
import zlib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import relume

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


WHEEL = "relume-1.0-cp311-abi3-linux_x86_64.whl"


@pytest.fixture
def commands(
    dist: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> list[tuple[str, ...]]:
    """What a release runs, nothing of which is run; a wheel of a byte is what was built."""
    asked: list[tuple[str, ...]] = []

    def run(*command: str | Path) -> None:
        asked.append(tuple(map(str, command)))
        if "build" in command:
            dist.DIST.mkdir()
            dist.DIST.joinpath(WHEEL).write_bytes(b"1")
            dist.DIST.joinpath("relume-1.0.tar.gz").write_bytes(b"1")

    monkeypatch.setattr(dist, "DIST", tmp_path / "dist")
    monkeypatch.setattr(dist, "run", run)
    return asked


def test_a_release_is_checked_and_tried_by_every_python(
    dist: ModuleType,
    commands: list[tuple[str, ...]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    later = tmp_path / "python3.99"
    later.symlink_to(sys.executable)
    monkeypatch.setattr(dist, "pythons", lambda: [str(later), "python3.98"])

    def with_dependencies(python: str, place: Path) -> Path:
        return Path(python)

    monkeypatch.setattr(dist, "with_dependencies", with_dependencies)
    dist.main()
    (check,) = (each for each in commands if "twine" in each)
    assert check[2:5] == ("twine", "check", "--strict")
    assert {Path(each).name for each in check[5:]} == {WHEEL, "relume-1.0.tar.gz"}
    for python in (sys.executable, str(later)):
        tried = [each for each in commands if each[0] == python]
        assert any("pip" in each and each[-1].endswith(WHEEL) for each in tried)
        assert any(dist.LOAD in each for each in tried)
        assert any(dist.SMOKE in each for each in tried)
    assert "python3.98 is not installed here: not tried" in capsys.readouterr().out
    assert json.loads((dist.DIST / "sbom.cdx.json").read_text("utf-8"))["components"]


@pytest.mark.parametrize(
    ("name", "size", "told"),
    [("relume-1.0-cp311-cp311-any.whl", 1, "later Pythons"), (WHEEL, 16_000_000, "more than")],
)
def test_a_wheel_for_one_python_or_too_large_is_no_release(
    dist: ModuleType, tmp_path: Path, name: str, size: int, told: str
) -> None:
    with (tmp_path / name).open("wb") as file:
        file.truncate(size)
    with pytest.raises(AssertionError, match=told):
        dist.try_wheel(tmp_path / name)


def test_the_citation_is_of_this_release(project: dict[str, Any]) -> None:
    import yaml

    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= set(cited)  # what version 1.2.0 asks
    assert str(cited["cff-version"]) == "1.2.0"
    assert cited["version"] == relume.__version__
    assert cited["license"] == project["project"]["license"]
    assert cited["authors"] == project["project"]["authors"]
    assert not {"doi", "url", "repository"} & set(cited)  # there is none yet
    stated = {
        (card.paper, card.year)
        for card in relume.methods.cards()
        if card.kind == "neural" and card.paper is not None
    }
    assert {(one["url"], one["year"]) for one in cited["references"]} == stated
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for one in cited["references"]:
        assert one["title"] in readme
        assert {"type", "title", "authors"} <= set(one)


PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"))
)


@pytest.mark.parametrize("page", PAGES)
def test_first_lines_that_install_work_from_a_clone(project: dict[str, Any], page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    extras = project["project"]["optional-dependencies"]
    blocks = re.findall(r"^```(?:console|sh)\n(.*?)^```", text, re.M | re.S)
    for line in re.findall(r"^(?:\$ )?pip install (.*)$", "".join(blocks), re.M):
        found = re.match(r"(?:\.|'\.\[([a-z,]+)\]')(?:\s|$)", line)
        assert found, line
        assert set((found[1] or "heic").split(",")) <= set(extras)
