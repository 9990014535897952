"""What the checker finds in a copy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fake import datasets as fake
from relume.data import survey
from relume.data.check import Checked, check, duplicates, find_shift
from relume.io import read


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return fake.lol_v1(tmp_path)


def look(root: Path, *, jobs: int = 2) -> list[Checked]:
    return list(check(survey(root).pairs, read=read, jobs=jobs))


def found(root: Path) -> list[tuple[str, str, str]]:
    checked = look(root)
    problems = [problem for each in checked for problem in each.problems] + duplicates(checked)
    return [(problem.severity, problem.kind, problem.place.name) for problem in problems]


def test_a_sound_copy_has_no_problems(copy: Path) -> None:
    assert found(copy) == []
    first = look(copy)[0]
    assert first.low is not None
    assert first.high is not None
    assert (first.low.width, first.low.height, first.low.bits) == (48, 36, 8)
    assert first.low.mean < first.high.mean
    # A tenth of the light is 3.3 stops, halved and more by the encoding.
    assert first.stops == pytest.approx(3.32 / 2.2, abs=0.2)
    assert look(copy, jobs=1) == look(copy)


def test_corrupt(copy: Path) -> None:
    path = copy / "our485/high/9.png"
    path.write_bytes(path.read_bytes()[:200])
    assert found(copy) == [("error", "unreadable", "9.png")]
    (each,) = [each for each in look(copy) if each.high is None]
    assert str(path) in each.problems[0].message
    assert each.low is not None


def test_size(copy: Path) -> None:
    fake.put(copy / "our485/high/9.png", fake.scene(5, height=36, width=50))
    assert found(copy) == [("error", "size", "9.png")]


def test_low_is_high(copy: Path) -> None:
    path = copy / "our485/low/9.png"
    path.write_bytes((copy / "our485/high/9.png").read_bytes())
    assert found(copy) == [("error", "low is high", "9.png")]


def test_swapped(copy: Path) -> None:
    low, high = copy / "our485/low/9.png", copy / "our485/high/9.png"
    one, other = low.read_bytes(), high.read_bytes()
    low.write_bytes(other)
    high.write_bytes(one)
    assert found(copy) == [("warning", "brighter low", "9.png")]


def test_duplicates_inside_a_split_and_across(copy: Path) -> None:
    (copy / "our485/high/10.png").write_bytes((copy / "our485/high/9.png").read_bytes())
    # Other bytes, the same pixels.
    fake.put(copy / "eval15/low/1.bmp", np.asarray(read(copy / "our485/low/2.png").pixels))
    (copy / "eval15/low/1.png").unlink()
    kinds = found(copy)
    assert ("warning", "duplicate", "10.png") in kinds
    assert ("error", "split duplicate", "1.bmp") in kinds
    messages = [problem.message for problem in duplicates(look(copy))]
    assert any("the same bytes" in message for message in messages)
    assert any("the same pixels" in message for message in messages)


def test_one_label_for_several_exposures_is_no_duplicate(tmp_path: Path) -> None:
    checked = look(fake.sice(tmp_path))
    assert duplicates(checked) == []
    assert any(each.stops and each.stops < 0 for each in checked)  # brighter than their label
    assert not [problem for each in checked for problem in each.problems]


def test_misaligned(tmp_path: Path) -> None:
    picture = fake.scene(4, height=120, width=160)
    fake.put(tmp_path / "high/1.png", picture[5:, :-7])
    fake.put(tmp_path / "low/1.png", fake.expose(picture, 0.05)[:-5, 7:])
    assert found(tmp_path) == [("warning", "misaligned", "1.png")]
    (each,) = look(tmp_path)
    assert each.shift == (7.0, -5.0)


@settings(max_examples=25, deadline=None)
@given(
    right=st.integers(-12, 12),
    down=st.integers(-12, 12),
    factor=st.sampled_from([0.02, 0.1, 1.0]),
    seed=st.integers(0, 50),
)
def test_shift_is_found_at_any_exposure(right: int, down: int, factor: float, seed: int) -> None:
    picture = fake.scene(seed, height=124, width=164)
    low = fake.expose(picture, factor)[12:-12, 12:-12]
    high = picture[12 - down : 112 - down, 12 - right : 152 - right]
    shift = find_shift(low, high)
    # Under two pixels the windows' own fading may win: those count as aligned anyway.
    if max(abs(right), abs(down)) >= 2:
        assert shift == (right, down)
    else:
        assert shift is not None
        assert max(map(abs, shift)) <= 1


def test_no_shift_is_made_up_for_flat_or_unrelated_pictures() -> None:
    flat = np.full((64, 64, 3), 90, np.uint8)
    assert find_shift(flat, flat) is None
    random = np.random.default_rng(0)
    noise = random.integers(0, 256, (2, 128, 128, 3), dtype=np.uint8)
    assert find_shift(noise[0], noise[1]) is None
    one = np.zeros((1, 1, 3), np.uint8)
    assert find_shift(one, one) is None
