"""What clients were told during a campaign, and what must therefore be true afterwards."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any

from winnow.v1 import job_event_pb2, job_pb2

TERMINAL = (job_pb2.Job.STATE_SUCCEEDED, job_pb2.Job.STATE_FAILED, job_pb2.Job.STATE_CANCELLED)


def is_durable(event: job_event_pb2.JobEvent) -> bool:
    return event.WhichOneof("event") not in ("progress", "bookmark")


class LostError(AssertionError):
    """Something acknowledged is not there, or is there twice."""


@dataclass
class JobHistory:
    """One acknowledged job: its template and the events that its watcher applied, in order."""

    name: str
    request_id: str
    template: int
    events: list[job_event_pb2.JobEvent] = field(default_factory=list)
    streams: int = 0
    cancelled: bool = False
    # When it was submitted or the newest checkpoint was stored, in seconds since 1970. The third
    # death after it ends the job as a crash loop.
    safe_since: float = field(default_factory=time.time)

    @property
    def last_sequence(self) -> int:
        return self.events[-1].sequence if self.events else 0

    @property
    def ended(self) -> bool:
        last = self.events[-1] if self.events else None
        return last is not None and last.state_changed.to in TERMINAL

    def apply(self, event: job_event_pb2.JobEvent) -> None:
        """Takes one message of the stream; raises when a guarantee of the watch is broken."""
        if not is_durable(event):
            if event.sequence > self.last_sequence:
                raise LostError(f"{self.name}: a note is ahead of the log: {event}")
            return
        if event.sequence != self.last_sequence + 1:
            raise LostError(f"{self.name}: event {event.sequence} came behind {self.last_sequence}")
        if self.ended:
            raise LostError(f"{self.name}: an event came behind the terminal one: {event}")
        self.events.append(event)
        if event.HasField("checkpoint_written"):
            self.safe_since = event.event_time.ToNanoseconds() / 1e9


@dataclass(frozen=True)
class FailedImport:
    """An import that ended FAILED: why, and when it ran at the most, in seconds since 1970."""

    name: str
    reason: str
    message: str
    begin: float
    end: float


def check_failed_imports(failed: list[FailedImport], deaths: list[float]) -> None:
    """An import may fail by the service's guard alone, and only when it met three deaths.

    ``deaths``: of the server, or of a worker that imported.
    """
    for one in failed:
        if one.reason != "CRASH_LOOP":
            raise LostError(f"{one.name} failed with {one.reason}: {one.message}")
        met = sum(one.begin <= death <= one.end for death in deaths)
        if met < 3:
            raise LostError(f"{one.name} was given up after {met} deaths: {one.message}")


@dataclass
class History:
    """Everything acknowledged. Threads of the campaign write it; the end checks it."""

    jobs: dict[str, JobHistory] = field(default_factory=dict)
    committed: dict[str, int] = field(default_factory=dict)  # upload -> bytes acknowledged
    failed_imports: list[FailedImport] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def submitted(self, name: str, request_id: str, template: int) -> JobHistory:
        with self.lock:
            known = self.jobs.get(name)
            if known is not None and known.request_id != request_id:
                raise LostError(f"{name} was given to two requests")
            return self.jobs.setdefault(name, JobHistory(name, request_id, template))

    def saw_committed(self, upload: str, size: int) -> None:
        """Acknowledged bytes never become fewer."""
        with self.lock:
            if size < self.committed.get(upload, 0):
                raise LostError(f"{upload}: {self.committed[upload]} bytes became {size}")
            self.committed[upload] = size


def check_jobs(history: History, listed: list[Any], expected: list[bytes], server: Any) -> int:
    """Compares what the server has with what was acknowledged; the number of finished jobs."""
    names = [job.name for job in listed]
    if len(set(names)) != len(names):
        raise LostError("a job is listed twice")
    by_name = {job.name: job for job in listed}
    for job in history.jobs.values():
        if job.name not in by_name:
            raise LostError(f"the acknowledged {job.name} is gone")
        check_job(job, by_name[job.name], expected[job.template], server)
    # A request whose acknowledgement was lost is repeated until it is acknowledged, so nothing else
    # may be there.
    if set(names) != set(history.jobs):
        raise LostError(f"jobs nobody submitted: {set(names) - set(history.jobs)}")
    return len(history.jobs)


def check_job(job: JobHistory, shown: Any, expected: bytes, server: Any) -> None:
    log = server.event_log(job.name)
    if [event.sequence for event in log] != list(range(1, len(log) + 1)):
        raise LostError(f"{job.name}: the log has a gap")
    if log != job.events:
        raise LostError(f"{job.name}: the log differs from what its watcher applied")
    if job.cancelled and shown.state == job_pb2.Job.STATE_CANCELLED:
        return
    if shown.state != job_pb2.Job.STATE_SUCCEEDED:
        raise LostError(f"{job.name} ended as {shown.state}: {shown.error.message}")
    picks = [event.pick for event in log if event.HasField("pick")]
    if [pick.rank for pick in picks] != list(range(1, len(picks) + 1)):
        raise LostError(f"{job.name}: picks are lost or doubled")
    if server.artifact(job.name, "selection.json") != expected:
        raise LostError(f"{job.name}: selection.json differs from an uninterrupted run's")
