"""Networks as sources of exports, and what written files say of themselves."""

from __future__ import annotations

import zipfile
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

import onnx
from torch import nn

from fake.networks import SMALL, Small
from relume.card import Card
from relume.export.agreement import run_of
from relume.export.graphs import facts
from relume.export.interface import interface
from relume.export.onnx import onnx_bytes
from relume.export.source import Source
from relume.export.wanted import TARGETS, Target

MODEL_FILES = [target for target in TARGETS if target != "darktable"]
"""A package for darktable is more than a model: test_darktable_package.py has its rules."""


def source_of(network: nn.Module, card: Card) -> Source:
    network = network.eval()
    full = onnx_bytes(network, card)
    return Source(card, interface(network, card), network, run_of(network), lambda opset: full)


@cache
def small_source() -> Source:
    """`Small`, written once: the exporter takes seconds for the smallest network, too."""
    return source_of(Small(), SMALL)


def read_facts(path: Path, target: Target) -> dict[str, str]:
    if target == "onnx":
        return facts(onnx.load(path))
    if target == "openvino":
        import openvino

        found: Any = openvino.Core().read_model(path).get_rt_info(["framework"]).value
        return {str(name): str(value) for name, value in found.items()}
    with zipfile.ZipFile(path) as archive:  # what torch.jit.load does with _extra_files
        return {
            PurePosixPath(name).name: archive.read(name).decode()
            for name in archive.namelist()
            if PurePosixPath(name).parent.name == "extra"
        }
