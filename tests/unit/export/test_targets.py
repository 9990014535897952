"""Every target and precision: what is written agrees, carries its card, or is not written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch

from fake.exports import MODEL_FILES, read_facts, small_source, source_of
from fake.networks import PACKED, SMALL, Packed, Small
from relume.card import from_json
from relume.errors import ContractError, RelumeError, UnknownNameError, UnwritableError
from relume.export.agreement import DisagreementError, require_agreement, run_of
from relume.export.graphs import FIDELITY_KEY, PRECISION_KEY
from relume.export.half import to_half_storage
from relume.export.integers import quantise
from relume.export.onnx import CARD_KEY, onnx_bytes, runner
from relume.export.run import export
from relume.export.samples import Samples, generate, split
from relume.export.source import Source, open_source
from relume.export.wanted import PRECISIONS, SUFFIXES, Precision, Target, as_precision, as_target
from relume.proof import verify
from relume.runtime.method import load


@pytest.fixture(scope="module", params=["small", pytest.param("packed", marks=pytest.mark.slow)])
def source(request: pytest.FixtureRequest) -> Source:
    return small_source() if request.param == "small" else source_of(Packed(), PACKED)


@pytest.fixture(scope="module")
def small() -> Source:
    return small_source()


def samples(source: Source) -> Samples:
    return split(generate(4, source.card))


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("target", MODEL_FILES)
def test_is_written_and_agrees(
    source: Source, target: Target, precision: Precision, tmp_path: Path
) -> None:
    output = tmp_path / f"x{SUFFIXES[target][0]}"
    made = export(source, output, target=target, precision=precision, samples=samples(source))
    assert {*tmp_path.iterdir()} == {*made.files}
    known = read_facts(output, target)
    assert from_json(known[CARD_KEY]) == source.card
    assert known[PRECISION_KEY] == precision
    if precision == "int8":
        assert made.fidelity is not None
        assert made.fidelity >= 35
        assert float(known[FIDELITY_KEY]) == pytest.approx(made.fidelity, abs=0.01)


def test_float16_and_int8_are_smaller_and_hold_what_they_say(small: Source, tmp_path: Path) -> None:
    export(small, tmp_path / "half.onnx", target="onnx", precision="fp16")
    model = onnx.load(tmp_path / "half.onnx")
    kinds = {each.name: each.data_type for each in model.graph.initializer}
    assert onnx.TensorProto.FLOAT16 in kinds.values()
    assert not any(
        kind == onnx.TensorProto.FLOAT and "weight" in name for name, kind in kinds.items()
    )
    for port in (*model.graph.input, *model.graph.output):
        assert port.type.tensor_type.elem_type == onnx.TensorProto.FLOAT
    powers = [node for node in model.graph.node if node.op_type == "Pow"]
    assert powers
    assert not any(name.endswith(".half") for node in powers for name in node.input)
    export(small, tmp_path / "int8.onnx", target="onnx", precision="int8", samples=samples(small))
    integers = onnx.load(tmp_path / "int8.onnx").graph
    assert any(each.data_type == onnx.TensorProto.INT8 for each in integers.initializer)
    assert any(node.op_type == "QuantizeLinear" for node in integers.node)


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.parametrize("precision", PRECISIONS)
def test_torchscript_is_frozen(small: Source, precision: Precision, tmp_path: Path) -> None:
    output = tmp_path / "x.pt"
    export(small, output, target="torchscript", precision=precision, samples=samples(small))
    network = torch.jit.load(str(output))
    assert not list(network.parameters())
    image = torch.full((1, 3, 24, 40), 0.1)
    knobs = [torch.tensor(knob.default) for knob in small.face.knobs]
    assert not network(image, *knobs)[0].requires_grad
    if precision == "int8":
        kept = [each.dtype for each in network.buffers()]
        assert torch.int8 in kept, "a constant would be as large as float32"


@pytest.mark.parametrize("calibration", ["entropy", "percentile"])
def test_every_calibration_reaches_35_db(small: Source, calibration: Any, tmp_path: Path) -> None:
    made = export(
        small,
        tmp_path / "x.onnx",
        target="onnx",
        precision="int8",
        samples=samples(small),
        calibration=calibration,
    )
    assert made.fidelity is not None
    assert made.fidelity >= 35


@pytest.mark.parametrize("target", ["onnx", "openvino"])
def test_a_fixed_shape_is_the_only_one(small: Source, target: Target, tmp_path: Path) -> None:
    output = tmp_path / f"x{SUFFIXES[target][0]}"
    export(small, output, target=target, precision="fp32", shape=(24, 40))
    if target == "onnx":
        dims = onnx.load(output).graph.input[0].type.tensor_type.shape.dim
        assert [dim.dim_value for dim in dims] == [1, 3, 24, 40]
    checks = verify.verify(str(output))
    assert all(check.passed for check in checks)


def test_openvino_loads_in_the_light_wing(small: Source, tmp_path: Path) -> None:
    export(small, tmp_path / "x.xml", target="openvino", precision="fp32")
    export(small, tmp_path / "x.onnx", target="onnx", precision="fp32")
    image = np.random.default_rng(0).random((30, 41, 3), np.float32)
    one, other = (load(str(tmp_path / f"x{suffix}"))(image) for suffix in (".xml", ".onnx"))
    assert np.abs(one - other).max() < 1e-4
    (tmp_path / "x.bin").unlink()
    with pytest.raises(RelumeError, match=r"x\.bin: cannot be read"):
        load(str(tmp_path / "x.xml"))


def test_a_model_file_is_a_source_too(small: Source, tmp_path: Path) -> None:
    export(small, tmp_path / "full.onnx", target="onnx", precision="fp32")
    again = open_source(str(tmp_path / "full.onnx"))
    assert again.face == small.face
    assert again.card == SMALL
    export(again, tmp_path / "half.onnx", target="onnx", precision="fp16")
    with pytest.raises(ContractError, match="is fp16 already"):
        open_source(str(tmp_path / "half.onnx"))
    with pytest.raises(ContractError, match="made from a network"):
        export(again, tmp_path / "x.pt", target="torchscript", precision="fp32")
    image = np.random.default_rng(0).random((1, 3, 9, 11), np.float32)
    feeds = {"image": image, "exponent": np.array(0.3, np.float32)}
    full, half = (
        runner((tmp_path / name).read_bytes())(feeds)[0] for name in ("full.onnx", "half.onnx")
    )
    assert 0 < np.abs(full - half).max() < 2e-3


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("target", ["onnx", "openvino"])
def test_what_disagrees_is_not_written(
    small: Source, target: Target, precision: Precision, tmp_path: Path
) -> None:
    def other(feeds: Any) -> list[Any]:
        return [1 - result for result in small.expected(feeds)]

    wrong = Source(small.card, small.face, small.network, other, small.to_onnx)
    output = tmp_path / f"x{SUFFIXES[target][0]}"
    with pytest.raises(DisagreementError, match="not written"):
        export(wrong, output, target=target, precision=precision, samples=samples(small))
    assert not list(tmp_path.iterdir())


def test_requests_that_cannot_be_met_are_refused_first(small: Source, tmp_path: Path) -> None:
    def ask(name: str, **changes: Any) -> None:
        wanted = {"target": "onnx", "precision": "fp32", **changes}
        export(small, tmp_path / name, **wanted)

    with pytest.raises(ContractError, match=r"a file for openvino ends in \.xml"):
        ask("x.onnx", target="openvino")
    with pytest.raises(ContractError, match="--opset 9: expected 18 to 23"):
        ask("x.onnx", opset=9)
    with pytest.raises(ContractError, match="a TorchScript file takes every size"):
        ask("x.pt", target="torchscript", shape=(8, 8))
    with pytest.raises(ContractError, match="int8 needs pictures"):
        ask("x.onnx", precision="int8")
    with pytest.raises(UnwritableError, match="there is no folder"):
        ask("absent/x.onnx")
    with pytest.raises(UnknownNameError, match="did you mean openvino"):
        as_target("openvin")
    with pytest.raises(UnknownNameError, match="did you mean int8"):
        as_precision("int4")
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("opset", [18, 21, 23])
def test_opsets(opset: int, tmp_path: Path) -> None:
    network = Small().eval()
    made = onnx.load_from_string(onnx_bytes(network, SMALL, opset=opset))
    assert made.opset_import[0].version == opset
    image = np.random.default_rng(0).random((1, 3, 9, 11), np.float32)
    feeds = {"image": image, "exponent": np.array(0.3, np.float32)}
    found = runner(made.SerializeToString())(feeds)[0]
    assert np.abs(found - run_of(network)(feeds)[0]).max() < 1e-4


def test_parameters_can_be_kept_in_float16_alone(small: Source) -> None:
    made = to_half_storage(small.to_onnx(18))
    kinds = {each.data_type for each in onnx.load_from_string(made).graph.initializer}
    assert onnx.TensorProto.FLOAT16 in kinds
    assert len(made) < 0.8 * len(small.to_onnx(18))
    require_agreement(small.expected, runner(made), small.face, name="x", tolerance=2e-3)


def test_no_layer_in_int8_is_the_model_itself(small: Source) -> None:
    made = quantise(small.to_onnx(18), {}, nodes=[])
    require_agreement(small.expected, runner(made), small.face, name="x", tolerance=1e-6)


def test_small_pictures_are_run_by_one_thread() -> None:
    before = torch.get_num_threads()
    seen: list[int] = []

    class Counting(torch.nn.Module):
        def forward(self, image: torch.Tensor) -> tuple[torch.Tensor]:
            seen.append(torch.get_num_threads())
            return (image,)

    for side in (64, 256):
        run_of(Counting())({"image": np.zeros((1, 3, side, side), np.float32)})
    assert seen == [1, before]
    assert torch.get_num_threads() == before
