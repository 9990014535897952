"""What a user may write for rows, and what makes a record stale."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fake.night import night
from relume import methods
from relume.bench import rows, source
from relume.bench.record import Origin
from relume.bench.rows import MethodRow, ResultsRow, method_rows
from relume.bench.source import source_of
from relume.data import Pair
from relume.errors import ContractError, UnknownNameError, UnreadableError, WeightsError
from relume.photo import Photo
from relume.runtime import weights

PAIR = Pair("1", Path("low/1.png"), None, "1")


def names(text: str) -> list[str]:
    return [row.name for row in method_rows(text)]


def test_input_and_gamma_are_always_there() -> None:
    assert names("clahe") == ["input", "gamma", "clahe"]
    assert names("gamma,identity,clahe,clahe") == ["input", "gamma", "clahe"]
    assert names("") == ["input", "gamma"]


def test_all_and_auto() -> None:
    pictures = {card.name for card in methods.cards() if card.input != "mosaic"}
    assert sorted(names("all")) == sorted({*pictures, "input"} - {"identity"})
    assert names("auto")[-1] == "auto"


def test_knobs() -> None:
    rows = method_rows("gamma:gamma=0.3,clahe, exposure:ev=1,target=0 ,sgz")
    assert [row.name for row in rows[2:]] == [
        "gamma:gamma=0.3",
        "clahe",
        "exposure:ev=1,target=0",
        "sgz",
    ]
    assert rows[2].origin(PAIR).knobs == {"gamma": 0.3}
    assert rows[4].origin(PAIR).knobs["ev"] == 1.0


@pytest.mark.parametrize("text", ["gama", "gamma:gama=1", "gamma:gamma=0.3,gama=1"])
def test_unknown_names(text: str) -> None:
    with pytest.raises(UnknownNameError):
        method_rows(text)


@pytest.mark.parametrize("text", ["gamma:gamma=", "gamma:gamma=much", "gamma:gamma=9", "auto:a=1"])
def test_knobs_that_are_none(text: str) -> None:
    with pytest.raises(ContractError):
        method_rows(text)


def test_a_model_file_that_is_absent() -> None:
    with pytest.raises(WeightsError, match=r"none\.onnx"):
        method_rows("none.onnx")


def test_a_row_says_what_it_took() -> None:
    photo = Photo(np.rint(night(60, 80) * 255).astype(np.uint8))
    row = method_rows("auto")[-1]
    row.start(photo)
    product = row.produce(PAIR, photo)
    row.stop()
    assert product.picture.shape == photo.pixels.shape
    assert product.seconds is not None
    assert product.seconds > 0.0
    assert product.mebibytes is None or 0.0 <= product.mebibytes < 1000.0
    assert ": " in product.note


def test_results_are_found_by_key_or_by_stem(tmp_path: Path) -> None:
    file = tmp_path / "1.png"
    file.write_bytes(b"x")
    row = ResultsRow("theirs", {"1": file})
    assert row.origin(PAIR).source == row.origin(Pair("a/7", PAIR.low, None, "7")).source
    with pytest.raises(UnreadableError, match="theirs lack"):
        row.origin(Pair("2", Path("low/2.png"), None, "2"))


def test_the_source_is_what_the_module_needs(tmp_path: Path) -> None:
    gamma = source_of("relume.methods.gamma")
    assert gamma == source_of("relume.methods.gamma") != source_of("relume.methods.clahe")
    assert source_of("json") != source_of("relume.methods.gamma", "json") != gamma
    probe = tmp_path / "probe.py"
    probe.write_text(
        "from relume import render\nimport relume.colour\nimport os\n"
        "from relume.errors import ContractError\n"
    )
    assert set(source._imports(probe)) == {"relume.render", "relume.colour"}


def test_a_record_is_stale_when_the_model_file_or_its_renderer_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def origins() -> tuple[Origin, Origin, Origin]:
        gamma, sgz, auto = (MethodRow(name).origin(PAIR) for name in ("gamma", "sgz", "auto"))
        return gamma, sgz, auto

    before = origins()
    assert before[1].weights == weights.checksums("sgz")["nights.onnx"]
    assert before == origins()
    real = source._file
    changed = {"relume.runtime.lift_method": Path(rows.__file__)}
    with monkeypatch.context() as patch:
        patch.setattr(source, "_file", lambda name: changed.get(name, real(name)))
        after = origins()
    assert after[0] == before[0]
    assert after[1].source != before[1].source
    assert after[2].source != before[2].source
    sums = {**weights.checksums("sgz"), "nights.onnx": "0" * 64}
    real_sums = weights.checksums
    monkeypatch.setattr(
        weights, "checksums", lambda name: sums if name == "sgz" else real_sums(name)
    )
    after = origins()
    assert after[0] == before[0]
    assert after[1].weights != before[1].weights
    assert after[2].weights != before[2].weights
