"""Pairing inputs with outputs, without ever destroying one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relume.errors import ContractError
from relume.runs.plan import BECOMES, Plan, plan

SUFFIXES = (".jpg", ".png", ".heic", ".tif", ".dng", ".arw")
RAW = {".arw": ".tif", ".dng": ".tif"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(name.encode())


def make(
    *inputs: str, output: str | None = None, recursive: bool = False, overwrite: bool = False
) -> Plan:
    return plan(
        inputs,
        output=output,
        recursive=recursive,
        overwrite=overwrite,
        suffixes=SUFFIXES,
        becomes={**BECOMES, **RAW},
    )


def pairs(planned: Plan) -> list[tuple[str, str]]:
    return [(job.input.as_posix(), job.output.as_posix()) for job in planned.jobs]


def complaints(planned: Plan) -> list[str]:
    return [str(problem.error) for problem in planned.problems]


def test_result_lies_beside_its_input(folder: Path) -> None:
    put("a/x.JPG")
    assert pairs(make("a/x.JPG")) == [("a/x.JPG", "a/x.relume.JPG")]


def test_raw_becomes_what_was_asked_for(folder: Path) -> None:
    put("a/x.ARW", "a/x.JPG", "a/y.dng")
    assert pairs(make("a")) == [
        ("a/x.ARW", "a/x.relume.tif"),
        ("a/x.JPG", "a/x.relume.JPG"),
        ("a/y.dng", "a/y.relume.tif"),
    ]
    assert pairs(make("a/x.ARW", output="b/")) == [("a/x.ARW", "b/x.tif")]
    assert pairs(make("a/y.dng", output="b.dng")) == [("a/y.dng", "b.dng")]
    with pytest.raises(ContractError, match=r"only read; choose \.tif"):
        make("a/x.ARW", output="b.arw")
    with pytest.raises(ContractError, match="is an input"):
        make("a/y.dng", output="a/y.dng")


def test_raw_may_be_named_where_folders_are_not_searched_for_it(folder: Path) -> None:
    put("x.ARW", "y.jpg")
    named = {"output": None, "recursive": False, "overwrite": False, "suffixes": (".jpg",)}
    assert pairs(plan(["."], becomes=RAW, **named)) == [("y.jpg", "y.relume.jpg")]
    assert pairs(plan(["x.ARW"], becomes=RAW, **named)) == [("x.ARW", "x.relume.tif")]


def test_heic_becomes_jpeg(folder: Path) -> None:
    put("x.HEIC")
    assert pairs(make("x.HEIC")) == [("x.HEIC", "x.relume.jpg")]
    assert pairs(make("x.HEIC", output="out/")) == [("x.HEIC", "out/x.jpg")]
    with pytest.raises(ContractError, match="only read"):
        make("x.HEIC", output="y.heic")


def test_folder_is_sorted_and_counts_what_is_not_for_us(folder: Path) -> None:
    put("d/b.png", "d/a.jpg", "d/notes.txt", "d/.hidden.jpg", "d/a.relume.jpg", "d/sub/c.jpg")
    planned = make("d")
    assert [job.input.name for job in planned.jobs] == ["a.jpg", "b.png"]
    assert planned.ignored == 3
    assert not planned.problems


def test_tree_is_kept(folder: Path) -> None:
    put("d/a.jpg", "d/sub/deep/c.jpg")
    assert pairs(make("d", output="out", recursive=True)) == [
        ("d/a.jpg", "out/a.jpg"),
        ("d/sub/deep/c.jpg", "out/sub/deep/c.jpg"),
    ]


def test_output_inside_the_folder_is_not_an_input(folder: Path) -> None:
    put("d/a.jpg", "d/out/a.jpg")
    assert pairs(make("d", output="d/out", recursive=True, overwrite=True)) == [
        ("d/a.jpg", "d/out/a.jpg")
    ]


def test_dotted_folder_name_as_output_of_a_folder(folder: Path) -> None:
    put("d/a.jpg", "d/b.jpg")
    assert pairs(make("d", output="2024.05"))[0] == ("d/a.jpg", "2024.05/a.jpg")


def test_one_file_may_name_its_output(folder: Path) -> None:
    put("a.jpg")
    assert pairs(make("a.jpg", output="b.png")) == [("a.jpg", "b.png")]
    assert pairs(make("a.jpg", output="out")) == [("a.jpg", "out/a.jpg")]


@pytest.mark.parametrize(
    ("inputs", "output", "message"),
    [
        (("a.jpg", "b.jpg"), "c.png", "one file"),
        (("d",), "c.png", "one file"),
        (("a.jpg",), "c.xyz", "c.xyz/"),
        (("a.jpg", "b.jpg"), "taken", "is a file where a folder is needed"),
    ],
)
def test_output_that_fits_nothing_is_refused(
    folder: Path, inputs: Sequence[str], output: str, message: str
) -> None:
    put("a.jpg", "b.jpg", "d/one.jpg", "taken")
    with pytest.raises(ContractError, match=message):
        make(*inputs, output=output)


@pytest.mark.parametrize("overwrite", [False, True])
def test_an_input_is_never_an_output(folder: Path, overwrite: bool) -> None:
    put("a.jpg", "d/b.jpg")
    Path("link.jpg").symlink_to("a.jpg")
    os.link("a.jpg", "hard.jpg")
    for inputs, output in [
        (("a.jpg",), "a.jpg"),
        (("a.jpg",), "d/../a.jpg"),
        (("a.jpg",), "link.jpg"),
        (("a.jpg",), "hard.jpg"),
        (("d",), "d"),
    ]:
        with pytest.raises(ContractError, match="is an input"):
            make(*inputs, output=output, overwrite=overwrite)


def test_another_jobs_input_is_no_output_either(folder: Path) -> None:
    put("a/x.jpg", "b/x.jpg")
    with pytest.raises(ContractError, match="is an input"):
        make("a/x.jpg", "b/x.jpg", output="b", overwrite=True)


@pytest.mark.parametrize(
    ("files", "inputs", "output", "results"),
    [
        ("a/x.jpg b/x.jpg", "a b", "out", "out/x.jpg out/x-2.jpg"),
        ("y.heic y.jpg", "y.heic y.jpg", None, "y.heic.relume.jpg y.relume.jpg"),
        ("y.jpg y.heic", "y.jpg y.heic", "out", "out/y.jpg out/y.heic.jpg"),
        ("d/y.HEIC d/y.heic", "d", "out", "out/y.jpg out/y.heic.jpg"),
        ("d/y.heic d/y.jpg d/y.heic.jpg", "d", "out", "out/y.heic-2.jpg out/y.heic.jpg out/y.jpg"),
        ("d/y.HEIC d/y.JPG", "d", "out", "out/y.HEIC.jpg out/y.JPG"),
        ("d/y.HEIC d/y.JPG", "d", None, "d/y.HEIC.relume.jpg d/y.relume.JPG"),
        ("a/x.jpg b/X.jpg", "a b", "out", "out/x.jpg out/X-2.jpg"),
        ("a/x.jpg b/x.jpg c/x.jpg", "a b c", "out", "out/x.jpg out/x-2.jpg out/x-3.jpg"),
        ("a/x.jpg b/x.jpg a/x-2.jpg", "a b", "out", "out/x-2.jpg out/x.jpg out/x-3.jpg"),
    ],
)
def test_two_inputs_never_become_one_output(
    folder: Path, files: str, inputs: str, output: str | None, results: str
) -> None:
    put(*files.split())
    planned = make(*inputs.split(), output=output)
    assert [str(job.output) for job in planned.jobs] == results.split()
    assert [str(job.output) for job in make(*inputs.split(), output=output).jobs] == results.split()


def test_a_clash_that_is_done_is_skipped(folder: Path) -> None:
    put("y.heic", "y.jpg", "y.heic.relume.jpg")
    first, second = make("y.heic", "y.jpg").jobs
    assert first.skip
    assert not second.skip


def test_entries_that_cannot_be_looked_at(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put("d/a.jpg")
    Path("d/one.jpg").symlink_to("two.jpg")
    Path("d/two.jpg").symlink_to("one.jpg")
    Path("d/three.txt").symlink_to("three.txt")
    planned = make("d", "d/one.jpg")
    assert pairs(planned) == [("d/a.jpg", "d/a.relume.jpg")]
    assert complaints(planned) == [
        "d/one.jpg: a link that leads in a circle",
        "d/two.jpg: a link that leads in a circle",
        "d/one.jpg: a link that leads in a circle",
    ]
    assert planned.ignored == 1


def test_a_picture_named_twice_is_one_job(folder: Path) -> None:
    put("d/a.jpg")
    assert len(make("d", "d/a.jpg", "./d/a.jpg").jobs) == 1


def test_what_is_done_is_skipped_until_overwritten(folder: Path) -> None:
    put("a.jpg", "b.jpg", "a.relume.jpg")
    Path("b.relume.jpg").touch()  # empty: not done
    first, second = make("a.jpg", "b.jpg").jobs
    assert "--overwrite" in first.skip
    assert not second.skip
    assert not any(job.skip for job in make("a.jpg", "b.jpg", overwrite=True).jobs)


def test_a_result_is_not_enhanced_again_by_accident(folder: Path) -> None:
    put("a.relume.jpg")
    (job,) = make("a.relume.jpg").jobs
    assert "result" in job.skip
    assert not make("a.relume.jpg", output="b.jpg").jobs[0].skip


def test_results_beside_other_inputs_are_passed_over(folder: Path) -> None:
    put("a.jpg", "a.relume.jpg", "b.jpg", "c.relume.png", "d/e.jpg", "d/e.relume.jpg")
    named = ("a.jpg", "a.relume.jpg", "b.jpg", "c.relume.png", "d", "d/e.relume.jpg")
    for output in (None, "out"):
        planned = make(*named, output=output)
        assert [job.input_name for job in planned.jobs] == ["a.jpg", "b.jpg", "d/e.jpg"]
        assert planned.ignored == 4  # with the one in the folder
        assert [bool(job.skip) for job in planned.jobs] == [output is None, False, output is None]
    # Where nothing else is named, they are what is meant.
    again = make("a.relume.jpg", "c.relume.png", output="out")
    assert pairs(again) == [
        ("a.relume.jpg", "out/a.relume.jpg"),
        ("c.relume.png", "out/c.relume.png"),
    ]


def test_problems_do_not_stop_the_rest(folder: Path) -> None:
    put("a.jpg", "notes.txt", "empty/readme.md")
    planned = make("absent.jpg", "notes.txt", "empty", "*.tiff", "a.jpg")
    assert pairs(planned) == [("a.jpg", "a.relume.jpg")]
    told = "\n".join(complaints(planned))
    assert "absent.jpg: no such file" in told
    assert "notes.txt: not a picture by its name" in told
    assert "empty: this folder holds no pictures" in told
    assert "*.tiff: no picture matches" in told


def test_a_name_without_suffix_is_tried_when_the_output_has_one(folder: Path) -> None:
    put("photo")
    assert pairs(make("photo", output="b.jpg")) == [("photo", "b.jpg")]


def test_patterns_are_expanded_where_the_shell_did_not(folder: Path) -> None:
    put("a.jpg", "b.png", "c.txt", "sub/d.jpg", "odd[1].jpg")
    assert [pair[0] for pair in pairs(make("*.*"))] == ["a.jpg", "b.png", "odd[1].jpg"]
    assert [pair[0] for pair in pairs(make("**/*.jpg"))] == ["a.jpg", "odd[1].jpg", "sub/d.jpg"]
    # A file that is called like a pattern is that file.
    assert pairs(make("odd[1].jpg")) == [("odd[1].jpg", "odd[1].relume.jpg")]


def test_links_in_circles_and_to_nowhere(folder: Path) -> None:
    put("d/a.jpg")
    Path("d/loop").symlink_to("..", target_is_directory=True)
    Path("d/broken.jpg").symlink_to("nowhere.jpg")
    planned = make("d", recursive=True)
    assert pairs(planned) == [("d/a.jpg", "d/a.relume.jpg")]
    assert planned.ignored == 2


def test_a_pipe_is_refused(folder: Path) -> None:
    os.mkfifo("pipe.jpg")
    assert "neither a file nor a folder" in complaints(make("pipe.jpg"))[0]


def test_folder_that_cannot_be_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put("d/a.jpg", "d/locked/b.jpg")
    real = os.scandir

    def scandir(path: Path) -> object:
        # Stands for a folder without read permission, which root would read nevertheless.
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    planned = make("d", recursive=True)
    assert pairs(planned) == [("d/a.jpg", "d/a.relume.jpg")]
    assert complaints(planned) == ["d/locked: this folder cannot be read: Permission denied"]


names = st.text("ab.", min_size=1, max_size=5).map(lambda stem: f"{stem}x")


# Each example makes files, which a busy disk takes its time for.
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sets(st.tuples(names, st.sampled_from(SUFFIXES)), min_size=1, max_size=6))
def test_outputs_are_distinct_and_no_inputs(
    tmp_path_factory: pytest.TempPathFactory, files: set[tuple[str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("plan")
    for stem, suffix in files:
        (folder / f"{stem}{suffix}").write_bytes(b"x")
    planned = plan([str(folder)], output=None, recursive=False, overwrite=True, suffixes=SUFFIXES)
    assert len(planned.jobs) == sum(not stem.startswith(".") for stem, _ in files)
    outputs = [job.output for job in planned.jobs]
    assert len(set(outputs)) == len(outputs)
    assert not set(outputs) & set(folder.iterdir())
