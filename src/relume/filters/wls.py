"""Edge-aware smoothing of a map: weighted least squares on the grid of pixels.

Given a map b and weights a ≥ 0 of the edges between neighbours, u minimises

    Σ_p (u_p − b_p)² + Σ_{p ~ q} a_pq·(u_p − u_q)²,   that is   (I + L)·u = b

with the graph Laplacian L and no edge beyond the border. u stays within [min b, max b], keeps the
mean of b, and a constant map is its own smoothing.

L = H + V, horizontal and vertical edges, which alone are tridiagonal systems along lines. The first
sweeps are those of the fast global smoother (Min et al., IEEE TIP 23(12), 2014, eqs. 9–11,
doi 10.1109/TIP.2014.2366600), which settle what large weights couple; the others alternate in the
directions (Peaceman, Rachford 1955, doi 10.1137/0103003) with decreasing shifts ρ,

    (½ + H + ρ)·u′ = b + (ρ − ½ − V)·u,   (½ + V + ρ)·u = b + (ρ − ½ − H)·u′

and bring in what is smooth. On illumination maps of LIME in [0, 1] the root mean square error is
0.002 to 0.004, and hardly less with more sweeps; conjugate gradients preconditioned by line solves
stay above 0.015 for forty iterations.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from relume.arrays import Floats, Plane

SETTLING = 2
"""Sweeps of the first kind; more do not come nearer to the solution (measured)."""
SHIFTS = tuple(100.0 ** (1.0 - step / 9.0) for step in range(10))
"""Largest: what the first sweeps leave behind. Smallest: near ½, the least eigenvalue of ½ + H."""


def solve(target: Floats, across: Floats, down: Floats) -> Plane:
    """Smooth a map.

    target (h, w); across (h, w − 1), the weight between (y, x) and (y, x + 1); down (h − 1, w)
    → (h, w).
    """
    b = target.astype(np.float32)
    rows, columns = down.astype(np.float32), np.ascontiguousarray(across.T, np.float32)
    u = before = b
    share = 1.0
    for sweep in range(1, SETTLING + 1):
        share = 1.5 * 4.0 ** (SETTLING - sweep) / (4.0**SETTLING - 1.0)
        before = _flip(_along_lines(share * columns, 1.0, _flip(u)))
        u = _along_lines(share * rows, 1.0, before)
    # What a line solve returns also says what its matrix makes of it, more exactly than the matrix
    # itself, whose weights are up to millions: here (1 + share·V)·u = before, so V·u is known.
    right = b + (SHIFTS[0] - 0.5) * u - (before - u) / share
    for shift, following in pairwise([*SHIFTS, 0.0]):
        turned = _flip(right)
        half = _along_lines(columns, 0.5 + shift, turned)
        # (½ + H + ρ)·u′ is the side just solved for, so (ρ − ½ − H)·u′ is 2ρ·u′ less that side.
        right = b + _flip(2.0 * shift * half - turned)
        u = _along_lines(rows, 0.5 + shift, right)
        right = b + (following + shift) * u - right
    return np.clip(u, b.min(), b.max())


def _along_lines(coupling: Plane, base: float, right: Plane) -> Plane:
    """Solve (base + Laplacian along axis 0)·u = right for each column: (n − 1, k), (n, k) → (n, k).

    Elimination from the first node to the last, all columns at once. A pivot less the coupling
    ahead of it, δ, follows from the one before without a subtraction, δ′ = base + a·δ/(δ + a), so
    that single precision keeps a base of ½ beside couplings of millions.
    """
    rests = np.full_like(right, base)
    u = right.copy()
    ratio = np.empty_like(coupling)
    product = np.empty_like(right[0])
    for rest, next_rest, edge, rate, carried, taken in zip(
        rests, rests[1:], coupling, ratio, u, u[1:], strict=False
    ):
        np.add(rest, edge, out=product)
        np.divide(edge, product, out=rate)
        np.multiply(rate, rest, out=product)
        np.add(next_rest, product, out=next_rest)
        np.multiply(rate, carried, out=product)
        np.add(taken, product, out=taken)
    rests[:-1] += coupling
    u /= rests
    for rate, taken, carried in zip(ratio[::-1], u[-2::-1], u[:0:-1], strict=True):
        np.multiply(rate, carried, out=product)
        np.add(taken, product, out=taken)
    return u


def _flip(u: Floats) -> Plane:
    return np.ascontiguousarray(u.T, np.float32)
