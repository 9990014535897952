"""ComfyUI's node, unmodified, against a stand-in for `comfy_api`."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fake.night import night
from relume import load, methods
from relume.editors import install as installer

torch = pytest.importorskip("torch", reason="the node takes and gives torch's tensors")

FOLDER = Path(installer.__file__).parent / "comfyui" / "relume"


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The node's class, as ComfyUI would find it."""

    def entry(*arguments: Any, **options: Any) -> SimpleNamespace:
        return SimpleNamespace(arguments=arguments, **options)

    kind = SimpleNamespace(Input=entry, Output=entry)
    io = SimpleNamespace(
        ComfyNode=object, Schema=entry, Float=kind, Int=kind, Image=kind, NodeOutput=entry
    )
    latest = ModuleType("comfy_api.latest")
    latest.ComfyExtension, latest.io = object, io  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "comfy_api", ModuleType("comfy_api"))
    monkeypatch.setitem(sys.modules, "comfy_api.latest", latest)
    spec = importlib.util.spec_from_file_location(
        "comfy_relume", FOLDER / "__init__.py", submodule_search_locations=[str(FOLDER)]
    )
    assert spec is not None
    assert spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "comfy_relume", package)
    spec.loader.exec_module(package)
    extension = asyncio.run(package.comfy_entrypoint())
    (found,) = asyncio.run(extension.get_node_list())
    monkeypatch.delitem(sys.modules, "comfy_relume.nodes")
    return found


def defaults() -> dict[str, float]:
    return {knob.name: knob.default for knob in methods.card("relume").knobs}


def test_every_knob_is_an_input(node: Any) -> None:
    schema = node.define_schema()
    names = [entry.arguments[0] for entry in schema.inputs]
    assert names == ["image", "strength", "steadiness", *defaults()]


def test_gives_what_relume_gives(node: Any) -> None:
    frames = np.stack([night(30, 40, seed=seed) for seed in (1, 2)])
    out = node.execute(torch.from_numpy(frames), 1.0, 0, **defaults()).arguments[0]
    assert out.shape == frames.shape
    assert np.array_equal(out[1].numpy(), load("relume")(frames[1]))


def test_a_batch_shares_its_light(node: Any) -> None:
    random = np.random.default_rng(5)
    still = night(48, 64)
    frames = np.stack([still + random.normal(0, 0.03, still.shape) for _ in range(8)])
    frames = np.clip(frames, 0, 1).astype(np.float32)

    def jumps(steadiness: int) -> float:
        out = node.execute(torch.from_numpy(frames), 1.0, steadiness, **defaults()).arguments[0]
        gains = np.log(out.numpy().mean(axis=(1, 2, 3)) / frames.mean(axis=(1, 2, 3)))
        return float(np.abs(np.diff(gains)).mean())

    assert jumps(4) < 0.5 * jumps(0)


def test_alpha_and_type_stay(node: Any) -> None:
    frame = torch.cat([torch.from_numpy(night(20, 30))[None], torch.ones(1, 20, 30, 1)], dim=-1)
    out = node.execute(frame.half(), 0.5, 0, **defaults()).arguments[0]
    assert out.dtype == torch.float16
    assert out.shape == frame.shape
    assert (out[..., 3] == 1).all()


@pytest.mark.parametrize("shape", [(0, 20, 30, 3), (2, 0, 30, 3)])
def test_an_empty_batch_stays_empty(node: Any, shape: tuple[int, ...]) -> None:
    assert node.execute(torch.zeros(shape), 1.0, 3, **defaults()).arguments[0].shape == shape


def test_pixels_without_a_number_are_black_and_spoil_no_others(node: Any) -> None:
    frame = torch.from_numpy(night(24, 32))
    holes = frame.clone()
    holes[0, 0], holes[5, 5, 1], holes[6, 6, 2] = float("nan"), float("inf"), -float("inf")
    filled = frame.clone()
    filled[0, 0], filled[5, 5, 1], filled[6, 6, 2] = 0.0, 1.0, 0.0
    found, wanted = (
        node.execute(each[None], 1.0, 0, **defaults()).arguments[0] for each in (holes, filled)
    )
    assert torch.equal(found, wanted)


def test_any_layout_and_size(node: Any) -> None:
    frames = np.stack([night(31, 1, seed=seed) for seed in (1, 2)])
    planes = torch.from_numpy(np.ascontiguousarray(frames.transpose(0, 3, 1, 2)))
    out = node.execute(planes.permute(0, 2, 3, 1), 1.0, 0, **defaults()).arguments[0]
    assert np.array_equal(out[0].numpy(), load("relume")(frames[0]))


@pytest.mark.parametrize("shape", [(1, 20, 30, 1), (20, 30, 3)])
def test_what_is_no_picture_in_colour_is_told(node: Any, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="convert it to RGB"):
        node.execute(torch.zeros(shape), 1.0, 0, **defaults())
