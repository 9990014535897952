"""Methods of bounded size: what the small picture says arrives at full size, edges included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake.night import night
from relume.arrays import Rgb
from relume.card import Card
from relume.engines import Port
from relume.runtime.method import GraphMethod
from relume.tiles.bounded import bounded_size, enhance_bounded, exceeds, line_map

CARD = Card("moon", "Moon", "Looks at all.", "neural", None, most_pixels=64 * 64)
SIDES = st.integers(1, 5000)


@given(SIDES, SIDES, st.integers(1, 10**6))
def test_the_small_size_is_the_largest_allowed(height: int, width: int, most: int) -> None:
    tall, wide = bounded_size((height, width), most_pixels=most)
    assert 1 <= tall <= height
    assert 1 <= wide <= width
    assert tall * wide <= most or (tall, wide) == (1, 1)
    if height * width <= most:
        assert (tall, wide) == (height, width)
    elif min(height, width) ** 2 > height * width / most * 400:  # twenty pixels on the short side
        assert tall * wide > 0.89 * most  # a twentieth of each side at most is cut off
        assert abs(tall / wide / (height / width) - 1) < 0.06


@pytest.mark.parametrize(
    ("card", "size", "expected"),
    [
        (CARD, (64, 64), False),
        (CARD, (64, 65), True),
        (replace(CARD, reach=3), (640, 640), False),
        (replace(CARD, most_pixels=None), (640, 640), False),
    ],
    ids=["fits", "too large", "is tiled", "no limit"],
)
def test_what_is_carried(card: Card, size: tuple[int, int], expected: bool) -> None:
    assert exceeds(card, size) is expected


def soft_edge(height: int, width: int) -> Rgb:
    """A step whose position at full size no small pixel knows, over a slope."""
    image = np.full((height, width, 3), 0.05, np.float32)
    image[:, width // 2 - 3 :] = 0.2
    return image + np.linspace(0, 0.05, height, dtype=np.float32)[:, None, None]


def test_the_small_picture_has_at_most_as_many_pixels() -> None:
    seen: list[tuple[int, ...]] = []

    def note(image: Rgb) -> Rgb:
        seen.append(image.shape)
        return image

    enhance_bounded(note, night(200, 300), card=replace(CARD, multiple_of=8))
    ((height, width, _),) = seen
    assert height % 8 == width % 8 == 0
    assert (height - 7) * (width - 7) <= 64 * 64


def test_a_local_line_arrives_and_edges_stay_sharp() -> None:
    image = soft_edge(400, 500)
    result = enhance_bounded(lambda low: 2 * low + np.float32(0.1), image, card=CARD)
    error = np.abs(result - (2 * image + 0.1))
    # Beside the step of 0.3, the lines of flat windows take part; enlarging would err by 0.15.
    assert error.max() < 0.025
    assert error.mean() < 3e-3


def test_what_differs_from_place_to_place_arrives() -> None:
    image = soft_edge(400, 500)

    def darken_left(low: Rgb) -> Rgb:
        return low * np.linspace(1, 3, low.shape[1], dtype=np.float32)[:, None]

    result = enhance_bounded(darken_left, image, card=CARD)
    ramp = np.linspace(1, 3, 500, dtype=np.float32)[:, None]
    assert np.abs(result - image * ramp).mean() < 2e-3


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("gray", [False, True])
def test_type_shape_and_strength_are_kept(dtype: str, gray: bool) -> None:
    image = night(150, 130)
    image = image[..., 0].copy() if gray else image
    if dtype != "float32":
        image = np.rint(image * np.iinfo(dtype).max).astype(dtype)
    result = enhance_bounded(np.sqrt, image, card=CARD)
    assert (result.shape, result.dtype) == (image.shape, image.dtype)
    assert result.mean() > image.mean()
    assert np.array_equal(enhance_bounded(np.sqrt, image, card=CARD, strength=0.0), image)


class Root:
    """A graph that notes the sizes it sees; enhanced = √image, and a map that is the image."""

    inputs = ("image",)
    outputs = ("enhanced", "light")
    metadata: ClassVar[dict[str, str]] = {}
    ports: ClassVar[dict[str, Port]] = {}

    def __init__(self) -> None:
        self.sizes: list[tuple[int, int]] = []

    def run(self, feeds: Mapping[str, np.ndarray], outputs: Sequence[str]) -> list[np.ndarray]:
        image = feeds["image"]
        self.sizes.append((image.shape[2], image.shape[3]))
        return [np.sqrt(image) if name == "enhanced" else image for name in outputs]


def test_a_graph_of_bounded_size_never_sees_more() -> None:
    graph = Root()
    method = GraphMethod(graph, replace(CARD, multiple_of=8))
    image = night(200, 300)
    result = method(image)
    assert result.shape == image.shape
    assert np.abs(result - np.sqrt(image)).mean() < 0.02
    maps = method.maps(image)
    assert set(maps) == {"light"}
    assert maps["light"].shape[:2] == bounded_size((200, 300), most_pixels=64 * 64)
    assert all(height * width <= (64 + 8) * (64 + 8) for height, width in graph.sizes)
    small = night(40, 60)
    assert np.abs(method(small) - np.sqrt(small)).max() < 1e-6
    assert graph.sizes[-1] == (40, 64)


def test_flat_pictures_take_the_enhanced_level() -> None:
    flat = np.full((30, 40, 3), 0.1, np.float32)
    rendering = line_map(flat, flat + np.float32(0.3), full=(300, 400))
    assert np.allclose(rendering.slope * 0.1 + rendering.offset, 0.4, atol=1e-6)
