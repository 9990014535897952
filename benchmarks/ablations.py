"""What single parts of relume's own method bring: short trainings, each with one part changed.

    python benchmarks/ablations.py PHOTOS [--seeds 0,1,2] [--steps N] [--only NAME …]
        [--count 100] [--jsonl benchmarks/records/ablations.jsonl]

Every variant (benchmarks/ablation_variants.py) learns from scratch by the recipe of its part, for
the same number of steps, on one thread; with one seed all variants see the same crops. What was
recorded before with the same recipe, steps, seed and photos is not trained again, so a run that
was interrupted goes on; delete lines to repeat them.

Measured on the photos the recipe holds out, darkened by 1, 3 and 5 stops with seeds of their own,
and by 0: how far a good photo is left alone. 8 bits, RGB, SSIM with the 11 × 11 Gaussian, means
over photos. The estimate: the relit picture, longer side 256, against the photo. The restoration:
crops of 256 × 256, relit by one curve, against what is free of noise, relit so, too.
"""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np
import torch
from ablation_variants import VARIANTS, Light, Part, Variant, multiplications
from torch import Tensor, nn
from torch.nn import functional

import relume
from relume.data.darkening.physical import Darkening
from relume.data.options import build
from relume.methods.relume.network import Network, relight, seen_small
from relume.methods.relume.objective import noise_free, plain_maps
from relume.train.average import Average
from relume.train.data import Pictures
from relume.train.draws import collate
from relume.train.measure import in_8_bits, psnr, ssim
from relume.train.optimisers import make_optimiser
from relume.train.pictures import Shelf
from relume.train.recipe import Recipe, call, read_recipe, write_recipe
from relume.train.scenes import Scene
from relume.train.schedule import factor

STOPS = (0.0, 1.0, 3.0, 5.0)
SIDE = 256
MOST = 60.0
"""dB at which a result counts as the photo itself: an equal picture has no finite PSNR."""

STEPS: dict[Part, int] = {"estimate": 240, "restoration": 360}
"""One to two minutes of one thread each."""

RECIPES: dict[Part, str] = {"estimate": "recipe.yaml", "restoration": "restoration.yaml"}
BASELINES = {part: next(each for each in VARIANTS if each.part == part) for part in RECIPES}
RECORDS = Path(__file__).parent / "records" / "ablations.jsonl"


def recipe_of(variant: Variant, *, seed: int, steps: int, count: int) -> Recipe:
    """Return the recipe of the variant's part with the variant's settings."""
    folder = Path(relume.__file__).parent / "methods" / "relume"
    plan = read_recipe(folder / RECIPES[variant.part], settings=variant.settings)
    return replace(
        plan,
        data=replace(plan.data, validation_count=count),
        training=replace(plan.training, seed=seed, steps=steps, minutes=0.0),
    )


def train(variant: Variant, plan: Recipe, pictures: Pictures, shelf: Shelf) -> Network:
    """Let a variant learn, and return the average of its late steps."""
    torch.manual_seed(plan.training.seed)
    network = variant.network()
    objective = call(variant.objective, plan.objective, where="objective")
    draws = pictures.train
    draws.view = variant.view(plan.data, shelf=shelf)
    learning = list(getattr(network, variant.part).parameters())
    optimiser = make_optimiser(learning, plan.optimiser)
    average = Average(network, decay=plan.training.averaging)
    for step in range(plan.training.steps):
        first = step * plan.data.batch
        batch = collate([draws[number] for number in range(first, first + plan.data.batch)])
        rate = factor(step / plan.training.steps, epoch=0, optimiser=plan.optimiser)
        for group in optimiser.param_groups:
            group["lr"] = plan.optimiser.learning_rate * rate
        optimiser.zero_grad()
        torch.stack(list(objective(network, batch).values())).sum().backward()
        nn.utils.clip_grad_norm_(learning, plan.optimiser.clip_norm)
        optimiser.step()
        average.follow(network)
    network.load_state_dict(average.network.state_dict())
    return network.eval()


@dataclass(frozen=True)
class Task:
    """A dark picture and what it should become; the restoration's result is relit by `maps`."""

    stops: float
    low: Tensor
    aim: Tensor
    maps: Tensor


@torch.no_grad()
def tasks(part: Part, scenes: Sequence[Scene], shelf: Shelf) -> Iterator[Task]:
    """Darken the photos that validate, as the baseline's recipe does, by known numbers of stops."""
    plan = recipe_of(BASELINES[part], seed=0, steps=0, count=0)
    model = build(Darkening, dict(plan.data.darkening.options), where="darkening")
    for number, scene in enumerate(scenes):
        photo = shelf.read(scene.paths[0])[None].float() / 255
        high = _middle(photo) if part == "restoration" else _small(photo)
        for stops in STOPS:
            low, aim, maps = high, high, torch.zeros(1, 5, 1, 1)
            if stops:
                random = np.random.default_rng((number, round(10 * stops)))
                image = np.ascontiguousarray(high[0].permute(1, 2, 0).numpy())
                dark = replace(model, stops=(stops, stops))(image, random=random)
                low = torch.from_numpy(dark).permute(2, 0, 1)[None].contiguous()
            if stops and part == "restoration":
                aim = noise_free(low, high)
                maps = plain_maps(aim, high)
                aim = relight(aim, maps)
            yield Task(stops, low, aim, maps)


def _small(photo: Tensor) -> Tensor:
    height, width = photo.shape[-2:]
    scale = min(1.0, SIDE / max(height, width))
    return functional.interpolate(photo, (round(height * scale), round(width * scale)), mode="area")


def _middle(photo: Tensor) -> Tensor:
    """Cut the middle out, with sides that are multiples of 8."""
    height, width = photo.shape[-2:]
    tall, wide = min(SIDE, height // 8 * 8), min(SIDE, width // 8 * 8)
    top, left = (height - tall) // 2, (width - wide) // 2
    return photo[..., top : top + tall, left : left + wide]


@torch.no_grad()
def validate(network: Network, part: Part, some: Sequence[Task]) -> dict[str, dict[str, float]]:
    """Return mean PSNR and SSIM by stops."""
    found: dict[float, list[tuple[float, float]]] = {stops: [] for stops in STOPS}
    for task in some:
        if part == "estimate":
            assert isinstance(network, Light)
            result = network.relit(seen_small(task.low), task.low)
        else:
            result = relight(network.restoration(task.low), task.maps)
        pair = in_8_bits(result), in_8_bits(task.aim)
        found[task.stops].append((min(float(psnr(*pair)), MOST), float(ssim(*pair))))
    return {
        f"{stops:g}": {
            "psnr": round(fmean(value for value, _ in values), 4),
            "ssim": round(fmean(value for _, value in values), 5),
        }
        for stops, values in found.items()
    }


def settings_of(variant: Variant, plan: Recipe, pictures: Pictures) -> dict[str, Any]:
    """Return the part of a record that is known before a training."""
    return {
        "variant": variant.name,
        "part": variant.part,
        "changed": variant.changed,
        "seed": plan.training.seed,
        "steps": plan.training.steps,
        "recipe": sha256(write_recipe(plan).encode()).hexdigest()[:16],
        "photos": len(pictures.train),
        "validate": pictures.validating,
    }


def results_of(network: Network, part: Part, some: Sequence[Task]) -> dict[str, Any]:
    """Return the part of a record that is measured."""
    learnt = getattr(network, part).parameters()
    return {
        "parameters": sum(value.numel() for value in learnt),
        "multiplications": round(multiplications(network, part)),
        "values": validate(network, part, some),
        "versions": {
            "relume": relume.__version__,
            "torch": torch.__version__,
            "python": platform.python_version(),
        },
    }


def key(record: dict[str, Any]) -> tuple[object, ...]:
    """Return what makes two records the same measurement."""
    names = ("variant", "seed", "steps", "recipe", "photos", "validate")
    return tuple(record[name] for name in names)


def measure(
    folder: Path,
    wanted: Sequence[Variant],
    *,
    seeds: Sequence[int],
    steps: int,
    count: int,
    file: Path,
) -> list[dict[str, Any]]:
    """Train and validate what is not recorded yet; return the records of all that is wanted."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    known = {key(record): record for record in map(json.loads, lines)}
    shelf = Shelf(size=(), megabytes=2000)
    validating: dict[Part, list[Task]] = {}
    records: list[dict[str, Any]] = []
    for seed in seeds:
        for variant in wanted:
            length = steps or STEPS[variant.part] if variant.steps is None else variant.steps
            plan = recipe_of(variant, seed=seed, steps=length, count=count)
            pictures = Pictures(folder, data=plan.data, seed=seed, needs="low_high")
            record = settings_of(variant, plan, pictures)
            if key(record) not in known:
                if variant.part not in validating:
                    scenes = pictures.valid.scenes
                    validating[variant.part] = list(tasks(variant.part, scenes, shelf))
                network = train(variant, plan, pictures, shelf) if length else variant.network()
                record |= results_of(network, variant.part, validating[variant.part])
                with file.open("a", encoding="utf-8") as out:
                    out.write(json.dumps(record, ensure_ascii=False) + "\n")
                known[key(record)] = record
            records.append(known[key(record)])
    return records


def table(records: Sequence[dict[str, Any]], part: Part) -> str:
    """Return Markdown: means ± standard deviations over seeds, and in brackets the differences to
    the baseline with the same seeds; bold where one exceeds twice its own deviation."""
    changed = {each.name: each.changed for each in VARIANTS if each.part == part}
    names = list(changed)
    own = {name: [each for each in records if each["variant"] == name] for name in names}
    base = {each["seed"]: each for each in own[names[0]]}
    columns = [(f"{stops:g}", "psnr", 2) for stops in STOPS] + [("", "ssim", 3)]
    heads = ["dB at 0 stops", *(f"{stops:g}" for stops in STOPS[1:])]
    heads += ["SSIM of 1 to 5", "multiplications"]
    rows = ["| changed | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"]
    for name in names:
        if not own[name]:
            continue
        cells = [changed[name]]
        for stops, metric, digits in columns:
            cell = _spread([_value(each, stops, metric) for each in own[name]], digits)
            pairs = [(each, base[each["seed"]]) for each in own[name] if each["seed"] in base]
            gains = [_value(a, stops, metric) - _value(b, stops, metric) for a, b in pairs]
            if name != names[0] and gains:
                sure = len(gains) > 1 and abs(fmean(gains)) > 2 * stdev(gains)
                mark = "**" if sure else ""
                cell += f" ({mark}{_spread(gains, digits, sign='+')}{mark})"
            cells.append(cell)
        cells.append(f"{own[name][0]['multiplications']:,}")
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def _value(record: dict[str, Any], stops: str, metric: str) -> float:
    values = record["values"]
    if stops:
        return values[stops][metric]
    return fmean(values[f"{each:g}"][metric] for each in STOPS if each)


def _spread(values: Sequence[float], digits: int, *, sign: str = "") -> str:
    mean = f"{fmean(values):{sign}z.{digits}f}"
    return f"{mean} ± {stdev(values):.{digits}f}" if len(values) > 1 else mean


def main() -> None:
    """Train what is missing and print a table per part."""
    parser = argparse.ArgumentParser(description="Measure what parts of the method relume bring.")
    parser.add_argument("photos", type=Path)
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--steps", type=int, default=0, help=f"instead of {STEPS}")
    parser.add_argument("--only", nargs="+", choices=[each.name for each in VARIANTS])
    parser.add_argument("--count", type=int, default=100, help="photos that validate, at most")
    parser.add_argument("--jsonl", type=Path, default=RECORDS)
    chosen = parser.parse_args()
    torch.set_num_threads(1)  # sums are then taken in one order, whatever the machine
    wanted = [each for each in VARIANTS if not chosen.only or each.name in chosen.only]
    records = measure(
        chosen.photos,
        wanted,
        seeds=[int(seed) for seed in chosen.seeds.split(",")],
        steps=chosen.steps,
        count=chosen.count,
        file=chosen.jsonl,
    )
    for part in RECIPES:
        if any(each.part == part for each in wanted):
            print(f"\n{part}\n\n{table(records, part)}")


if __name__ == "__main__":
    main()
