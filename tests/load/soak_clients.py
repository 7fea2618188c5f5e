"""The clients of a soak: users whose jobs are watched, cancelled, paused or stopped, uploads, and
somebody who kills workers."""

from __future__ import annotations

import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import grpc
from campaign_server import make_request, table
from clients import CALL, Clients, Template
from harness import noop_job
from history import JobHistory, LostError
from soak_server import SoakServer
from winnow.v1 import dataset_pb2, dataset_pb2_grpc, job_pb2, job_service_pb2, job_service_pb2_grpc

USERS = 6
THINKING_S = 4.0  # of a user between two jobs, at most
PAUSED_S = 20.0  # of a paused job, at most
KEPT_JOBS = 60  # ended jobs that stay
KEPT_DATASETS = 2
KILL_EVERY_S = 6.0  # on average
NOTHING, CANCEL, PAUSE, STOP = "nothing", "cancel", "pause", "stop"
# A longer job is one that can still be met while it runs.
KINDS = {"no-op": 0.4, "short": 0.3, "longer": 0.3}
EPOCHS = {"short": 6, "longer": 500}
WHILE_IT_RUNS = {NOTHING: 0.3, CANCEL: 0.2, PAUSE: 0.3, STOP: 0.2}
SEEDS = 3  # of each kind: jobs of the same kind and seed give the same bytes
PATIENCE_S = 120  # with a job that should start, or pause
REFUSED = grpc.StatusCode.FAILED_PRECONDITION  # the job is in another state by now


class SoakJob:
    """One job with its watchers."""

    def __init__(self, name: str, kind: str, seed: int, watchers: int) -> None:
        self.name = name
        self.kind = kind
        self.seed = seed
        self.what = NOTHING  # that the user did to it
        self.logs = [JobHistory(name, "", seed) for _ in range(watchers)]

    @property
    def ended(self) -> bool:
        return self.logs[0].ended

    def has_been(self, state: int) -> bool:
        return any(event.state_changed.to == state for event in list(self.logs[0].events))


class SoakClients(Clients):
    def __init__(self, server: SoakServer, seed: int) -> None:
        templates = [Template(seed=0, epochs=0, share=1.0)]  # those of the campaign are not used
        super().__init__(server, templates, seed)
        self.soak_server = server
        self.lock = threading.Lock()
        self.selections: dict[tuple[str, int], bytes] = {}
        self.kept: deque[str] = deque()
        self.deleted: list[str] = []
        self.made_old: list[tuple[float, str]] = []  # since when, by the monotonic clock
        self.killed: set[str] = set()

    def begin(self) -> None:
        clients: list[Callable[[], None]] = [self.use] * USERS
        clients += [self.upload_tables, self.kill_workers, self.read]
        self.workers = [self.start(client) for client in clients]

    def count(self, what: str, by: int = 1) -> None:
        with self.lock:
            self.counts[what] += by

    def use(self) -> None:
        """One user: a job, what is done to it, its end, a pause."""
        channel = self.server.make_channel()
        jobs = job_service_pb2_grpc.JobServiceStub(channel)
        while not self.stopping.is_set():
            self.one_job(jobs)
            self.stopping.wait(self.choices.uniform(0, THINKING_S))
        channel.close()

    def one_job(self, jobs: Any) -> None:
        kind = self.choices.choices(list(KINDS), list(KINDS.values()))[0]
        seed = self.choices.randrange(SEEDS)
        request = make_request(seed, EPOCHS.get(kind, 0))
        if kind == "no-op":
            request.job.spec.CopyFrom(noop_job(seed, "table"))
        name = jobs.CreateJob(request, **CALL).name
        if jobs.CreateJob(request, **CALL).name != name:
            raise LostError(f"one request made {name} and another job")
        job = SoakJob(name, kind, seed, self.choices.randint(1, 3))
        watchers = [self.start(self.watch, log) for log in job.logs]
        silent = jobs.WatchJob(job_service_pb2.WatchJobRequest(name=name))  # nobody reads it
        if kind == "longer":
            what = self.choices.choices(list(WHILE_IT_RUNS), list(WHILE_IT_RUNS.values()))[0]
            self.do(what, job, jobs)
        self.join(watchers)
        silent.cancel()
        self.check(job, jobs)
        self.count(f"jobs {kind}")
        self.keep_some(job.name, jobs)

    def join(self, threads: list[threading.Thread]) -> None:
        for thread in threads:
            while thread.is_alive():
                thread.join(timeout=0.2)
                if self.failed:
                    raise LostError("another client has failed")

    def wait_for(self, state: int, job: SoakJob) -> None:
        """Until the job has been in that state, or has ended."""
        deadline = time.monotonic() + PATIENCE_S
        while not (job.ended or job.has_been(state)):
            if self.failed:
                raise LostError("another client has failed")
            if time.monotonic() > deadline:
                raise LostError(f"{job.name} is not in state {state} after {PATIENCE_S} s")
            time.sleep(0.05)  # between polls

    def do(self, what: str, job: SoakJob, jobs: Any) -> None:
        if what == NOTHING:
            return
        self.wait_for(job_pb2.Job.STATE_RUNNING, job)
        time.sleep(self.choices.uniform(0, 1))  # anywhere in its run
        name = job.name
        if what == CANCEL:
            jobs.CancelJob(job_service_pb2.CancelJobRequest(name=name), **CALL)
            job.what = what
        elif what == STOP:
            done = self.unless_refused(
                lambda: jobs.StopJob(job_service_pb2.StopJobRequest(name=name), **CALL)
            )
            job.what = what if done else NOTHING
        elif what == PAUSE and self.unless_refused(
            lambda: jobs.PauseJob(job_service_pb2.PauseJobRequest(name=name), **CALL)
        ):
            job.what = what
            self.wait_for(job_pb2.Job.STATE_PAUSED, job)
            self.stopping.wait(self.choices.uniform(0, PAUSED_S))
            self.unless_refused(
                lambda: jobs.ResumeJob(job_service_pb2.ResumeJobRequest(name=name), **CALL)
            )
        self.count(f"did {job.what}")

    def unless_refused(self, call: Callable[[], Any]) -> bool:
        """Whether the call was obeyed; a job that has ended meanwhile may refuse it."""
        try:
            call()
        except grpc.RpcError as error:
            if error.code() != REFUSED:
                raise
            self.count("refused: another state by then")
            return False
        return True

    def watch(self, job: JobHistory) -> None:
        """Follows the job; leaves and rejoins behind what was applied, at random moments."""
        channel = self.server.make_channel()
        jobs = job_service_pb2_grpc.JobServiceStub(channel)
        while not job.ended:
            job.streams += 1
            self.count("watch streams")
            stream = jobs.WatchJob(
                job_service_pb2.WatchJobRequest(name=job.name, after_sequence=job.last_sequence)
            )
            leave_after = self.choices.randint(1, 60)
            for taken, event in enumerate(stream, 1):
                job.apply(event)
                if taken >= leave_after:
                    break
            stream.cancel()
        channel.close()

    def check(self, job: SoakJob, jobs: Any) -> None:
        """Its log is what every watcher applied, and its selection that of every job like it."""
        log = self.server.event_log(job.name)
        for number, seen in enumerate(job.logs):
            if seen.events != log:
                raise LostError(f"{job.name}: watcher {number} applied another log")
        self.count("events", len(log))
        shown = jobs.GetJob(job_service_pb2.GetJobRequest(name=job.name), **CALL)
        if shown.state == job_pb2.Job.STATE_CANCELLED and job.what == CANCEL:
            return
        if shown.state != job_pb2.Job.STATE_SUCCEEDED:
            raise LostError(f"{job.name} ({job.what}) ended as {shown.state}: {shown.error}")
        self.count("resumed" if shown.attempt > 1 else "in one attempt")
        if job.what == STOP:
            return  # how far it came is not the same twice
        selection = self.server.artifact(job.name, "selection.json")
        with self.lock:
            expected = self.selections.setdefault((job.kind, job.seed), selection)
        if selection != expected:
            raise LostError(f"{job.name}: selection.json differs from that of the same job before")

    def keep_some(self, name: str, jobs: Any) -> None:
        """Every second of the oldest is deleted, the others become old enough to be."""
        with self.lock:
            self.kept.append(name)
            if len(self.kept) <= KEPT_JOBS:
                return
            oldest = self.kept.popleft()
            by_retention = len(self.deleted) > len(self.made_old)
            if by_retention:
                self.made_old.append((time.monotonic(), oldest))
            else:
                self.deleted.append(oldest)
        if by_retention:
            self.soak_server.make_old([oldest])
        else:
            jobs.DeleteJob(job_service_pb2.DeleteJobRequest(name=oldest), **CALL)

    def upload_tables(self) -> None:
        channel = self.server.make_channel()
        datasets = dataset_pb2_grpc.DatasetServiceStub(channel)
        names: deque[str] = deque()
        number = 0
        while not self.stopping.is_set():
            number += 1
            names.append(f"up{number}")
            self.upload(datasets, names[-1], table(number, 4000))
            self.count("uploads")
            if len(names) > KEPT_DATASETS:
                delete = dataset_pb2.DeleteDatasetRequest(name=names.popleft())
                datasets.DeleteDataset(delete, **CALL)
            self.stopping.wait(self.choices.uniform(0, THINKING_S))
        channel.close()

    def kill_workers(self) -> None:
        """kill -9, each job once at most: three deaths without a checkpoint would end it."""
        while not self.stopping.wait(self.choices.uniform(0, 2 * KILL_EVERY_S)):
            victims = {pid: self.server.job_of(pid) for pid in self.server.workers()}
            fresh = [pid for pid, job in victims.items() if job and job not in self.killed]
            if not fresh:
                continue
            pid = self.choices.choice(fresh)
            self.killed.add(victims[pid])
            if subprocess.run(["kill", "-9", str(pid)], capture_output=True).returncode == 0:
                self.count("workers killed")

    def read(self) -> None:
        """Lists as dashboards do."""
        channel = self.server.make_channel()
        jobs = job_service_pb2_grpc.JobServiceStub(channel)
        while not self.stopping.wait(1.0):
            request = job_service_pb2.ListJobsRequest(page_size=20, filter="state=RUNNING")
            jobs.ListJobs(request, **CALL)
            request = job_service_pb2.ListJobsRequest(page_size=20)
            page = jobs.ListJobs(request, **CALL)
            if page.next_page_token:
                request.page_token = page.next_page_token
                jobs.ListJobs(request, **CALL)
            self.count("lists")
        channel.close()
