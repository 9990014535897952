"""The compiled functions refuse sizes and indices that would lead outside a buffer."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relume.errors import ContractError
from relume.render import backend, why_numpy
from relume.render.bands import each_band, thread_count
from relume.render.kernel import kernel

pytestmark = pytest.mark.filterwarnings("error")

code = kernel()
compiled = pytest.mark.skipif(code is None, reason=f"needs the compiled kernel: {why_numpy()}")

MORE = {
    "curve": 3,
    "gain": True,
    "affine": np.zeros((2, 3, 1), np.float32),
    "blend": np.zeros(256, np.float32),
}


def arguments(name: str) -> list:
    """Return valid arguments: a 4×5 RGB picture of bytes and a 2×3 map."""
    return [
        np.zeros((4, 5, 3), np.uint8),
        np.zeros((4, 5, 3), np.uint8),
        1,
        (4, 5, 3),
        np.zeros((2, 3, 1), np.float32),
        (2, 3, 1),
        np.zeros(4, np.int32),
        np.zeros(4, np.float32),
        np.zeros(5, np.int32),
        np.zeros(5, np.float32),
        1.0,
        MORE[name],
    ]


WRONG = [
    (0, np.zeros(59, np.uint8), "source: expected 60"),
    (1, np.zeros(61, np.uint8), "target: expected 60"),
    (2, 2, "source: expected 120"),
    (2, 3, "kind"),
    (2, -1, "kind"),
    (3, (4, 5, 2), "channels"),
    (3, (-4, -5, 3), "sizes"),
    (3, (0, 5, 3), "sizes"),
    (3, (2**62, 2**62, 3), "sizes"),
    (3, (2**33, 2**33, 3), "sizes"),
    (4, np.zeros((2, 3, 2), np.float32), "map: expected 24"),
    (5, (2, 3, 3), "map: expected 72"),
    (5, (2**32, 2**31, 1), "sizes"),
    (6, np.array([0, 1, 2, 0], np.int32), "row: index 2"),
    (6, np.array([0, -1, 0, 0], np.int32), "row: index -1"),
    (6, np.zeros(3, np.int32), "row: expected 16"),
    (7, np.zeros(3, np.float32), "row weight"),
    (8, np.array([0, 1, 2, 3, 0], np.int32), "column: index 3"),
    (8, np.zeros(4, np.int32), "column: expected 20"),
    (9, np.zeros(4, np.float32), "column weight"),
    (4, np.frombuffer(bytes(25), np.uint8)[1:], "map: not aligned"),
]


@compiled
@pytest.mark.parametrize("name", MORE)
@pytest.mark.parametrize(("place", "wrong", "message"), WRONG)
def test_map_calls_refuse(name, place, wrong, message):
    assert code is not None
    good = arguments(name)
    getattr(code, name)(*good)
    good[place] = wrong
    with pytest.raises(ValueError, match=message):
        getattr(code, name)(*good)


@compiled
def test_other_calls_refuse():
    assert code is not None
    rgb, table = np.zeros((4, 3), np.uint8), np.zeros(256, np.uint8)
    knots, bins = np.zeros(98305, np.float32), np.zeros(256, np.int64)
    wide, small = np.zeros((4, 3), np.uint16), np.zeros((1, 1, 3), np.float32)
    calls = [
        lambda: code.look_up(rgb, rgb, 1, table[:255]),
        lambda: code.look_up(rgb, rgb, 2, table),
        lambda: code.look_up(rgb, rgb[:3], 1, table),
        lambda: code.look_up(rgb, rgb, 4, table),
        lambda: code.look_up_pairs(rgb, rgb, table),
        lambda: code.look_up_pairs(rgb.ravel()[:11], rgb, np.zeros(65536, np.uint8)),
        lambda: code.scale(rgb, rgb, 1, knots[:-1], 1.0, True),
        lambda: code.scale(rgb, rgb, 4, knots, 1.0, True),
        lambda: code.scale(rgb, wide, 1, knots, 1.0, False),
        lambda: code.shift(rgb.ravel()[:11], rgb, 1, knots, 1.0),
        lambda: code.relight(wide, wide, knots[:65536], knots[:65536], knots, 1.0),
        lambda: code.relight(wide, wide, knots[:65536], knots[:65537], knots[:65537], 1.0),
        lambda: code.count(rgb, 1, 3, 5, bins),
        lambda: code.count(rgb, 1, 3, -1, bins),
        lambda: code.count(rgb, 2, 3, 0, bins),
        lambda: code.count(rgb, 1, 2, 0, bins),
        lambda: code.count(rgb.ravel()[:11], 1, 3, 0, bins),
        lambda: code.area(rgb, 1, (2, 2, 3), (1, 1), 1, small),
        lambda: code.area(rgb, 1, (2, 2, 3), (1, 1), -1, small),
        lambda: code.area(rgb, 1, (2, 2, 3), (3, 1), 0, small),
        lambda: code.area(rgb, 1, (2, 2, 3), (1, 3), 0, small),
        lambda: code.area(rgb, 1, (2, 3, 3), (1, 1), 0, small),
        lambda: code.area(rgb, 1, (2, 2, 3), (1, 2**62), 0, small),
        lambda: code.area(rgb, 1, (2, 2, 3), (1, 1), 0, np.zeros((2, 1, 3), np.float32)),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=r".+"):
            call()


numbers = st.sampled_from([-(2**62), -1, 0, 1, 2, 3, 4, 5, 60, 2**31, 2**62])
buffers = st.builds(
    lambda size, dtype, fill: np.full(size, fill, dtype),
    st.sampled_from([0, 1, 2, 3, 4, 5, 6, 24, 59, 60, 256, 65536, 65537]),
    st.sampled_from([np.uint8, np.uint16, np.int32, np.float32, np.int64]),
    st.sampled_from([0, 1, 100]),
)


@compiled
@settings(max_examples=400, deadline=None)
@given(data=st.data(), name=st.sampled_from(sorted(MORE)))
def test_no_arguments_lead_outside(data, name):
    """Change up to three arguments of a valid call; a crash or a sanitizer would end the run."""
    assert code is not None
    mixed = arguments(name)
    for place in data.draw(st.lists(st.integers(0, 11), max_size=3)):
        if isinstance(mixed[place], np.ndarray):
            mixed[place] = data.draw(buffers)
        elif isinstance(mixed[place], tuple):
            mixed[place] = data.draw(st.tuples(numbers, numbers, numbers))
        elif place == 2:
            mixed[place] = data.draw(st.sampled_from([0, 1, 2, 4, -1]))
    try:
        getattr(code, name)(*mixed)
    except ValueError as error:
        assert str(error)  # noqa: PT017 (both ends are right: what matters is no crash)


def test_works_where_the_kernel_was_not_built():
    """A process whose kernel cannot be imported renders the same picture by NumPy."""
    script = (
        "import sys; sys.modules['relume.render._kernel'] = None\n"
        "import numpy as np; from relume.render import Tone, apply, backend, why_numpy\n"
        "assert backend() == 'NumPy' and 'not built' in why_numpy()\n"
        "print(apply(Tone(np.sqrt), np.full((2, 2, 3), 64, np.uint8)).ravel()[0])"
    )
    environment = {key: text for key, text in os.environ.items() if key != "RELUME_KERNEL"}
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True
    )
    assert ran.stdout.strip() == "128"  # √(64/255) = 0.501


def test_the_environment_chooses(monkeypatch):
    monkeypatch.setenv("RELUME_KERNEL", "numpy")
    assert (backend(), why_numpy(), kernel()) == ("NumPy", "RELUME_KERNEL=numpy", None)
    monkeypatch.setenv("RELUME_KERNEL", "gpu")
    with pytest.raises(ContractError, match="RELUME_KERNEL"):
        backend()
    monkeypatch.setenv("RELUME_THREADS", "3")
    assert thread_count(None) == 3
    assert thread_count(2) == 2
    monkeypatch.setenv("RELUME_THREADS", "many")
    with pytest.raises(ContractError, match="RELUME_THREADS"):
        thread_count(None)
    monkeypatch.delenv("RELUME_THREADS")
    assert thread_count(None) >= 1


@pytest.mark.parametrize("threads", [1, 4])
def test_bands_cover_all_rows_once_and_pass_failures_on(threads):
    seen = np.zeros(103, int)

    def work(first: int, last: int) -> None:
        seen[first:last] += 1

    each_band(work, height=103, rows=10, threads=threads)
    assert (seen == 1).all()

    def fail(first: int, last: int) -> None:
        raise ContractError(f"at {first}")

    with pytest.raises(ContractError, match="at 0"):
        each_band(fail, height=103, rows=10, threads=threads)
