"""Sets by name or folder, and folders of results that belong together."""

from __future__ import annotations

from pathlib import Path

import pytest

from e2e.command import put_photo
from relume.bench.sets import picture_set, results, sides
from relume.errors import ContractError, NoDatasetError, UnknownNameError


def put_pairs(root: Path, *keys: str) -> None:
    for key in keys:
        put_photo(root / "low" / f"{key}.png")
        put_photo(root / "high" / f"{key}.png", seed=8)


def test_the_test_split_of_a_named_set(tmp_path: Path) -> None:
    put_pairs(tmp_path / "eval15", "1", "22")
    put_pairs(tmp_path / "our485", "2")
    found = picture_set("lol-v1", data=tmp_path)
    assert (found.name, [pair.key for pair in found.pairs]) == ("lol-v1", ["1", "22"])
    assert found.paired
    assert [p.key for p in picture_set("lol-v1", data=tmp_path, split="train").pairs] == ["2"]
    assert [p.key for p in picture_set("lol-v1", data=tmp_path, limit=1).pairs] == ["1"]
    with pytest.raises(UnknownNameError, match="tset"):
        picture_set("lol-v1", data=tmp_path, split="tset")


def test_test_pairs_alone_in_a_folder_of_the_sets_name(tmp_path: Path) -> None:
    put_pairs(tmp_path / "LOL-v1", "1")
    assert picture_set("lol-v1", data=tmp_path).name == "lol-v1"


def test_a_folder(tmp_path: Path) -> None:
    put_pairs(tmp_path / "nights", "a", "b")
    (tmp_path / "nights/high/b.png").unlink()
    found = picture_set(str(tmp_path / "nights"), data=None)
    assert (found.name, [pair.key for pair in found.pairs]) == ("nights", ["a"])
    assert len(found.excluded) == 1
    assert "b.png" in found.excluded[0]
    put_photo(tmp_path / "flat/x.png")
    assert not picture_set("flat", data=tmp_path).paired


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="--data"):
        picture_set("lol-v1", data=None)
    with pytest.raises(NoDatasetError, match="eval15"):
        picture_set("lol-v1", data=tmp_path)
    with pytest.raises(UnknownNameError, match="lol-v1"):
        picture_set("lol-v3", data=tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(NoDatasetError, match="empty"):
        picture_set(str(tmp_path / "empty"), data=None)


def test_a_choice_of_splits_is_asked_for(tmp_path: Path) -> None:
    put_pairs(tmp_path / "train", "a")
    put_pairs(tmp_path / "val", "b")
    with pytest.raises(ContractError, match="--split"):
        picture_set(str(tmp_path), data=None)


def test_sides_are_paired_by_key(tmp_path: Path) -> None:
    for name in ("ours/low2.png", "ours/10.jpg", "ours/3.png", "high/2.png", "high/10.png"):
        put_photo(tmp_path / name)
    put_photo(tmp_path / "high/4.png")
    found, excluded = sides(tmp_path / "ours", reference=tmp_path / "high", low=None)
    assert [(one.key, one.reference.name) for one in found if one.reference] == [
        ("2", "2.png"),
        ("10", "10.png"),
    ]
    assert sorted(line.split(":")[0].rpartition("/")[2] for line in excluded) == ["3.png", "4.png"]


def test_sides_of_two_kinds(tmp_path: Path) -> None:
    put_photo(tmp_path / "a.png")
    for enhanced, reference in ((tmp_path, tmp_path / "a.png"), (tmp_path / "a.png", tmp_path)):
        with pytest.raises(ContractError, match="two of a kind"):
            sides(enhanced, reference=reference, low=None)


def test_results_must_be_unambiguous(tmp_path: Path) -> None:
    with pytest.raises(NoDatasetError, match="no such folder"):
        results(tmp_path / "none")
    put_photo(tmp_path / "1.png")
    put_photo(tmp_path / "1.jpg")
    with pytest.raises(ContractError, match="same key"):
        results(tmp_path)
