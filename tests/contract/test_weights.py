"""What the shipped weights of every network promise: they are the card's, and give their golden."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from relume import methods
from relume.card import Card
from relume.export.parameters import published
from relume.export.weights import load_network

NEURAL = [card for card in methods.cards() if card.kind == "neural"]
BRIGHTER = {"hvr": 1.5}
"""How many times brighter the golden, a night, comes out at least; 2 for the others."""
MOST_BYTES = 5_000_000
"""A file that travels with the source."""


def folder_of(card: Card) -> Path:
    return Path(str(methods.module(card.name).__file__)).parent / "weights"


@pytest.mark.parametrize("card", NEURAL, ids=lambda card: card.name)
def test_weights_are_those_of_the_card(card: Card) -> None:
    folder = folder_of(card)
    for weights in card.weights:
        content = (folder / f"{weights.name}.safetensors").read_bytes()
        assert sha256(content).hexdigest() == weights.sha256
        assert (folder.parent / weights.recipe).is_file()
    assert all(path.stat().st_size < MOST_BYTES for path in folder.iterdir())


@pytest.mark.parametrize(
    ("card", "stem"), [(card, weights.name) for card in NEURAL for weights in card.weights]
)
def test_the_network_gives_its_golden(card: Card, stem: str) -> None:
    folder = folder_of(card)
    network = load_network(card.name, folder / f"{stem}.safetensors").eval()
    with np.load(folder / f"{stem}.golden.npz") as stored:
        golden = {name: stored[name] for name in stored.files}
    picture = np.atleast_3d(golden["input"]).astype(np.float32) / 255  # a mosaic is (H, W)
    image = torch.from_numpy(picture).permute(2, 0, 1)[None]
    with torch.no_grad():
        found = network(image)._asdict()
    assert found.keys() <= golden.keys()
    for name, value in found.items():
        # Other processors sum in another order; what is larger than 1 errs in proportion.
        scale = max(1.0, float(np.abs(golden[name]).max()))
        assert np.abs(golden[name] - value[0].numpy()).max() < 1e-4 * scale, name
    assert found["enhanced"].mean() > BRIGHTER.get(card.name, 2) * image.mean()


@pytest.mark.parametrize(
    ("card", "stem"), [(card, weights.name) for card in NEURAL for weights in card.weights]
)
def test_a_release_without_a_second_copy_has_the_same_parameters(
    card: Card, stem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_of(card)
    there = Path.is_file
    hidden = ".safetensors"
    monkeypatch.setattr(Path, "is_file", lambda path: path.suffix != hidden and there(path))
    found = published(card.name, stem)
    monkeypatch.undo()
    expected = load_file(folder / f"{stem}.safetensors")
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)
