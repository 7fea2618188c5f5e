"""What winnowd keeps when it or a worker dies: jobs, watches, uploads, processes."""

from __future__ import annotations

import hashlib
import random
import signal
import subprocess
import threading
from collections.abc import Callable

import google_crc32c
import grpc
import pytest
from server_support import (
    TERMINAL,
    RawServer,
    ServerEndedError,
    check_log,
    is_durable,
    wait_until,
)
from winnow.v1 import dataset_pb2, job_event_pb2, job_pb2, job_service_pb2

SUCCEEDED = job_pb2.Job.STATE_SUCCEEDED
RUNNING = job_pb2.Job.STATE_RUNNING


def test_kill_9_of_the_server_at_random_times(raw_server: RawServer) -> None:
    name = raw_server.submit("long", picks=400, pause_ms=10, checkpoint_every=10)
    applied: list[job_event_pb2.JobEvent] = []
    moments = random.Random(7)
    kills = 0
    while not applied or applied[-1].state_changed.to not in TERMINAL:
        timer = threading.Timer(moments.uniform(0, 0.3), raw_server.kill)
        try:
            for event in raw_server.watch(name, applied[-1].sequence if applied else 0):
                if not is_durable(event):
                    continue
                applied.append(event)
                # Each life makes a checkpoint first: a job may die twice without a new one.
                if event.HasField("checkpoint_written") and kills < 3 and not timer.is_alive():
                    timer.start()
                    kills += 1
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.UNAVAILABLE
            timer.join()
            raw_server.start()
    assert kills == 3
    assert applied[-1].state_changed.to == SUCCEEDED
    check_log(applied)
    assert applied == raw_server.event_log(name)
    assert sum(event.HasField("pick") for event in applied) == 400
    starts = [event.attempt_started for event in applied if event.HasField("attempt_started")]
    assert len(starts) == 4
    assert all(start.from_step > 0 for start in starts[1:])


def test_kill_9_of_the_worker_costs_one_attempt(raw_server: RawServer) -> None:
    name = raw_server.submit("dies", picks=20, checkpoint_every=5, die_at=12)
    job = raw_server.wait_for(name, *TERMINAL)
    assert job.state == SUCCEEDED
    assert job.attempt == 2
    assert "signal 9" in job.attempts[0].exit
    events = raw_server.event_log(name)
    check_log(events)
    reasons = [event.state_changed.reason for event in events if event.HasField("state_changed")]
    assert "CRASH" in reasons


@pytest.mark.parametrize(
    "failpoint",
    ["store.after_commit:kill:{n}", "store.before_commit:kill:{n}"],
)
def test_death_at_a_commit_loses_no_acknowledged_job(
    make_raw_server: Callable[..., RawServer],
    failpoint: str,
) -> None:
    server = make_raw_server("--worker_slots=2")
    server.start()
    server.make_dataset()
    server.kill()
    acknowledged: list[str] = []
    for n in (6, 30):  # a third death of one attempt would count as a crash loop
        server.launch(WINNOW_FAILPOINT=failpoint.format(n=n))
        assert server.process is not None
        try:
            server.connect()
            for _ in range(50):
                acknowledged.append(server.submit(f"j{len(acknowledged)}-{n}", picks=3))
        except ServerEndedError:
            pass  # during recovery
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.UNAVAILABLE
        assert server.process.wait(timeout=20) == -signal.SIGKILL
    assert acknowledged
    server.start()
    for name in acknowledged:
        assert server.wait_for(name, *TERMINAL).state == SUCCEEDED
        check_log(server.event_log(name))
    listed = server.jobs.ListJobs(job_service_pb2.ListJobsRequest(page_size=1000)).jobs
    assert set(acknowledged) <= {job.name for job in listed}
    # At most the one that was under way at each death is there besides.
    assert len(listed) <= len(acknowledged) + 2


def test_a_request_id_makes_one_job_whatever_dies(
    make_raw_server: Callable[..., RawServer],
) -> None:
    server = make_raw_server()
    server.start()
    server.make_dataset()
    server.kill()
    request = job_service_pb2.CreateJobRequest(request_id="123e4567-e89b-42d3-a456-426614174000")
    request.job.spec.dataset = "adult"
    request.job.spec.feature_selection.budget.max_count = 2
    # Killed right after the commit, before the answer.
    server.start(WINNOW_FAILPOINT="store.after_commit:kill:2")
    with pytest.raises(grpc.RpcError):
        for _ in range(20):
            server.jobs.CreateJob(request, timeout=10)
            server.submit()
    assert server.process is not None
    server.process.wait(timeout=20)
    server.start()
    first = server.jobs.CreateJob(request, timeout=10)
    again = server.jobs.CreateJob(request, timeout=10)
    assert first.name == again.name
    listed = server.jobs.ListJobs(job_service_pb2.ListJobsRequest()).jobs
    assert sum(job.name == first.name for job in listed) == 1


def upload_frames(name: str, content: bytes, offset: int) -> list[dataset_pb2.UploadDatasetRequest]:
    frames = []
    for at in range(offset, len(content), 1 << 16):
        data = content[at : at + (1 << 16)]
        frames.append(
            dataset_pb2.UploadDatasetRequest(
                name=name if at == offset else "",
                write_offset=at,
                data=data,
                data_crc32c=google_crc32c.value(data),
                finish_write=at + len(data) == len(content),
            )
        )
    return frames


@pytest.mark.parametrize("where", ["before_sync", "after_sync", "after_complete"])
def test_an_upload_goes_on_after_a_death(
    make_raw_server: Callable[..., RawServer],
    where: str,
) -> None:
    server = make_raw_server()
    content = random.Random(1).randbytes(40 << 20)
    request = dataset_pb2.CreateDatasetRequest(dataset_id="up")
    request.dataset.files.add(
        filename="t.csv", size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest()
    )
    # 40 MiB are committed at 16, 32 and 40.
    nth = 1 if where == "after_complete" else 2
    server.start(WINNOW_FAILPOINT=f"upload.{where}:kill:{nth}")
    server.datasets.CreateDataset(request, timeout=20)
    with pytest.raises(grpc.RpcError):
        server.datasets.UploadDataset(iter(upload_frames("up", content, 0)))
    assert server.process is not None
    server.process.wait(timeout=20)
    server.start()
    committed = server.dataset("up").files[0].committed_size_bytes
    assert committed == {"before_sync": 16, "after_sync": 16, "after_complete": 40}[where] << 20
    if where != "after_complete":
        part = server.data_dir / "uploads" / "default" / "up" / "0.part"
        assert part.stat().st_size == committed
        answer = server.datasets.UploadDataset(iter(upload_frames("up", content, committed)))
        assert answer.complete
    wait_until(lambda: server.dataset("up").state == dataset_pb2.Dataset.STATE_ACTIVE)


def test_no_worker_outlives_its_server(raw_server: RawServer) -> None:
    name = raw_server.submit("orphan", sleep=1)
    raw_server.wait_for(name, RUNNING)
    workers = wait_until(raw_server.workers)
    raw_server.kill()

    def gone(pid: int) -> bool:
        state = subprocess.run(
            ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True
        )
        return state.stdout.strip() in ("", "Z")

    wait_until(lambda: all(gone(pid) for pid in workers), timeout_s=10)
