"""A server that is killed with jobs in every state has all of them when it comes back, at once."""

from __future__ import annotations

import time
from collections.abc import Callable

from server_support import TERMINAL, RawServer, check_log
from winnow.v1 import job_event_pb2, job_pb2, job_service_pb2

PENDING = job_pb2.Job.STATE_PENDING
RUNNING = job_pb2.Job.STATE_RUNNING
PAUSED = job_pb2.Job.STATE_PAUSED
SUCCEEDED = job_pb2.Job.STATE_SUCCEEDED
CANCELLED = job_pb2.Job.STATE_CANCELLED
SERVING_S = 5.0  # as with 10,000 jobs in the store


def jobs_in_every_state(server: RawServer) -> dict[str, int]:
    """Name -> state when the server dies. Two slots: one sleeps, one runs with checkpoints."""
    server.wait_for(server.submit("succeeded", picks=3), SUCCEEDED)
    server.submit("cancelled", sleep=1)
    server.wait_for("cancelled", RUNNING)
    server.jobs.CancelJob(job_service_pb2.CancelJobRequest(name="cancelled"), timeout=10)
    server.wait_for("cancelled", CANCELLED)
    server.submit("paused", picks=400, pause_ms=10)
    server.wait_for("paused", RUNNING)
    server.jobs.PauseJob(job_service_pb2.PauseJobRequest(name="paused"), timeout=10)
    server.wait_for("paused", PAUSED)
    server.submit("sleeping", sleep=1, picks=2)
    server.submit("running", picks=200, pause_ms=20, checkpoint_every=5)
    server.wait_for("sleeping", RUNNING)
    server.wait_for("running", RUNNING)
    for number in range(20):
        server.submit(f"waiting-{number}", picks=2)
    return {
        "succeeded": SUCCEEDED, "cancelled": CANCELLED, "paused": PAUSED, "sleeping": RUNNING,
        "running": RUNNING, **{f"waiting-{number}": PENDING for number in range(20)},
    }  # fmt: skip


def has_checkpoint(events: list[job_event_pb2.JobEvent]) -> bool:
    return any(event.HasField("checkpoint_written") for event in events)


def test_a_restart_finds_every_job_as_it_was(make_raw_server: Callable[..., RawServer]) -> None:
    server = make_raw_server("--worker_slots=2")
    server.start()
    server.make_dataset()
    states = jobs_in_every_state(server)
    while not has_checkpoint(server.event_log("running")):
        time.sleep(0.02)  # between polls
    before = {name: server.event_log(name) for name in states}
    for name, state in states.items():
        assert server.job(name).state == state, name

    server.kill()
    begin = time.monotonic()
    server.start()
    assert time.monotonic() - begin < SERVING_S

    listed = server.jobs.ListJobs(job_service_pb2.ListJobsRequest(page_size=1000), timeout=10).jobs
    assert sorted(job.name.rpartition("/")[2] for job in listed) == sorted(states)
    for name, events in before.items():
        # What was told before the death is what the log begins with.
        assert server.event_log(name)[: len(events)] == events, name
    for name in ("succeeded", "cancelled", "paused"):
        assert server.job(name).state == states[name]
        assert server.event_log(name) == before[name]

    # What was under way goes on by itself, from its checkpoint; what waited gets its turn.
    running = server.wait_for("running", *TERMINAL)
    assert running.state == SUCCEEDED
    starts = [
        e.attempt_started for e in server.event_log("running") if e.HasField("attempt_started")
    ]
    assert starts[-1].from_step > 0
    server.wait_for("sleeping", RUNNING)
    server.jobs.CancelJob(job_service_pb2.CancelJobRequest(name="sleeping"), timeout=10)
    server.jobs.ResumeJob(job_service_pb2.ResumeJobRequest(name="paused"), timeout=10)
    ends = {name: server.wait_for(name, *TERMINAL).state for name in states}
    expected = dict.fromkeys(states, SUCCEEDED) | {"cancelled": CANCELLED, "sleeping": CANCELLED}
    assert ends == expected
    for name in states:
        check_log(server.event_log(name))
