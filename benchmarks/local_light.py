"""Train the estimate of `relume` for local light, on pictures that are kept small.

    python benchmarks/local_light.py PHOTOS SERIES START.safetensors -o END.safetensors

The estimate sees 96×96 samples and its objective compares as many, so a picture that was cropped,
darkened and reduced once serves again and again: a step takes a tenth of the time that it takes
`relume train`, which draws each crop from the full photo. PHOTOS is a folder of well-exposed
photos, without those that are held out; SERIES holds low/ and high/ with pictures of equal names:
real dark exposures, and a well-exposed one of the same scene. Shares of what is drawn:

    0.08 photos as they are · 0.15 darkened by 0 to 1.2 stops · 0.29 by 0.3 to 7
    0.14 partly in the shade, 1 to 6 stops, with what physical.py draws besides
    0.14 partly in the shade, 1 to 5 stops, the rest as it is
    0.03 well-exposed pictures of SERIES as they are · 0.03 darkened · 0.14 its real dark exposures,
    half of them by −1.5 to 0.3 stops more
    of all these, 0.07 are walls and skies instead: generated, smooth, as they are or darkened

The objective is that of objective.py with `ratio` 0.15, and --error (0.03) · ln(MSE + 0.0003) of
each picture, so that pictures which are nearly right count. `highlights` is 0.8 in three steps of
four, as by default, else 0. Seven steps in ten compare 48×48 samples until 0.85 of the time. AdamW,
a cosine to 0 by the clock; the result is the moving average. A run that was stopped goes on from
the .ckpt beside it.
"""

from __future__ import annotations

import argparse
import time
from functools import cache
from math import cos, pi, sin
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional

from relume.arrays import Rgb
from relume.colour import decode_srgb, encode_srgb
from relume.data.darkening.physical import Darkening
from relume.data.uneven_light import field
from relume.losses.objective import Terms
from relume.methods.relume.network import (
    Network,
    areas,
    enlarged,
    from_state,
    log_luma,
    relight,
)
from relume.methods.relume.objective import light_terms
from relume.nn.sparing import spared, windows
from relume.train.average import Average

KEPT, FIRST, BATCH = 20_000, 3_000, 32
FRESH = 2
"""Pictures drawn per step once KEPT are there; twice as many before."""
WEIGHTS = {
    "tone": 1.0,
    "logarithm": 0.15,
    "structure": 0.5,
    "mean": 1.0,
    "saturation": 0.3,
    "ratio": 0.15,
}
SHOT = (1e-6, 5e-4)  # a crop was reduced, which averages noise away


class Drawn:
    """Draws pairs of small pictures, dark and well exposed, as the head of this file says."""

    def __init__(self, photos: Path, series: Path, *, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.photos = [read(path) for path in sorted(photos.iterdir())]
        self.series = [
            (read(path), read(series / "high" / path.name))
            for path in sorted((series / "low").iterdir())
        ]
        self.even = Darkening(stops=(0.3, 7), shot=SHOT)
        self.mild = Darkening(
            stops=(0.0, 1.2), unevenness=0.7, beyond_white=0.2, cast=0.05, shot=SHOT
        )
        self.shaded = Darkening(
            stops=(1, 6),
            shade=1.0,
            lit=0.65,
            second_light=0.3,
            beyond_white=0.25,
            cast=0.05,
            shot=SHOT,
        )
        self.half = Darkening(
            stops=(1, 5),
            shade=1.0,
            lit=1.0,
            unevenness=0.3,
            beyond_white=0.0,
            cast=0.04,
            shot=SHOT,
        )

    def pair(self) -> tuple[Rgb, Rgb]:
        """Return a dark picture and what it should become, (H, W, 3) in [0, 1]."""
        random = self.random
        drawn = random.random()
        if random.random() < 0.07:
            wall = in_levels(smooth(random))
            if drawn < 0.15:
                return wall, wall
            return (self.mild if drawn < 0.45 else self.even)(wall, random=random), wall
        if drawn < 0.80:
            (photo,) = self._crop(self.photos[random.integers(len(self.photos))])
            if drawn < 0.08:
                return photo, photo
            models = ((0.23, self.mild), (0.52, self.even), (0.66, self.shaded), (0.80, self.half))
            model = next(model for end, model in models if drawn < end)
            return model(photo, random=random), photo
        low, high = self._crop(*self.series[random.integers(len(self.series))])
        if drawn < 0.83:
            return high, high
        if drawn < 0.86:
            return self.even(high, random=random), high
        if random.random() < 0.5:
            light = decode_srgb(low) * 2.0 ** random.uniform(-1.5, 0.3)
            low = in_levels(encode_srgb(np.clip(light, 0, 1)))
        return low, high

    def _crop(self, *pictures: np.ndarray) -> list[Rgb]:
        """Crop pictures of one scene alike, and reduce them to about 130 to 210 pixels a side."""
        random, (height, width) = self.random, pictures[0].shape[:2]
        part = random.uniform(0.6, 1.0) if random.random() < 0.7 else 1.0
        tall, wide = (
            max(64, round(side * part * random.uniform(0.85, 1))) for side in (height, width)
        )
        top, left = random.integers(0, height - tall + 1), random.integers(0, width - wide + 1)
        side, shape = random.uniform(130, 210), tall / wide
        size = max(round(side / shape**0.5), 64), max(round(side * shape**0.5), 64)
        step = -1 if random.random() < 0.5 else 1
        return [
            np.asarray(
                Image.fromarray(
                    np.ascontiguousarray(each[top : top + tall, left : left + wide][:, ::step])
                ).resize(size, Image.Resampling.BOX)
            ).astype(np.float32)
            / np.float32(255)
            for each in pictures
        ]


def in_levels(picture: Rgb) -> Rgb:
    """Round a picture as a file of 8 bits does."""
    return np.rint(255 * np.clip(picture, 0, 1)).astype(np.float32) / np.float32(255)


def smooth(random: np.random.Generator) -> Rgb:
    """Draw what changes smoothly by itself, not by its light: levels that rise in one direction, or
    in a field, (H, W, 3) in [0, 1]."""
    height, width = random.integers(96, 200, 2)
    down, right = np.mgrid[:height, :width]
    turn = random.uniform(0, 2 * pi)
    height_of = cos(turn) * right / width + sin(turn) * down / height
    if random.random() < 0.4:
        height_of = (
            height_of + random.uniform(0.2, 1.5) * field((height, width), random=random)[..., 0]
        )
    rank = np.argsort(np.argsort(height_of.ravel())).reshape(height, width)
    shape = random.uniform(0.8, 4), random.uniform(0.8, 4)
    levels = np.sort(random.beta(*shape, height * width))[rank] * random.uniform(0.6, 1.06)
    tinted = levels[..., None] * random.uniform(0.75, 1.05, 3)
    return np.clip(tinted, 0, 1).astype(np.float32)


def read(path: Path, *, longest: int = 400) -> np.ndarray:
    """Read a picture, reduced by area to at most `longest` pixels a side."""
    with Image.open(path) as opened:
        image = opened.convert("RGB")
    ratio = longest / max(image.size)
    if ratio < 1:
        size = round(image.width * ratio), round(image.height * ratio)
        image = image.resize(size, Image.Resampling.BOX)
    return np.asarray(image)


class Kept:
    """Small pairs, of which the newest replace any once it is full."""

    def __init__(self, drawn: Drawn) -> None:
        self.drawn, self.count = drawn, 0
        self.low = torch.empty(KEPT, 3, 96, 96, dtype=torch.float16)
        self.high = torch.empty_like(self.low)
        self.fill(FIRST)

    def fill(self, count: int) -> None:
        for _ in range(count):
            full = self.count == KEPT
            place = int(self.drawn.random.integers(KEPT)) if full else self.count
            for kept, picture in zip((self.low, self.high), self.drawn.pair(), strict=True):
                image = torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))
                kept[place] = (
                    areas(image.shape[-2], image) @ image @ areas(image.shape[-1], image).T
                )
            self.count += not full

    def batch(self) -> tuple[Tensor, Tensor]:
        self.fill(FRESH if self.count == KEPT else 2 * FRESH)
        chosen = torch.from_numpy(self.drawn.random.integers(0, self.count, BATCH))
        return self.low[chosen].float(), self.high[chosen].float()


@cache
def along(size: int) -> Tensor:
    """Return the matrix that averages `size` places as the windows of the network's lines do."""
    places = torch.eye(size)[:, None, None].expand(size, 1, size, size)
    return windows(places, radius=5)[:, 0, 0].T


def lines(guide: Tensor, maps: Tensor) -> tuple[Tensor, Tensor]:
    """Fit what `relume.methods.relume.network.lines` does, in a tenth of the time to learn through:
    means of windows are two small products."""

    def mean(values: Tensor) -> Tensor:
        rows, columns = (along(size) for size in values.shape[-2:])
        return rows @ values @ columns.T

    usual, average = guide.mean((2, 3), keepdim=True), maps.mean((2, 3), keepdim=True)
    guide, maps = guide - usual, maps - average
    count = maps.shape[1]
    middle, square, level, both = mean(
        torch.cat((guide, guide * guide, maps, guide * maps), dim=1)
    ).split((1, 1, count, count), dim=1)
    slope = (both - middle * level) / (square - middle * middle + 1e-3)
    slope, offset = mean(torch.cat((slope, level - slope * middle), dim=1)).split(count, dim=1)
    return slope, offset + average - slope * usual


def terms(
    network: Network, low: Tensor, high: Tensor, *, highlights: float, small: bool, error: float
) -> Terms:
    """Return what is minimised for small pictures, by 48×48 samples where `small`."""
    half = functional.avg_pool2d(low, 2)
    seen = low.contiguous(memory_format=torch.channels_last)  # half the time of the network
    maps = spared(network.estimate(seen).contiguous(), half, highlights=highlights)
    slope, offset = lines(log_luma(half), maps)
    if small:
        low, high = half, functional.avg_pool2d(high, 2)
    maps = enlarged(slope, low) * log_luma(low) + enlarged(offset, low)
    found = relight(low, maps).clamp(0, 1)
    squares = (found - high).square().mean((1, 2, 3))
    known = light_terms(found, high, low, quantile=0.75)
    weighed = {name: WEIGHTS[name] * value for name, value in known.items()}
    return {**weighed, "error": error * (squares + 3e-4).log().mean()}


def main() -> None:
    """Train until the time is over, and say how far it is now and then."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=Path)
    parser.add_argument("series", type=Path)
    parser.add_argument("start", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=75)
    parser.add_argument("--learning-rate", type=float, default=7e-4)
    parser.add_argument("--error", type=float, default=0.03)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    torch.manual_seed(chosen.seed)
    network = from_state(load_file(chosen.start))
    for weight in network.estimate.parameters():
        if weight.ndim == 4:
            weight.data = weight.data.contiguous(memory_format=torch.channels_last)
    average = Average(network, decay=0.999)
    learnt = list(network.estimate.parameters())
    optimiser = torch.optim.AdamW(learnt, lr=chosen.learning_rate, weight_decay=1e-4)
    checkpoint, step, before = chosen.output.with_suffix(".ckpt"), 0, 0.0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        network.load_state_dict(state["network"])
        average.load_state_dict(state["average"])
        optimiser.load_state_dict(state["optimiser"])
        step, before = state["step"], state["seconds"]
    kept = Kept(Drawn(chosen.photos, chosen.series, seed=chosen.seed + step))
    random, began, saved, seen = (
        kept.drawn.random,
        time.monotonic(),
        time.monotonic(),
        list[float](),
    )
    while (done := (before + time.monotonic() - began) / (60 * chosen.minutes)) < 1:
        for group in optimiser.param_groups:
            group["lr"] = (
                chosen.learning_rate * 0.5 * (1 + cos(pi * done)) * min(1, (step + 1) / 200)
            )
        low, high = kept.batch()
        small = done < 0.85 and random.random() < 0.7
        highlights = 0.8 if random.random() < 0.75 else 0.0
        known = terms(network, low, high, highlights=highlights, small=small, error=chosen.error)
        loss = sum(known.values())
        assert isinstance(loss, Tensor)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learnt, 1.0)
        optimiser.step()
        average.follow(network)
        step += 1
        seen.append(loss.item())
        if step % 200 == 0:
            print(f"step {step}, {done:.0%}: objective {np.mean(seen[-200:]):.3f}", flush=True)
        if time.monotonic() - saved > 120:
            saved = time.monotonic()
            state = {"network": network.state_dict(), "average": average.state_dict()}
            state |= {"optimiser": optimiser.state_dict(), "step": step}
            state |= {"seconds": before + saved - began}
            torch.save(state, checkpoint.with_suffix(".part"))
            checkpoint.with_suffix(".part").replace(checkpoint)
    weights = average.network.state_dict()
    assert isinstance(weights, dict)
    save_file({name: value.contiguous() for name, value in weights.items()}, chosen.output)


if __name__ == "__main__":
    main()
