"""Inputs, outputs and sizes of a graph come from the network and its card."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from fake.networks import PACKED, SMALL, Packed, Small
from relume.errors import ContractError
from relume.export.agreement import probes
from relume.export.golden import golden_bytes
from relume.export.interface import interface
from relume.export.onnx import to_onnx


def test_names_come_from_the_forward() -> None:
    face = interface(Small(), SMALL)
    assert face.inputs == ("image", "exponent")
    assert face.outputs == ("enhanced", "illumination")
    assert face.channels == 3
    mosaic = interface(Packed(), PACKED)
    assert (mosaic.channels, mosaic.size(33, 50)) == (1, (34, 50))
    assert mosaic.example()[0].shape[1] == 1


class Bare(nn.Module):
    def forward(self, image: Tensor) -> Tensor:
        return image


def test_says_what_a_network_lacks() -> None:
    with pytest.raises(ContractError, match="named tuple that begins with 'enhanced', not Tensor"):
        interface(Bare(), SMALL)
    with pytest.raises(ContractError, match="has the knob 'exponent', its card has not"):
        interface(Small(), replace(SMALL, knobs=()))


def test_probes_every_size_and_every_end_of_a_knob() -> None:
    found = list(probes(interface(Packed(), PACKED), sizes=((1, 1), (2, 2), (3, 5))))
    assert [where for _, where in found] == ["2×2", "4×6", "amplification=0", "amplification=8"]
    assert [float(feeds["amplification"]) for feeds, _ in found] == [4, 4, 0, 8]
    assert all(feeds["amplification"].shape == () for feeds, _ in found)


@pytest.mark.parametrize(("network", "card"), [(Small(), SMALL), (Packed(), PACKED)])
def test_a_graph_has_knobs_and_any_size(network: nn.Module, card, tmp_path: Path) -> None:
    to_onnx(network, card, tmp_path / "x.onnx")
    model = onnx.load(tmp_path / "x.onnx")
    image, knob = model.graph.input
    assert [dim.dim_param for dim in image.type.tensor_type.shape.dim] == (
        ["batch", "", "height", "width"]
    )
    assert knob.name == card.knobs[0].name
    assert len(knob.type.tensor_type.shape.dim) == 0
    enhanced = model.graph.output[0].type.tensor_type.shape.dim
    assert [dim.dim_param for dim in enhanced] == ["batch", "", "height", "width"]


def test_the_golden_of_a_mosaic_is_one_plane() -> None:
    network = Packed()
    with np.load(BytesIO(golden_bytes(network, PACKED))) as golden:
        assert golden["input"].shape == (64, 96)
        image = torch.from_numpy(golden["input"].astype(np.float32) / 255)[None, None]
        with torch.no_grad():
            assert np.array_equal(golden["enhanced"], network(image)[0][0].numpy())
        assert golden["level"].shape == (1, 1, 1)
