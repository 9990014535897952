"""How noisy real sensors are: shot, read and row noise against the system gain.

K is the gain in counts per electron. Read and row noise grow with it along straight lines between
logarithms, log σ = slope · log K + offset, σ in counts:

| sensor                  | K from – to (ISO)        | source                                      |
|-------------------------|--------------------------|---------------------------------------------|
| Sony α7S II, low        | 0.19 – 1.53 (200–1600)   | Feng et al., Learnability Enhancement for   |
| Sony α7S II, high       | 1.91 – 12.4 (2000–12800) | Low-Light RAW Denoising, ACM MM 2022: table |
| Sony IMX686, a phone's  | 0.83 – 8.74 (640–6400)   | of calibrated cameras in its code           |
| Nikon D850              | 3.3 – 12.0 (800–3200)    | the same; model of Wei et al., CVPR 2020    |
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log

import numpy as np

from relume.arrays import Plane


@dataclass(frozen=True)
class Sensor:
    """A calibrated sensor; lines are (slope, offset, deviation) of natural logarithms."""

    name: str
    log_gain: tuple[float, float]
    """Range of log K."""
    read: tuple[float, float, float]
    row: tuple[float, float, float]
    counts: float
    """White level − black level."""


SENSORS = (
    Sensor(
        "Sony α7S II, ISO 200–1600",
        log_gain=(-1.67214, 0.42228),
        read=(0.82966, 1.49343, 0.00359),
        row=(0.78782, -0.34227, 0.02832),
        counts=16383 - 512,
    ),
    Sensor(
        "Sony α7S II, ISO 2000–12800",
        log_gain=(0.64567, 2.51606),
        read=(0.82878, 0.44162, 0.00153),
        row=(0.62945, -1.51040, 0.02609),
        counts=16383 - 512,
    ),
    Sensor(
        "Sony IMX686, ISO 640–6400",
        log_gain=(-0.19118, 2.16820),
        read=(0.85187, 0.67991, 0.02921),
        row=(0.87611, -2.11455, 0.03274),
        counts=1023 - 64,
    ),
    Sensor(
        "Nikon D850, ISO 800–3200",
        log_gain=(1.2, 2.4828),
        read=(0.8322, -0.1754, 0.035165),
        row=(0.8322, -2.3326, 0.301333),
        counts=16383 - 512,
    ),
)


@dataclass(frozen=True)
class Noise:
    """Noise of one exposure, in parts of the span from black to white."""

    shot: float
    """One electron: variance = shot · signal."""
    read: float
    """Standard deviation of each sample."""
    row: float
    """Standard deviation that the samples of a row share."""

    def __call__(self, signal: Plane, *, random: np.random.Generator) -> Plane:
        """Return a signal, (H, W) ≥ 0, as the sensor counts it; may be negative."""
        electrons = random.poisson(signal / self.shot)
        noise = random.standard_normal(signal.shape, np.float32) * np.float32(self.read)
        noise += random.standard_normal((signal.shape[0], 1), np.float32) * np.float32(self.row)
        noise += electrons.astype(np.float32) * np.float32(self.shot)
        return noise.astype(np.float32, copy=False)


def draw_noise(*, random: np.random.Generator, most_shot: float = 1.0) -> Noise:
    """Draw a sensor and a gain, evenly in its logarithm, with `shot` at most `most_shot`.

    A sensor whose least gain is noisier is taken at its least.
    """
    sensor = SENSORS[int(random.integers(len(SENSORS)))]
    low, high = sensor.log_gain
    log_gain = random.uniform(low, max(low, min(high, log(most_shot * sensor.counts))))

    def deviation(line: tuple[float, float, float]) -> float:
        slope, offset, spread = line
        return exp(random.normal(slope * log_gain + offset, spread)) / sensor.counts

    return Noise(exp(log_gain) / sensor.counts, deviation(sensor.read), deviation(sensor.row))
