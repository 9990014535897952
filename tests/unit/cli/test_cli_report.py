"""What is told of each outcome."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from relume.cli._report import Report
from relume.errors import UnreadableError
from relume.runs.batch import Done, Failed, Skipped
from relume.runs.plan import Job, Plan
from relume.runs.search import Problem

JOB = Job(Path("d/party.jpg"), Path("d/party.relume.jpg"))
DONE = Done(JOB, "sgz", {"scale": 12.0}, "dark overall (mean 0.12)", 0.214, 40, 30, ("a note",))


def test_lines(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report("lines")
    report.outcome(DONE)
    report.outcome(Skipped(Job(JOB.input, Path("out/party.jpg"), "is there already")))
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "d/party.jpg → d/party.relume.jpg  sgz: dark overall (mean 0.12)  0.21 s; a note",
        "d/party.jpg  skipped: is there already",
    ]
    assert err == ""


@pytest.mark.parametrize("style", ["lines", "json", "quiet"])
def test_errors_are_told_in_every_style(style: str, capsys: pytest.CaptureFixture[str]) -> None:
    report = Report(style)  # pyright: ignore[reportArgumentType]  (a parameter is any string)
    report.outcome(Failed(JOB, UnreadableError("starts with 'Dear'")))
    report.problem(Problem("x.jpg", UnreadableError("x.jpg: no such file")))
    out, err = capsys.readouterr()
    assert err.splitlines() == [
        "relume: d/party.jpg: starts with 'Dear'",
        "relume: x.jpg: no such file",
    ]
    expected = [
        {"input": "d/party.jpg", "error": "starts with 'Dear'"},
        {"input": "x.jpg", "error": "x.jpg: no such file"},
    ]
    assert [json.loads(line) for line in out.splitlines()] == (expected if style == "json" else [])


def test_counts_add_up(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report("quiet")
    problem = Problem("x.jpg", UnreadableError("no such file"))
    report.problem(problem)
    report.outcome(DONE)
    report.outcome(Skipped(JOB))
    report.outcome(Failed(JOB, UnreadableError("bad")))
    told = report.counts(Plan((JOB,) * 5, (problem,), ignored=3))
    expected = "1 enhanced, 1 skipped, 2 failed, 2 not finished, 3 ignored"
    assert told == expected
    assert capsys.readouterr().out == ""


def test_counts_of_a_later_plan_are_its_own() -> None:
    report = Report("quiet")
    first = Plan((JOB,), (), 0)
    report.begin(first)
    report.outcome(DONE)
    assert report.counts(first) == "1 enhanced"
    second = Plan((JOB,) * 3, (), 0)
    report.begin(second)
    report.outcome(DONE)
    report.outcome(Skipped(JOB))
    assert report.counts(second) == "1 enhanced, 1 skipped, 1 not finished"
