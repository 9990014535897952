"""darktable's scripts, unmodified, against a stand-in for darktable."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("lupa", reason="pip install lupa runs darktable's scripts")

import relume
from fake.night import night
from relume import methods
from relume.colour import encode_srgb
from relume.editors.install import install, plugin, steps
from unit.editors.darktable_stub import Darktable

pytest.importorskip("onnx")


def put(folder: Path, name: str) -> None:
    pixels = np.rint(night(40, 56) * 65535).astype(np.uint16)
    relume.write(relume.Photo(pixels), folder / name, format="tiff")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    chosen = plugin("darktable")
    install(chosen, steps(chosen, tmp_path), tmp_path)
    return tmp_path


def settings(program: Darktable, method: str = "relume", exposure: float = 0.5) -> object:
    return program.table(method=method, exposure=exposure, strength=1.0)


@pytest.mark.parametrize("name", ["night.tif", "it's $(a) night; é.tif"])
def test_the_script_enhances_imports_and_groups(folder: Path, name: str) -> None:
    put(folder, name)
    program = Darktable(folder, night(40, 56))
    script = program.load("relume")
    images = program.lua.table_from([program.image(name)])
    assert script.run(images, settings(program)) == 1
    (made,) = program.imported
    assert Path(made).name == f"{Path(name).stem}.relume.tif"
    found = relume.read(made)
    assert found.bits == 16
    assert found.pixels.mean() > relume.read(folder / name).pixels.mean()
    assert program.grouped == [name, "places|night"]


def test_a_second_result_takes_another_name(folder: Path) -> None:
    put(folder, "night.tif")
    (folder / "night.relume.tif").write_bytes(b"kept")
    program = Darktable(folder, night(40, 56))
    script = program.load("relume")
    script.run(program.lua.table_from([program.image("night.tif")]), settings(program, "identity"))
    assert Path(program.imported[0]).name == "night.relume_01.tif"
    assert (folder / "night.relume.tif").read_bytes() == b"kept"


def test_a_failure_is_said_and_leaves_nothing(folder: Path) -> None:
    (folder / "bad.tif").write_bytes(b"no picture")
    program = Darktable(folder, night(40, 56))
    script = program.load("relume")
    images = program.lua.table_from([program.image("bad.tif")])
    assert script.run(images, settings(program)) == 0
    assert any("could not enhance bad.tif" in line for line in program.said)
    assert not program.imported
    assert not list(folder.glob("*.relume*.tif"))


def test_without_a_selection_it_says_so(folder: Path) -> None:
    program = Darktable(folder, night(8, 8))
    assert program.load("relume").run(program.lua.table(), settings(program)) == 0
    assert program.said == ["relume: select pictures first"]


@pytest.fixture(scope="module")
def model() -> bytes:
    pytest.importorskip("torch")
    from relume.export.darktable import package
    from relume.runtime import weights

    card = methods.card("relume")
    content = weights.read_published("relume", f"{card.weights[0].name}.onnx")
    made = package(content, card, knobs=card.knobs, version="0.1")
    with zipfile.ZipFile(BytesIO(made)) as archive:
        return archive.read("relight-relume/model.onnx")


def test_the_ai_script_gives_what_relume_gives(folder: Path, model: bytes) -> None:
    picture = night(40, 56)
    program = Darktable(folder, picture, model)
    script = program.load("relume_ai")
    knobs = [(knob.name, knob.low, knob.high, knob.value) for knob in script.knobs.values()]
    card = methods.card("relume")
    assert knobs == [(knob.name, knob.low, knob.high, knob.default) for knob in card.knobs]
    values = program.lua.table_from([0.3, *(knob.default for knob in card.knobs[1:])])
    assert script.run(program.lua.table_from([program.image("a.raw")]), values) == 1
    found = np.load(folder / "a.relume.tif.npy")[0].transpose(1, 2, 0)
    expected = relume.load("relume")(picture, exposure=0.3)
    assert np.abs(encode_srgb(found) - expected).max() < 1e-3


def test_without_ai_it_says_what_to_do(folder: Path) -> None:
    program = Darktable(folder, night(8, 8))
    script = program.load("relume_ai")
    images = program.lua.table_from([program.image("a.raw")])
    assert script.run(images, program.lua.table()) == 0
    assert "AI" in program.said[0]
