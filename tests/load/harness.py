"""What the load tests share: a winnowd on loopback, the no-op job, percentiles, /proc, /metrics."""

from __future__ import annotations

import argparse
import os
import random
import re
import socket
import sys
import urllib.request
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
for folder in (
    HERE.parent / "crash",
    HERE.parent / "integration",
    HERE.parents[1] / "client/python",
):
    sys.path.insert(0, str(folder))

from server_support import WINNOWD, RawServer, wait_until  # noqa: E402
from winnow.v1 import dataset_pb2, job_pb2, job_service_pb2  # noqa: E402

WORKER = WINNOWD.with_name("winnow-worker")
# Lifts the limits that would end a load test before the server does.
NO_LIMITS = ("--tenant_queued_jobs=100000", "--max_queued_jobs=100000")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class LoadServer(RawServer):
    """A winnowd on a loopback port with metrics."""

    def __init__(self, folder: Path, *flags: str, worker: Path = WORKER) -> None:
        folder.mkdir(parents=True)
        self.http = f"127.0.0.1:{free_port()}"
        super().__init__(folder, worker, f"--http={self.http}", *NO_LIMITS, *flags)
        self.address = f"127.0.0.1:{free_port()}"

    def noop_dataset(self) -> None:
        """The dataset ``noop``: 100 rows of four numbers and a label, imported by a real worker."""
        draw = random.Random(1)
        lines = ["a,b,c,d,y"]
        for _ in range(100):
            numbers = [draw.gauss(0, 1) for _ in range(4)]
            label = int(numbers[0] + numbers[1] > 0)
            lines.append(",".join(f"{number:.5f}" for number in numbers) + f",{label}")
        path = self.files / "noop.csv"
        path.write_text("\n".join(lines) + "\n")
        request = dataset_pb2.CreateDatasetRequest(dataset_id="noop")
        request.dataset.files.add(local_path=str(path))
        self.datasets.CreateDataset(request, timeout=20)
        active = dataset_pb2.Dataset.STATE_ACTIVE
        wait_until(lambda: self.dataset("noop").state == active)

    def metrics(self) -> dict[str, float]:
        return scrape(self.http)

    def jobs_in(self, *states: str) -> int:
        metrics = self.metrics()
        return int(sum(metrics[f'winnow_jobs{{state="{state}"}}'] for state in states))

    def rss_bytes(self) -> int:
        assert self.process is not None
        return rss_bytes(self.process.pid)


def scrape(http: str) -> dict[str, float]:
    """Every series of /metrics by its text: ``winnow_jobs{state="PENDING"}``."""
    with urllib.request.urlopen(f"http://{http}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    samples = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {series: float(value) for series, _, value in samples}


def flags_of(options: argparse.Namespace) -> list[str]:
    return [f"--worker_slots={options.slots}", "--log_level=warning"]


def sleeping_worker(folder: Path) -> Path:
    """A program in the place of winnow-worker that holds its slot and costs nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "sleeping-worker"
    path.write_text("#!/bin/sh\nexec sleep 1000\n")
    path.chmod(0o755)
    return path


def milliseconds(values: Sequence[float]) -> dict[str, float]:
    """Seconds, as a summary in milliseconds."""
    figures = summary([value * 1e3 for value in values])
    return {key: round(value, 2) for key, value in figures.items()}


def spread(figures: dict[str, float]) -> str:
    return f"p50 {figures['p50']:.1f} ms, p99 {figures['p99']:.1f} ms"


def noop_job(seed: int = 1, dataset: str = "noop") -> Any:
    """The job of no work: random selection, nothing trained, nothing compared."""
    spec = job_pb2.Job().spec
    spec.dataset = dataset
    spec.feature_selection.budget.max_count = 2
    spec.selector.random.SetInParent()
    spec.training.epochs = 0
    spec.training.seed = seed
    spec.evaluation.controls.SetInParent()  # an empty list, not the default
    return spec


def noop_request(seed: int = 1, request_id: str = "") -> job_service_pb2.CreateJobRequest:
    request = job_service_pb2.CreateJobRequest(request_id=request_id)
    request.job.spec.CopyFrom(noop_job(seed))
    return request


def percentile(values: Sequence[float], share: float) -> float:
    """The least value that at least ``share`` of them do not pass; nan of none."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def summary(values: Sequence[float]) -> dict[str, float]:
    return {
        "count": len(values),
        "p50": percentile(values, 0.5),
        "p90": percentile(values, 0.9),
        "p99": percentile(values, 0.99),
        "max": max(values, default=float("nan")),
    }


def rss_bytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)
    return int(found.group(1)) * 1024 if found else 0


def open_files(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time of processes, of their ended children too."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += sum(int(field) for field in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def print_table(rows: Sequence[Sequence[object]]) -> None:
    widths = [max(len(str(row[i])) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(str(cell).ljust(width) for cell, width in zip(row, widths)).rstrip())
