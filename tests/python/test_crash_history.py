"""The validator of the crash campaign finds losses that are planted in a history."""

from __future__ import annotations

import copy
import sys
from pathlib import Path
from typing import Any

import pytest

REPO = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO / "tests" / "crash"))

from history import (  # noqa: E402
    FailedImport,
    History,
    LostError,
    check_failed_imports,
    check_jobs,
)
from winnow.v1 import job_event_pb2, job_pb2  # noqa: E402

NAME = "tenants/t/jobs/a"
EXPECTED = [b'{"selected": [1, 2]}']


def make_log() -> list[job_event_pb2.JobEvent]:
    log = [job_event_pb2.JobEvent(sequence=number) for number in range(1, 5)]
    log[0].state_changed.to = job_pb2.Job.STATE_RUNNING
    log[1].pick.rank = 1
    log[2].pick.rank = 2
    log[3].state_changed.to = job_pb2.Job.STATE_SUCCEEDED
    return log


class FakeServer:
    """What the server has after the campaign."""

    def __init__(self) -> None:
        self.log = make_log()
        self.selection = EXPECTED[0]
        self.jobs = [job_pb2.Job(name=NAME, state=job_pb2.Job.STATE_SUCCEEDED)]

    def event_log(self, name: str) -> list[job_event_pb2.JobEvent]:
        return self.log

    def artifact(self, name: str, artifact: str) -> bytes:
        return self.selection


def history_of_one_job() -> History:
    history = History()
    job = history.submitted(NAME, "request", template=0)
    for event in make_log():
        job.apply(event)
    return history


def check(history: History, server: FakeServer) -> int:
    return check_jobs(history, server.jobs, EXPECTED, server)


def test_a_history_without_loss_passes() -> None:
    assert check(history_of_one_job(), FakeServer()) == 1


def lose_job(server: FakeServer) -> None:
    server.jobs.clear()


def double_job(server: FakeServer) -> None:
    server.jobs.append(server.jobs[0])


def add_job(server: FakeServer) -> None:
    server.jobs.append(job_pb2.Job(name="tenants/t/jobs/b", state=job_pb2.Job.STATE_SUCCEEDED))


def lose_last_event(server: FakeServer) -> None:
    server.log.pop()


def lose_inner_event(server: FakeServer) -> None:
    del server.log[1]


def double_event(server: FakeServer) -> None:
    server.log.insert(1, copy.deepcopy(server.log[1]))


def change_event(server: FakeServer) -> None:
    server.log[1].pick.candidate = "other"


def fail_job(server: FakeServer) -> None:
    server.jobs[0].state = job_pb2.Job.STATE_FAILED


def change_selection(server: FakeServer) -> None:
    server.selection = server.selection.replace(b"2", b"3")


@pytest.mark.parametrize(
    ("plant", "words"),
    [
        (lose_job, "is gone"),
        (double_job, "listed twice"),
        (add_job, "nobody submitted"),
        (lose_last_event, "differs from what its watcher applied"),
        (lose_inner_event, "has a gap"),
        (double_event, "has a gap"),
        (change_event, "differs from what its watcher applied"),
        (fail_job, "ended as"),
        (change_selection, "selection.json differs"),
    ],
)
def test_a_planted_loss_is_found(plant: Any, words: str) -> None:
    server = FakeServer()
    plant(server)
    with pytest.raises(LostError, match=words):
        check(history_of_one_job(), server)


def test_a_pick_that_is_doubled_on_both_sides_is_found() -> None:
    history = history_of_one_job()
    server = FakeServer()
    server.log[2].pick.rank = history.jobs[NAME].events[2].pick.rank = 1
    with pytest.raises(LostError, match="picks are lost or doubled"):
        check(history, server)


def test_a_stream_that_skips_or_repeats_is_found() -> None:
    log = make_log()
    for events in ([log[0], log[2]], [log[0], log[0]], [*log, log[3]]):
        job = History().submitted(NAME, "request", template=0)
        with pytest.raises(LostError):
            for event in events:
                job.apply(event)


def test_fewer_acknowledged_bytes_are_found() -> None:
    history = History()
    history.saw_committed("up", 100)
    history.saw_committed("up", 100)
    with pytest.raises(LostError, match="100 bytes became 99"):
        history.saw_committed("up", 99)


def test_one_job_for_two_requests_is_found() -> None:
    history = history_of_one_job()
    with pytest.raises(LostError, match="two requests"):
        history.submitted(NAME, "another", template=0)


def test_an_import_may_fail_by_three_deaths_and_by_nothing_else() -> None:
    guard = FailedImport("up1", "CRASH_LOOP", "ended 3 times", begin=10, end=20)
    check_failed_imports([guard], [1, 11, 12, 13])
    check_failed_imports([], [])
    with pytest.raises(LostError, match="after 2 deaths"):
        check_failed_imports([guard], [9, 11, 12, 21])
    with pytest.raises(LostError, match="BAD_DATA"):
        check_failed_imports([FailedImport("up1", "BAD_DATA", "row 7", 10, 20)], [11, 12, 13])
