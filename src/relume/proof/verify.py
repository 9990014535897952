"""Check every method and model file on the machine it runs on.

| check                  | of                              | passes                              |
|------------------------|---------------------------------|-------------------------------------|
| card in the model file | a method's weights              | equal to the method's card          |
| golden …               | every output, on every engine   | 1e-4 in float32, 2e-3 in float16    |
| sizes and knobs        | every engine against float32    | the same                            |
| pictures               | int8 against float32            | 35 dB PSNR, mean of drawn pictures  |
| finite and in range    | a classical method, a lone file | nothing outside [0, 1]              |

Float32 is the method's published model on ONNX Runtime, or the file that is given to compare
with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from relume import engines, methods
from relume.card import Card, Knob
from relume.data.drawn_nights import draw_night
from relume.data.mosaicking import mosaicked
from relume.engines import Graph
from relume.errors import RelumeError, UnknownNameError, WeightsError
from relume.runtime import weights
from relume.runtime.foreign import Description
from relume.runtime.method import load
from relume.tiles import fit

GRAPH_LIMIT = 1e-4
"""float32 engines order their sums differently; the published systems' parity is 1e-4 too."""
HALF_LIMIT = 2e-3
"""Half a level of 8 bit: float16 has steps of 5e-4 to 1e-3 near white."""
LEAST_PSNR = 35.0
"""dB of int8 to float32."""

SIZES = ((1, 1), (1, 17), (50, 33), (64, 96))
"""The last is that of goldens: an engine that compiles for a size does it once for both."""
SWEPT = (50, 33)
"""The size at which knobs are moved to the ends of their ranges."""
DRAWN = ((192, 256), (256, 192), (200, 264))
"""Heights and widths of the pictures int8 is measured on."""
MODELS = (".onnx", ".xml")
PRECISION_KEY = "relume.precision"
"""Key of what a model computes with in its metadata: fp32, fp16 or int8."""

NOTHING: Mapping[str, Description] = {}

Feeds = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Check:
    """One comparison and how it went."""

    name: str
    what: str
    engine: str
    error: float
    """Largest difference, relative to 1 or the largest expected value; in dB for `unit` dB."""
    limit: float
    passed: bool
    unit: Literal["", "dB"] = ""
    """dB: a PSNR, which must reach the limit instead of staying below it."""


def verify(
    name: str, *, against: str | None = None, described: Mapping[str, Description] = NOTHING
) -> list[Check]:
    """Check one method, or a model file by its path.

    `against` is the float32 model file that a file is compared with; by default the published one
    with the parameters that its card states. `described` says by name what files without a card
    want.
    Raises: UnknownNameError for a method nothing answers to; WeightsError for a file that cannot
    be read.
    """
    if name.lower().endswith(MODELS):
        return list(_file(name, against=against, described=described))
    check_name(name)
    card = methods.card(name)
    if card.kind == "classical":
        return [_in_range(name)]
    return list(_method(name, card))


def check_name(name: str) -> None:
    """Raise UnknownNameError for what is neither a method nor named as a model file."""
    if not name.lower().endswith(MODELS):
        weights.refuse_other(name)
        methods.card(name)


def _method(name: str, card: Card) -> Iterator[Check]:
    method, named = methods.parted(name)
    for trained in card.weights[:1] if named else card.weights:
        try:
            data = weights.read_published(name, f"{trained.name}.onnx")
            usual = engines.open_graph(data, engine=engines.DEFAULT)
            golden = np.load(
                BytesIO(weights.read_published(name, f"{trained.name}.golden.npz")),
                allow_pickle=False,
            )
            inside = weights.card_of(usual, where=name)
        except WeightsError as error:
            yield Check(name, str(error), engines.DEFAULT, float("inf"), 0.0, passed=False)
            continue
        differs = float(inside != methods.card(f"{method}@{trained.name}"))
        yield _below(name, "card in the model file", engines.DEFAULT, differs, 0.0)
        feeds = golden_feeds(golden["input"], usual, card)
        for engine in engines.usable():
            try:
                other = engine != engines.DEFAULT
                graph = engines.open_graph(data, engine=engine) if other else usual
            except RelumeError as error:
                yield Check(name, str(error), engine, float("inf"), 0.0, passed=False)
                continue
            yield from _golden(name, graph, golden, feeds, engine=engine)
            if engine != engines.DEFAULT:
                yield _sweep(name, graph, usual, card, engine=engine, limit=GRAPH_LIMIT)
        for file in weights.checksums(name):
            if file.startswith(f"{trained.name}.") and file.endswith((".fp16.onnx", ".int8.onnx")):
                yield from _variant(file, weights.read_published(name, file), usual, card)


def _golden(
    name: str, graph: Graph, golden: Mapping[str, NDArray[Any]], feeds: Feeds, *, engine: str
) -> Iterator[Check]:
    """Compare what an engine gives with what is stored: each output alone, which computes no more
    than it needs, and all together, as one run of the whole file gives them."""
    stored = [output for output in graph.outputs if output in golden]
    errors = dict.fromkeys(stored, 0.0)
    alone = [[output] for output in stored]
    for asked in (*alone, stored) if len(stored) > 1 else alone:
        for output, found in zip(asked, graph.run(feeds, asked), strict=True):
            errors[output] = max(errors[output], _apart(golden[output][None], found))
    for output, error in errors.items():
        yield _below(name, f"golden {output}", engine, error, GRAPH_LIMIT)


def _file(
    name: str, *, against: str | None, described: Mapping[str, Description]
) -> Iterator[Check]:
    data = weights.read_model(Path(name))
    names = ("openvino",) if name.lower().endswith(".xml") else engines.usable()
    first = engines.open_graph(data, engine=names[0], where=name)
    said = described.get(name)
    first, card = weights.with_card(first, where=name, description=said)
    usual = _reference(card, against, described)
    if usual is None:
        precision = first.metadata.get(PRECISION_KEY, "fp32")
        yield _finite(name, first, card, engine=names[0], precision=precision)
        usual = first
    yield from _variant(name, data, usual, card, names=names, said=said)


def _reference(
    card: Card, against: str | None, described: Mapping[str, Description]
) -> Graph | None:
    """Return the float32 model, or None when there is none to compare with."""
    if against is not None:
        data = weights.read_model(Path(against))
        graph = engines.open_graph(data, engine=engines.DEFAULT, where=against)
        if against in described:
            return weights.with_card(graph, where=against, description=described[against])[0]
        return graph
    try:
        published = methods.card(card.name).weights
    except UnknownNameError:
        return None
    known = {each.sha256: each.name for each in published}
    stem = known.get(card.weights[0].sha256) if card.weights else None
    if stem is None:
        return None
    data = weights.read_published(card.name, f"{stem}.onnx")
    return engines.open_graph(data, engine=engines.DEFAULT)


def _variant(
    name: str,
    data: bytes,
    usual: Graph,
    card: Card,
    *,
    names: Sequence[str] | None = None,
    said: Description | None = None,
) -> Iterator[Check]:
    """Compare a model with the float32 one on every engine, as its precision allows."""
    for engine in engines.usable() if names is None else names:
        try:
            graph = engines.open_graph(data, engine=engine)
            if said is not None:
                graph, _ = weights.with_card(graph, where=name, description=said)
            precision = graph.metadata.get(PRECISION_KEY, "fp32")
            if precision == "int8":
                yield _pictures(name, graph, usual, card, engine=engine)
            else:
                limit = HALF_LIMIT if precision == "fp16" else GRAPH_LIMIT
                yield _sweep(name, graph, usual, card, engine=engine, limit=limit)
        except RelumeError as error:
            yield Check(name, str(error), engine, float("inf"), 0.0, passed=False)


def _sweep(
    name: str, graph: Graph, usual: Graph, card: Card, *, engine: str, limit: float
) -> Check:
    """Compare all outputs over sizes and over the ends of the knobs' ranges."""
    worst = 0.0
    for feeds in _probes(graph, card):
        outputs = [output for output in graph.outputs if output in usual.outputs]
        pairs = zip(usual.run(feeds, outputs), graph.run(feeds, outputs), strict=True)
        worst = max(worst, *(_apart(expected, found) for expected, found in pairs))
    return _below(name, "sizes and knobs", engine, worst, limit)


def _pictures(name: str, graph: Graph, usual: Graph, card: Card, *, engine: str) -> Check:
    """Measure the PSNR of `enhanced` to float32 on drawn pictures."""
    values: list[float] = []
    for seed, size in enumerate(DRAWN):
        feeds = _feeds(
            _image(draw_night(*_fixed(graph, size), seed=1000 + seed), card), graph, card
        )
        expected, found = (each.run(feeds, ["enhanced"])[0] for each in (usual, graph))
        error = float(np.square(expected - found, dtype=np.float64).mean())
        values.append(-10 * np.log10(max(error, 1e-10)) if np.isfinite(error) else 0.0)
    psnr = float(np.mean(values))
    return Check(name, "pictures", engine, psnr, LEAST_PSNR, psnr >= LEAST_PSNR, unit="dB")


def _finite(name: str, graph: Graph, card: Card, *, engine: str, precision: str) -> Check:
    """Check a model that there is nothing to compare with."""
    excess = 0.0
    for feeds in _probes(graph, card):
        excess = max(excess, _excess(graph.run(feeds, ["enhanced"])[0]))
    limit = GRAPH_LIMIT if precision == "fp32" else HALF_LIMIT
    return _below(name, "finite and in range", engine, excess, limit)


def _probes(graph: Graph, card: Card) -> Iterator[Feeds]:
    random = np.random.default_rng(0)
    channels = 1 if card.input == "mosaic" else 3

    def dark(size: tuple[int, int]) -> NDArray[np.float32]:
        return random.random((1, channels, *_fixed(graph, _whole(size, card))), np.float32) ** 3

    for size in dict.fromkeys(_whole(size, card) for size in SIZES):
        yield _feeds(dark(size), graph, card)
    image = dark(SWEPT)
    for knob in _knobs(graph, card):
        for end in (knob.low, knob.high):
            yield {**_feeds(image, graph, card), knob.name: np.array(end, np.float32)}


def _whole(size: tuple[int, int], card: Card) -> tuple[int, int]:
    step = card.multiple_of
    return -(-size[0] // step) * step, -(-size[1] // step) * step


def _fixed(graph: Graph, size: tuple[int, int]) -> tuple[int, int]:
    """Return a size, or the only one that a model takes."""
    shape = graph.ports["image"].shape
    if shape is None or len(shape) != 4 or shape[2] is None or shape[3] is None:
        return size
    return shape[2], shape[3]


def _knobs(graph: Graph, card: Card) -> list[Knob]:
    """Return the knobs to move; how much a graph reduces by itself is none of them, since the one
    it is compared with may not."""
    scale = card.estimate.scale_knob if card.estimate is not None else ""
    return [knob for knob in card.knobs if knob.name in graph.inputs and knob.name != scale]


def _feeds(image: NDArray[np.float32], graph: Graph, card: Card) -> Feeds:
    knobs = {knob.name: np.array(knob.default, np.float32) for knob in _knobs(graph, card)}
    if card.estimate is not None and card.estimate.scale_knob in graph.inputs:
        knobs[card.estimate.scale_knob] = np.array(1.0, np.float32)
    return {"image": image, **knobs}


def golden_feeds(picture: NDArray[np.uint8], graph: Graph, card: Card) -> Feeds:
    """Return the stored picture, (H, W[, 3]), as a graph takes it, with the knobs' defaults."""
    planes = np.atleast_3d(picture)  # a mosaic is (H, W)
    image = planes.astype(np.float32).transpose(2, 0, 1)[None] / np.float32(255)
    return _feeds(image, graph, card)


def _image(picture: NDArray[np.float32], card: Card) -> NDArray[np.float32]:
    """Return a picture as a graph takes it."""
    if card.input == "mosaic":
        plane = mosaicked(picture)
        rows, columns = (side - side % card.multiple_of for side in plane.shape)
        return np.ascontiguousarray(plane[None, None, :rows, :columns])
    padded = fit.pad_to_multiple(picture, card.multiple_of)
    return np.ascontiguousarray(padded.transpose(2, 0, 1)[None])


def _in_range(name: str) -> Check:
    ramp = np.linspace(0, 1, 48 * 32 * 3, dtype=np.float32).reshape(32, 48, 3) ** 2
    excess = _excess(load(name)(ramp))
    return _below(name, "output finite and in range", "numpy", excess, 0.0)


def _excess(values: NDArray[Any]) -> float:
    """Return how far values lie outside [0, 1]."""
    if not np.isfinite(values).all():
        return float("inf")
    return max(float(np.maximum(values - 1, -values).max()), 0.0) + 0.0  # no negative zero


def _apart(expected: NDArray[Any], found: NDArray[Any]) -> float:
    """Return the largest difference, relative to 1 or the largest expected value."""
    if expected.shape != found.shape:
        return float("inf")
    error = float(np.abs(expected - found).max() / max(1.0, float(np.abs(expected).max())))
    return error if np.isfinite(error) else float("inf")


def _below(name: str, what: str, engine: str, error: float, limit: float) -> Check:
    return Check(name, what, engine, error, limit, passed=error <= limit)
