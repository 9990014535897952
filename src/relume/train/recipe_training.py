"""The sections `optimiser` and `training` of a recipe."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from relume.train.recipe_data import expect

Monitor = Literal["psnr", "ssim", "total", ""]
"""What decides which checkpoint is best; nothing where nothing validates."""


@dataclass(frozen=True)
class Optimiser:
    """One of torch's, by name."""

    name: str = "Adam"
    """A class of torch.optim, whatever its case: Adam, AdamW, SGD, RMSprop, NAdam, …"""
    learning_rate: float = 1e-3
    """The largest, which schedules lower."""
    weight_decay: float = 1e-3
    """For optimisers that know it."""
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    """Further arguments of the optimiser: {betas: [0.9, 0.95]}, {momentum: 0.9}, …"""
    schedule: Literal["constant", "linear", "cosine", "step"] = "constant"
    """How the learning rate changes from step to step; `step` changes it after whole epochs."""
    floor: float = 0.02
    """What is left of the learning rate at the end of `linear` and `cosine`: late steps refine."""
    cycles: int = 1
    """How many times `cosine` starts again."""
    cycle_factor: float = 1.0
    """Peak of each cycle of `cosine`, relative to the one before."""
    warm_up: float = 0.0
    """Part of each cycle, or of the whole, in which the learning rate rises to its peak."""
    step_every: int = 100
    """Epochs between two changes of `step`."""
    step_factor: float = 0.5
    """What `step` multiplies the learning rate with."""
    clip_norm: float = 0.1
    """Largest norm of the gradient; 0 means no limit."""

    def __post_init__(self) -> None:
        expect("optimiser.warm_up", self.warm_up, 0 <= self.warm_up < 1, "0 up to less than 1")
        counts = (self.cycles, self.step_every)
        expect("optimiser.cycles, .step_every", counts, min(counts) >= 1, "at least 1")
        expect("optimiser.floor", self.floor, 0 <= self.floor <= 1, "0 to 1")


@dataclass(frozen=True)
class Training:
    """How long, from where, on what, and what is kept."""

    epochs: int = 100
    """Ignored where `steps` or `minutes` is above 0."""
    steps: int = 0
    """Batches to learn from; 0 leaves it to `epochs`."""
    minutes: float = 0.0
    """Time to learn for; schedules end with it. 0 leaves it to `steps` or `epochs`."""
    seed: int = 0
    """Decides every draw: pictures, crops, darkening, the network's first parameters, dropout."""
    start: str = ""
    """Weights to begin with: .safetensors, .pth or .ckpt."""
    precision: Literal["32", "bf16-mixed", "16-mixed"] = "32"
    """Numbers the network computes with; parameters stay in float32."""
    averaging: float = 0.0
    """Decay of a moving average of the weights, such as 0.999, which is then what is validated and
    exported; 0 means none."""
    monitor: Literal["auto", "psnr", "ssim", "total"] = "auto"
    """What decides which checkpoint is best; `auto` is psnr where there are pairs, else total."""
    patience: int = 0
    """Validations without a better one after which training ends; 0 means never."""
    validate_every: int = 1
    """Epochs between two validations."""
    log_every: int = 10
    """Steps between two lines of the log."""
    snapshot_every: int = 1
    """Epochs between two checkpoints."""
    keep_snapshots: bool = False
    """Keep every checkpoint, not only the last and the best."""
    metrics: tuple[str, ...] = ("psnr", "ssim")
    """What the stage `test` measures, by label as in `relume bench`: psnr[gt-mean], niqe-own, …"""
    samples: int = 4
    """Pictures on the sheets of samples, made after epochs; 0 means no sheets."""
    loggers: tuple[Literal["csv", "tensorboard", "wandb"], ...] = ("csv", "tensorboard")
    """Where numbers and sheets go; wandb stays offline unless WANDB_MODE says otherwise."""
    accelerator: str = "auto"
    """Lightning's: cpu, gpu, mps, …"""
    devices: int = 1
    """Devices per node."""
    nodes: int = 1
    """Machines."""
    strategy: str = "auto"
    """Lightning's: ddp, ddp_find_unused_parameters_true, ddp_spawn, …"""

    def __post_init__(self) -> None:
        counts = (self.epochs, self.log_every, self.snapshot_every, self.validate_every)
        expect("training", counts, min(counts) >= 1, "epochs and intervals of at least 1")
        least = (self.steps, self.minutes, self.patience, self.samples)
        expect("training", least, min(least) >= 0, "steps, minutes, patience, samples from 0")
        expect("training.averaging", self.averaging, 0 <= self.averaging < 1, "0 up to less than 1")
        machines = (self.devices, self.nodes)
        expect("training.devices, .nodes", machines, min(machines) >= 1, "at least 1")
