"""The clients of a crash campaign: they submit, watch, cancel and upload, whatever dies."""

from __future__ import annotations

import functools
import hashlib
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import google_crc32c
import grpc
from campaign_server import CampaignServer, make_request, table
from google.rpc import error_details_pb2
from history import FailedImport, History, JobHistory, LostError
from winnow.v1 import (
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
# A call that fails at once leaves a connection that is being made without a thread to finish it.
CALL: dict[str, Any] = {"timeout": 20, "wait_for_ready": True}
UNFINISHED_JOBS = 3
CANCELLED_SHARE = 0.1


def reason_of(status: Any) -> str:
    """ErrorInfo.reason of a google.rpc.Status."""
    info = error_details_pb2.ErrorInfo()
    for detail in status.details:
        if detail.Unpack(info):
            return str(info.reason)
    return ""


@dataclass(frozen=True)
class Template:
    """A kind of job and what an uninterrupted run of it selects."""

    seed: int
    epochs: int
    share: float  # of the submitted jobs
    selection: bytes = b""

    def request(self) -> job_service_pb2.CreateJobRequest:
        return make_request(self.seed, self.epochs)


class Clients:
    """Threads that work until told to stop; what goes wrong in one is kept for the caller."""

    def __init__(self, server: CampaignServer, templates: list[Template], seed: int) -> None:
        self.server = server
        self.templates = templates
        self.choices = random.Random(seed)
        self.history = History()
        self.counts: Counter[str] = Counter()
        self.stopping = threading.Event()
        self.failed: list[BaseException] = []
        self.workers: list[threading.Thread] = []
        self.watchers: list[threading.Thread] = []

    def begin(self) -> None:
        self.workers = [self.start(self.submit_jobs), self.start(self.upload_tables)]

    def finish(self) -> None:
        """Until every submitted job has ended; raises what a client met."""
        self.stopping.set()
        for thread in (*self.workers, *self.watchers):
            while thread.is_alive() and not self.failed:
                thread.join(timeout=0.2)
        if self.failed:
            raise self.failed[0]

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

    def choose_template(self) -> int:
        shares = [template.share for template in self.templates]
        return self.choices.choices(range(len(shares)), shares)[0]

    def submit_jobs(self) -> None:
        jobs = job_service_pb2_grpc.JobServiceStub(self.server.make_channel())
        while not self.stopping.is_set():
            unfinished = sum(not job.ended for job in self.history.jobs.values())
            if unfinished >= UNFINISHED_JOBS:
                time.sleep(0.05)  # until one has ended
                continue
            template = self.choose_template()
            request = self.templates[template].request()
            create = functools.partial(jobs.CreateJob, request, **CALL)
            name = self.patiently(create).name
            job = self.history.submitted(name, request.request_id, template)
            self.watchers.append(self.start(self.watch, job))
            # The same request again is the same job, whatever died between.
            again = self.patiently(create).name
            self.history.submitted(again, request.request_id, template)
            if again != name:
                raise LostError(f"one request made {name} and {again}")
            if self.choices.random() < CANCELLED_SHARE:
                time.sleep(self.choices.uniform(0, 2))
                cancel = job_service_pb2.CancelJobRequest(name=name)
                self.patiently(functools.partial(jobs.CancelJob, cancel, **CALL))
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
                for event in jobs.WatchJob(request, wait_for_ready=True):
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
        begin = time.time()
        self.patiently(lambda: datasets.CreateDataset(request, **CALL))
        get = dataset_pb2.GetDatasetRequest(name=name)
        while True:
            asked = time.time()
            shown = self.patiently(lambda: datasets.GetDataset(get, **CALL))
            committed = shown.files[0].committed_size_bytes
            self.history.saw_committed(name, committed)
            if shown.state != dataset_pb2.Dataset.STATE_UPLOADING:
                break
            begin = asked  # of the import, at the earliest
            try:
                answer = datasets.UploadDataset(self.frames(name, content, committed), **CALL)
                self.history.saw_committed(name, answer.committed_size_bytes)
            except grpc.RpcError as error:
                # ABORTED: the server still holds the writer of a stream that was cut.
                if error.code() not in (*GONE, grpc.StatusCode.ABORTED):
                    raise
        # An import that dies with its server starts again or fails; neither loses the upload.
        ended = (dataset_pb2.Dataset.STATE_ACTIVE, dataset_pb2.Dataset.STATE_FAILED)
        while shown.state not in ended and not self.failed:
            time.sleep(0.05)  # between polls
            shown = self.patiently(lambda: datasets.GetDataset(get, **CALL))
        self.counts[f"imports {dataset_pb2.Dataset.State.Name(shown.state)}"] += 1
        if shown.state == dataset_pb2.Dataset.STATE_FAILED:
            self.history.failed_imports.append(
                FailedImport(name, reason_of(shown.error), shown.error.message, begin, time.time())
            )

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
