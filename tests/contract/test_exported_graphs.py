"""A file that leaves relume is the whole method: run plainly, it gives what relume gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from fake.night import night
from relume import methods
from relume.card import settle
from relume.cli import main
from relume.data.mosaicking import mosaicked
from relume.export.source import of_model
from relume.export.whole import as_whole
from relume.proof.verify import verify
from relume.runtime import load, weights

NEURAL = [card.name for card in methods.cards() if card.kind == "neural"]
LEAST = 45.0
"""dB of PSNR between the two: what is left are sums in another order."""
SIZES = {"hvr": (24, 24)}
"""Height and width where the usual one would take long."""


@pytest.mark.parametrize("name", NEURAL)
def test_plain_onnx_runtime_gives_what_relume_gives(name: str, tmp_path: Path) -> None:
    card = methods.card(name)
    published = weights.read_published(name, f"{card.weights[0].name}.onnx")
    source = as_whole(of_model(published, where=name))
    content = source.to_onnx(source.opset)
    picture = night(*SIZES.get(name, (120, 184)))
    low = mosaicked(picture[:112, :176]) / 8 if card.input == "mosaic" else picture
    expected = load(name)(low)

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    wanted = [value.name for value in session.get_inputs()]
    planes = np.atleast_3d(low).transpose(2, 0, 1)[None]
    knobs = {key: np.asarray(value, np.float32) for key, value in settle(card).items()}
    if card.input != "mosaic":  # relume finds the amplification of a mosaic by itself
        assert set(wanted) == {"image", *knobs}
    feeds = {key: value for key, value in knobs.items() if key in wanted}
    feeds["image"] = np.ascontiguousarray(planes, np.float32)
    found = session.run(["enhanced"], feeds)[0][0].transpose(1, 2, 0)
    error = float(np.square(found.astype(np.float64) - expected).mean())
    assert -10 * np.log10(max(error, 1e-12)) >= LEAST


def test_an_exported_sgz_agrees_with_torch_and_runs_in_relume(tmp_path: Path) -> None:
    file = tmp_path / "out.onnx"
    assert main(["export", "sgz", "-o", str(file)]) == 0
    low = night(121, 187)
    assert np.abs(load(str(file))(low) - load("sgz")(low)).max() <= 1e-5
    assert np.abs(load(str(file))(low, scale=3) - load("sgz")(low, scale=3)).max() <= 1e-5
    assert all(check.passed for check in verify(str(file)))
