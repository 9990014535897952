"""A graph that looks at a picture small and restores and lifts it strip by strip.

| step       | sees                                | gives                                         |
|------------|-------------------------------------|-----------------------------------------------|
| reduction  | rows of two small rows at a time    | the picture at 96×96                          |
| look       | that                                | slope, offset and amount at 48×48             |
| strips     | some hundred rows and a halo        | features of cells, where any noise is taken   |
| bands      | some 60,000 pixels of a strip       | shares, what is taken away, the lift          |

What is computed for a band stays in the processor's caches, where an operation takes a third of
the time; the same for a whole picture would also need ten times its memory. A strip in which the
amount is 0 is lifted only. The formulas are those of `relume.nn.cell_shrinkage` and of
`relume.render.Lift`, with what is constant put into weights and signs:

root' = clip(root + back(σ(w)·r, r − k − g·k/(1 + |k|))), r = −(cells + smooth), k = σ(−w)·r
y = exp(γ·ln(1/max(1/(a·k·x) + 1 − 1/k, 1/(1 − F)) + F)), which is (k·z/(1 + (k − 1)·z) + F)^γ
with z = min(1, a·x), and at most 1
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper
from onnx.utils import Extractor

from relume.engines.shrinkage import CELL, OtherGraphError
from relume.export.cell_graph import NOISE, Cells
from relume.export.graph_builder import Builder
from relume.export.lift_graph import (
    Lines,
    laid_lines,
    lit,
    part,
    quiet,
    reached_rows,
    rows_of_maps,
)
from relume.export.picture_rows import BLOCK, IMAGE, Sizes, in_blocks, seen, sizes, up

ENHANCED = "enhanced"
LOOK = ("slope", "offset", "amount")
SMALL_STRIPS = 48
"""Pieces in which a picture is reduced: two rows of the small picture each."""


def stripped(content: bytes, *, side: int, halo: int) -> bytes | None:
    """Return a model of a picture of any size and knobs of shape [1] that gives `enhanced` alone;
    None for a graph that is not one of a look and of cells. `side` and `halo` as on its card.
    """
    whole: Any = onnx.load_from_string(content)
    if not {*LOOK, NOISE} <= {port.name for port in whole.graph.output}:
        return None
    try:
        cells = Cells(whole)
    except (OtherGraphError, KeyError, ValueError):
        return None
    knobs = [port.name for port in whole.graph.input if port.name != IMAGE]
    made = Builder()
    size = sizes(made)
    numbers = {name: made("Reshape", name, np.zeros(0, np.int64)) for name in knobs}
    looks = Extractor(whole).extract_model([IMAGE, *knobs], list(LOOK)).graph
    small = _reduced(made, size, side=side)
    found = made.put(looks, {IMAGE: small, **numbers}, LOOK)
    look: dict[str, str] = dict(zip(LOOK, found, strict=True))
    colourless = _colourless(made, size)
    lines = laid_lines(
        made, size, look, denoise=numbers["denoise"], colourless=colourless, rows=side // 2
    )
    strip, index = Builder(made), made.name()
    first = _first(strip, index, size)
    seen_around = -(-halo // BLOCK) * BLOCK
    output = _strip(strip, first, size, lines, cells, halo=seen_around, colourless=colourless)
    count = up(made, size.whole_height, size.strip)
    over = made("Range", 0, made("Squeeze", count), 1)
    piled = made.for_each(strip, index, output, over=over)
    made.under(ENHANCED, _unpiled(made, piled, size, count))
    ports = [helper.make_tensor_value_info(IMAGE, TensorProto.FLOAT, [1, 3, "height", "width"])]
    ports += [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in knobs]
    enhanced = helper.make_tensor_value_info(ENHANCED, TensorProto.FLOAT, [1, 3, "height", "width"])
    model = helper.make_model(
        helper.make_graph(made.nodes, "relume", ports, [enhanced], made.constants),
        opset_imports=whole.opset_import,
        ir_version=whole.ir_version,
        producer_name="relume",
    )
    return model.SerializeToString(deterministic=True)


def _reduced(made: Builder, sizes: Sizes, *, side: int) -> str:
    """Average the picture over the areas of side × side samples, some rows of them at a time."""
    each = side // SMALL_STRIPS
    body, index = Builder(made), made.name()
    turn = body("Reshape", index, [1])
    first = body("Div", body("Mul", turn, sizes.height), [SMALL_STRIPS])
    after = body("Add", turn, [1])
    last = up(body, body("Mul", after, sizes.height), [SMALL_STRIPS])
    rows = body("Clip", body("Slice", IMAGE, first, last, [2]), 0.0, 1.0)
    ends = body("Add", body("Cast", body("Mul", turn, [each]), to=1), np.arange(each + 1.0))
    part = _areas(body, ends, first, last, sizes.height, side=side)
    piled = made.for_each(
        body, index, body("MatMul", part, rows), over=made.tensor(range(SMALL_STRIPS))
    )
    stacked = made("Transpose", made("Squeeze", piled, [1]), perm=[1, 0, 2, 3])
    tall = made("Reshape", stacked, [1, 3, side, -1])
    across = _areas(
        made, np.arange(side + 1.0), made.tensor([0]), sizes.width, sizes.width, side=side
    )
    return made("MatMul", tall, made("Transpose", across, perm=[1, 0]))


def _areas(made: Builder, ends: Any, first: str, last: str, size: str, *, side: int) -> str:
    """Return the matrix that averages samples from first to last over the areas between ends."""
    step = made("Div", made("Cast", size, to=1), float(side))
    ends = made("Mul", ends, step)
    place = made("Cast", made("Range", made("Squeeze", first), made("Squeeze", last), 1), to=1)
    low = made("Unsqueeze", made("Slice", ends, [0], [-1], [0]), [1])
    high = made("Unsqueeze", made("Slice", ends, [1], [side + 1], [0]), [1])
    shared = made("Sub", made("Min", high, made("Add", place, 1.0)), made("Max", low, place))
    return made("Div", made("Relu", shared), step)


def _colourless(made: Builder, sizes: Sizes) -> str:
    """Return whether the channels of a picture are equal everywhere."""

    def differ(inside: Builder, rows: str) -> str:
        red = inside("Slice", rows, [0], [1], [1])
        others = inside("Slice", rows, [1], [3], [1])
        return inside("ReduceMax", inside("Abs", inside("Sub", others, red)), keepdims=0)

    # A few rows tell for nearly all pictures in colour.
    step = made("Max", made("Div", sizes.height, [64]), [1])
    few = made("Slice", IMAGE, [0], sizes.height, [2], step)
    never, always, body, index = Builder(made), Builder(made), Builder(made), made.name()
    turn = body("Reshape", index, [1])
    first = body("Div", body("Mul", turn, sizes.height), [SMALL_STRIPS])
    last = up(body, body("Mul", body("Add", turn, [1]), sizes.height), [SMALL_STRIPS])
    piece = differ(body, body("Slice", IMAGE, first, last, [2]))
    turns = always.tensor(range(SMALL_STRIPS))
    most = always("ReduceMax", always.for_each(body, index, piece, over=turns), keepdims=0)
    found = made.branches(
        made("Equal", differ(made, few), 0.0), (always, most), (never, never("Identity", 1.0))
    )
    return made("Equal", made("Reshape", found, np.zeros(0, np.int64)), 0.0)


def _strip(
    made: Builder,
    first: str,
    sizes: Sizes,
    lines: Lines,
    cells: Cells,
    *,
    halo: int,
    colourless: str,
) -> str:
    """Return a strip that begins with a row of the picture, (bands, 1, 3, band, W)."""
    end = made("Add", first, sizes.strip)
    top = made("Max", made("Sub", first, [halo]), [0])
    bottom = made("Min", made("Add", end, [halo]), sizes.whole_height)
    reached = reached_rows(made, sizes, lines, first, end)
    noisy = made("Greater", made("ReduceMax", part(made, lines.amount, reached), keepdims=0), 0.0)
    over = made("Range", 0, made("Squeeze", sizes.bands), 1)
    ways: list[tuple[Builder, str]] = []
    for restores in (True, False):
        way = Builder(made)
        features = {}
        if restores:
            features = cells.features(way, sizes, top, bottom)
        body, number = Builder(way), made.name()
        begin = body("Add", first, body("Mul", body("Reshape", number, [1]), sizes.band))
        light = seen(body, sizes, begin, body("Add", begin, sizes.band))
        rows = rows_of_maps(body, sizes, lines, begin)
        if restores:
            cell = body("Div", body("Sub", begin, top), [CELL])
            root = body("Sqrt", light)
            clean = cells.clean(body, root, features, cell, sizes, colourless=colourless)
            light = quiet(body, light, clean, rows.of(body, lines.amount))
        lifted = lit(body, light, lines, rows)
        ways.append((way, way.for_each(body, number, lifted, over=over)))
    return made.branches(noisy, *ways)


def _first(made: Builder, index: str, sizes: Sizes) -> str:
    """Return the first row of a strip: the last one ends with the picture."""
    begin = made("Mul", made("Reshape", index, [1]), sizes.strip)
    return made("Min", begin, made("Sub", sizes.whole_height, sizes.strip))


def _unpiled(made: Builder, piled: str, sizes: Sizes, strips: str) -> str:
    """Put the rows of strips and bands in order, (strips, bands, 1, 3, band, W) → (1, 3, H, W)."""
    row = made("Range", 0, made("Squeeze", sizes.height), 1)
    strip = made("Min", made("Div", row, sizes.strip), made("Sub", strips, [1]))
    first = made(
        "Min", made("Mul", strip, sizes.strip), made("Sub", sizes.whole_height, sizes.strip)
    )
    inner = made("Sub", row, first)
    band = made("Div", inner, sizes.band)
    piece = made("Mul", made("Add", made("Mul", strip, sizes.bands), band), [3])
    channels = made("Add", made("Unsqueeze", piece, [0, 1]), np.arange(3)[:, None])
    within = made("Sub", inner, made("Mul", band, sizes.band))
    order = made("Add", made("Mul", channels, sizes.band), within)
    lines = made("Reshape", piled, made("Concat", [-1], sizes.whole_width, axis=0))
    ways: list[tuple[Builder, str]] = []
    for cuts in (False, True):
        way = Builder(made)
        rows = way("Gather", lines, order, axis=0)
        ways.append((way, way("Slice", rows, [0], sizes.width, [3]) if cuts else rows))
    return made.branches(in_blocks(made, sizes), *ways)
