"""A transfer function or a gain, evaluated once for every level a picture can hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from relume.arrays import Floats, Pixels
from relume.colour import decode_srgb, encode_srgb
from relume.errors import ContractError
from relume.levels import TOPS
from relume.render.kernel import FINE, KNOTS
from relume.render.maps import Relight, Tone
from relume.render.samples import levels

Doubles: TypeAlias = NDArray[np.float64]
Function: TypeAlias = Callable[[Floats], Floats]


def evaluate(function: Function, at: Floats, *, name: str, high: float) -> Floats:
    """Return function(at) clipped to [0, high].

    Raises: ContractError when it changes the shape or gives what is not a number.
    """
    # `at` is ours and may be used again: hand out a copy that can be overwritten.
    result = np.asarray(function(at.copy()), at.dtype)
    if result.shape != at.shape:
        raise ContractError(f"{name}: expected the shape {at.shape} back, got {result.shape}")
    bad = np.isnan(result)
    if bad.any():
        raise ContractError(f"{name}: gives not-a-number at {at[bad][0]:g}")
    return np.clip(result, 0, high)


def _stored(values: Doubles, dtype: DTypeLike) -> Pixels:
    return np.floor(np.clip(values, 0, 1) * TOPS[np.dtype(dtype)] + 0.5).astype(dtype)


def transfer_table(transfer: Function, *, dtype: DTypeLike, strength: float) -> Pixels:
    """Return the stored result for each stored level."""
    before = levels(dtype)
    after = evaluate(transfer, before, name="transfer", high=1)
    return _stored(before + strength * (after - before), dtype)


def change_table(transfer: Function, *, dtype: DTypeLike) -> NDArray[np.float32]:
    """Return f(E) − E for each stored level."""
    before = levels(dtype)
    return (evaluate(transfer, before, name="transfer", high=1) - before).astype(np.float32)


def tone_table(transfer: Function, *, dtype: DTypeLike) -> NDArray[np.float32]:
    """Return f at FINE dark lumas, then at the knots, in units of a knot."""
    fine = np.arange(FINE) / (1000 * TOPS[np.dtype(dtype)])
    after = evaluate(
        transfer, np.append(fine, np.arange(KNOTS) / (KNOTS - 1)), name="transfer", high=1
    )
    return (np.append(after, after[-1]) * (KNOTS - 1)).astype(np.float32)


def factors(relight: Relight, largest: Floats) -> Floats:
    """Return the gain for each value of the largest linear channel, as large as white allows."""
    room = 1 / np.clip(largest, np.finfo(largest.dtype).tiny, 1)
    return np.minimum(evaluate(relight.gain, largest, name="gain", high=np.inf), room)


def gray_transfer(relight: Relight) -> Function:
    """Return the transfer function that Relight is on a gray picture."""

    def transfer(encoded: Floats) -> Floats:
        linear = decode_srgb(encoded)
        return _kept_where_one(encoded, linear, factors(relight, linear))

    return transfer


def _kept_where_one(encoded: Floats, linear: Floats, factor: Floats) -> Floats:
    """Relight samples, exactly unchanged where the factor is 1."""
    return np.where(factor == 1, encoded, encode_srgb(np.minimum(linear * factor, 1)))


def relit(relight: Relight, rgb: Floats) -> Floats:
    """Relight pixels (…, 3)."""
    linear = decode_srgb(rgb)
    largest = np.maximum(np.maximum(linear[..., 0], linear[..., 1]), linear[..., 2])
    return _kept_where_one(rgb, linear, factors(relight, largest)[..., None])


def pair_table(rendering: Tone | Relight, *, strength: float) -> NDArray[np.uint8]:
    """Return table[largest channel][sample] for bytes, of a Relight or of a Tone by value."""
    before = levels(np.uint8)
    if isinstance(rendering, Relight):
        linear = decode_srgb(before)
        factor = factors(rendering, linear)[:, None]
        after = _kept_where_one(before[None, :], linear[None, :], factor)
    else:
        value = evaluate(rendering.transfer, before, name="transfer", high=1)
        factor = value / np.maximum(before, 1 / 255)
        after = before * factor[:, None]
        after[0] = value[0]  # a black pixel becomes the neutral f(0)
    return _stored(before + strength * (after - before), np.uint8).astype(np.uint8)


def relight_tables(
    relight: Relight,
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Return for 16 bits: linear light in knots and factor per level, encoded value per knot.

    65536 knots leave the encoding's interpolation under 0.01 level: the toe is straight, and
    beyond it |encode″| ≤ 2400, so the error is at most 2400 / (8 · 65535²) of the range.
    """
    linear = decode_srgb(levels(np.uint16))
    encoded = encode_srgb(np.arange(KNOTS) / (KNOTS - 1))
    return (
        (linear * (KNOTS - 1)).astype(np.float32),
        np.minimum(factors(relight, linear), np.finfo(np.float32).max).astype(np.float32),
        np.append(encoded, encoded[-1]).astype(np.float32),
    )
