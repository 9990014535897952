"""What a second run finds done, over many pages of its plan."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from relume.runs.manifest import Manifest
from relume.runs.manifest_files import manifest_of
from relume.runs.plan import Job, Plan, finished
from relume.runs.resume import PAGE, Resume, is_done
from relume.runs.rows import Ending
from relume.runs.stamp import stamp


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_is_as_it_was_made_is_done(tmp_path: Path, overwrite: bool) -> None:
    count = 5 * PAGE + 3
    for name in ("in.jpg", "made"):
        (tmp_path / name).write_bytes(name.encode())
    source, out = tmp_path / "in.jpg", tmp_path / "out"
    out.mkdir()
    outputs = [out / f"{index:05}.jpg" for index in range(count)]
    with Manifest(manifest_of(out), root=out) as book:
        book.open_run("{}", command=[])
        book.begin_all((output, str(source), stamp(source), None) for output in outputs[::3])
        for output in outputs[::3]:
            os.link(tmp_path / "made", output)
            book.end(output, Ending("done", "0", stamp(output), "0"))
        outputs[3].unlink()
        jobs = [Job(source, output, finished(output)) for output in outputs]
        jobs[1] = jobs[1].skipped("it is a result itself")
        resume = Resume(book, "{}", overwrite=overwrite)
        judged = resume.open_to_judgement(Plan(tuple(jobs), (), 0)).jobs
    assert [(job.input, job.output) for job in judged] == [(source, one) for one in outputs]
    for index, job in enumerate(judged):
        known = index % 3 == 0 and index != 3 and not overwrite
        done = is_done(job.output) if known else ""
        assert job.skip == ("it is a result itself" if index == 1 else done)
