"""winnowd alone, with fake_worker.py in the place of winnow-worker: for what the server itself
promises."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import winnow
from winnow.v1 import (
    artifact_pb2_grpc,
    dataset_pb2,
    dataset_pb2_grpc,
    job_event_pb2,
    job_pb2,
    job_service_pb2,
    job_service_pb2_grpc,
    system_pb2_grpc,
)

HERE = Path(__file__).resolve().parent
REPO = HERE.parents[1]
WINNOWD = Path(os.environ.get("WINNOW_BIN_DIR", REPO / "build" / "release" / "bin")) / "winnowd"

TERMINAL = (job_pb2.Job.STATE_SUCCEEDED, job_pb2.Job.STATE_FAILED, job_pb2.Job.STATE_CANCELLED)

_COLUMN: dict[str, Any] = {
    "kind": "numeric", "missing": 0, "transform": "standardize",
    "mean": 0.0, "stddev": 1.0, "min": -3.0, "max": 3.0,
}  # fmt: skip
# What the fake import says of every table.
_PROFILE = {
    "rows": 1000, "train_file_rows": 1000, "validation_file_rows": 0, "dropped_rows": 0,
    "columns": [{"name": name, **_COLUMN} for name in "abcd"],
    "target": {"name": "y", "kind": "binary", "classes": ["0", "1"], "class_counts": [600, 400]},
    "has_weight": False, "has_group": False,
    "split": {
        "kind": "random", "column": "", "validation": 0.1, "test": 0.1, "seed": 7, "folds": 5,
        "fold": 0, "validation_values": ["validation"], "test_values": ["test"],
    },
    "split_rows": {"train": 800, "validation": 100, "test": 100},
    "group_column": "", "time_column": "", "split_column": "",
    "split_values": [], "split_value_counts": [],
    "table_bytes": 6, "table_sha256": "a" * 64, "warnings": [],
}  # fmt: skip


def wait_until(condition: Callable[[], Any], timeout_s: float = 60.0) -> Any:
    """Polls until ``condition`` gives something true; its value."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError("waited in vain")
        time.sleep(0.02)  # between polls


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def install_fake_worker(folder: Path) -> Path:
    """Generates the worker's protocol and writes a program that runs fake_worker.py."""
    import google.rpc
    import grpc_tools
    from grpc_tools import protoc

    proto = REPO / "proto"
    well_known = Path(grpc_tools.__file__).parent / "_proto"
    google_rpc = Path(next(iter(google.rpc.__path__))).parent.parent
    source = proto / "winnow" / "internal" / "v1" / "worker.proto"
    arguments = [
        "protoc", f"-I{proto}", f"-I{well_known}", f"-I{google_rpc}",
        f"--python_out={folder}", f"--grpc_python_out={folder}", str(source),
    ]  # fmt: skip
    assert protoc.main(arguments) == 0
    plan = (REPO / "kernels" / "plan" / "plan.h").read_text()
    match = re.search(r"kPlanVersion = (\d+)", plan)
    assert match is not None
    version = subprocess.run([WINNOWD, "--version"], capture_output=True, text=True, check=True)
    facts = {
        "version": version.stdout.strip(),
        "plan_version": int(match.group(1)),
        "profile": _PROFILE,
    }
    (folder / "facts.json").write_text(json.dumps(facts))
    client = Path(winnow.__file__).resolve().parents[1]
    program = folder / "fake-worker"
    program.write_text(
        f'#!/bin/sh\nPYTHONPATH="{client}" exec "{sys.executable}" "{HERE / "fake_worker.py"}" '
        f'--generated "{folder}" --profile "{folder / "facts.json"}" "$@"\n'
    )
    program.chmod(0o755)
    return program


class ServerEndedError(Exception):
    """The process is gone before it served."""


class RawServer:
    """One winnowd on a Unix socket, spoken to by the bare stubs."""

    def __init__(self, folder: Path, worker: Path, *flags: str) -> None:
        self.folder = folder
        self.worker = worker
        self.data_dir = folder / "data"
        self.files = folder / "files"  # that datasets may name
        self.files.mkdir()
        self.address = f"unix:{folder}/s"
        self.flags = flags
        self.log = folder / "winnowd.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.channel: grpc.Channel | None = None

    def command(self, *flags: str) -> list[str]:
        return [
            str(WINNOWD), f"--listen={self.address}", f"--data_dir={self.data_dir}",
            f"--worker={self.worker}", f"--allow_root={self.files}", "--disk_floor_bytes=0",
            *self.flags, *flags,
        ]  # fmt: skip

    def launch(self, **environment: str) -> None:
        """Starts the process and does not wait for it."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, env={**os.environ, **environment}
            )

    def start(self, **environment: str) -> None:
        self.launch(**environment)
        self.connect()

    def make_channel(self) -> grpc.Channel:
        options = [("grpc.use_local_subchannel_pool", 1)]
        return grpc.insecure_channel(self.address, options=options)

    def connect(self) -> None:
        """A new channel, once the server is healthy."""
        if self.channel is not None:
            self.channel.close()
        self.channel = self.make_channel()
        self.jobs = job_service_pb2_grpc.JobServiceStub(self.channel)
        self.datasets = dataset_pb2_grpc.DatasetServiceStub(self.channel)
        self.artifacts = artifact_pb2_grpc.ArtifactServiceStub(self.channel)
        self.system = system_pb2_grpc.SystemServiceStub(self.channel)

        def ready() -> bool:
            assert self.process is not None
            if self.process.poll() is not None:
                raise ServerEndedError("winnowd ended:\n" + self.log.read_text())
            return self.health() == 1

        wait_until(ready)

    def health(self, service: str = "") -> int:
        """1 SERVING, 2 NOT_SERVING, 0 not reached (grpc.health.v1, encoded by hand)."""
        assert self.channel is not None
        check = self.channel.unary_unary("/grpc.health.v1.Health/Check", same, same)
        request = b"\x0a" + bytes([len(service)]) + service.encode() if service else b""
        try:
            # Calls that fail at once would leave a connection that is being made without a thread.
            answer = check(request, timeout=5, wait_for_ready=True)
        except grpc.RpcError:
            return 0
        return answer[1] if len(answer) == 2 else 0

    def kill(self) -> None:
        """kill -9, and waits until the process is gone."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def terminate(self) -> int:
        """SIGTERM; the exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)

    def workers(self) -> list[int]:
        """Process ids of the running workers of this server."""
        assert self.process is not None
        found = subprocess.run(
            ["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True
        )
        return [int(pid) for pid in found.stdout.split()]

    def make_dataset(self, dataset: str = "adult") -> None:
        """An ACTIVE dataset of columns a, b, c, d."""
        path = self.files / f"{dataset}.csv"
        path.write_text("a,b,c,d,y\n1,2,3,4,0\n")
        request = dataset_pb2.CreateDatasetRequest(dataset_id=dataset)
        request.dataset.files.add(local_path=str(path))
        self.datasets.CreateDataset(request, timeout=20)
        active = dataset_pb2.Dataset.STATE_ACTIVE
        wait_until(lambda: self.dataset(dataset).state == active)

    def dataset(self, name: str) -> dataset_pb2.Dataset:
        return self.datasets.GetDataset(dataset_pb2.GetDatasetRequest(name=name), timeout=10)

    def submit(self, job: str = "", **labels: object) -> str:
        """A job for 2 of the 4 columns; its name."""
        request = job_service_pb2.CreateJobRequest(job_id=job)
        request.job.spec.dataset = "adult"
        request.job.spec.feature_selection.budget.max_count = 2
        for key, value in labels.items():
            request.job.spec.labels[key] = str(value)
        return self.jobs.CreateJob(request, timeout=20).name

    def job(self, name: str) -> job_pb2.Job:
        return self.jobs.GetJob(job_service_pb2.GetJobRequest(name=name), timeout=10)

    def wait_for(self, name: str, *states: int) -> job_pb2.Job:
        wait_until(lambda: self.job(name).state in states)
        return self.job(name)

    def event_log(self, name: str) -> list[job_event_pb2.JobEvent]:
        events: list[job_event_pb2.JobEvent] = []
        while True:
            request = job_service_pb2.ListJobEventsRequest(
                name=name, after_sequence=events[-1].sequence if events else 0
            )
            page = self.jobs.ListJobEvents(request, timeout=10)
            if not page.events:
                return events
            events += page.events

    def watch(self, name: str, after: int = 0) -> Any:
        request = job_service_pb2.WatchJobRequest(name=name, after_sequence=after)
        return self.jobs.WatchJob(request)


def same(data: bytes) -> bytes:
    """In the place of a serializer: messages that are encoded by hand."""
    return data


def is_durable(event: job_event_pb2.JobEvent) -> bool:
    return event.WhichOneof("event") not in ("progress", "bookmark")


def check_log(events: list[job_event_pb2.JobEvent]) -> None:
    """Sequences are 1, 2, 3, ...; picks come once each, in order."""
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    picks = [event.pick.rank for event in events if event.HasField("pick")]
    assert picks == list(range(1, len(picks) + 1))


def reason_of(error: grpc.RpcError) -> str:
    """ErrorInfo.reason of a refused call."""
    return winnow.errors.WinnowError.from_rpc(error).reason


@pytest.fixture(scope="session")
def fake_worker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install_fake_worker(tmp_path_factory.mktemp("worker"))


@pytest.fixture
def make_raw_server(tmp_path: Path, fake_worker: Path) -> Iterator[Callable[..., RawServer]]:
    """A function that makes servers, not started yet; what still runs ends with the test."""
    servers: list[RawServer] = []

    def make(*flags: str) -> RawServer:
        folder = tmp_path / str(len(servers))
        folder.mkdir()
        servers.append(RawServer(folder, fake_worker, *flags))
        return servers[-1]

    yield make
    for server in servers:
        if server.channel is not None:
            server.channel.close()
        if server.process is not None and server.process.poll() is None:
            server.kill()


@pytest.fixture
def raw_server(make_raw_server: Callable[..., RawServer]) -> RawServer:
    """A running server with the dataset ``adult``."""
    server = make_raw_server("--worker_slots=2")
    server.start()
    server.make_dataset()
    return server
