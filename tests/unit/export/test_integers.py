"""int8 that is the same everywhere: no sum of two products saturates, whatever the processor."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import numpy_helper

from relume import methods
from relume.export.integers import steps, through_bytes
from relume.export.onnx import runner
from relume.runtime import weights

MOST = 128
"""Of two parameters of one sign: 255 times that is what 16 bits hold."""
QEMU = shutil.which("qemu-x86_64")
SHIPPED = [
    (card.name, file)
    for card in methods.cards()
    if card.kind == "neural"
    for file in weights.checksums(card.name)
    if file.endswith(".int8.onnx")
]
ELSEWHERE = """\
import sys
import numpy as np, onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads, options.log_severity_level = 1, 3
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
with np.load(sys.argv[2]) as feeds:
    np.save(sys.argv[3], session.run(["enhanced"], dict(feeds))[0])
"""


def largest_two(rows: np.ndarray) -> int:
    """Return the largest sum of two parameters of one sign, of rows of one channel each."""
    ordered = np.sort(rows.astype(int), axis=1)
    upper = np.maximum(ordered[:, -2:], 0).sum(axis=1)
    lower = np.maximum(-ordered[:, :2], 0).sum(axis=1)
    return int(max(upper.max(), lower.max()))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    shape=st.sampled_from([(4, 1, 1, 1), (3, 8, 3, 3), (5, 2), (2, 16)]),
    axis=st.sampled_from([0, 1]),
    heavy=st.booleans(),
)
def test_no_two_parameters_are_too_large(
    seed: int, shape: tuple[int, ...], axis: int, heavy: bool
) -> None:
    random = np.random.default_rng(seed)
    values = random.standard_normal(shape).astype(np.float32)
    if heavy:
        values = values**5
    step = steps(values, axis=axis)
    rows = np.moveaxis(values, axis, 0).reshape(shape[axis], -1)
    whole = np.round(rows / step[:, None])
    assert np.abs(whole).max() <= 127
    assert largest_two(np.pad(whole, ((0, 0), (0, 1)))) <= MOST
    kept = np.moveaxis(through_bytes(values, axis=axis), axis, 0).reshape(shape[axis], -1)
    assert (np.abs(kept - rows) <= step[:, None] * 0.5001).all()
    # Never coarser than 7 bits, which would do for every layer.
    assert (step <= np.maximum(np.abs(rows).max(axis=1) / 63.5, 1e-12) * 1.0001).all()


@pytest.mark.parametrize(("name", "file"), SHIPPED)
def test_shipped_integers_cannot_saturate(name: str, file: str) -> None:
    model = onnx.load_from_string(weights.read_published(name, file))
    found = [numpy_helper.to_array(each) for each in model.graph.initializer]
    layers = [values for values in found if values.dtype == np.int8 and values.ndim > 1]
    assert layers
    for values in layers:  # convolutions: output channels come first
        assert largest_two(values.reshape(len(values), -1)) <= MOST


@pytest.mark.slow
@pytest.mark.skipif(QEMU is None, reason="needs qemu-user to be a processor without VNNI")
@pytest.mark.parametrize(("name", "file"), SHIPPED)
def test_a_processor_without_vnni_gives_the_same(name: str, file: str, tmp_path: Path) -> None:
    content = weights.read_published(name, file)
    model, given, made = (tmp_path / each for each in ("m.onnx", "in.npz", "out.npy"))
    model.write_bytes(content)
    image = np.random.default_rng(0).random((1, 3, 48, 48), np.float32) ** 3
    knobs = {knob.name: np.asarray(knob.default, np.float32) for knob in methods.card(name).knobs}
    np.savez(given, image=image, **knobs)
    command = [QEMU, "-cpu", "Haswell", sys.executable, "-c", ELSEWHERE, model, given, made]
    subprocess.run(command, check=True, capture_output=True, timeout=400)  # type: ignore[arg-type]
    expected = runner(content)({"image": image, **knobs})[0]
    error = float(np.square(np.load(made) - expected, dtype=np.float64).mean())
    # Sums of float32 in another order move a value to the next level here and there: 81 dB. What
    # saturates comes to 60.
    assert -10 * np.log10(max(error, 1e-12)) >= 70
