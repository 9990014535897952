"""How close a model of less than float32 comes to the float32 one, and what it keeps for it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeVar

import numpy as np

from relume.export.agreement import Feeds, Run
from relume.export.saying import Say, silent, telling

ENOUGH = 35.0
"""dB of PSNR to float32 that a model needs to be written: an error of 4.5 levels of 8 bit, about
the noise of a dark photo."""
SPARE = 2.0
"""dB beyond that which are aimed at: on other pictures a model is up to a decibel worse."""
EQUAL = 99.0
"""dB that stand for no difference at all."""
PAYS = 1.0
"""dB that keeping layers in float32 must bring; less is not worth their time."""

PIECE, PIECES = 64, 2
"""Side and number of the pieces of pictures by which layers are ranked."""
TRIED, TRIALS = 128, 4
"""The same for those by which models are chosen; what is chosen is measured on whole pictures."""

Made = TypeVar("Made")


class Yardstick:
    """Pictures and what float32 makes of them.

    `strays` says of a model that it leaves the bounds of its results on other inputs than these.
    """

    def __init__(
        self,
        expected: Run,
        feeds: Sequence[Feeds],
        *,
        strays: Callable[[Run], bool] = lambda found: False,
    ) -> None:
        self._run = expected
        self._feeds = feeds
        self._strays = strays
        self._expected = [expected(feed)[0] for feed in feeds]

    def smaller(
        self,
        *,
        multiple_of: int,
        side: int = PIECE,
        count: int = PIECES,
        strays: Callable[[Run], bool] | None = None,
    ) -> Yardstick:
        """Return one of a few pieces of pictures, by which many models take little time."""

        def piece(feeds: Feeds) -> Feeds:
            image = feeds["image"]
            rows, columns = (
                max(min(length, side) // multiple_of, 1) * multiple_of for length in image.shape[2:]
            )
            return {**feeds, "image": np.ascontiguousarray(image[..., :rows, :columns])}

        pieces = [piece(feeds) for feeds in self._feeds[:count]]
        return Yardstick(self._run, pieces, strays=strays or self._strays)

    def measure(self, found: Run) -> float:
        """Return the mean PSNR of `enhanced` to float32 in dB; 8 bit are not rounded to.

        A result that is not a number counts as 0 dB, and so does a model that strays.
        """
        if self._strays(found):
            return 0.0
        values: list[float] = []
        for feeds, expected in zip(self._feeds, self._expected, strict=True):
            error = float(np.square(found(feeds)[0] - expected, dtype=np.float64).mean())
            psnr = 0.0 if not np.isfinite(error) else EQUAL if error == 0 else -10 * np.log10(error)
            values.append(min(float(psnr), EQUAL))
        return float(np.mean(values))


def keep_what_pays(
    attempt: Callable[[Collection[str]], tuple[float, Made]],
    layers: Collection[str],
    groups: Sequence[Collection[str]],
    *,
    alone: Callable[[str], float],
    enough: float = ENOUGH + SPARE,
    say: Say = silent,
) -> tuple[float, Made]:
    """Return the best of the models in which some layers stay in float32, and its fidelity.

    `attempt` makes the model in which the given layers do. First none do, then each of `groups`,
    taken where it gains `PAYS` over the best so far. If that is below `enough`, the layers that
    hurt most stay in float32 as well, as few as it takes; `alone` is the fidelity when one layer
    alone does not.
    """
    say("searching: all layers in 8 bits")
    best, chosen = attempt(()), set[str]()
    for group in groups:
        kept = set(group)
        if not kept or kept >= set(layers):
            continue
        say(f"searching: {len(kept)} of {len(layers)} layers in float32")
        found = attempt(kept)
        if found[0] >= best[0] + PAYS:
            best, chosen = found, kept
    if best[0] >= enough:
        return best
    others = [name for name in layers if name not in chosen]
    hurts = {name: alone(name) for name in telling(others, say, "searching", "layer")}
    hurting = sorted(others, key=hurts.__getitem__)
    few, many = 0, len(hurting)
    while many - few > 1:  # so many are enough, so few are not
        middle = (few + many) // 2
        say(f"searching: {len(chosen) + middle} of {len(layers)} layers in float32")
        found = attempt({*chosen, *hurting[:middle]})
        if found[0] >= enough:
            best, many = found, middle
        else:
            few = middle
    return best if best[0] >= enough else attempt({*chosen, *hurting[:many]})


def few_channels(
    channels: Mapping[str, tuple[int, int]], *, few: int = 4
) -> tuple[set[str], set[str]]:
    """Return the layers that end in a picture or map, and those that begin or end in one.

    `channels` are a layer's inputs and outputs. Such layers are a small part of the work, and their
    rounding is seen directly.
    """
    ends = {name for name, (_, after) in channels.items() if after <= few}
    touches = {name for name, sides in channels.items() if min(sides) <= few}
    return ends, touches
