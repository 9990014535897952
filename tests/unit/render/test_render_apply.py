from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from render_reference import enlarged, reference
from render_strategies import (
    KINDS,
    a_picture,
    a_rendering,
    dtypes,
    seeds,
    sizes,
    strengths,
)

from relume.errors import ContractError
from relume.render import (
    Affine,
    Blend,
    Curve,
    Gain,
    Grid,
    Relight,
    Tone,
    apply,
    backend,
    centred,
    cornered,
)

KERNELS = ["", "numpy"]
"""Values of RELUME_KERNEL; without a compiler both are NumPy, which is then tested twice."""

OFF = {"uint8": 0.51, "uint16": 0.6, "float32": 2e-6}
"""In levels: rounding to nearest, and what single precision adds."""

CURVE_OFF = {"uint8": 0.51, "uint16": 1.1, "float32": 2e-5}
"""A curve of a = −1 doubles an error near white at each step: eight steps make 2⁸ · 2⁻²⁴ of the
range, a level of 16 bits, out of one rounding."""


@pytest.fixture(params=KERNELS)
def either(request, monkeypatch):
    monkeypatch.setenv("RELUME_KERNEL", request.param)
    return request.param


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None)
@given(dtype=dtypes, size=sizes, gray=st.booleans(), strength=strengths, seed=seeds)
def test_is_the_formula(kind, dtype, size, gray, strength, seed):
    rng = np.random.default_rng(seed)
    picture, rendering = a_picture(rng, dtype, size, gray), a_rendering(rng, kind, size)
    expected = reference(rendering, picture, strength)
    results, off = [], (CURVE_OFF if kind == "curve" else OFF)[dtype]
    for kernel in KERNELS:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("RELUME_KERNEL", kernel)
            results.append(apply(rendering, picture, strength=strength))
        assert results[-1].shape == picture.shape
        assert results[-1].dtype == picture.dtype
        assert np.abs(results[-1] - expected).max() <= off * max(1, strength)
    if dtype != "float32":
        assert np.abs(results[0].astype(int) - results[1].astype(int)).max() <= 1


def identities(size):
    grid = centred((3, 2), size)
    ones, zeros = np.ones((3, 2, 3), np.float32), np.zeros((3, 2, 3), np.float32)
    half = 0.5 * ones
    yield from (Tone(lambda e: e, by=by) for by in ("channel", "value", "luma", "shift"))
    yield Relight(lambda largest: 1 + 0 * largest)
    yield Curve(zeros, 8, grid)
    yield Curve(half, 0, grid)
    yield Gain(ones, grid)
    yield Affine(ones, zeros, grid)
    yield Blend(lambda e: e, half, grid)
    yield Blend(lambda e: e**0.5, zeros, grid)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("gray", [False, True])
def test_neutral_renderings_change_no_bit(either, dtype, gray):
    size = (61, 127)
    picture = a_picture(np.random.default_rng(0), dtype, size, gray)
    for rendering in identities(size):
        assert np.array_equal(apply(rendering, picture), picture), rendering
        near = apply(rendering, picture, strength=0.4)
        assert np.array_equal(near, picture), rendering


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_no_strength_changes_no_bit(either, kind, dtype):
    rng = np.random.default_rng(1)
    picture = a_picture(rng, dtype, (37, 83), gray=False)
    assert np.array_equal(apply(a_rendering(rng, kind, (37, 83)), picture, strength=0), picture)


def test_every_level_survives_an_identity(either):
    """All 65536 levels, through the tables whose interpolation could lose one."""
    gray = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    picture = np.stack([gray, gray // 2, gray // 3], axis=2)
    for rendering in identities((256, 256)):
        assert np.array_equal(apply(rendering, picture), picture), rendering


@pytest.mark.parametrize(("dtype", "slack"), [("uint8", 0), ("uint16", 1)])
def test_curve_is_monotone(either, dtype, slack):
    """Where a 16-bit curve is flat, single precision may step back across a rounding bound."""
    top = np.iinfo(dtype).max
    ramp = np.repeat(np.arange(top + 1, dtype=dtype)[:, None], 9, axis=1)
    a = np.linspace(-1, 1, 9, dtype=np.float32).reshape(1, 9, 1)
    out = apply(Curve(a, 8, cornered((1, 9), ramp.shape)), ramp).astype(int)
    assert np.diff(out, axis=0).min() >= -slack
    assert (out[0] == 0).all()
    assert (out[-1] == top).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_threads_leave_no_seam(either, kind, dtype):
    # 1300 rows of 3000 samples: four bands for the kernel, many for NumPy.
    size = (1300, 1000)
    rng = np.random.default_rng(2)
    picture = np.tile(a_picture(rng, dtype, (130, 100), gray=False), (10, 10, 1))
    rendering = a_rendering(rng, kind, size)
    one = apply(rendering, picture, threads=1)
    assert np.array_equal(apply(rendering, picture, threads=3), one)


@settings(deadline=None)
@given(dtype=dtypes, seed=seeds, kind=st.sampled_from(KINDS), kernel=st.sampled_from(KERNELS))
def test_any_layout_gives_the_same(dtype, seed, kind, kernel):
    rng = np.random.default_rng(seed)
    picture = a_picture(rng, dtype, (29, 43), gray=False)
    rendering = a_rendering(rng, kind, (29, 43))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RELUME_KERNEL", kernel)
        expected = apply(rendering, picture)
        wide = np.zeros((58, 90, 4), dtype)
        wide[::2, 1:87:2, ::-1][..., :3] = picture
        strided = wide[::2, 1:87:2, ::-1][..., :3]
        shifted = np.frombuffer(b"\0" + picture.tobytes(), dtype, offset=1).reshape(picture.shape)
        for layout in (strided, np.asfortranarray(picture), picture[::-1][::-1], shifted):
            assert np.array_equal(layout, picture)
            assert np.array_equal(apply(rendering, layout), expected)
        out = np.zeros((29, 86, 3), dtype)[:, ::2]
        assert apply(rendering, picture, out=out) is out
        assert np.array_equal(out, expected)
        assert apply(rendering, strided, out=strided) is strided
        assert np.array_equal(strided, expected)
        assert wide[1::2].max() == 0
        assert apply(rendering, picture, out=picture) is picture
        assert np.array_equal(picture, expected)


@pytest.mark.parametrize("corners", [False, True])
@pytest.mark.parametrize(
    ("small", "size"), [((5, 4), (17, 23)), ((1, 3), (8, 8)), ((2, 2), (1, 9))]
)
def test_grids_lie_as_torch_lays_them(either, corners, small, size):
    torch = pytest.importorskip("torch")
    m = np.random.default_rng(3).random((*small, 3)).astype(np.float32)
    grid = (cornered if corners else centred)(small, size)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(m.astype(np.float64)).permute(2, 0, 1)[None],
        size=size,
        mode="bilinear",
        align_corners=corners,
    )[0].permute(1, 2, 0)
    white = np.ones((*size, 3), np.float32)
    assert np.abs(apply(Gain(m, grid), white) - expected.numpy()).max() < 1e-6
    assert np.abs(enlarged(m, grid, *size) - expected.numpy()).max() < 1e-12


@pytest.mark.parametrize("by", ["value", "luma", "shift"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_the_darkest_pixels_follow_a_steep_function(either, dtype, by):
    levels = np.arange(80)
    picture = np.stack(np.meshgrid(levels, levels[:9], levels[:7]), axis=-1)
    picture = picture.reshape(-1, 90, 3).astype(dtype)
    rendering = Tone(lambda e: e**0.3, by=by)
    assert np.abs(apply(rendering, picture) - reference(rendering, picture, 1)).max() <= OFF[dtype]


def test_gray_takes_the_mean_of_a_map(either):
    gray = np.full((4, 5), 100, np.uint8)
    m = np.array([0.3, 0.6, 2.1], np.float32).reshape(1, 1, 3)
    assert (apply(Gain(m, centred((1, 1), (4, 5))), gray) == 100).all()


def test_black_becomes_neutral(either):
    black = np.zeros((2, 2, 3), np.uint8)
    for by in ("channel", "value", "luma", "shift"):
        assert (apply(Tone(lambda e: 0.2 + 0 * e, by=by), black) == 51).all()


def test_keeps_hue_where_gain_passes_white(either):
    pixel = np.array([[[200, 100, 50]]], np.uint8)
    m = np.full((1, 1, 1), 2, np.float32)
    grid = centred((1, 1), (1, 1))
    assert apply(Gain(m, grid), pixel).tolist() == [[[255, 128, 64]]]
    assert apply(Gain(m, grid, keep_hue=False), pixel).tolist() == [[[255, 200, 100]]]


def test_floats_outside_the_range_are_clipped(either):
    picture = np.array([[-1, 0.5, 2, np.nan, np.inf]], np.float32)
    for rendering in (
        Tone(lambda e: e),
        Curve(np.zeros((1, 1, 1), np.float32), 1, Grid((0, 0), (0, 0))),
    ):
        assert apply(rendering, picture).tolist() == [[0, 0.5, 1, 0, 1]]


def good(**changes):
    m = np.zeros((2, 2, 1), np.float32)
    return {"map": m, "iterations": 1, "grid": centred((2, 2), (4, 4))} | changes


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p: apply(Tone(np.sqrt), p[..., :2]), "picture: expected"),
        (lambda p: apply(Tone(np.sqrt), p[:0]), "picture: expected"),
        (lambda p: apply(Tone(np.sqrt), p.astype(float)), "float64"),
        (lambda p: apply(Tone(np.sqrt), p.astype(">u2")), "native"),
        (lambda p: apply(Tone(np.sqrt), p, strength=float("nan")), "strength"),
        (lambda p: apply(Tone(np.sqrt), p, strength=-1), "strength"),
        (lambda p: apply(Tone(np.sqrt), p, threads=0), "threads"),
        (lambda p: apply(Tone(np.sqrt), p, out=p[:2]), "out: expected"),
        (lambda p: apply(Tone(np.sqrt), p, out=p[::-1]), "shares memory"),
        (lambda p: apply(Tone(np.sqrt), p, out=np.broadcast_to(p[:1], p.shape)), "read-only"),
        (lambda p: apply(Tone(lambda e: e[1:]), p), "transfer: expected the shape"),
        (lambda p: apply(Tone(lambda e: e * np.nan), p), "transfer: gives not-a-number at 0"),
        (lambda p: apply(Relight(lambda v: v * np.nan), p), "gain: gives not-a-number"),
        (lambda p: apply(Curve(**good(iterations=-1)), p), "iterations"),
        (lambda p: apply(Curve(**good(map=np.zeros((2, 2), np.float32))), p), "curve map"),
        (lambda p: apply(Curve(**good(map=np.full((2, 2, 1), 1.1))), p), "curve map"),
        (lambda p: apply(Curve(**good(map=np.full((2, 2, 1), np.nan))), p), "curve map"),
        (lambda p: apply(Curve(**good(grid=Grid((np.nan, 1), (0, 0)))), p), "grid"),
        (lambda p: apply(Gain(np.full((1, 1, 1), -1.0), Grid((0, 0), (0, 0))), p), "gain map"),
        (
            lambda p: apply(
                Affine(np.zeros((2, 2, 1)), np.zeros((2, 2, 3)), Grid((0, 0), (0, 0))), p
            ),
            "offset map",
        ),
    ],
)
def test_a_broken_contract_is_named(either, call, message):
    picture = np.full((4, 4, 3), 9, np.uint8)
    with pytest.raises(ContractError, match=message) as caught:
        call(picture)
    assert "\n" not in str(caught.value)
    assert (picture == 9).all()


def test_says_what_renders(either):
    assert backend() in (("NumPy",) if either else ("C (AVX2)", "C", "NumPy"))
