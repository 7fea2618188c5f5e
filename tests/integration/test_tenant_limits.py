"""Limits of single tenants in the configuration file: each is told its own, and held to it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import Any

import grpc
import pytest
import winnow
from server_support import WINNOWD, RawServer, wait_until
from winnow.v1 import dataset_pb2, job_pb2, job_service_pb2, system_pb2

CONFIG = """
tenant_queued_jobs: 100
tenant_limits:
  small: {queued_jobs: 1, running_jobs: 1, stored_bytes: 1000, open_uploads: 1, watchers: 1}
  slow: {requests_per_s: 1}
"""
TENANTS = ("small", "large", "slow")
Metadata = tuple[tuple[str, str], ...]


@pytest.fixture
def server(make_raw_server: Callable[..., RawServer]) -> RawServer:
    server = make_raw_server("--worker_slots=4")
    (server.folder / "winnow.yaml").write_text(CONFIG)
    lines = []
    for tenant in TENANTS:
        command = [str(WINNOWD), f"--new-token={server.folder / tenant}", f"--tenant={tenant}"]
        made = subprocess.run(command, check=True, capture_output=True, text=True)
        lines.append(made.stdout)
    (server.folder / "credentials").write_text("".join(lines))
    server.flags = (
        *server.flags,
        f"--config={server.folder / 'winnow.yaml'}",
        f"--credentials={server.folder / 'credentials'}",
    )
    server.start()
    return server


def of(server: RawServer, tenant: str) -> Metadata:
    return (("authorization", f"Bearer {(server.folder / tenant).read_text().strip()}"),)


def refusal(call: Any, request: Any, metadata: Metadata) -> winnow.WinnowError:
    """How a unary call, or a stream, is refused."""
    with pytest.raises(grpc.RpcError) as refused:
        answer = call(request, timeout=20, metadata=metadata)
        next(answer)
    error = winnow.WinnowError.from_rpc(refused.value)
    assert error.code is grpc.StatusCode.RESOURCE_EXHAUSTED, error
    return error


def declared(size: int, name: str) -> dataset_pb2.CreateDatasetRequest:
    request = dataset_pb2.CreateDatasetRequest(dataset_id=name)
    request.dataset.files.add(filename="t.csv", size_bytes=size, sha256="0" * 64)
    return request


def test_every_limit_of_a_tenant_is_its_own(server: RawServer) -> None:
    small, large = of(server, "small"), of(server, "large")
    table = server.files / "t.csv"
    table.write_text("a,b,c,d,y\n1,2,3,4,0\n")
    local = dataset_pb2.CreateDatasetRequest(dataset_id="adult")
    local.dataset.files.add(local_path=str(table))
    show = dataset_pb2.GetDatasetRequest(name="adult")
    for metadata in (small, large):
        server.datasets.CreateDataset(local, timeout=20, metadata=metadata)

    def is_active(metadata: Metadata) -> bool:
        shown = server.datasets.GetDataset(show, timeout=10, metadata=metadata)
        return bool(shown.state == dataset_pb2.Dataset.STATE_ACTIVE)

    wait_until(lambda: is_active(small) and is_active(large))

    def submit(job: str, metadata: Metadata) -> None:
        server.jobs.CreateJob(job_request(job), timeout=20, metadata=metadata)

    def state(job: str, metadata: Metadata) -> int:
        request = job_service_pb2.GetJobRequest(name=job)
        return int(server.jobs.GetJob(request, timeout=10, metadata=metadata).state)

    def job_request(job: str) -> job_service_pb2.CreateJobRequest:
        request = job_service_pb2.CreateJobRequest(job_id=job)
        request.job.spec.dataset = "adult"
        request.job.spec.feature_selection.budget.max_count = 2
        request.job.spec.labels["sleep"] = "1"
        return request

    # One runs, one waits though slots are free, a third is refused; another tenant's go on.
    running = job_pb2.Job.STATE_RUNNING
    submit("one", small)
    wait_until(lambda: state("one", small) == running)
    submit("two", small)
    error = refusal(server.jobs.CreateJob, job_request("three"), small)
    assert error.reason == "TENANT_QUEUE_FULL"
    assert "at most 1" in error.message
    assert error.retry_after_s is not None and error.retry_after_s > 0
    for job in ("one", "two"):
        submit(job, large)
    wait_until(lambda: state("one", large) == state("two", large) == running)
    assert state("two", small) == job_pb2.Job.STATE_PENDING
    # Watchers.
    watch = job_service_pb2.WatchJobRequest(name="one")
    first = server.jobs.WatchJob(watch, metadata=small)
    next(first)
    error = refusal(server.jobs.WatchJob, watch, small)
    assert error.reason == "WATCHERS"
    assert error.retry_after_s is not None and error.retry_after_s > 0
    others = [server.jobs.WatchJob(watch, metadata=large) for _ in range(2)]
    for stream in others:
        next(stream)
    # Bytes and uploads.
    error = refusal(server.datasets.CreateDataset, declared(2000, "big"), small)
    assert error.reason == "STORAGE_QUOTA"  # waiting does not help: no time to wait is named
    server.datasets.CreateDataset(declared(100, "first"), timeout=20, metadata=small)
    error = refusal(server.datasets.CreateDataset, declared(100, "second"), small)
    assert error.reason == "UPLOAD_QUOTA"
    assert error.retry_after_s is not None and error.retry_after_s > 0
    for name in ("big", "second"):
        server.datasets.CreateDataset(declared(2000, name), timeout=20, metadata=large)


def test_the_rate_of_calls_is_a_tenants_own(server: RawServer) -> None:
    request = job_service_pb2.ListJobsRequest()
    error = None
    for _ in range(20):
        try:
            server.jobs.ListJobs(request, timeout=10, metadata=of(server, "slow"))
        except grpc.RpcError as refused:
            error = winnow.WinnowError.from_rpc(refused)
    assert error is not None
    assert error.reason == "REQUEST_RATE"
    assert error.retry_after_s is not None and 0 < error.retry_after_s <= 1.1
    for _ in range(20):
        server.jobs.ListJobs(request, timeout=10, metadata=of(server, "large"))


def test_each_is_told_its_own(server: RawServer) -> None:
    def limits(tenant: str) -> list[float]:
        request = system_pb2.GetCapabilitiesRequest()
        told = server.system.GetCapabilities(request, timeout=10, metadata=of(server, tenant))
        return [
            told.limits.max_pending_jobs_per_tenant,
            told.limits.max_running_jobs_per_tenant,
            told.limits.max_stored_bytes_per_tenant,
            told.limits.max_open_uploads_per_tenant,
            told.limits.max_watchers_per_tenant,
            told.limits.max_requests_per_s_per_tenant,
        ]

    assert limits("small") == [1, 1, 1000, 1, 1, 0]
    assert limits("large") == [100, 0, 0, 16, 256, 0]
    assert limits("slow") == [100, 0, 0, 16, 256, 1]
