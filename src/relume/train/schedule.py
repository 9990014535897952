"""The learning rate from step to step: a function of how much of the training is over."""

from __future__ import annotations

from math import cos, pi

from relume.train.recipe_training import Optimiser


def factor(progress: float, *, epoch: int, optimiser: Optimiser) -> float:
    """Return what the learning rate is multiplied with.

    | schedule | t = progress ∈ [0, 1], f = floor                                   |
    |----------|--------------------------------------------------------------------|
    | constant | 1                                                                  |
    | linear   | f + (1 − f)·(1 − t)                                                |
    | cosine   | f + (p − f)·(1 + cos πs)/2, s ∈ [0, 1] within its cycle, p its peak |
    | step     | step_factor^⌊epoch / step_every⌋                                   |

    Within the warm-up, a part of each cycle (of the whole for the others), the factor rises
    linearly to the peak instead; t and s count from its end.
    """
    progress = min(max(progress, 0.0), 1.0)
    cycles = optimiser.cycles if optimiser.schedule == "cosine" else 1
    cycle = min(int(progress * cycles), cycles - 1)
    within = progress * cycles - cycle
    peak = optimiser.cycle_factor**cycle
    if within < optimiser.warm_up:
        # Never 0, where a step would teach nothing.
        return peak * max(within / optimiser.warm_up, 1e-3)
    rest = (within - optimiser.warm_up) / (1 - optimiser.warm_up)
    floor = min(optimiser.floor, peak)
    if optimiser.schedule == "linear":
        return floor + (peak - floor) * (1 - rest)
    if optimiser.schedule == "cosine":
        return floor + (peak - floor) * 0.5 * (1 + cos(pi * rest))
    if optimiser.schedule == "step":
        return optimiser.step_factor ** (epoch // optimiser.step_every)
    return 1.0
