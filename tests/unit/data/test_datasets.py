"""Every layout is recognised, paired by key and counted."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from fake import datasets as fake
from relume.data import datasets, survey
from relume.errors import ContractError, NoDatasetError, UnknownNameError

LAYOUTS: dict[str, tuple[Callable[[Path], Path], dict[str, int]]] = {
    "lol-v1": (fake.lol_v1, {"train": 3, "test": 2}),
    "lol-v2-real": (fake.lol_v2_real, {"train": 3, "test": 3}),
    "lol-v2-synthetic": (fake.lol_v2_synthetic, {"train": 2, "test": 2}),
    "bvi-rlv": (fake.bvi_rlv, {"all": 8}),
    "sdsd": (fake.sdsd, {"all": 6}),
    "did": (fake.did, {"train": 2, "validation": 2, "test": 2}),
    "lsrw": (fake.lsrw, {"train": 4, "test": 4}),
    "sice": (fake.sice, {"train": 16, "test": 4}),
    "sid": (fake.sid, {"train": 2, "validation": 1, "test": 2}),
    "fivek": (fake.fivek, {"train": 2, "test": 2}),
    "bdd": (fake.bdd, {"train": 2, "validation": 1}),
    "cityscapes": (fake.cityscapes, {"train": 2, "validation": 1}),
    "coco": (fake.coco, {"train": 2, "validation": 1}),
    "folder-pairs": (fake.folder_pairs, {"all": 4}),
    "illrecnet": (fake.illrecnet, {"train": 4, "validation": 4, "test": 4, "infer": 1}),
} | {
    name: (lambda root, name=name: fake.unpaired(root, name), {"test": 3})
    for name in ("dicm", "lime", "lowcut", "mef", "npe", "vv")
}


def keys(root: Path, split: str) -> list[str]:
    return [pair.key for pair in survey(root).split(split)]


@pytest.mark.parametrize("name", LAYOUTS)
def test_is_recognised_and_counted(tmp_path: Path, name: str) -> None:
    make, counts = LAYOUTS[name]
    found = survey(make(tmp_path))
    assert found.card.name == name
    assert Counter(pair.meta["split"] for pair in found.pairs) == counts
    assert not [problem for problem in found.problems if problem.severity == "error"]
    found.require_sound()
    for pair in found.pairs:
        assert pair.meta["dataset"] == name
        assert pair.low.is_file()
        assert (pair.high is None) == (not found.card.has_high or pair.meta["split"] == "infer")
    # The same when it is named, and unique keys in each split.
    assert survey(tmp_path, name=name) == found
    for split in counts:
        assert len({pair.key for pair in found.split(split)}) == counts[split]


@pytest.mark.parametrize("name", LAYOUTS)
def test_recognised_with_folders_and_suffixes_in_capitals(tmp_path: Path, name: str) -> None:
    make, counts = LAYOUTS[name]
    make(tmp_path / "set")
    for path in sorted((tmp_path / "set").rglob("*"), key=lambda path: -len(path.parts)):
        path.rename(path.with_name(path.name.upper()))
    found = survey(tmp_path / "set")
    assert found.card.name == name
    assert Counter(pair.meta["split"] for pair in found.pairs) == counts


@pytest.mark.parametrize("name", LAYOUTS)
def test_wrong_counts_are_warnings_with_both_numbers(tmp_path: Path, name: str) -> None:
    make, _ = LAYOUTS[name]
    found = survey(make(tmp_path))
    published = {part.split for part in found.card.parts if part.pairs}
    warned = [problem for problem in found.problems if problem.kind == "count"]
    assert bool(warned) == bool(published)
    assert all(problem.severity == "warning" for problem in warned)
    assert all("published are" in problem.message for problem in warned)


def test_every_data_set_has_a_generator() -> None:
    assert set(LAYOUTS) | {"folder"} == set(datasets.names())


def test_right_counts_give_no_warning(tmp_path: Path) -> None:
    for number in range(15):
        fake.put_pair(
            tmp_path / f"eval15/low/{number}.png", tmp_path / f"eval15/high/{number}.png", number
        )
    found = survey(tmp_path)
    assert found.card.name == "lol-v1"
    assert [problem.kind for problem in found.problems] == ["part absent"]


def test_pairs_by_key_in_natural_order(tmp_path: Path) -> None:
    fake.lol_v1(tmp_path)
    assert keys(tmp_path, "train") == ["2", "9", "10"]
    real = fake.lol_v2_real(tmp_path / "v2")
    assert keys(real, "test") == ["00690", "00691", "00692"]
    pair = survey(real).split("test")[0]
    assert pair.high is not None
    assert (pair.low.name, pair.high.name) == ("low00690.png", "normal00690.png")


def test_a_missing_file_shifts_nothing(tmp_path: Path) -> None:
    fake.lol_v1(tmp_path)
    (tmp_path / "our485/high/9.png").unlink()
    found = survey(tmp_path)
    assert [pair.key for pair in found.split("train")] == ["2", "10"]
    assert all(pair.high and pair.high.stem == pair.low.stem for pair in found.pairs)
    (problem,) = [problem for problem in found.problems if problem.severity == "error"]
    assert (problem.kind, problem.place.name) == ("no partner", "9.png")
    with pytest.raises(ContractError, match=r"9\.png"):
        found.require_sound()


def test_a_low_file_may_be_missing_too(tmp_path: Path) -> None:
    fake.lol_v1(tmp_path)
    (tmp_path / "our485/low/9.png").unlink()
    (problem,) = [p for p in survey(tmp_path).problems if p.severity == "error"]
    assert problem.place == tmp_path / "our485/high/9.png"


def test_a_missing_folder_leaves_every_file_without_partner(tmp_path: Path) -> None:
    fake.lol_v1(tmp_path)
    (tmp_path / "eval15/high").rename(tmp_path / "elsewhere")
    found = survey(tmp_path)
    kinds = [problem.kind for problem in found.problems if problem.severity == "error"]
    assert kinds == ["no partner", "no partner"]


def test_two_files_of_one_key_are_an_error(tmp_path: Path) -> None:
    fake.lol_v1(tmp_path)
    fake.put(tmp_path / "our485/low/9.jpg", fake.scene(3))
    (problem,) = [p for p in survey(tmp_path).problems if p.severity == "error"]
    assert problem.kind == "duplicate key"


def test_litter_is_left_out_and_empty_files_are_told(tmp_path: Path) -> None:
    fake.lol_v1(tmp_path)
    for name in ("Thumbs.db", ".DS_Store", "desktop.ini", "._2.png", "notes.txt"):
        (tmp_path / "our485/low" / name).write_bytes(b"x")
    (tmp_path / "our485/low/__MACOSX").mkdir()
    fake.put(tmp_path / "our485/low/__MACOSX/2.png", fake.scene(1))
    before = [p for p in survey(tmp_path).problems if p.severity == "error"]
    assert before == []
    (tmp_path / "our485/low/2.png").write_bytes(b"")
    kinds = [p.kind for p in survey(tmp_path).problems if p.severity == "error"]
    assert kinds == ["empty file", "no partner"]


def test_sice_sequences_share_a_label_and_stay_in_one_split(tmp_path: Path) -> None:
    found = survey(fake.sice(tmp_path))
    for pair in found.pairs:
        assert pair.high is not None
        assert pair.high.stem == pair.low.parent.name
        assert pair.scene == f"{pair.meta['group']}/{pair.high.stem}"
    splits = {scene: {p.meta["split"] for p in found.pairs if p.scene == scene}
              for scene in {p.scene for p in found.pairs}}  # fmt: skip
    assert len(splits) == 6
    assert all(len(split) == 1 for split in splits.values())


def test_a_label_without_sequence_is_told_once(tmp_path: Path) -> None:
    fake.sice(tmp_path)
    fake.put(tmp_path / "Dataset_Part1/Label/9.JPG", fake.scene(1))
    problems = [p for p in survey(tmp_path).problems if p.severity == "error"]
    assert [(p.kind, p.place.name) for p in problems] == [("no partner", "9.JPG")]


def test_pairlies_sice_pictures_pair_by_what_stands_before_the_underscore(tmp_path: Path) -> None:
    found = survey(fake.sice_test(tmp_path))
    assert found.card.name == "sice"
    assert [(p.key, p.scene) for p in found.pairs] == [
        ("1_1", "1"), ("1_2", "1"), ("2_1", "2"), ("2_2", "2"),
    ]  # fmt: skip


def test_sid_tells_split_amplification_and_misaligned_ids(tmp_path: Path) -> None:
    found = survey(fake.sid(tmp_path))
    by_key = {pair.key: pair for pair in found.pairs}
    assert by_key["sony/00001_01_0.04s"].meta["amplification"] == "250"
    assert by_key["sony/10003_00_0.033s"].meta["amplification"] == "300"  # 303, capped
    assert "misaligned" in by_key["sony/10034_00_0.1s"].meta
    assert not found.card.readable
    (tmp_path / "Sony_test_list.txt").write_text(
        "./Sony/short/10003_00_0.033s.ARW ./Sony/long/10003_00_10s.ARW ISO1600 F9\n"
    )
    assert keys(tmp_path, "test") == ["sony/10003_00_0.033s"]


@pytest.mark.parametrize(
    ("low", "high"), [("input", "GT"), ("LQ", "gt"), ("raw", "reference"), ("image", "label")]
)
def test_pairs_of_folders_by_their_usual_names(tmp_path: Path, low: str, high: str) -> None:
    found = survey(fake.folder_pairs(tmp_path / "val", low, high).parent)
    assert found.card.name == "folder-pairs"
    assert [pair.key for pair in found.split("validation")] == ["a", "b", "c9", "c10"]


def test_own_pairs_under_train_and_test_are_no_lol(tmp_path: Path) -> None:
    for part in ("train", "test"):
        fake.put_pair(tmp_path / part / "input/1.png", tmp_path / part / "target/1.png", 1)
    assert survey(tmp_path).card.name == "folder-pairs"
    assert survey(tmp_path, name="lol-v1").split("test")[0].key == "1"


def test_any_folder_of_pictures_will_do(tmp_path: Path) -> None:
    fake.put(tmp_path / "b/10.png", fake.scene(1))
    fake.put(tmp_path / "b/9.png", fake.scene(2))
    found = survey(tmp_path)
    assert found.card.name == "folder"
    assert [pair.key for pair in found.pairs] == ["b/9", "b/10"]
    assert found.pairs[0].high is None


def test_pictures_without_counterpart_are_all_kept_whatever_their_names(tmp_path: Path) -> None:
    for name in ("1.png", "1.jpg", "low1.png", "high1.png"):
        fake.put(tmp_path / name, fake.scene(1))
    found = survey(tmp_path)
    assert found.problems == ()
    assert [pair.key for pair in found.pairs] == ["1.jpg", "1.png", "high1", "low1"]


def test_links_to_folders_are_followed_and_do_not_loop(tmp_path: Path) -> None:
    fake.lol_v1(tmp_path / "real")
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked/our485").symlink_to(tmp_path / "real/our485")
    (tmp_path / "real/our485/low/again").symlink_to(tmp_path / "real/our485/low")
    assert keys(tmp_path / "linked", "train") == ["2", "9", "10"]


@pytest.mark.parametrize("name", [None, "lol-v1"])
def test_no_data_set_says_where_what_and_the_way_out(tmp_path: Path, name: str | None) -> None:
    with pytest.raises(NoDatasetError, match="no such folder"):
        survey(tmp_path / "absent", name=name)
    with pytest.raises(NoDatasetError, match="our485" if name else "is empty") as caught:
        survey(tmp_path, name=name)
    assert isinstance(caught.value, FileNotFoundError)
    assert str(tmp_path) in str(caught.value)
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(NoDatasetError, match="our485" if name else "holds no pictures"):
        survey(tmp_path, name=name)


def test_unknown_names_are_suggested(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean lol-v1"):
        survey(tmp_path, name="lol_v1")
    with pytest.raises(UnknownNameError, match="split of lol-v1"):
        survey(fake.lol_v1(tmp_path)).split("eval")


def test_two_sets_in_one_folder_ask_for_a_name(tmp_path: Path) -> None:
    fake.lol_v2_synthetic(fake.lol_v2_real(tmp_path))
    with pytest.raises(NoDatasetError, match="--dataset"):
        survey(tmp_path)
    assert survey(tmp_path, name="lol-v2-real").card.name == "lol-v2-real"


@pytest.mark.parametrize("name", ["indoor", "indoor/indoor_png", "indoor_png"])
@pytest.mark.parametrize("dark", ["input", "LQ"])
def test_sdsd_as_others_unpack_it(tmp_path: Path, name: str, dark: str) -> None:
    made = fake.sdsd(tmp_path / "made")
    target = tmp_path / "set" / name
    target.parent.mkdir(parents=True)
    (made / "indoor_png").rename(target)
    (target / "input").rename(target / dark)
    found = survey(tmp_path / "set")
    assert found.card.name == "sdsd"
    assert {pair.meta["video"] for pair in found.pairs} == {"pair1", "pair12"}
    assert {pair.meta["place"] for pair in found.pairs} == {"indoor"}
    assert keys(tmp_path / "set", "all")[0] == "indoor-pair1/0001"


def test_did_without_lists_and_with_a_video_that_lacks_its_counterpart(tmp_path: Path) -> None:
    root = fake.did(tmp_path)
    for path in root.glob("*_list.txt"):
        path.unlink()
    shutil.rmtree(root / "gt/video10")
    found = survey(root)
    assert found.card.name == "did"
    assert [pair.key for pair in found.split("all")] == [
        "video2/000", "video2/001", "video3/000", "video3/001",
    ]  # fmt: skip
    assert sum("video10" in problem.message for problem in found.problems) == 2
    with pytest.raises(ContractError, match="no counterpart"):
        found.require_sound()
