#!/usr/bin/env python3
"""Kills winnowd and its workers again and again while clients submit, watch, cancel and upload, and
checks that nothing acknowledged is lost or doubled.

Kills come at random moments (server, worker) and at named failpoints (around commits and the fsync
of uploads). After each death of the server the store's integrity is checked on a copy. At the end
every acknowledged job must exist once, its log must be what its watcher applied over all its
streams, and its selection.json must have the bytes of an uninterrupted run.

The service gives a job up after three deaths without a checkpoint between them; the campaign waits
with a kill while a job stands before its third.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
for folder in (HERE, HERE.parent / "integration", HERE.parents[1] / "client" / "python"):
    sys.path.insert(0, str(folder))

import google_crc32c  # noqa: E402
import grpc  # noqa: E402
from history import History, JobHistory, LostError, check_jobs  # noqa: E402
from server_support import WINNOWD, RawServer, wait_until  # noqa: E402
from winnow.v1 import (  # noqa: E402
    artifact_pb2,
    dataset_pb2,
    dataset_pb2_grpc,
    job_service_pb2,
    job_service_pb2_grpc,
)

# What a client sees of a server that dies.
GONE = (
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
)
FAILPOINTS = (
    "store.before_commit",
    "store.after_commit",
    "upload.before_sync",
    "upload.after_sync",
    "upload.after_complete",
)
UNFINISHED_JOBS = 3
ROWS = 3000
COLUMNS = 8


def table(seed: int, rows: int) -> bytes:
    """A CSV whose label follows its first columns."""
    numbers = random.Random(seed)
    lines = [",".join([*(f"x{i}" for i in range(COLUMNS)), "y"])]
    for _ in range(rows):
        values = [numbers.gauss(0, 1) for _ in range(COLUMNS)]
        label = int(sum(values[:3]) + numbers.gauss(0, 0.5) > 0)
        lines.append(",".join([*(f"{value:.4f}" for value in values), str(label)]))
    return ("\n".join(lines) + "\n").encode()


def make_request(template: int) -> job_service_pb2.CreateJobRequest:
    """Templates differ in the seed and, every other one, in whether a curve is trained."""
    request = job_service_pb2.CreateJobRequest(request_id=str(uuid.uuid4()))
    spec = request.job.spec
    spec.dataset = "table"
    spec.feature_selection.budget.max_count = 3
    spec.selector.sequential_attention.steps_per_pick = 30
    spec.training.seed = template
    spec.training.epochs = 6
    spec.evaluation.bootstrap_samples = 10
    if template % 2:
        spec.evaluation.curve_points.extend([1, 2])
    return request


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


class CampaignServer(RawServer):
    """RawServer with the real worker, whose channel comes back soon after a death."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, WINNOWD.parent / "winnow-worker", "--worker_slots=2")

    def make_channel(self) -> grpc.Channel:
        options = [
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.initial_reconnect_backoff_ms", 50),
            ("grpc.max_reconnect_backoff_ms", 200),
        ]
        return grpc.insecure_channel(self.address, options=options)

    def import_table(self) -> None:
        path = self.files / "table.csv"
        path.write_bytes(table(1, ROWS))
        request = dataset_pb2.CreateDatasetRequest(dataset_id="table")
        request.dataset.files.add(local_path=str(path))
        self.datasets.CreateDataset(request, timeout=20)
        wait_until(lambda: self.dataset("table").state == dataset_pb2.Dataset.STATE_ACTIVE)

    def artifact(self, job: str, artifact: str) -> bytes:
        request = artifact_pb2.DownloadArtifactRequest(name=f"{job}/artifacts/{artifact}")
        return b"".join(frame.data for frame in self.artifacts.DownloadArtifact(request))

    def all_jobs(self) -> list[Any]:
        jobs: list[Any] = []
        request = job_service_pb2.ListJobsRequest(page_size=1000)
        while True:
            page = self.jobs.ListJobs(request, timeout=20)
            jobs += page.jobs
            if not page.next_page_token:
                return jobs
            request.page_token = page.next_page_token

    def check_integrity(self) -> None:
        """On a copy, so that recovery meets the files as the death left them."""
        with tempfile.TemporaryDirectory() as copy:
            for path in self.data_dir.glob("winnow.db*"):
                shutil.copy(path, copy)
            with sqlite3.connect(Path(copy) / "winnow.db") as store:
                for check in ("integrity_check", "foreign_key_check"):
                    answer = store.execute(f"PRAGMA {check}").fetchall()
                    if answer not in ([], [("ok",)]):
                        raise LostError(f"{check}: {answer}")


class Campaign:
    def __init__(self, folder: Path, kills: int, seed: int, expected: list[bytes]) -> None:
        (folder / "server").mkdir()
        self.server = CampaignServer(folder / "server")
        self.kills = kills
        self.moments = random.Random(seed)
        self.choices = random.Random(seed + 1)
        self.expected = expected
        self.history = History()
        self.stopping = threading.Event()
        self.failed: list[BaseException] = []
        self.watchers: list[threading.Thread] = []
        self.counts: Counter[str] = Counter()
        self.recoveries: list[float] = []
        self.deaths: list[float] = []  # seconds since 1970

    # --- clients ---

    def patiently(self, call: Callable[[], Any]) -> Any:
        """Repeats a call that is safe to repeat until the server answers it."""
        while True:
            try:
                return call()
            except grpc.RpcError as error:
                if error.code() not in GONE:
                    raise
            if self.failed:
                raise LostError("another client has failed")
            time.sleep(0.02)  # between tries

    def start(self, client: Callable[..., None], *arguments: Any) -> threading.Thread:
        def guarded() -> None:
            try:
                client(*arguments)
            except BaseException as error:  # reported by the main thread
                self.failed.append(error)

        thread = threading.Thread(target=guarded, daemon=True)
        thread.start()
        return thread

    def submit_jobs(self) -> None:
        jobs = job_service_pb2_grpc.JobServiceStub(self.server.make_channel())
        while not self.stopping.is_set():
            unfinished = sum(not job.ended for job in self.history.jobs.values())
            if unfinished >= UNFINISHED_JOBS:
                time.sleep(0.05)  # until one has ended
                continue
            template = self.choices.randrange(len(self.expected))
            request = make_request(template)
            create = functools.partial(jobs.CreateJob, request, timeout=20)
            name = self.patiently(create).name
            job = self.history.submitted(name, request.request_id, template)
            self.watchers.append(self.start(self.watch, job))
            # The same request again is the same job, whatever died between.
            again = self.patiently(create).name
            self.history.submitted(again, request.request_id, template)
            if again != name:
                raise LostError(f"one request made {name} and {again}")
            if self.choices.random() < 0.1:
                time.sleep(self.choices.uniform(0, 2))
                cancel = job_service_pb2.CancelJobRequest(name=name)
                self.patiently(functools.partial(jobs.CancelJob, cancel, timeout=20))
                job.cancelled = True
                self.counts["cancels"] += 1

    def watch(self, job: JobHistory) -> None:
        channel = self.server.make_channel()
        jobs = job_service_pb2_grpc.JobServiceStub(channel)
        while not job.ended:
            job.streams += 1
            request = job_service_pb2.WatchJobRequest(
                name=job.name, after_sequence=job.last_sequence
            )
            try:
                for event in jobs.WatchJob(request):
                    job.apply(event)
            except grpc.RpcError as error:
                if error.code() not in GONE:
                    raise
                time.sleep(0.02)  # between tries
        channel.close()

    def upload_tables(self) -> None:
        datasets = dataset_pb2_grpc.DatasetServiceStub(self.server.make_channel())
        number = 0
        while not self.stopping.is_set():
            number += 1
            self.upload(datasets, f"up{number}", table(number, 4000))
            self.counts["uploads"] += 1

    def upload(self, datasets: Any, name: str, content: bytes) -> None:
        request = dataset_pb2.CreateDatasetRequest(dataset_id=name, request_id=str(uuid.uuid4()))
        request.dataset.files.add(
            filename="t.csv", size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest()
        )
        self.patiently(lambda: datasets.CreateDataset(request, timeout=20))
        get = dataset_pb2.GetDatasetRequest(name=name)
        while True:
            shown = self.patiently(lambda: datasets.GetDataset(get, timeout=20))
            committed = shown.files[0].committed_size_bytes
            self.history.saw_committed(name, committed)
            if shown.state != dataset_pb2.Dataset.STATE_UPLOADING:
                break
            try:
                answer = datasets.UploadDataset(self.frames(name, content, committed), timeout=20)
                self.history.saw_committed(name, answer.committed_size_bytes)
            except grpc.RpcError as error:
                # ABORTED: the server still holds the writer of a stream that was cut.
                if error.code() not in (*GONE, grpc.StatusCode.ABORTED):
                    raise
        # An import that dies with its server starts again or fails; neither loses the upload.
        ended = (dataset_pb2.Dataset.STATE_ACTIVE, dataset_pb2.Dataset.STATE_FAILED)
        while shown.state not in ended and not self.failed:
            time.sleep(0.05)  # between polls
            shown = self.patiently(lambda: datasets.GetDataset(get, timeout=20))
        self.counts[f"imports {dataset_pb2.Dataset.State.Name(shown.state)}"] += 1

    def frames(self, name: str, content: bytes, offset: int) -> Any:
        """Some frames from the offset on, often without the last: the rest comes another time."""
        size = 1 << 14
        last = self.choices.randrange(offset, len(content) + size * 8)
        for at in range(offset, min(last, len(content)), size):
            data = content[at : at + size]
            yield dataset_pb2.UploadDatasetRequest(
                name=name if at == offset else "",
                write_offset=at,
                data=data,
                data_crc32c=google_crc32c.value(data),
                finish_write=at + len(data) == len(content),
            )
            time.sleep(0.005)  # the pace of a network
        if last <= offset or offset == len(content):
            # No bytes: a sign of life, or the end where only the last word is missing.
            yield dataset_pb2.UploadDatasetRequest(
                name=name, write_offset=offset, finish_write=offset == len(content)
            )

    # --- deaths ---

    def wait_for_safety(self, coming: int) -> None:
        """Until every unfinished job may see so many deaths more: two since its last checkpoint."""

        def safe() -> bool:
            if self.failed:
                raise self.failed[0]
            # The death whose successor would be one too many, were it behind a job's checkpoint.
            place = 3 - coming
            last = self.deaths[-place] if len(self.deaths) >= place else 0.0
            jobs = list(self.history.jobs.values())
            return all(job.ended or job.safe_since > last for job in jobs)

        wait_until(safe, timeout_s=240)

    def died(self, cause: str) -> None:
        self.deaths.append(time.time())
        self.counts[f"kills {cause}"] += 1

    def restart(self, failpoint: str = "") -> bool:
        """Starts the server; whether it still has the failpoint before it."""
        self.server.check_integrity()
        begin = time.monotonic()
        while True:
            try:
                self.server.start(**({"WINNOW_FAILPOINT": failpoint} if failpoint else {}))
                break
            except Exception:  # it died again, at its failpoint, before it served
                if not failpoint or self.server.process is None:
                    raise
                self.server.process.wait(timeout=20)
                self.died("failpoint")
                failpoint = ""
        self.recoveries.append(time.monotonic() - begin)
        return bool(failpoint)

    def kill_once(self) -> None:
        time.sleep(self.moments.uniform(0, 1.0))
        kind = self.moments.choices(["server", "worker", "failpoint"], [5, 3, 3])[0]
        self.wait_for_safety(2 if kind == "failpoint" else 1)
        if kind == "worker":
            workers = wait_until(self.server.workers)
            victim = str(self.moments.choice(workers))
            if subprocess.run(["kill", "-9", victim], capture_output=True).returncode != 0:
                return  # it had ended by itself
            self.died("worker")
            return
        self.server.kill()
        self.died("server")
        if kind == "server":
            self.restart()
            return
        point = self.moments.choice(FAILPOINTS)
        hit = self.moments.randint(1, 40) if point.startswith("store") else 1
        if not self.restart(f"{point}:kill:{hit}"):
            return
        assert self.server.process is not None
        try:
            self.server.process.wait(timeout=8)
            self.died("failpoint")
        except subprocess.TimeoutExpired:  # nothing came by that point
            self.server.kill()
            self.died("server")
        self.restart()

    def dead(self) -> int:
        return sum(count for what, count in self.counts.items() if what.startswith("kills"))

    # --- the whole ---

    def run(self, report: Callable[[str], None]) -> dict[str, Any]:
        begin = time.monotonic()
        self.server.start()
        self.server.import_table()
        clients = [self.start(self.submit_jobs), self.start(self.upload_tables)]
        while self.dead() < self.kills:
            before = self.dead()
            self.kill_once()
            if self.dead() // 50 > before // 50:
                report(f"{self.dead()} kills, {len(self.history.jobs)} jobs")
        self.stopping.set()
        for thread in (*clients, *self.watchers):
            while thread.is_alive() and not self.failed:
                thread.join(timeout=0.2)
        if self.failed:
            raise self.failed[0]
        finished = check_jobs(self.history, self.server.all_jobs(), self.expected, self.server)
        self.server.kill()
        self.server.check_integrity()
        jobs = self.history.jobs.values()
        return {
            **dict(sorted(self.counts.items())),
            "kills": self.dead(),
            "jobs acknowledged": finished,
            "jobs resumed": sum(
                sum(event.HasField("attempt_started") for event in job.events) > 1 for job in jobs
            ),
            "events": sum(len(job.events) for job in jobs),
            "watch streams": sum(job.streams for job in jobs),
            "lost or doubled": 0,
            "recovery p50 s": round(percentile(self.recoveries, 0.5), 3),
            "recovery p99 s": round(percentile(self.recoveries, 0.99), 3),
            "seconds": round(time.monotonic() - begin, 1),
        }


def run_uninterrupted(folder: Path, templates: int) -> list[bytes]:
    """The selection of every template."""
    folder.mkdir()
    server = CampaignServer(folder)
    server.start()
    server.import_table()
    names = [
        server.jobs.CreateJob(make_request(template), timeout=20).name
        for template in range(templates)
    ]
    for name in names:
        for _ in server.watch(name):
            pass
    results = [server.artifact(name, "selection.json") for name in names]
    server.kill()
    return results


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1, help="of the moments and choices")
    parser.add_argument("--templates", type=int, default=4, help="kinds of jobs")
    parser.add_argument("--keep", type=Path, help="folder for the server's files; kept")
    options = parser.parse_args()
    folder = options.keep or Path(tempfile.mkdtemp(prefix="winnow-crash-"))
    folder.mkdir(parents=True, exist_ok=True)

    def report(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    print(f"seed {options.seed}, files in {folder}", file=sys.stderr)
    expected = run_uninterrupted(folder / "uninterrupted", options.templates)
    campaign = Campaign(folder, options.kills, options.seed, expected)
    try:
        print(json.dumps(campaign.run(report), indent=1))
    except BaseException:
        if campaign.server.process is not None and campaign.server.process.poll() is None:
            campaign.server.kill()
        report(f"seed {options.seed}: files are kept in {folder}")
        raise
    if options.keep is None:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
