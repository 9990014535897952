"""The contact sheet: every tile bounded and labelled, faults shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image

from relume.errors import UnknownNameError, WeightsError
from relume.photo import Photo
from relume.runs import sheet as sheets
from relume.runs.sheet import Cell, draw
from relume.runtime.enhancer import Enhanced, Enhancer


@dataclass
class Brighter:
    """Doubles a picture and remembers the sizes it saw."""

    method: str
    sizes: list[tuple[int, int]] = field(default_factory=list)

    def photo(self, photo: Photo) -> Enhanced:
        self.sizes.append((photo.width, photo.height))
        if self.method == "broken":
            raise ValueError("no [such] luck")
        pixels = np.minimum(photo.pixels.astype(int) * 2, np.iinfo(photo.pixels.dtype).max)
        pixels = pixels.astype(photo.pixels.dtype)
        return Enhanced(photo.with_pixels(pixels), "double", {}, "", 0.0125)


def make(name: str) -> Enhancer:
    if name == "absent":
        raise UnknownNameError("no method is called that")
    if name == "unsound":
        raise WeightsError("weights differ")
    return cast(Enhancer, Brighter(name))


def photo(height: int, width: int, dtype: Any = np.uint8, gray: bool = False) -> Photo:
    shape = (height, width) if gray else (height, width, 3)
    return Photo(np.full(shape, np.iinfo(dtype).max // 4, dtype))


def cells(*given: Any, **named: Any) -> list[Cell]:
    return list(sheets.cells(*given, **named))


def test_each_cell_is_there_as_soon_as_it_is_made() -> None:
    brighter = Brighter("double")
    found = sheets.cells(
        photo(90, 90), ["double"] * 2, side=64, make=lambda name: cast(Enhancer, brighter)
    )
    assert next(found).name == "input"
    assert not brighter.sizes
    assert next(found).name == "double"
    assert len(brighter.sizes) == 2  # one small, one whole; the second method has not begun


def test_tiles_are_bounded_and_labelled_with_times() -> None:
    found = cells(photo(300, 400), ["double", "auto"], side=128, make=make)
    assert [cell.label for cell in found] == [
        "input, 400 x 300",
        "double, 12 ms",
        "auto: double, 12 ms",
    ]
    assert all(cell.picture.size == (128, 96) for cell in found)
    assert not any(cell.fault for cell in found)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("gray", [False, True])
def test_tiles_show_what_the_method_made(dtype: Any, gray: bool) -> None:
    before, after = cells(photo(50, 50, dtype, gray), ["double"], side=640, make=make)
    assert before.picture.getpixel((25, 25)) == (63, 63, 63)
    assert after.picture.getpixel((25, 25)) in ((126,) * 3, (127,) * 3)


def test_one_small_warm_up_then_the_whole_picture() -> None:
    brighter = Brighter("double")
    cells(photo(900, 1200), ["double"], side=64, make=lambda name: cast(Enhancer, brighter))
    small, whole = brighter.sizes
    assert max(small) <= 96
    assert whole == (1200, 900)


@dataclass
class Machine:
    """A clock of its own and a processor, and what they are told that a method takes."""

    busy: float = 1.0
    """How often the clock's second goes into the processor's: others want it, too."""
    threads: int = 1
    clock: float = 0.0
    processor: float = 0.0

    def watch(self) -> tuple[float, float]:
        return self.clock, self.processor

    def work(self, seconds: float) -> None:
        self.processor += seconds
        self.clock += seconds * self.busy / self.threads


@dataclass
class Known(Brighter):
    """Takes what a function says of the number of pixels; the first call takes long."""

    machine: Machine = field(default_factory=Machine)
    cost: Callable[[float], float] = float

    def photo(self, photo: Photo) -> Enhanced:
        self.machine.work(self.cost(photo.width * photo.height / 1e6) + 9.0 * (not self.sizes))
        return super().photo(photo)


WHOLE = (4000, 3000)


@pytest.mark.parametrize(
    ("machine", "cost", "shown"),
    [
        (Machine(), lambda megapixels: 0.1 + 0.3 * megapixels, True),
        (Machine(), lambda megapixels: 0.1 + 0.6 * megapixels, False),
        # Looks at a small picture, whatever the size.
        (Machine(), lambda megapixels: 3.0 * min(megapixels, 0.3) + 0.02 * megapixels, True),
        (Machine(), lambda megapixels: 2.0 * min(megapixels, 0.5) + 0.02 * megapixels, True),
        # Other programs want the processor, too.
        (Machine(busy=9.0), lambda megapixels: 0.3 * megapixels, True),
        # Threads share the work: nobody waits for the sum.
        (Machine(threads=16), lambda megapixels: 4.0 * megapixels, True),
        (Machine(threads=2), lambda megapixels: 4.0 * megapixels, False),
        (Machine(), lambda megapixels: 90.0 * megapixels, False),
    ],
)
def test_a_method_is_left_out_by_what_it_takes_itself(
    machine: Machine, cost: Callable[[float], float], shown: bool
) -> None:
    method = Known("double", machine=machine, cost=cost)
    begun: list[str] = []
    found = cells(
        photo(WHOLE[1], WHOLE[0]),
        ["plain"],
        side=64,
        make=lambda name: cast(Enhancer, method),
        patience=5.0,
        begin=begun.append,
        watch=machine.watch,
    )
    assert [cell.name for cell in found] == ["input", *["plain"] * shown]
    assert (WHOLE in method.sizes) is shown
    assert begun == ["plain"]
    tried = sum(cost(width * height / 1e6) for width, height in method.sizes if not shown)
    assert tried <= 4 * 5.0 * machine.threads  # so much is not waited for in vain


def test_a_network_is_judged_by_small_pieces() -> None:
    machine = Machine()
    method = Known("slow", machine=machine, cost=lambda megapixels: 0.02 + 1.0 * megapixels)
    found = cells(
        photo(WHOLE[1], WHOLE[0]),
        ["pairlie"],
        side=64,
        make=lambda name: cast(Enhancer, method),
        patience=5.0,
        watch=machine.watch,
    )
    assert [cell.name for cell in found] == ["input"]
    assert max(method.sizes) <= (384, 384)


def test_a_method_that_fails_becomes_a_tile() -> None:
    found = cells(photo(80, 80), ["broken", "unsound", "double"], side=64, make=make)
    assert [bool(cell.fault) for cell in found] == [False, True, True, False]
    assert found[1].fault == "ValueError: no [such] luck"
    assert found[2].label == "unsound failed"
    draw(found, side=64)


def test_an_unknown_name_is_an_error_at_once() -> None:
    with pytest.raises(UnknownNameError):
        cells(photo(8, 8), ["double", "absent"], side=64, make=make)


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1), (480, 640)])
@pytest.mark.parametrize("count", [0, 1, 4, 11])
def test_every_tile_lies_on_the_sheet(size: tuple[int, int], count: int) -> None:
    found = cells(photo(*size), ["double"] * count, side=96, make=make)
    sheet = draw(found, side=96)
    assert sheet.mode == "RGB"
    gray = np.asarray(sheet)[..., 0]
    # The input's own value is seen once per tile that shows it, and nothing of it is cut off.
    assert (gray == 63).sum() >= found[0].picture.width * found[0].picture.height
    assert sheet.width < 12 * 212
    assert sheet.height < 12 * 200


def test_labels_are_drawn_and_fit() -> None:
    found = cells(photo(64, 64), ["double"], side=64, make=make)
    plain = np.asarray(draw(found, side=64))
    long = [type(found[0])("x", "W" * 500, Image.new("RGB", (64, 64)))]
    sheet = np.asarray(draw(long, side=64))
    assert (plain == 235).any()
    assert (sheet[:, -12:] != 235).all()
