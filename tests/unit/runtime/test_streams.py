"""Strips that stream through the compiled layers, against tiles of the engine."""

from __future__ import annotations

import numpy as np
import pytest

from fake.night import night
from relume import engines, render
from relume.render import restoration
from relume.runtime import load, method, streams

needs_layers = pytest.mark.skipif(
    restoration.instructions() is None, reason="no layers were compiled, or they are switched off"
)


def levels(image: np.ndarray, dtype: str) -> np.ndarray:
    top = {"uint8": 255, "uint16": 65535, "float32": 1}[dtype]
    return (image if dtype == "float32" else np.rint(image * top)).astype(dtype)


@pytest.fixture(scope="module")
def methods():
    return load("relume"), load("relume", engine="onnxruntime")


@needs_layers
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("size", [(1, 1), (61, 133), (200, 90)])
@pytest.mark.parametrize("gray", [False, True])
def test_they_give_what_the_engine_gives(methods, dtype, size, gray):
    picture = levels(night(*size)[..., 1] if gray else night(*size), dtype)
    ours, engine = (each(picture).astype(float) for each in methods)
    assert np.abs(ours - engine).max() <= {"uint8": 1, "uint16": 8, "float32": 1e-4}[dtype]
    if dtype == "uint8" and size != (1, 1):
        assert (ours != engine).mean() < 1e-3


@needs_layers
def test_strips_and_stretches_change_nothing(methods, monkeypatch):
    """Narrow strips, and a bright part in which the network does not run."""
    picture = levels(night(400, 300), "uint8")
    picture[150:300] = 230
    whole = methods[0](picture)
    monkeypatch.setattr(streams, "WIDEST", 64)
    assert np.array_equal(whole, methods[0](picture))
    assert np.array_equal(whole, load("relume", threads=3)(picture))
    assert np.abs(whole.astype(int) - methods[1](picture)).max() <= 1


@needs_layers
def test_strength_and_views(methods):
    picture = levels(night(120, 200), "uint8")[::-1, ::2]
    knobs = {"exposure": 0.0, "highlights": 0.8, "denoise": 0.7}
    ours, engine = (each.apply(picture, knobs=knobs, strength=0.5) for each in methods)
    assert np.abs(ours.astype(int) - engine).max() <= 1


@needs_layers
def test_a_measured_engine_does_not_take_the_layers_place(monkeypatch):
    pytest.importorskip("openvino")
    measured = {engines.AUTO: "openvino"}
    monkeypatch.setattr(method, "settled", lambda engine, data: measured.get(engine, engine))
    painted: list[int] = []
    monkeypatch.setattr(
        streams.Restorer, "paint", lambda self, inner: painted.append(inner.rows[1])
    )
    picture = levels(night(40, 56), "uint8")
    load("relume")(picture)
    assert painted == [40]
    load("relume", engine="onnxruntime")(picture)
    assert painted == [40]


def test_what_needs_nothing_is_only_lifted():
    amount = np.zeros((48, 48, 1), np.float32)
    amount[30:40, 10:30] = 1
    picture = np.zeros((2000, 3000, 3), np.uint8)
    found = list(
        streams.stretches(amount, render.centred((48, 48), (2000, 3000)), picture, halo=55)
    )
    covered = np.zeros((2000, 3000), int)
    restored = np.zeros((2000, 3000), bool)
    for each in found:
        inner = slice(*each.piece.rows), slice(*each.piece.columns)
        covered[inner] += 1
        restored[inner] = each.restored
        assert all(start % 8 == 0 for start in (each.piece.rows[0], each.piece.columns[0]))
    assert (covered == 1).all()
    assert restored[1250:1660, 640:1860].all()
    assert not restored[:1150].any()
    assert not restored[1750:].any()
