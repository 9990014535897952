"""Maps as pictures: by the range of their name, tiled as exactly as the whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fake.night import night
from relume import engines, render
from relume.errors import ContractError
from relume.io import read, write
from relume.runs.map_pictures import MapsFolder, as_picture, as_pictures
from relume.runtime import Enhancer, weights
from relume.runtime.method import GraphMethod
from relume.tiles import cutter


@pytest.mark.parametrize(
    ("name", "value", "level"),
    [
        ("illumination", 0.0, 0),
        ("illumination", 0.5, 128),
        ("illumination", 7.0, 255),
        ("curve", -1.0, 0),
        ("curve", 0.0, 128),
        ("residual", 1.0, 255),
        ("gain", 4.0, 128),
    ],
)
def test_values_are_drawn_by_the_range_of_their_name(name: str, value: float, level: int) -> None:
    gray = as_picture(name, np.full((2, 3, 1), value, np.float32))
    assert gray.shape == (2, 3)
    assert gray.dtype == np.uint8
    assert (gray == level).all()
    assert as_picture(name, np.full((2, 3, 3), value, np.float32)).shape == (2, 3, 3)


def test_maps_of_another_depth_are_no_pictures() -> None:
    maps = {"tables": np.zeros((2, 2, 256), np.float32), "curve": np.zeros((2, 2, 3), np.float32)}
    assert set(as_pictures(maps)) == {"curve"}


def test_they_are_written_beside_each_other(tmp_path: Path) -> None:
    folder = MapsFolder(tmp_path, write, (Path("a.jpg"), Path("a.png")))
    for picture in folder.pictures:
        folder.put(picture, {"curve": np.full((4, 5, 3), 99, np.uint8)})
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["a.jpg.curve.png", "a.png.curve.png"]
    assert (read(tmp_path / names[0]).pixels == 99).all()


def test_equal_names_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"2 inputs are called x\.jpg"):
        MapsFolder(tmp_path, write, (Path("a/x.jpg"), Path("b/x.jpg"), Path("b/y.jpg")))


def test_an_input_is_kept(tmp_path: Path) -> None:
    victim = tmp_path / "a.jpg.curve.png"
    victim.write_bytes(b"precious")
    folder = MapsFolder(tmp_path, write, (Path("a.jpg"), victim))
    with pytest.raises(ContractError, match="is an input"):
        folder.put(Path("a.jpg"), {"curve": np.zeros((2, 2), np.uint8)})
    assert victim.read_bytes() == b"precious"


def sgz(*, memory: int) -> GraphMethod:
    data = weights.read_published("sgz", "nights.onnx")
    graph = engines.open_graph(data, threads=1)
    return GraphMethod(graph, weights.card_of(graph, where="sgz"), memory=memory)


def test_tiles_of_maps_equal_the_whole() -> None:
    image = night(190, 230)
    whole = sgz(memory=2**40).maps(image, scale=1)
    pieces = sgz(memory=2**21).maps(image, scale=1)
    assert set(whole) == set(pieces) == {"curve"}
    assert whole["curve"].shape == (190, 230, 3)
    assert np.abs(whole["curve"] - pieces["curve"]).max() < 1e-5


def test_maps_and_result_belong_together() -> None:
    image = night(60, 80)
    method = sgz(memory=cutter.MEMORY)
    curve = render.Curve(
        method.maps(image, scale=1)["curve"], 8, render.centred((60, 80), (60, 80))
    )
    assert np.abs(render.apply(curve, image) - method(image, scale=1)).max() < 1e-5


def test_a_named_method_without_maps_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"")
    from relume.photo import Photo

    photo = Photo((night(20, 30) * 255).astype(np.uint8))
    with pytest.raises(ContractError, match="gamma has no intermediate results"):
        Enhancer("gamma").maps(photo)
    assert Enhancer("sgz").maps(photo)["curve"].shape == (2, 3, 3)
    assert isinstance(Enhancer().maps(photo), dict)
