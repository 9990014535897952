"""How pictures are prepared before they are compared: the protocol is part of a number's name.

Every protocol begins with 8-bit RGB, full frame, never resized, since published numbers come from
saved files; white is 255.

| protocol              | compares                                                                |
|-----------------------|-------------------------------------------------------------------------|
| plain                 | the 8-bit RGB pictures                                                  |
| y                     | their studio luma, 16 to 235, not rounded, white still counted as 255    |
| gray                  | MATLAB's rounded gray, as the first code of SSIM did                     |
| gt-mean               | plain, after the result was multiplied by r and rounded to 8 bits again  |
| gt-mean-cidnet        | gt-mean of rounded gray, without rounding again                          |
| gt-mean-retinexformer | gt-mean of a gray whose red and blue weights are swapped; PSNR unrounded |
| gt-mean-llflow        | r = swapped gray of the reference / mean of all channels of the result   |

The gt-mean protocols are oracles: r = m(reference)/m(result) takes one number per picture from the
reference, which raises PSNR by 2 to 5 dB. They have a table of their own (`one_protocol`). Three
follow the evaluation code of a project, whose numbers are otherwise not comparable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Picture
from relume.errors import ContractError, UnknownNameError
from relume.metrics.planes import (
    Doubles,
    gray_matlab,
    gray_opencv,
    luma_studio,
    luma_unrounded,
    to_bytes,
)

DARKEST = 1e-6 * 255.0
"""A result whose mean is below this is left as it is: there is nothing to multiply."""


@dataclass(frozen=True)
class Rectification:
    """How the mean of the reference is used."""

    of_reference: Callable[[NDArray[Any]], Doubles]
    of_result: Callable[[NDArray[Any]], Doubles]
    unrounded: tuple[str, ...] = ()
    """The metrics that are computed on the product as it is, not rounded to 8 bits."""


@dataclass(frozen=True)
class Protocol:
    """A name and what it does."""

    name: str
    meaning: str
    plane: Callable[[NDArray[Any]], Doubles] | None = None
    """Which plane is compared instead of RGB."""
    rectification: Rectification | None = None

    @property
    def oracle(self) -> bool:
        """Whether a number is taken from the reference to improve the result."""
        return self.rectification is not None


def _swapped(picture: NDArray[Any]) -> Doubles:
    return luma_unrounded(picture[..., ::-1])


def _channels(picture: NDArray[Any]) -> Doubles:
    return picture.astype(np.float64)


_ERRORS = ("psnr", "mse", "mae")
_PROTOCOLS = (
    Protocol("plain", "8-bit RGB, full frame"),
    Protocol("y", "BT.601 studio luma, not rounded", plane=luma_studio),
    Protocol("gray", "MATLAB's gray, rounded", plane=gray_matlab),
    Protocol(
        "gt-mean",
        "oracle: the result's mean luma is set to the reference's; 8 bits",
        rectification=Rectification(luma_unrounded, luma_unrounded),
    ),
    Protocol(
        "gt-mean-cidnet",
        "oracle: as the code of CIDNet does it",
        rectification=Rectification(
            gray_opencv, gray_opencv, unrounded=(*_ERRORS, "ssim", "ciede2000", "lpips")
        ),
    ),
    Protocol(
        "gt-mean-retinexformer",
        "oracle: as the code of Retinexformer does it",
        rectification=Rectification(_swapped, _swapped, unrounded=_ERRORS),
    ),
    Protocol(
        "gt-mean-llflow",
        "oracle: as the code of LLFlow does it",
        rectification=Rectification(_swapped, _channels),
    ),
)
PROTOCOLS = {protocol.name: protocol for protocol in _PROTOCOLS}

FULL_REFERENCE = tuple(PROTOCOLS)
"""The protocols of a metric that compares planes of any kind."""

FULL_REFERENCE_RGB = tuple(name for name, protocol in PROTOCOLS.items() if protocol.plane is None)
"""The protocols of a metric that compares colours."""


def protocol(name: str) -> Protocol:
    """Return a protocol.

    Raises: UnknownNameError with the nearest names.
    """
    if name not in PROTOCOLS:
        raise UnknownNameError.of("protocol", name, PROTOCOLS)
    return PROTOCOLS[name]


def prepare(
    enhanced: Picture, reference: Picture, *, protocol: Protocol, metric: str
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Bring a result and its reference into the form that `metric` compares, white at 255.

    Raises: ContractError when the sizes differ or a picture is none.
    """
    ours, theirs = to_bytes(enhanced, what="result"), to_bytes(reference, what="the other picture")
    if ours.shape != theirs.shape:
        raise ContractError(
            f"the result is {ours.shape[1]}×{ours.shape[0]} and what it is compared with "
            f"{theirs.shape[1]}×{theirs.shape[0]}; nothing is resized here"
        )
    if protocol.plane is not None:
        return protocol.plane(ours), protocol.plane(theirs)
    if protocol.rectification is None:
        return ours, theirs
    ratio = rectification_ratio(ours, theirs, rectification=protocol.rectification)
    if ratio is None:
        return ours, theirs
    scaled = np.clip(ours * ratio, 0.0, 255.0)
    unrounded = metric in protocol.rectification.unrounded
    return scaled if unrounded else np.rint(scaled).astype(np.uint8), theirs


def rectification_ratio(
    enhanced: NDArray[np.uint8], reference: NDArray[np.uint8], *, rectification: Rectification
) -> float | None:
    """Return what an oracle multiplies the result by, None when the result is black.

    Its spread over a data set is worth reporting: |log₂ r| is the error of exposure in stops.
    """
    mean = float(rectification.of_result(enhanced).mean())
    return float(rectification.of_reference(reference).mean()) / mean if mean > DARKEST else None


def one_protocol(names: Iterable[str]) -> Protocol:
    """Return the protocol that all numbers of a table share.

    Raises: ContractError when they were measured under several, or under none.
    """
    different = sorted(set(names))
    if len(different) != 1:
        raise ContractError(
            f"a table holds numbers of one protocol, got {', '.join(different) or 'none'}; "
            "make one table for each"
        )
    return protocol(different[0])
