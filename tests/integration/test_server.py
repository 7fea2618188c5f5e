"""What winnowd promises by itself: files, drain, ports, HTTP, reflection."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable

import grpc
import pytest
from server_support import (
    TERMINAL,
    RawServer,
    check_log,
    free_port,
    is_durable,
    reason_of,
    same,
    wait_until,
)
from winnow.v1 import artifact_pb2, dataset_pb2, job_event_pb2, job_pb2, system_pb2

SUCCEEDED = job_pb2.Job.STATE_SUCCEEDED
RUNNING = job_pb2.Job.STATE_RUNNING
PENDING = job_pb2.Job.STATE_PENDING


def test_a_job_runs_and_leaves_its_files(raw_server: RawServer) -> None:
    name = raw_server.submit("first", picks=5)
    job = raw_server.wait_for(name, *TERMINAL)
    assert job.state == SUCCEEDED
    check_log(raw_server.event_log(name))
    request = artifact_pb2.DownloadArtifactRequest(name="first/selection.json")
    frames = raw_server.artifacts.DownloadArtifact(request)
    assert b"".join(frame.data for frame in frames) == b'{"selected": 5}'
    logs = raw_server.artifacts.DownloadArtifact(
        artifact_pb2.DownloadArtifactRequest(name="first/worker.log")
    )
    assert b"goes on behind event 0" in b"".join(frame.data for frame in logs)


def test_drain_gives_jobs_back_and_ends_watches(raw_server: RawServer) -> None:
    name = raw_server.submit("drained", picks=2000, pause_ms=20)
    raw_server.wait_for(name, RUNNING)
    seen: list[job_event_pb2.JobEvent] = []
    ended: list[grpc.RpcError] = []

    def follow() -> None:
        try:
            for event in raw_server.watch(name):
                if is_durable(event):
                    seen.append(event)
        except grpc.RpcError as error:
            ended.append(error)

    watcher = threading.Thread(target=follow)
    watcher.start()
    wait_until(lambda: any(event.HasField("pick") for event in seen))
    begin = time.monotonic()
    assert raw_server.terminate() == 0
    assert time.monotonic() - begin < 25
    watcher.join(timeout=10)
    assert ended[0].code() == grpc.StatusCode.UNAVAILABLE
    assert reason_of(ended[0]) == "DRAINING"
    raw_server.start()
    job = raw_server.wait_for(name, PENDING, RUNNING)
    outcomes = [attempt.outcome for attempt in job.attempts]
    assert outcomes[0] == job_pb2.JobAttempt.OUTCOME_YIELDED
    # It goes on from where it was, and the log from where the watcher was.
    rest = raw_server.watch(name, seen[-1].sequence)
    for event in rest:
        if is_durable(event):
            seen.append(event)
        if len(seen) > 60:
            break
    rest.cancel()
    check_log(seen)


def test_a_second_signal_ends_at_once(raw_server: RawServer) -> None:
    # A worker that does not yield: it is stopped.
    name = raw_server.submit("stubborn", sleep=1)
    raw_server.wait_for(name, RUNNING)
    stopped = 0
    for pid in wait_until(raw_server.workers):
        with contextlib.suppress(ProcessLookupError):  # of the import, which is over
            os.kill(pid, signal.SIGSTOP)
            stopped += 1
    assert stopped > 0
    process = raw_server.process
    assert process is not None
    process.send_signal(signal.SIGINT)
    wait_until(lambda: "shutting down" in raw_server.log.read_text())
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=5) == 1


def test_two_servers_on_one_port(make_raw_server: Callable[..., RawServer]) -> None:
    first = make_raw_server()
    port = free_port()
    first.address = f"127.0.0.1:{port}"
    first.flags = ("--http=off",)
    first.start()
    for listen, http in (
        (first.address, "off"),
        (f"localhost:{port}", "off"),
        (f"127.0.0.1:{free_port()}", first.address),
    ):
        second = make_raw_server(f"--http={http}")
        second.address = listen
        result = subprocess.run(second.command(), capture_output=True, text=True, timeout=30)
        assert result.returncode == 2
        assert f"cannot listen on {listen if http == 'off' else http}" in result.stderr
        assert "in use" in result.stderr
    third = make_raw_server("--http=off")
    third.data_dir = first.data_dir
    result = subprocess.run(third.command(), capture_output=True, text=True, timeout=30)
    assert result.returncode == 2
    assert "in use by another server" in result.stderr
    socket_taken = make_raw_server()
    socket_taken.start()
    fourth = make_raw_server()
    fourth.address = socket_taken.address
    result = subprocess.run(fourth.command(), capture_output=True, text=True, timeout=30)
    assert result.returncode == 2
    assert "another process listens there" in result.stderr
    assert first.health() == 1
    assert socket_taken.health() == 1


def test_a_data_dir_too_long_for_a_socket(make_raw_server: Callable[..., RawServer]) -> None:
    server = make_raw_server()
    server.data_dir = server.folder / ("x" * 100) / ("y" * 100)
    server.start()
    server.make_dataset()
    assert server.wait_for(server.submit(picks=1), *TERMINAL).state == SUCCEEDED
    assert server.terminate() == 0


def http_get(address: str, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_metrics_health_and_readiness(make_raw_server: Callable[..., RawServer]) -> None:
    server = make_raw_server(f"--http=127.0.0.1:{free_port()}", "--worker_slots=2")
    http = server.flags[0].partition("=")[2]
    server.start()
    server.make_dataset()
    server.wait_for(server.submit(picks=5, pause_ms=5), *TERMINAL)
    assert http_get(http, "/healthz") == (200, "ok\n")
    assert http_get(http, "/readyz") == (200, "ready\n")
    assert http_get(http, "/nothing")[0] == 404

    def value(text: str, series: str) -> float:
        match = re.search("^" + re.escape(series) + r" (\S+)$", text, re.MULTILINE)
        return float(match.group(1)) if match else -1.0

    def scrape() -> str:
        return http_get(http, "/metrics")[1]

    finished = 'winnow_jobs_finished_total{algorithm="sequential_attention",state="SUCCEEDED"}'
    wait_until(lambda: value(scrape(), finished) == 1)
    text = scrape()
    created = 'winnow_rpc_server_handled_total{code="OK",method="CreateJob",'
    assert value(text, created + 'service="winnow.v1.JobService"}') == 1
    assert value(text, "winnow_workers") == 2
    assert value(text, 'winnow_training_steps_total{algorithm="sequential_attention"}') == 50
    assert value(text, 'winnow_job_attempts_total{reason="first"}') == 1
    assert value(text, "winnow_worker_busy_seconds_total") > 0
    commit = re.search(r'winnow_build_info\{[^}]*commit="([^"]+)"', text)
    assert commit is not None and commit.group(1) != ""
    assert value(text, "process_resident_memory_bytes") > 1e6
    assert value(text, 'winnow_store_txn_seconds_count{op="write"}') > 5
    # Every line is a comment or a sample of the text format.
    sample = re.compile(r'[a-z_]+(\{([a-z]+="[^"]*",?)+\})? [-+.e0-9]+|[a-z_]+\{.*le="\+Inf"\} \d+')
    for line in text.splitlines():
        assert line.startswith(("# HELP ", "# TYPE ")) or sample.fullmatch(line), line


def test_health_and_reflection(raw_server: RawServer) -> None:
    services = [
        "winnow.v1.DatasetService", "winnow.v1.JobService",
        "winnow.v1.ArtifactService", "winnow.v1.SystemService",
    ]  # fmt: skip
    for service in services:
        assert raw_server.health(service) == 1
    assert raw_server.channel is not None
    # ServerReflectionRequest{list_services: ""}; the names stand in the answer as they are.
    call = raw_server.channel.stream_stream(
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", same, same
    )
    answer = next(iter(call(iter([b"\x3a\x00"]), timeout=10)))
    for service in [*services, "grpc.health.v1.Health"]:
        assert service.encode() in answer


def test_capabilities(raw_server: RawServer) -> None:
    capabilities = raw_server.system.GetCapabilities(
        system_pb2.GetCapabilitiesRequest(), timeout=10
    )
    assert list(capabilities.unimplemented_methods) == []
    assert capabilities.limits.worker_slots == 2
    assert capabilities.instruction_set in ("avx512_bf16", "avx512", "avx2", "portable")


def test_a_full_disk_is_refused_before_anything_is_written(
    make_raw_server: Callable[..., RawServer],
) -> None:
    server = make_raw_server("--disk_floor_bytes=1000000000000000")
    server.start()
    request = dataset_pb2.CreateDatasetRequest(dataset_id="d")
    request.dataset.files.add(filename="a.csv", size_bytes=10, sha256="0" * 64)
    with pytest.raises(grpc.RpcError) as refused:
        server.datasets.CreateDataset(request, timeout=10)
    assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert reason_of(refused.value) == "DISK_LOW"
    listed = server.datasets.ListDatasets(dataset_pb2.ListDatasetsRequest(), timeout=10)
    assert not listed.datasets


def test_a_failed_import_leaves_no_files(raw_server: RawServer) -> None:
    path = raw_server.files / "b.bin"
    path.write_bytes(b"\x00\x01")
    request = dataset_pb2.CreateDatasetRequest(dataset_id="binary")
    request.dataset.files.add(local_path=str(path))
    raw_server.datasets.CreateDataset(request, timeout=10)
    failed = dataset_pb2.Dataset.STATE_FAILED
    wait_until(lambda: raw_server.dataset("binary").state == failed)
    assert "b.bin is a binary file" in raw_server.dataset("binary").error.message
    raw_server.datasets.DeleteDataset(dataset_pb2.DeleteDatasetRequest(name="binary"), timeout=10)
    wait_until(lambda: not (raw_server.data_dir / "datasets" / "default" / "binary").exists())
