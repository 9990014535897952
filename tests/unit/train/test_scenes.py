"""Which scenes teach, which only validate, and what is wrong with folders."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from fake.training import brackets, nights, pairs
from relume.errors import UnreadableError
from relume.train import scenes as find
from relume.train.recipe import Data, Source
from relume.train.scenes import Scene


def test_pictures_are_scenes_with_keys_of_their_own(tmp_path: Path) -> None:
    nights(tmp_path / "deep")
    Image.new("RGB", (4, 4)).save(tmp_path / "deep" / "0.jpg")
    (tmp_path / "sensor.dng").write_bytes(b"II*\0")
    keys = [scene.key for scene in find.single_pictures(tmp_path)]
    assert keys == ["deep/0.jpg", "deep/0.png", "deep/1", "deep/2"]


def test_pairs_go_by_name(tmp_path: Path) -> None:
    pairs(tmp_path)
    (tmp_path / "high" / "1.png").rename(tmp_path / "high" / "1.jpg")
    found = find.pairs(tmp_path)
    assert [scene.key for scene in found] == ["0", "1", "2"]
    assert found[1].paths == (tmp_path / "low" / "1.png", tmp_path / "high" / "1.jpg")
    (tmp_path / "low" / "2.png").rename(tmp_path / "low" / "7.png")
    with pytest.raises(UnreadableError, match=r"7\.png: no counterpart .* \(2 such problems\)"):
        find.pairs(tmp_path)
    for path in (tmp_path / "high").iterdir():
        path.unlink()
    with pytest.raises(UnreadableError, match="high: holds no pictures"):
        find.pairs(tmp_path)


def test_exposures_are_folders_of_two_or_more(tmp_path: Path) -> None:
    brackets(tmp_path)
    found = find.exposures(tmp_path)
    assert [(scene.key, len(scene.paths)) for scene in found] == [("scene0", 3), ("scene1", 3)]
    for number in (1, 2):
        (tmp_path / "scene1" / f"{number}.png").unlink()
    with pytest.raises(UnreadableError, match=r"scene1/0\.png: the only exposure"):
        find.exposures(tmp_path)


def test_scenes_are_excluded_by_any_of_their_names(tmp_path: Path) -> None:
    nights(tmp_path / "a", 4)
    scenes = find.single_pictures(tmp_path)
    source = Source(exclude=("a/0", "1", "2.png", "absent"))
    assert [s.key for s in find.without(scenes, source, folder=tmp_path)] == ["a/3"]
    with pytest.raises(UnreadableError, match="nothing is left"):
        find.without(scenes[:2], source, folder=tmp_path)


def test_holding_out_goes_by_name_and_is_the_same_everywhere(tmp_path: Path) -> None:
    def scenes(*keys: str) -> tuple[Scene, ...]:
        return tuple(Scene(key, (Path(key),)) for key in keys)

    keys = [f"scene{n}" for n in range(40)]
    data = Data(holdout=0.1, held_out=("scene7",))
    teach, held = find.split(scenes(*keys), data, folder=tmp_path)
    assert len(held) in (4, 5)
    assert "scene7" in {scene.key for scene in held}
    assert {s.key for s in teach} | {s.key for s in held} == set(keys)
    assert not {s.key for s in teach} & {s.key for s in held}
    again = find.split(scenes(*reversed(keys)), data, folder=tmp_path)[1]
    assert {s.key for s in again} == {s.key for s in held}
    assert find.split(scenes(*keys), Data(), folder=tmp_path)[1] == ()
    # A small share of few is one, or there would be nothing to measure.
    assert len(find.split(scenes(*keys[:3]), Data(holdout=0.05), folder=tmp_path)[1]) == 1
    with pytest.raises(UnreadableError, match="none is left to learn from"):
        find.split(scenes("only"), data, folder=tmp_path)


def test_inspection_finds_what_headers_tell(tmp_path: Path) -> None:
    pairs(tmp_path)
    for scene in find.pairs(tmp_path):
        find.inspect(scene)
    Image.new("RGB", (9, 9)).save(tmp_path / "high" / "1.png")
    with pytest.raises(UnreadableError, match=r"high/1\.png: 9×9 pixels, but .* has 40×56"):
        find.inspect(find.pairs(tmp_path)[1])
    (tmp_path / "low" / "0.png").write_text("words")
    with pytest.raises(UnreadableError, match=r"low/0\.png"):
        find.inspect(find.pairs(tmp_path)[0])
