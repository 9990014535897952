"""Every network that relume ships, in every target and precision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import onnx
import pytest

from fake.exports import MODEL_FILES, read_facts, source_of
from relume import methods
from relume.card import from_json
from relume.export import run
from relume.export.agreement import SWEPT, Feeds, Run
from relume.export.graphs import PRECISION_KEY, facts
from relume.export.onnx import CARD_KEY
from relume.export.run import export
from relume.export.samples import generate, split
from relume.export.source import Source, of_model, open_source
from relume.export.wanted import SUFFIXES, Precision, Target
from relume.runtime import weights

NEURAL = [name for name in methods.names() if methods.card(name).kind == "neural"]

VISITED_OFTEN = ("hvr",)
"""Networks whose modules are visited again and again: their model files are large."""


def remembered(expected: Run) -> Run:
    """Compute once what float32 gives for an input: every target and precision is compared with
    it at the same sizes and knobs."""
    known: dict[Any, Any] = {}

    def run(feeds: Feeds) -> Any:
        key = tuple((name, value.shape, value.tobytes()) for name, value in feeds.items())
        if key not in known:
            known[key] = expected(feeds)
        return known[key]

    return run


_rounded: dict[Any, Any] = {}


@pytest.fixture
def rounded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Search once for the layers of a model that bear 8 bits: files for ONNX Runtime and OpenVINO
    are written from the same result."""
    honest = run.to_int8

    def to_int8(content: bytes, samples: Sequence[Feeds], **options: Any) -> Any:
        seen = [value.tobytes() for feeds in samples for value in feeds.values()]
        key = (content, options["calibration"], *seen)
        if key not in _rounded:
            _rounded[key] = honest(content, samples, **options)
        return _rounded[key]

    monkeypatch.setattr(run, "to_int8", to_int8)


@cache
def model_of(name: str) -> Source:
    """A shipped model file, which needs not be written first."""
    file = f"{methods.card(name).weights[0].name}.onnx"
    source = of_model(weights.read_published(name, file), where=name)
    return replace(source, expected=remembered(source.expected))


@cache
def shipped(name: str) -> Source:
    """A shipped network; of one that visits its modules again and again, one visit of each, and of
    two groups of attention in a row one."""
    source = open_source(name)
    if name not in VISITED_OFTEN:
        return replace(source, expected=remembered(source.expected))
    assert source.network is not None
    for turns in ("t", "c", "n"):
        setattr(source.network, turns, 1)
    source.network.high.groups = source.network.high.groups[:1]
    source = source_of(source.network, source.card)
    return replace(source, expected=remembered(source.expected))


@pytest.mark.slow
@pytest.mark.parametrize("target", MODEL_FILES)
@pytest.mark.parametrize("name", NEURAL)
def test_every_neural_method_goes_everywhere(name: str, target: Target, tmp_path: Path) -> None:
    output = tmp_path / f"x{SUFFIXES[target][0]}"
    made = export(shipped(name), output, target=target, precision="fp32")
    assert all(file.stat().st_size for file in made.files)


@pytest.mark.slow
@pytest.mark.usefixtures("rounded_once")
@pytest.mark.parametrize("target", MODEL_FILES)
@pytest.mark.parametrize("precision", ["fp16", "int8"])
@pytest.mark.parametrize("name", NEURAL)
def test_every_neural_method_gets_smaller(
    name: str,
    target: Target,
    precision: Precision,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if name in VISITED_OFTEN:  # a minute for each; verify sweeps all sizes of what is shipped
        monkeypatch.setattr(run, "SIZES", ((1, 17), SWEPT))
    source = shipped(name) if target == "torchscript" or name in VISITED_OFTEN else model_of(name)
    tiny = [replace(each, image=each.image[:, :64, :64]) for each in generate(4, source.card)]
    output = tmp_path / f"x{SUFFIXES[target][0]}"
    made = export(source, output, target=target, precision=precision, samples=split(tiny))
    assert read_facts(output, target)[PRECISION_KEY] == precision
    if precision == "int8":
        assert made.fidelity is not None
        assert made.fidelity >= 35


@pytest.mark.parametrize("name", NEURAL)
def test_what_is_shipped_is_not_made_anew(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def made(*_: object, **__: object) -> bytes:
        raise AssertionError("takes up to a minute")

    monkeypatch.setattr("relume.export.source.onnx_bytes", made)
    source = open_source(name)
    content = source.to_onnx(source.opset)
    assert from_json(facts(onnx.load_from_string(content))[CARD_KEY]) == source.card
    with pytest.raises(AssertionError):
        source.to_onnx(source.opset + 1)
