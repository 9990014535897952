"""GIMP's plug-in, unmodified, against a stand-in for `gi`: files, commands and layers."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

import relume
from fake.night import night
from relume.editors import install as installer
from relume.io.metadata import icc

PLUGIN = Path(installer.__file__).parent / "gimp" / "relume" / "relume.py"


class Layer:
    """A layer that is a picture, or a group of some."""

    def __init__(
        self, photo: relume.Photo, name: str = "night", children: list[Layer] | None = None
    ) -> None:
        self.photo, self.name, self.offsets = photo, name, (0, 0)
        self.parent: Layer | None = None
        self.children = children or []
        for child in self.children:
            child.parent = self

    def duplicate(self) -> Layer:
        return Layer(self.photo, self.name, [child.duplicate() for child in self.children])

    def get_children(self) -> list[Layer]:
        return list(self.children)

    def get_name(self) -> str:
        return self.name

    def set_name(self, name: str) -> None:
        self.name = name

    def get_parent(self) -> Layer | None:
        return self.parent

    def get_mask(self) -> None:
        return None

    def get_offsets(self) -> tuple[bool, int, int]:
        return (True, *self.offsets)

    def set_offsets(self, left: int, top: int) -> None:
        self.offsets = (left, top)

    def set_opacity(self, value: float) -> None: ...
    def set_visible(self, value: bool) -> None: ...


class Image:
    """Layers from top to bottom."""

    def __init__(self, layers: list[Layer]) -> None:
        self.layers = layers
        self.groups = 0
        self.precision = "u16"

    def duplicate(self) -> Image:
        made = Image([layer.duplicate() for layer in self.layers])
        made.precision = self.precision
        return made

    def get_precision(self) -> str:
        return self.precision

    def convert_precision(self, precision: str) -> None:
        self.precision = precision

    def get_layers(self) -> list[Layer]:
        return list(self.layers)

    def remove_layer(self, layer: Layer) -> None:
        self.layers.remove(layer)

    def resize_to_layers(self) -> None: ...
    def delete(self) -> None: ...

    def level(self, parent: Layer | None) -> list[Layer]:
        return self.layers if parent is None else parent.children

    def get_item_position(self, layer: Layer) -> int:
        return self.level(layer.parent).index(layer)

    def insert_layer(self, layer: Layer, parent: Layer | None, position: int) -> None:
        layer.parent = parent
        self.level(parent).insert(position, layer)

    def reorder_item(self, layer: Layer, parent: Layer | None, position: int) -> None:
        self.level(layer.parent).remove(layer)
        self.insert_layer(layer, parent, position)

    def undo_group_start(self) -> None:
        self.groups += 1

    def undo_group_end(self) -> None:
        self.groups -= 1


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The plug-in's module, as GIMP would import it."""
    settings: dict[str, Any] = {}

    def export(config: object) -> object:
        (layer,) = settings["image"].layers
        assert settings["image"].precision in ("u8", "u16"), "relume reads nothing else"
        relume.write(layer.photo, settings["file"], format="tiff")
        assert settings["include-color-profile"]
        return SimpleNamespace(index=lambda _: "success")

    procedure = SimpleNamespace(
        create_config=lambda: SimpleNamespace(set_property=settings.__setitem__), run=export
    )
    gimp = SimpleNamespace(
        PlugIn=type("PlugIn", (), {"error_quark": staticmethod(lambda: 0)}),
        Layer=Layer,
        PDBStatusType=SimpleNamespace(
            SUCCESS="success", CALLING_ERROR="calling", EXECUTION_ERROR="execution", CANCEL="cancel"
        ),
        Precision=SimpleNamespace(U8_NON_LINEAR="u8", U16_NON_LINEAR="u16"),
        RunMode=SimpleNamespace(INTERACTIVE=0, NONINTERACTIVE=1),
        get_pdb=lambda: SimpleNamespace(lookup_procedure=lambda name: procedure),
        temp_file=lambda suffix: SimpleNamespace(get_path=lambda: str(tmp_path / f"out.{suffix}")),
        file_load_layer=lambda mode, image, file: Layer(relume.read(file)),
        displays_flush=lambda: None,
    )
    repository = ModuleType("gi.repository")
    for name, value in {
        "Gimp": gimp,
        "GimpUi": SimpleNamespace(),
        "Gio": SimpleNamespace(File=SimpleNamespace(new_for_path=str)),
        "GLib": SimpleNamespace(Error=SimpleNamespace(new_literal=lambda quark, text, code: text)),
        "GObject": SimpleNamespace(),
    }.items():
        setattr(repository, name, value)
    gi = ModuleType("gi")
    gi.require_version = lambda *_: None  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "gi", gi)
    monkeypatch.setitem(sys.modules, "gi.repository", repository)
    spec = importlib.util.spec_from_file_location("gimp_relume", PLUGIN)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    facts = tmp_path / "relume.json"
    facts.write_text(json.dumps({"command": [sys.executable, "-m", "relume.cli"]}))
    module.FACTS = facts
    return module


def picture() -> relume.Photo:
    pixels = np.rint(night(30, 40) * 65535).astype(np.uint16)
    return relume.Photo(pixels, icc=icc.srgb(), format="tiff")


def test_identity_brings_the_same_values_and_profile(plugin: Any, tmp_path: Path) -> None:
    below, layer = Layer(picture(), "below"), Layer(picture())
    layer.offsets = (7, -3)
    image = Image([layer, below])
    plugin.relight(image, layer, {}, "identity")
    made = image.layers[0]
    assert [each.name for each in image.layers] == ["night (relume)", "night", "below"]
    assert np.array_equal(made.photo.pixels, layer.photo.pixels)
    assert made.photo.icc == layer.photo.icc
    assert made.offsets == (7, -3)
    assert image.groups == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["relume.json"]


@pytest.mark.parametrize("precision", ["u8", "u32", "half", "float linear"])
def test_every_precision_goes_out_as_whole_numbers(plugin: Any, precision: str) -> None:
    image = Image([Layer(picture())])
    image.precision = precision
    plugin.relight(image, image.layers[0], {}, "identity")
    assert image.precision == precision
    assert len(image.layers) == 2


def test_a_layer_in_groups_gets_its_result_beside_it(plugin: Any) -> None:
    dark, lighter = picture(), relume.Photo(picture().pixels // 2 + 9000, format="tiff")
    layer, other = Layer(dark), Layer(lighter, "other")
    inner = Layer(lighter, "inner", [other, layer])
    image = Image([Layer(lighter, "top"), Layer(lighter, "outer", [inner])])
    plugin.relight(image, layer, {}, "identity")
    assert [each.name for each in inner.children] == ["other", "night (relume)", "night"]
    assert np.array_equal(inner.children[1].photo.pixels, dark.pixels)
    assert [each.name for each in image.layers] == ["top", "outer"]


def test_knobs_go_to_the_command(plugin: Any) -> None:
    layer = Layer(picture())
    image = Image([layer])
    values = {knob["name"]: knob["default"] for knob in plugin.knobs()}
    plugin.relight(image, layer, {**values, "exposure": 1.0}, "relume")
    plugin.relight(image, layer, values, "relume")
    brighter, usual, dark = (each.photo.pixels.mean() for each in image.layers)
    assert brighter > usual > dark


def test_a_failure_leaves_the_image_as_it_was(plugin: Any, tmp_path: Path) -> None:
    layer = Layer(picture())
    image = Image([layer])
    with pytest.raises(RuntimeError, match="did you mean"):
        plugin.relight(image, layer, {}, "identityy")
    assert image.layers == [layer]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["relume.json"]


def test_without_a_command_it_says_what_to_do(
    plugin: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin.FACTS.unlink()
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("RELUME", raising=False)
    with pytest.raises(RuntimeError, match="install-plugin gimp"):
        plugin.command()
    monkeypatch.setenv("RELUME", "'/opt/a b/relume' --quiet")
    assert plugin.command() == ["/opt/a b/relume", "--quiet"]
