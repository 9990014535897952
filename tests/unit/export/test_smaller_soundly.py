"""What 8 bits cost: on real dark pictures, and in time when layers are chosen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fake.exports import small_source
from relume import methods
from relume.export import torchscript
from relume.export.fidelity import TRIED
from relume.export.onnx import runner
from relume.export.run import export
from relume.export.samples import generate, split
from relume.runtime import weights

EXAMPLES = Path(__file__).parents[3] / "examples"
SHIPPED = [
    (card.name, file)
    for card in methods.cards()
    if card.kind == "neural"
    for file in weights.checksums(card.name)
    if file.endswith(".int8.onnx")
]


@pytest.mark.parametrize("photo", ["astronaut.jpg", "cat.jpg", "coffee.png", "rocket.jpg"])
@pytest.mark.parametrize(("name", "file"), SHIPPED)
def test_shipped_integers_serve_real_dark_pictures(name: str, file: str, photo: str) -> None:
    """docs/export.md: 48.6 dB on average over other photographs, 43.3 on the worst."""
    picture = Image.open(EXAMPLES / photo).convert("RGB").resize((320, 240))
    image = np.asarray(picture, np.float32).transpose(2, 0, 1)[None] / 255
    knobs = {knob.name: np.asarray(knob.default, np.float32) for knob in methods.card(name).knobs}
    feeds = {"image": np.ascontiguousarray(image), **knobs}
    whole = weights.read_published(name, file.replace(".int8", ""))
    found = runner(weights.read_published(name, file))(feeds)[0]
    error = float(np.square(found - runner(whole)(feeds)[0], dtype=np.float64).mean())
    assert -10 * np.log10(error) >= 47


def test_pieces_choose_and_whole_pictures_are_looked_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Torch takes a second for a whole picture, and `relume` has hundreds of ways to round."""
    honest, seen = torchscript.run_of, list[tuple[int, ...]]()

    def watched(network: Any) -> Any:
        run = honest(network)

        def watching(feeds: Any) -> Any:
            seen.append(feeds["image"].shape[2:])
            return run(feeds)

        return watching

    monkeypatch.setattr(torchscript, "run_of", watched)
    source = small_source()
    given = split(generate(4, source.card))
    output = tmp_path / "x.pt"
    made = export(source, output, target="torchscript", precision="int8", samples=given)
    assert made.fidelity is not None
    assert made.fidelity >= 35
    whole = [size for size in seen if max(size) > TRIED]
    assert len(whole) <= len(given.calibration) + len(given.evaluation)
    assert len(seen) > len(whole) > 0
