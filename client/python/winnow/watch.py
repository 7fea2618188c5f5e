"""A job's events as an iterator that survives broken streams without gap or repeat."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import grpc

from winnow.errors import WinnowError
from winnow.v1 import job_event_pb2, job_pb2, job_service_pb2

_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 5.0
TERMINAL_STATES = frozenset(
    (job_pb2.Job.STATE_SUCCEEDED, job_pb2.Job.STATE_FAILED, job_pb2.Job.STATE_CANCELLED)
)


def events(
    stub: Any, name: str, after_sequence: int, metadata: Any, patience_s: float
) -> Iterator[job_event_pb2.JobEvent]:
    """Yields durable events in order, each once, and progress notes between them, until the job
    has ended.

    After a broken stream it rejoins behind the last event that was yielded. Raises WinnowError
    when the server refuses, or has not been reachable for ``patience_s`` seconds.
    """
    pause, lost_since = _FIRST_PAUSE_S, None
    while True:
        request = job_service_pb2.WatchJobRequest(name=name, after_sequence=after_sequence)
        try:
            for event in stub.WatchJob(request, metadata=metadata):
                pause, lost_since = _FIRST_PAUSE_S, None
                if event.WhichOneof("event") == "bookmark":
                    continue
                if event.WhichOneof("event") != "progress":
                    after_sequence = event.sequence
                yield event
                if event.state_changed.to in TERMINAL_STATES:
                    return
        except grpc.RpcError as error:
            failure = WinnowError.from_rpc(error)
            now = time.monotonic()
            lost_since = lost_since if lost_since is not None else now
            if failure.code != grpc.StatusCode.UNAVAILABLE or now - lost_since > patience_s:
                raise failure from error
            time.sleep(failure.retry_after_s or pause)  # back-off between attempts
            pause = min(2 * pause, _LONGEST_PAUSE_S)
