"""An exported file agrees with torch, holds its card, and is refused otherwise."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from relume import methods
from relume.card import from_json
from relume.cli import main
from relume.errors import ContractError, UnwritableError, WeightsError
from relume.export.agreement import DisagreementError
from relume.export.golden import golden_bytes, golden_picture
from relume.export.onnx import CARD_KEY, to_onnx
from relume.export.weights import card_with, import_file, load_network, save_weights
from relume.methods.sgz.network import CurveNetwork, Relit
from shared import need_shared

CARD = methods.card("sgz")


@pytest.fixture(scope="module")
def network() -> CurveNetwork:
    torch.manual_seed(3)
    return CurveNetwork().eval()


@pytest.fixture(scope="module")
def model(network: CurveNetwork, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "sgz.onnx"
    to_onnx(network, card_with(network, CARD, name="test"), path)
    return path


def _run(path: Path, image: np.ndarray) -> list[np.ndarray]:
    session: Any = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(["enhanced", "curve"], {"image": image})


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (257, 1), (31, 97)])
@pytest.mark.parametrize("count", [1, 3])
def test_agrees_with_torch_at_any_size(
    network: CurveNetwork, model: Path, size: tuple[int, int], count: int
) -> None:
    image = np.random.default_rng(1).random((count, 3, *size), np.float32)
    with torch.no_grad():
        ours = network(torch.from_numpy(image))
    for one, other in zip(ours, _run(model, image), strict=True):
        assert np.abs(one.numpy() - other).max() < 1e-4


def test_is_small_single_and_the_same_every_time(
    network: CurveNetwork, model: Path, tmp_path: Path
) -> None:
    again = tmp_path / "again.onnx"
    to_onnx(network, card_with(network, CARD, name="test"), again)
    assert again.read_bytes() == model.read_bytes()
    assert model.stat().st_size < 200_000
    assert list(tmp_path.iterdir()) == [again]
    assert oct(again.stat().st_mode & 0o444) == oct(0o444)
    # Nothing of the machine it was made on.
    assert str(Path(torch.__file__).parent).encode() not in model.read_bytes()
    assert b"network.py" not in model.read_bytes()


def test_holds_its_card(network: CurveNetwork, model: Path) -> None:
    metadata = {entry.key: entry.value for entry in onnx.load(model).metadata_props}
    assert from_json(metadata[CARD_KEY]) == card_with(network, CARD, name="test")


class Plain(nn.Module):
    """Gives what it was given: the exporter takes seconds for networks that learn."""

    def forward(self, image: Tensor) -> Relit:
        return Relit(image, image * 0.5)


class Fickle(nn.Module):
    """Gives the graph one thing and torch another."""

    def forward(self, image: Tensor) -> Relit:
        curve = image * 0.5
        return Relit(image, curve if torch.compiler.is_exporting() else curve + 2e-4)


class Unsound(nn.Module):
    """Gives what is not a number."""

    def forward(self, image: Tensor) -> Relit:
        return Relit(image, (image - 2).sqrt())


@pytest.mark.parametrize("kind", ["fickle", "unsound"])
def test_refuses_to_disagree_and_leaves_nothing(tmp_path: Path, kind: str) -> None:
    broken = Fickle() if kind == "fickle" else Unsound()
    with pytest.raises(DisagreementError, match=r"x\.onnx: not written: output curve .* differs"):
        to_onnx(broken, CARD, tmp_path / "x.onnx")
    assert not list(tmp_path.iterdir())


def test_says_where_it_cannot_write(tmp_path: Path) -> None:
    with pytest.raises(UnwritableError, match="absent"):
        to_onnx(Plain(), CARD, tmp_path / "absent" / "x.onnx")


def test_saves_a_set_of_weights(network: CurveNetwork, tmp_path: Path) -> None:
    card = card_with(network, CARD, name="mine", trained_on=("nights",))
    assert save_weights(network, card, folder=tmp_path) == tmp_path / "mine.onnx"
    names = {path.name for path in tmp_path.iterdir()}
    files = {"mine.onnx", "mine.rest.npz", "mine.safetensors", "mine.golden.npz"}
    assert names == {*files, "SHA256SUMS"}
    assert load_network("sgz", tmp_path / "mine.safetensors").state_dict().keys() == (
        network.state_dict().keys()
    )
    assert (tmp_path / "SHA256SUMS").read_text().count("\n") == len(files)
    other = replace(card.weights[0], name="other")
    save_weights(network, replace(card, weights=(other, *card.weights)), folder=tmp_path)
    sums = (tmp_path / "SHA256SUMS").read_text().split()
    assert sums[1::2] == [
        f"{name}.{kind}"
        for name in ("mine", "other")
        for kind in ("golden.npz", "onnx", "rest.npz", "safetensors")
    ]
    wrong = replace(card, weights=(replace(card.weights[0], sha256="0" * 64),))
    with pytest.raises(WeightsError, match="the card states"):
        save_weights(network, wrong, folder=tmp_path)


def test_golden_is_dark_natural_and_what_the_network_gives(
    network: CurveNetwork, tmp_path: Path
) -> None:
    picture = golden_picture()
    assert picture.shape == (64, 96, 3)
    assert picture.dtype == np.uint8
    assert 5 < picture.mean() < 60
    assert picture.max() > 150
    (tmp_path / "golden.npz").write_bytes(golden_bytes(network, CARD))
    assert golden_bytes(network, CARD) == golden_bytes(network, CARD)
    with np.load(tmp_path / "golden.npz") as golden:
        image = torch.from_numpy(golden["input"].astype(np.float32) / 255).permute(2, 0, 1)[None]
        with torch.no_grad():
            assert np.array_equal(golden["curve"], network(image).curve[0].numpy())
        assert golden["enhanced"].shape == (3, 64, 96)


def test_imports_the_published_weights(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = need_shared("reference", "sgz_official.pth")
    reference = np.load(need_shared("reference", "sgz.npz"))
    out = tmp_path / "published.onnx"
    assert main(["import-weights", "sgz", str(file), "-o", str(out)]) == 0
    assert capsys.readouterr().out.strip() == f"relume enhance -m {out} PICTURE"
    image = (reference["input_uint8"].astype(np.float32) / 255).transpose(2, 0, 1)[None]
    enhanced, curve = _run(out, np.ascontiguousarray(image))
    assert np.abs(enhanced[0] - reference["enhanced_s1"]).max() < 1e-4
    assert np.abs(curve[0] + reference["curve_s1"]).max() < 1e-4


def test_says_when_weights_do_not_belong(tmp_path: Path) -> None:
    torch.save({"conv1.weight": torch.zeros(3, 3)}, tmp_path / "other.pth")
    with pytest.raises(WeightsError, match=r"other\.pth: does not hold weights of sgz"):
        import_file("sgz", tmp_path / "other.pth", tmp_path / "out.onnx")
    with pytest.raises(ContractError, match="gamma has no weights"):
        import_file("gamma", tmp_path / "other.pth", tmp_path / "out.onnx")
    assert not (tmp_path / "out.onnx").exists()
