"""How fast jobs start and how many a minute get through."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from harness import LoadServer, flags_of, milliseconds, noop_request, spread, wait_until
from server_support import TERMINAL
from winnow.v1 import job_pb2

STARTS = 20


def measure_start(folder: Path, options: argparse.Namespace) -> list[dict[str, object]]:
    server = LoadServer(folder, *flags_of(options))
    server.start()
    try:
        server.noop_dataset()
        marks: dict[str, list[float]] = {
            "RUNNING": [],
            "first event of the training": [],
            "end": [],
        }
        for seed in range(STARTS + 1):
            times = one_start(server, seed)
            if seed == 0:
                continue  # the first finds nothing in the page cache
            for name, took in times.items():
                marks[name].append(took)
        rows: list[dict[str, object]] = []
        for name, values in marks.items():
            figures = milliseconds(values)
            goal = "p50 < 50 ms" if name.startswith("first") else ""
            rows.append({
                "what": f"CreateJob to {name}, idle server", "measured": spread(figures),
                "goal": goal, "ms": figures,
            })  # fmt: skip
        return rows
    finally:
        server.kill()


def one_start(server: LoadServer, seed: int) -> dict[str, float]:
    begin = time.perf_counter()
    name = server.jobs.CreateJob(noop_request(seed), timeout=20).name
    times: dict[str, float] = {}
    for event in server.watch(name):
        passed = time.perf_counter() - begin
        kind = event.WhichOneof("event")
        if kind == "state_changed" and event.state_changed.to == job_pb2.Job.STATE_RUNNING:
            times.setdefault("RUNNING", passed)
        if kind not in ("state_changed", "attempt_started", "bookmark", "progress"):
            times.setdefault("first event of the training", passed)
        if kind == "state_changed" and event.state_changed.to in TERMINAL:
            times["end"] = passed
            assert event.state_changed.to == job_pb2.Job.STATE_SUCCEEDED, event
    return times


def measure_jobs(folder: Path, options: argparse.Namespace) -> list[dict[str, object]]:
    server = LoadServer(folder, *flags_of(options))
    server.start()
    try:
        server.noop_dataset()
        begin = time.perf_counter()
        for seed in range(options.jobs):
            server.jobs.CreateJob(noop_request(seed), timeout=20)
        submitted = time.perf_counter() - begin
        wait_until(lambda: server.jobs_in("SUCCEEDED", "FAILED") >= options.jobs, 600)
        took = time.perf_counter() - begin
        metrics = server.metrics()
        assert metrics['winnow_jobs{state="SUCCEEDED"}'] == options.jobs, server.log.read_text()
        a_minute = options.jobs / took * 60
        return [{
            "what": f"no-op jobs through real workers, {options.slots} slots",
            "measured": f"{a_minute:.0f} a minute ({options.jobs} in {took:.1f} s)",
            "goal": ">= 1,000 a minute",
            "jobs_per_minute": a_minute, "submitted_in_s": submitted,
        }]  # fmt: skip
    finally:
        server.kill()
