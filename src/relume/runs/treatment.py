"""How every picture of a run is treated, as one value: built here, recorded, sent to a worker."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from relume import methods
from relume.auto import AUTO, METHODS
from relume.card import to_json
from relume.frozen import frozen
from relume.io import read, write
from relume.io.copying import copy
from relume.io.raw.plain_mosaic import Sensor
from relume.io.source import MAX_BYTES
from relume.io.writing import WHITE, Background
from relume.photo import Photo
from relume.release import __version__
from relume.runs import sidecars
from relume.runs.batch import FileWork
from relume.runtime import Enhancer, weights
from relume.runtime.foreign import Description
from relume.runtime.variants import Precision
from relume.tiles.cutter import MEMORY

if TYPE_CHECKING:
    from relume.io.raw.levels import WhiteBalance


if TYPE_CHECKING:
    from relume.io.raw.levels import WhiteBalance


_WITHOUT_EFFECT = ("threads", "memory", "limits")
"""What changes how a result is computed and not what it is."""


@frozen
class Treatment:
    """The settings of a run; the fields are those of `Enhancer`, `read` and `write`."""

    method: str = AUTO
    knobs: Mapping[str, float] = field(default_factory=dict[str, float])
    strength: float = 1.0
    engine: str = "auto"
    precision: Precision = "fp32"
    description: Description | None = None
    white_balance: WhiteBalance = "camera"
    ev: float = 0.0
    sensor: Sensor | None = None
    quality: int | None = None
    strip_metadata: bool = False
    background: Background = WHITE
    limits: Mapping[str, int] = field(default_factory=dict[str, int])
    """`max_pixels` and `max_bytes`, where they are not the reader's own."""
    series: bool | None = None
    """The light of neighbours is made even; None where it is not, so that it is not recorded."""
    threads: int | None = None
    memory: int = MEMORY

    def enhancer(self) -> Enhancer:
        """Return what enhances. Raises: RelumeError for what cannot be."""
        return Enhancer(
            self.method,
            knobs=self.knobs,
            strength=self.strength,
            engine=self.engine,
            threads=self.threads,
            ev=self.ev,
            memory=self.memory,
            description=self.description,
            precision=self.precision,
        )

    def work(self, enhancer: Enhancer) -> FileWork:
        """Return what reads, enhances and writes one file."""
        return FileWork(
            enhancer=enhancer,
            read=partial(
                read,
                **self.limits,
                want=enhancer.wants,
                white_balance=self.white_balance,
                ev=self.ev,
                sensor=self.sensor,
            ),
            copy=self._copying(),
            sidecars=None if self.strip_metadata else sidecars.put,
            write=partial(
                write,
                quality=self.quality,
                metadata=self.metadata,
                software=None if self.strip_metadata else f"relume {__version__}",
                background=self.background,
            ),
        )

    @property
    def metadata(self) -> Literal["keep", "strip"]:
        """What becomes of EXIF and XMP."""
        return "strip" if self.strip_metadata else "keep"

    def _copying(self) -> Callable[[Photo, Path, Path], tuple[str, ...] | None] | None:
        """Return what copies a picture that was left alone; None where another is asked for."""
        if self.quality is not None or self.sensor is not None:
            return None
        limit = self.limits.get("max_bytes", MAX_BYTES)
        return partial(copy, metadata=self.metadata, max_bytes=limit)

    def record(self) -> str:
        """Return what a result depends on beside its input, as JSON with sorted keys."""
        facts = {name: value for name, value in asdict(self).items() if value is not None}
        facts = {name: value for name, value in facts.items() if name not in _WITHOUT_EFFECT}
        return json.dumps(
            {**facts, "relume": __version__, "weights": identity(self.method)},
            sort_keys=True,
            default=str,
        )


def identity(method: str) -> str:
    """Return a checksum of what a method is: its card, which holds the checksums of its weights,
    or the bytes of a model file."""
    if method.lower().endswith(weights.MODELS):
        data = weights.read_model(Path(method))
    else:
        names = METHODS if method == AUTO else (method,)
        data = "\n".join(to_json(methods.card(name)) for name in names).encode()
    return sha256(data).hexdigest()[:16]


def difference(before: str, now: str, idle: Collection[str] = ()) -> str:
    """Say in a few words what differs between two records, but for settings that are `idle`;
    nothing where nothing does."""
    old, new = json.loads(before), json.loads(now)
    names = [name for name in sorted({*old, *new} - {*idle}) if old.get(name) != new.get(name)]
    if "method" in names:
        return f"other settings: method {new['method']} instead of {old['method']}"
    parts = [_changed(name, old.get(name), new.get(name)) for name in names]
    return f"other settings: {', '.join(parts)}" if parts else ""


def _changed(name: str, old: Any, new: Any) -> str:
    if isinstance(old, dict) and isinstance(new, dict):
        pair = cast("tuple[dict[str, Any], dict[str, Any]]", (old, new))
        same = {key for key in pair[0] if key in pair[1] and pair[0][key] == pair[1][key]}
        old, new = ({k: v for k, v in each.items() if k not in same} for each in pair)
    return f"{name} {_short(new)} instead of {_short(old)}"


def _short(value: Any) -> str:
    if isinstance(value, dict):
        parts = sorted(cast("dict[str, Any]", value).items())
        return " ".join(f"{name}={_short(part)}" for name, part in parts) or "unset"
    return "unset" if value is None else str(value)
