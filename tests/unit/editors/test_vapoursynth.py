"""VapourSynth's filter, unmodified, against a stand-in for `vapoursynth`; `scripts/try_editors`
runs it in the real one."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fake.night import night
from relume import load
from relume.arrays import Floats
from relume.editors import install as installer

SCRIPT = Path(installer.__file__).parent / "vapoursynth" / "relume_vs.py"
RGB, YUV = 2, 3


class Error(Exception):
    """Stands for `vapoursynth.Error`."""


class Frame(list[Floats]):
    """Planes and properties, to be used in a `with`."""

    props: dict[str, int]

    def __enter__(self) -> Frame:
        return self

    def __exit__(self, *_ended: object) -> None: ...

    def copy(self) -> Frame:
        made = Frame(plane.copy() for plane in self)
        made.props = self.props
        return made


@dataclass
class Clip:
    """Stands for a `VideoNode` whose every frame is computed when it is asked for."""

    frame: Any
    format: Any
    width: int = 48
    height: int = 32
    num_frames: int = 30
    asked: dict[str, Any] = field(default_factory=dict[str, Any])

    def get_frame(self, number: int) -> Frame:
        return self.frame(number)


def clip(family: int = RGB, *, props: dict[str, int] | None = None, **changes: Any) -> Clip:
    """Return a dark clip that becomes a little lighter with every frame."""

    def frame(number: int) -> Frame:
        picture = night(32, 48) * (1 + number / 60)
        made = Frame(np.ascontiguousarray(picture[..., plane], np.float32) for plane in range(3))
        made.props = props or {}
        return made

    kind = SimpleNamespace(id=family * 100, color_family=family)
    return replace(Clip(frame, kind), **changes)


def resized(given: Clip, **asked: Any) -> Clip:
    return replace(given, asked=asked)


def modified(given: Clip, of: Clip, work: Any) -> Clip:
    def frame(number: int) -> Frame:
        return work(number, of.get_frame(number))

    return replace(given, frame=frame)


@pytest.fixture
def relight(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The filter, as a script would import it."""
    module: Any = ModuleType("vapoursynth")
    module.Error, module.VideoNode = Error, Clip
    module.RGB, module.RGBS = RGB, "RGBS"
    module.core = SimpleNamespace(
        resize=SimpleNamespace(Bicubic=resized), std=SimpleNamespace(ModifyFrame=modified)
    )
    monkeypatch.setitem(sys.modules, "vapoursynth", module)
    spec = importlib.util.spec_from_file_location("relume_vs", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script.relight


def test_looks_seldom_and_blends_between(relight: Any) -> None:
    given, method = clip(), load("relume")
    lit = relight(given, every=10)
    first = np.stack(lit.get_frame(0), axis=-1)
    picture = np.clip(np.stack(given.get_frame(0), axis=-1), 0, 1).astype(np.float32)
    assert np.abs(first - method.paint(method.look(picture), picture)).max() < 1e-6
    means = [float(np.mean(lit.get_frame(number))) for number in range(30)]
    assert min(means) > 1.5 * float(np.mean(given.get_frame(0)))
    assert max(abs(one - two) for one, two in pairwise(means)) < 0.01


def test_strength_nought_changes_nothing(relight: Any) -> None:
    given = clip()
    lit = relight(given, strength=0.0).get_frame(7)
    assert np.abs(np.stack(lit) - np.clip(np.stack(given.get_frame(7)), 0, 1)).max() < 1e-6


def test_odd_numbers_in_a_frame_count_as_black_and_white(relight: Any) -> None:
    given = clip()
    picture = given.get_frame(0)
    picture[0][3, 4], picture[1][5, 6] = np.nan, np.inf

    def spoiled(_number: int) -> Frame:
        return picture

    lit = relight(replace(given, frame=spoiled)).get_frame(0)
    assert np.isfinite(np.stack(lit)).all()


@pytest.mark.parametrize(
    ("props", "asked"),
    [
        ({}, {"matrix": 1}),
        ({"_Matrix": 2}, {"matrix": 1}),
        ({"_Matrix": 9, "_Range": 1}, {"matrix": 9, "range_s": "full"}),
        ({"_Range": 0, "_ChromaLocation": 2}, {"matrix": 1, "range_s": "limited", "chromaloc": 2}),
    ],
)
def test_comes_back_as_it_was(
    relight: Any, props: dict[str, int], asked: dict[str, int | str]
) -> None:
    assert relight(clip(YUV, props=props)).asked == {"format": YUV * 100, **asked}


@pytest.mark.parametrize(
    ("changes", "options", "words"),
    [
        ({"format": None}, {}, "constant"),
        ({"format": SimpleNamespace(id=0, color_family=0)}, {}, "constant"),
        ({"width": 0}, {}, "constant"),
        ({}, {"nope": 1}, "nope"),
        ({}, {"exposure": 9}, "-2 to 2"),
        ({}, {"exposure": "x"}, "exposure"),
        ({}, {"every": 0}, "every"),
        ({}, {"every": 1.5}, "every"),
        ({}, {"strength": 2}, "strength"),
        ({}, {"strength": float("nan")}, "strength"),
        ({}, {"strength": None}, "strength"),
    ],
)
def test_refuses_before_any_frame(
    relight: Any, changes: dict[str, Any], options: dict[str, Any], words: str
) -> None:
    with pytest.raises(Error, match=rf"^relume: .*{words}"):
        relight(clip(**changes), **options)


def test_refuses_what_is_no_clip(relight: Any) -> None:
    with pytest.raises(Error, match="NoneType"):
        relight(None)
