"""Many pictures on several threads: order, faults, full disks, interruptions."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread, get_ident

import pytest

from relume.errors import UnreadableError, UnwritableError
from relume.runs.batch import CalledOff, Done, Failed, Gate, Run, Skipped
from relume.runs.plan import Job

LONG = 10.0
"""Seconds after which a test that waits has failed."""


def job(index: int, skip: str = "") -> Job:
    return Job(Path(f"{index}.jpg"), Path(f"out/{index}.jpg"), skip)


def done(job: Job) -> Done:
    return Done(job, "fake", {}, "", 0.0, 1, 1)


def outcomes(jobs: list[Job], work: Callable[[Job, Gate], Done], workers: int) -> list[object]:
    with Run(jobs, work, workers=workers) as run:
        return list(run.outcomes())


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_outcomes_come_in_the_order_of_the_jobs(workers: int) -> None:
    jobs = [job(index) for index in range(9)]

    def work(job: Job, gate: Gate) -> Done:
        time.sleep(0.02 if int(job.input.stem) % 3 == 0 else 0.0)
        return done(job)

    assert outcomes(jobs, work, workers) == [done(each) for each in jobs]


def test_several_threads_share_the_work() -> None:
    threads: set[int] = set()
    both = Event()

    def work(job: Job, gate: Gate) -> Done:
        threads.add(get_ident())
        if len(threads) == 2:
            both.set()
        assert both.wait(LONG)
        return done(job)

    outcomes([job(0), job(1)], work, 2)
    assert len(threads) == 2


def test_skipped_jobs_are_not_worked_on() -> None:
    def work(job: Job, gate: Gate) -> Done:
        raise AssertionError

    skipped = job(0, "because")
    assert outcomes([skipped], work, 1) == [Skipped(skipped)]


@pytest.mark.parametrize("error", [UnreadableError("not a picture"), ValueError("surprise")])
def test_a_fault_is_told_and_the_rest_goes_on(error: Exception) -> None:
    def work(job: Job, gate: Gate) -> Done:
        if job.input.stem == "1":
            raise error
        return done(job)

    jobs = [job(index) for index in range(4)]
    assert outcomes(jobs, work, 2) == [
        done(jobs[0]),
        Failed(jobs[1], error),
        done(jobs[2]),
        done(jobs[3]),
    ]


def full_disk() -> UnwritableError:
    try:
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        except OSError as error:
            raise UnwritableError("no space left") from error
    except UnwritableError as error:
        return error


@pytest.mark.parametrize("workers", [1, 2])
def test_a_full_disk_starts_no_further_job(workers: int) -> None:
    begun: list[str] = []

    def work(job: Job, gate: Gate) -> Done:
        begun.append(job.input.stem)
        if job.input.stem == "1":
            raise full_disk()
        if int(job.input.stem) > 1:
            time.sleep(0.1)
        return done(job)

    found = outcomes([job(index) for index in range(50)], work, workers)
    assert isinstance(found[1], Failed)
    assert found[1].disk_is_full
    assert len(found) == len(begun) < 10


def test_only_a_full_disk_is_one() -> None:
    assert Failed(job(0), full_disk()).disk_is_full
    assert not Failed(job(0), UnwritableError("no permission")).disk_is_full


class InterruptError(Exception):
    """Stands for KeyboardInterrupt, which pytest would take for its own."""


def test_leaving_early_waits_for_files_and_not_for_networks() -> None:
    writing, written, computing, forever = Event(), Event(), Event(), Event()

    def work(job: Job, gate: Gate) -> Done:
        if job.input.stem == "0":
            gate.enter()
            writing.set()
            time.sleep(0.3)
            written.set()
        else:
            computing.set()
            forever.wait(LONG)
            gate.enter()
            raise AssertionError("wrote after the run was called off")
        return done(job)

    start = time.perf_counter()
    jobs = [job(index) for index in range(3)]
    run = Run(jobs, work, workers=2)

    def interrupted() -> None:
        with run:
            assert writing.wait(LONG)
            assert computing.wait(LONG)
            raise InterruptError

    with pytest.raises(InterruptError):
        interrupted()
    assert written.is_set()
    assert run.unreported() == [done(jobs[0])]
    assert time.perf_counter() - start < LONG / 2
    forever.set()


def test_what_gives_up_inside_is_not_waited_for() -> None:
    writing = Event()

    def work(job: Job, gate: Gate) -> Done:
        gate.enter()
        writing.set()
        while not gate.is_shutting:
            time.sleep(0.001)
        raise CalledOff

    run = Run([job(0)], work, workers=1)
    run.__enter__()
    assert writing.wait(LONG)
    ending = Thread(target=run.call_off, daemon=True)
    ending.start()
    ending.join(LONG)
    assert not ending.is_alive()


def test_a_shut_gate_lets_nobody_in() -> None:
    gate = Gate()
    gate.shut()
    with pytest.raises(CalledOff):
        gate.enter()
