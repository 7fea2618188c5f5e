"""Many watchers over several tenants and jobs, some of which never read."""

from __future__ import annotations

import argparse
import hashlib
import math
import multiprocessing
import time
from collections.abc import Sequence
from pathlib import Path

import grpc
from harness import LoadServer, cpu_seconds, milliseconds, spread, wait_until
from server_support import install_fake_worker
from watch_clients import Seen, Watching, run_readers, run_silent
from winnow.v1 import (
    dataset_pb2,
    dataset_pb2_grpc,
    job_pb2,
    job_service_pb2,
    job_service_pb2_grpc,
)

MIB = 1 << 20
TENANTS = 4
WATCHERS_PER_JOB = 16  # the server's default cap
EVENTS_PER_S = 2  # of each live job, and a progress note with each
# Logs that never-reading watchers stall on: more than the 4 to 8 MiB that gRPC buffers of a stream.
LONG_LOG_EVENTS = 1500
LONG_LOG_EVENT_BYTES = 16 << 10
STALLED_BYTES = 8 * MIB  # of one, at most
OTHERS_BYTES = 200 * MIB  # for all else, at most
CONNECTING_S = 10.0
TOO_SLOW_S = 60.0  # the server ends a stream whose write is under way for so long


class Tenant:
    """One tenant's connection; its token rides on every call."""

    def __init__(self, index: int) -> None:
        self.name = f"t{index}"
        self.token = f"winnow_{index:064x}"

    def line(self) -> str:
        digest = hashlib.sha256(self.token.encode()).hexdigest()
        return f"token {digest} {self.name} admin never load-{self.name}\n"

    def connect(self, address: str) -> None:
        options = [("grpc.use_local_subchannel_pool", 1)]
        channel = grpc.insecure_channel(address, options=options)
        self.jobs = job_service_pb2_grpc.JobServiceStub(channel)
        self.datasets = dataset_pb2_grpc.DatasetServiceStub(channel)
        self.call = {"timeout": 60, "metadata": [("authorization", f"Bearer {self.token}")]}

    def make_dataset(self, path: Path) -> None:
        request = dataset_pb2.CreateDatasetRequest(dataset_id="adult")
        request.dataset.files.add(local_path=str(path))
        self.datasets.CreateDataset(request, **self.call)
        get = dataset_pb2.GetDatasetRequest(name="adult")
        active = dataset_pb2.Dataset.STATE_ACTIVE
        wait_until(lambda: self.datasets.GetDataset(get, **self.call).state == active, 120)

    def submit(self, **labels: object) -> str:
        request = job_service_pb2.CreateJobRequest()
        request.job.spec.dataset = "adult"
        request.job.spec.feature_selection.budget.max_count = 2
        for key, value in labels.items():
            request.job.spec.labels[key] = str(value)
        return str(self.jobs.CreateJob(request, **self.call).name)

    def wait_for(self, job: str, state: int) -> None:
        request = job_service_pb2.GetJobRequest(name=job, view=job_service_pb2.JOB_VIEW_BASIC)
        wait_until(lambda: self.jobs.GetJob(request, **self.call).state == state, 300)


class Load:
    """The watchers of a server: each tenant's jobs and how many watch each."""

    def __init__(self, folder: Path, options: argparse.Namespace) -> None:
        self.options = options
        self.silent = spread_over(options.silent, TENANTS)
        self.reading = spread_over(options.watchers - options.silent, TENANTS)
        self.tenants = [Tenant(index) for index in range(TENANTS)]
        folder.mkdir(parents=True)
        credentials = folder / "credentials"
        credentials.write_text("".join(tenant.line() for tenant in self.tenants))
        program = folder / "worker"
        program.mkdir()
        slots = sum(jobs_for(count) for count in (*self.reading, *self.silent))
        self.server = LoadServer(
            folder / "server",
            f"--worker_slots={slots}",
            f"--credentials={credentials}",
            "--log_level=warning",
            worker=install_fake_worker(program),
        )

    def watchings(self, counts: Sequence[int], state: int, **labels: object) -> list[Watching]:
        """Each tenant submits the jobs that so many watchers need; once they are in the state."""
        jobs = [
            [tenant.submit(**labels) for _ in range(jobs_for(count))]
            for tenant, count in zip(self.tenants, counts)
        ]
        for tenant, names in zip(self.tenants, jobs):
            for name in names:
                tenant.wait_for(name, state)
        return [
            Watching(
                self.server.address,
                tenant.token,
                [names[i % len(names)] for i in range(count)],
            )
            for tenant, names, count in zip(self.tenants, jobs, counts)
        ]

    def prepare(self) -> None:
        table = self.server.files / "adult.csv"
        table.write_text("a,b,c,d,y\n1,2,3,4,0\n")
        for tenant in self.tenants:
            tenant.connect(self.server.address)
            tenant.make_dataset(table)
        self.long_logs = self.watchings(
            self.silent,
            job_pb2.Job.STATE_SUCCEEDED,
            picks=LONG_LOG_EVENTS,
            event_bytes=LONG_LOG_EVENT_BYTES,
        )
        self.live = self.watchings(
            self.reading,
            job_pb2.Job.STATE_RUNNING,
            picks=int((self.options.watch_seconds + 300) * EVENTS_PER_S),
            pause_ms=1000 / EVENTS_PER_S,
        )

    def run(self) -> list[dict[str, object]]:
        self.prepare()
        context = multiprocessing.get_context("spawn")
        before = self.server.rss_bytes()
        told, tell = context.Pipe(duplex=False)
        silent = context.Process(target=run_silent, args=(self.long_logs, told), daemon=True)
        silent.start()
        wait_until(lambda: self.watchers() == self.options.silent)
        since = time.time() + CONNECTING_S
        until = since + self.options.watch_seconds
        answers = []
        readers = []
        for watching in self.live:
            answer, given = context.Pipe(duplex=False)
            readers.append(
                context.Process(
                    target=run_readers, args=(watching, since, until, given), daemon=True
                )
            )
            readers[-1].start()
            answers.append(answer)
        during = self.observe(since, until)
        seen = [answer.recv() for answer in answers]
        ended = self.wait_for_the_end_of_the_silent()
        tell.send("leave")
        for process in (*readers, silent):
            process.join()
        wait_until(lambda: self.watchers() == 0)
        return self.rows(
            seen, {"before": before, **during, "after": self.server.rss_bytes()}, ended
        )

    def watchers(self) -> int:
        return int(self.server.metrics()["winnow_watchers"])

    def observe(self, since: float, until: float) -> dict[str, float]:
        """The server's memory and processor time while all watchers are there."""
        assert self.server.process is not None
        pid = self.server.process.pid
        most = 0
        begun = 0.0
        while time.time() < until - 1:
            most = max(most, self.server.rss_bytes())
            if not begun and time.time() >= since:
                begun = time.time()
                busy = cpu_seconds([pid])
                self.assert_all_watch("at the beginning")
            time.sleep(0.2)
        self.assert_all_watch("at the end")
        cpu = (cpu_seconds([pid]) - busy) / (time.time() - begun)
        return {"most": most, "cpu_s_per_s": cpu}

    def assert_all_watch(self, when: str) -> None:
        metrics = self.server.metrics()
        watchers = int(metrics["winnow_watchers"])
        ended = {k: v for k, v in metrics.items() if k.startswith("winnow_watch_closed_total")}
        assert watchers == self.options.watchers, f"{watchers} watchers {when}; ended: {ended}"

    def wait_for_the_end_of_the_silent(self) -> int:
        """Streams that the server ended since their client did not read."""
        series = 'winnow_watch_closed_total{reason="TOO_SLOW"}'

        def ended() -> int:
            return int(self.server.metrics().get(series, 0))

        wait_until(lambda: ended() >= self.options.silent, TOO_SLOW_S + 30)
        # Their status waits behind what is not read; then the server drops the calls.
        wait_until(lambda: self.watchers() == 0, TOO_SLOW_S + 30)
        return ended()

    def rows(
        self, seen: Sequence[Seen], memory: dict[str, float], ended: int
    ) -> list[dict[str, object]]:
        options = self.options
        broken = sum(each.broken for each in seen)
        assert broken == 0, f"{broken} gaps or repeats"
        ended_early = sum(each.ended for each in seen)
        assert ended_early == 0, f"{ended_early} streams ended"
        assert sum(each.watchers for each in seen) == options.watchers - options.silent
        delays = milliseconds([delay for each in seen for delay in each.delays])
        lateness = milliseconds([late for each in seen for late in each.lateness])
        events = sum(each.events for each in seen) / options.watch_seconds
        notes = sum(each.notes for each in seen) / options.watch_seconds
        jobs = sum(jobs_for(count) for count in (*self.reading, *self.silent))
        bound = memory["before"] + options.silent * STALLED_BYTES + OTHERS_BYTES
        assert memory["most"] <= bound, f"{memory['most'] / MIB:.0f} MiB"
        return [
            {
                "what": f"{options.watchers} watchers of {jobs} jobs of {TENANTS} tenants, "
                f"{options.silent} never read: event stored to event received",
                "measured": f"{spread(delays)} ({events:.0f} events, {notes:.0f} notes a second; "
                f"readers late by p99 {lateness['p99']:.1f} ms)",
                "goal": "p99 < 250 ms",
                "ms": delays,
                "lateness_ms": lateness,
                "server_cpu_s_per_s": memory["cpu_s_per_s"],
            },
            {
                "what": "memory of the server before, with all of them, after",
                "measured": " / ".join(
                    f"{memory[when] / MIB:.0f}" for when in ("before", "most", "after")
                )
                + " MiB",
                "goal": f"at most {bound / MIB:.0f} MiB",
                "rss_bytes": memory,
            },
            {
                "what": "of those that never read, ended by the server (WATCHER_TOO_SLOW)",
                "measured": f"{ended} of {options.silent}",
                "goal": "all",
            },
        ]


def spread_over(count: int, parts: int) -> list[int]:
    return [(count + index) // parts for index in range(parts)]


def jobs_for(watchers: int) -> int:
    return math.ceil(watchers / WATCHERS_PER_JOB)


def measure(folder: Path, options: argparse.Namespace) -> list[dict[str, object]]:
    load = Load(folder, options)
    load.server.start()
    try:
        return load.run()
    finally:
        load.server.kill()
