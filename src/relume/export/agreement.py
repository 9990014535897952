"""A written graph is compared with what it came from, over sizes and knobs."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from relume.arrays import Floats
from relume.errors import RelumeError
from relume.export.interface import Interface

TOLERANCE = 1e-4
"""Largest difference in float32, relative to 1 or to an output's largest value if that is more:
rounding through a dozen layers stays a hundred times below it, a wrong operator far above."""

HALF_TOLERANCE = 2e-3
"""The same in float16, whose numbers near 1 are 0.0005 to 0.001 apart; half a level of 8 bit."""

SIZES = ((1, 1), (1, 17), (40, 1), (2, 2), (33, 50), (64, 96), (127, 65))
"""Heights and widths the two are compared at: single pixels and lines, odd, even, both ways."""

SWEPT = (33, 50)
"""The size at which knobs are moved to the ends of their ranges."""

SMALL = 128 * 128
"""Pixels of a picture that one thread is enough for."""

Feeds = Mapping[str, Floats]
"""Inputs by name, `image` (N, C, H, W) first, then the knobs, 0-d."""
Run = Callable[[Feeds], Sequence[Floats]]
"""Runs a graph: inputs → outputs in the network's order."""


class DisagreementError(RelumeError):
    """A model file that would not give what the network gives."""


@contextmanager
def threads_for(image: Tensor) -> Generator[None]:
    """Let torch work on a small picture with one thread: several mostly wait for each other, and
    where other programs work too, for minutes."""
    before = torch.get_num_threads()
    torch.set_num_threads(1 if image.shape[-2] * image.shape[-1] <= SMALL else before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def run_of(network: nn.Module) -> Run:
    """Return a function that runs a network in torch."""

    def run(feeds: Feeds) -> list[Floats]:
        given = [torch.from_numpy(np.array(value, np.float32)) for value in feeds.values()]
        with torch.no_grad(), threads_for(given[0]):
            results: tuple[Tensor, ...] = network(*given)
        return [result.numpy() for result in results]

    return run


def require_agreement(
    expected: Run,
    found: Run,
    face: Interface,
    *,
    name: str,
    tolerance: float = TOLERANCE,
    sizes: Sequence[tuple[int, int]] = SIZES,
) -> None:
    """Raise DisagreementError when two graphs differ by more than `tolerance`.

    Every size is tried at the knobs' defaults, every end of a knob's range at one size.
    """
    for feeds, where in probes(face, sizes=sizes):
        for output, one, other in zip(face.outputs, expected(feeds), found(feeds), strict=True):
            difference = apart(one, other)
            if not difference <= tolerance:  # NaN must not pass
                raise DisagreementError(
                    f"{name}: not written: output {output} at {where} differs from torch by "
                    f"{difference:g}, more than {tolerance:g}"
                )


def largest_difference(
    expected: Run, face: Interface, *, sizes: Sequence[tuple[int, int]] = SIZES
) -> Callable[[Run], float]:
    """Return a function from a graph to the largest difference between what it gives and what is
    expected of it, which is computed once."""
    known = [(feeds, expected(feeds)) for feeds, _ in probes(face, sizes=sizes)]

    def measure(found: Run) -> float:
        # Not by max(): of a NaN it makes what stands before it.
        return float(
            np.max(
                [
                    apart(one, other)
                    for feeds, results in known
                    for one, other in zip(results, found(feeds), strict=True)
                ]
            )
        )

    return measure


def apart(expected: Floats, found: Floats) -> float:
    """Return the largest absolute difference, relative to 1 or to the largest expected value."""
    if expected.shape != found.shape:
        return float("inf")
    if not expected.size:
        return 0.0
    return float(np.abs(expected - found).max() / max(1.0, np.abs(expected).max()))


def probes(face: Interface, *, sizes: Sequence[tuple[int, int]]) -> Iterator[tuple[Feeds, str]]:
    """Yield inputs for a comparison, `image` first, and what to call them."""
    random = np.random.default_rng(0)
    defaults = {knob.name: np.array(knob.default, np.float32) for knob in face.knobs}

    def dark(height: int, width: int) -> Floats:
        return random.random((1, face.channels, height, width), np.float32) ** 3

    # A multiple makes neighbours of small sizes equal: each is tried once.
    for height, width in dict.fromkeys(face.size(*size) for size in sizes):
        yield {"image": dark(height, width), **defaults}, f"{height}×{width}"
    image = dark(*face.size(*(SWEPT if len(sizes) > 1 else sizes[0])))
    for knob in face.knobs:
        for end in (knob.low, knob.high):
            feeds = {"image": image, **defaults, knob.name: np.array(end, np.float32)}
            yield feeds, f"{knob.name}={end:g}"
