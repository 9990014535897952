"""The YAML that reproduces weights, read as strictly as it is documented.

Defaults are those the papers publish; a method's own `recipe.yaml` says where it differs.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, cast, get_args, get_origin, get_type_hints

import yaml

from relume.errors import ContractError, UnknownNameError, UnreadableError

Built = TypeVar("Built")


def _expect(where: str, value: object, holds: bool, wanted: str) -> None:
    if not holds:
        raise ContractError(f"recipe.{where}: expected {wanted}, got {value}")


@dataclass(frozen=True)
class Source:
    """A folder of pictures and how its light is varied."""

    folder: str = "."
    """Relative to the data folder."""
    share: float = 1.0
    """How often it is drawn from, relative to the other sources."""
    exposure: tuple[float, ...] = (0.0, 0.0)
    """Range of the random exposure change in stops, in linear light."""
    exposure_chance: float = 1.0
    """Part of the pictures that are changed at all."""

    def __post_init__(self) -> None:
        _expect("data.sources.exposure", self.exposure, len(self.exposure) == 2, "two numbers")


@dataclass(frozen=True)
class Data:
    """How pictures become what the network sees."""

    sources: tuple[Source, ...] = (Source(),)
    size: tuple[int, ...] = (512, 512)
    """Height and width every picture is first resized to (Lanczos); empty keeps its own."""
    sides: tuple[int, ...] = ()
    """Sides of the network's input, drawn per batch; empty gives whole pictures."""
    reduction: tuple[float, ...] = (1.0, 1.0)
    """Range of the random bilinear reduction of a crop to `sides`."""
    flip: bool = False
    """Mirror every other picture."""
    white_balance: float = 0.0
    """Largest relative gain or loss of a channel in linear light."""
    noise: float = 0.0
    """Largest standard deviation of the noise added to every other picture."""
    epoch: int = 0
    """Pictures per epoch; 0 means as many as there are files."""
    batch: int = 6
    validation: str = ""
    """Folder with low/ and high/ of equal names, relative to the data folder; empty means none."""
    validation_batch: int = 1
    workers: int = 0
    cache_megabytes: int = 2000
    """Decoded pictures kept in memory."""

    def __post_init__(self) -> None:
        sizes = (*self.size, *self.sides, self.batch, self.validation_batch)
        _expect("data", sizes, min(sizes) >= 1, "sizes and batches of at least 1")
        _expect("data.size", self.size, len(self.size) in (0, 2), "height and width, or nothing")
        ordered = len(self.reduction) == 2 and 1 <= self.reduction[0] <= self.reduction[1]
        _expect("data.reduction", self.reduction, ordered, "two numbers from 1 upwards")
        counts = (self.epoch, self.workers)
        _expect("data.epoch, data.workers", counts, min(counts) >= 0, "at least 0")


@dataclass(frozen=True)
class Optimiser:
    """One of torch's, by name."""

    name: Literal["Adam", "AdamW", "SGD", "RMSprop"] = "Adam"
    learning_rate: float = 1e-3
    weight_decay: float = 1e-3
    schedule: Literal["constant", "cosine"] = "constant"
    """`cosine` falls to 2 % of the learning rate at the last epoch."""
    clip_norm: float = 0.1
    """Largest norm of the gradient; 0 means no limit."""


@dataclass(frozen=True)
class Training:
    """How long, from where, and what is kept."""

    epochs: int = 100
    seed: int = 0
    start: str = ""
    """Weights to begin with: .safetensors, .pth or .ckpt."""
    log_every: int = 10
    """Steps between two lines of the log."""
    snapshot_every: int = 1
    """Epochs between two checkpoints."""
    keep_snapshots: bool = False
    """Keep every checkpoint, not only the last and the best."""

    def __post_init__(self) -> None:
        counts = (self.epochs, self.log_every, self.snapshot_every)
        _expect("training", counts, min(counts) >= 1, "epochs and intervals of at least 1")


@dataclass(frozen=True)
class Recipe:
    """Everything that decides about the weights, except the pictures themselves."""

    method: str
    network: dict[str, Any] = field(default_factory=dict[str, Any])
    objective: dict[str, Any] = field(default_factory=dict[str, Any])
    data: Data = Data()
    optimiser: Optimiser = Optimiser()
    training: Training = Training()


def read_recipe(path: Path, *, settings: Iterable[str] = ()) -> Recipe:
    """Read a recipe and apply `section.key=value` settings, values in YAML.

    Raises: UnreadableError when it is no YAML; UnknownNameError for a key that does not exist;
    ContractError for a value of another type.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UnreadableError(f"{path}: not a recipe: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise UnreadableError(f"{path}: not a recipe: expected sections, got {content!r:.60}")
    tree = cast("dict[str, Any]", content)
    for setting in settings:
        _apply(tree, setting)
    if "method" not in tree:
        raise ContractError(f"{path}: a recipe needs a line 'method: NAME'")
    return cast("Recipe", _build(Recipe, tree, where="recipe"))


def call(target: Callable[..., Built], values: Mapping[str, Any], *, where: str) -> Built:
    """Call a constructor with a section of a recipe, checked against its signature.

    Raises: UnknownNameError for an argument it lacks; ContractError for a value of another type.
    """
    hints = get_type_hints(target.__init__ if inspect.isclass(target) else target)
    known = [name for name in hints if name != "return"]
    for name in values:
        if name not in known:
            raise UnknownNameError.of(f"key of {where}", str(name), known)
    return target(
        **{
            name: _build(hints[name], value, where=f"{where}.{name}")
            for name, value in values.items()
        }
    )


def write_recipe(recipe: Recipe) -> str:
    """Return a recipe as YAML."""
    return yaml.safe_dump(_plain(asdict(recipe)), sort_keys=False, allow_unicode=True)


def _apply(tree: dict[str, Any], setting: str) -> None:
    path, equals, text = setting.partition("=")
    keys = path.strip().split(".")
    if not equals or not all(keys):
        raise ContractError(f"--set {setting}: expected section.key=value")
    for key in keys[:-1]:
        inner = tree.setdefault(key, {})
        if not isinstance(inner, dict):
            raise ContractError(f"--set {setting}: {key} is not a section")
        tree = cast("dict[str, Any]", inner)
    try:
        tree[keys[-1]] = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ContractError(f"--set {setting}: the value is not YAML") from error


def _build(target: Any, data: Any, *, where: str) -> Any:
    """Turn parsed YAML into `target`: a dataclass, tuple, literal, dict or plain type."""
    origin, arguments = get_origin(target), get_args(target)
    if is_dataclass(target):
        return _build_dataclass(target, data, where=where)
    if origin is tuple:
        if not isinstance(data, list | tuple):
            raise ContractError(f"{where}: expected a list, got {data!r}")
        items = cast("list[Any]", data)
        return tuple(
            _build(arguments[0], item, where=f"{where}[{n}]") for n, item in enumerate(items)
        )
    if origin is Literal:
        if data not in arguments:
            raise ContractError(f"{where}: expected one of {', '.join(arguments)}, got {data!r}")
        return data
    plain = origin or target
    if plain is float:
        return _number(data, where=where)
    if not isinstance(data, plain) or (plain is int and isinstance(data, bool)):
        raise ContractError(f"{where}: expected {plain.__name__}, got {data!r}")
    return data


def _number(data: Any, *, where: str) -> float:
    # YAML reads 1e-3 as text; people write it as a number.
    try:
        if isinstance(data, bool):
            raise ValueError
        return float(data)
    except (TypeError, ValueError) as error:
        raise ContractError(f"{where}: expected a number, got {data!r}") from error


def _build_dataclass(target: Any, data: Any, *, where: str) -> Any:
    if not isinstance(data, dict):
        raise ContractError(f"{where}: expected a section, got {data!r}")
    hints = get_type_hints(target)
    known = [each.name for each in fields(target)]
    values: dict[str, Any] = {}
    for name, value in cast("dict[str, Any]", data).items():
        if name not in known:
            raise UnknownNameError.of(f"key of {where}", str(name), known)
        values[name] = _build(hints[name], value, where=f"{where}.{name}")
    return target(**values)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in cast("dict[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in cast("list[Any]", value)]
    return value
