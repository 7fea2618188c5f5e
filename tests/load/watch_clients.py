"""Programs of watchers: those that read and tell how late events came, and those that never read.

Each runs in a process of its own, so that no reader waits for another's Python.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

import grpc
import harness  # noqa: F401 - sets the path of what follows in a fresh process
from winnow.v1 import job_service_pb2, job_service_pb2_grpc

STREAMS_OF_A_CONNECTION = 128  # the server takes 256


@dataclass(frozen=True)
class Watching:
    """Of one process."""

    address: str
    token: str
    jobs: Sequence[str]  # one entry for each watcher


@dataclass
class Seen:
    delays: list[float] = field(default_factory=list)  # s, from event_time to receipt
    lateness: list[float] = field(default_factory=list)  # s, of this program's event loop
    watchers: int = 0  # that got the first message
    events: int = 0
    notes: int = 0
    broken: int = 0  # gaps and repeats
    ended: int = 0  # streams that ended meanwhile


class Streams:
    """Open calls, so many on each connection."""

    def __init__(self, watching: Watching, together: int, *options: tuple[str, int]) -> None:
        self.watching = watching
        self.together = together
        self.options = [("grpc.use_local_subchannel_pool", 1), *options]
        self.channels: list[Any] = []
        self.calls: list[Any] = []

    def open(self) -> None:
        metadata = [("authorization", f"Bearer {self.watching.token}")]
        for number, job in enumerate(self.watching.jobs):
            if number % self.together == 0:
                self.channels.append(
                    grpc.aio.insecure_channel(self.watching.address, options=self.options)
                )
            stub = job_service_pb2_grpc.JobServiceStub(self.channels[-1])
            request = job_service_pb2.WatchJobRequest(name=job)
            self.calls.append(stub.WatchJob(request, metadata=metadata))

    async def close(self) -> None:
        for call in self.calls:
            call.cancel()
        for channel in self.channels:
            await channel.close(grace=None)


async def read(call: Any, seen: Seen, since: float) -> None:
    """Counts what comes from the wall time ``since`` on."""
    last = 0
    first = True
    async for event in call:
        seen.watchers += first
        first = False
        now = time.time()
        if event.WhichOneof("event") in ("progress", "bookmark"):
            seen.notes += now >= since
            continue
        seen.broken += event.sequence != last + 1
        last = event.sequence
        logged = event.event_time.seconds + event.event_time.nanos * 1e-9
        if logged >= since:
            seen.events += 1
            seen.delays.append(now - logged)


async def measure_lateness(seen: Seen, since: float) -> None:
    while True:
        due = time.perf_counter() + 0.05
        await asyncio.sleep(0.05)
        if time.time() >= since:
            seen.lateness.append(time.perf_counter() - due)


async def read_all(watching: Watching, since: float, until: float) -> Seen:
    seen = Seen()
    streams = Streams(watching, STREAMS_OF_A_CONNECTION)
    streams.open()
    tasks = [asyncio.create_task(read(call, seen, since)) for call in streams.calls]
    tasks.append(asyncio.create_task(measure_lateness(seen, since)))
    await asyncio.sleep(until - time.time())
    seen.ended = sum(task.done() for task in tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await streams.close()
    return seen


def run_readers(watching: Watching, since: float, until: float, answer: Connection) -> None:
    answer.send(asyncio.run(read_all(watching, since, until)))


async def stay_silent(watchings: Sequence[Watching], told: Connection) -> None:
    # A client's gRPC takes megabytes that nobody asked for where it finds the connection fast.
    no_probe = ("grpc.http2.bdp_probe", 0)
    all_streams = [Streams(watching, 1, no_probe) for watching in watchings]
    for streams in all_streams:
        streams.open()
    while not told.poll():
        await asyncio.sleep(0.1)
    for streams in all_streams:
        await streams.close()


def run_silent(watchings: Sequence[Watching], told: Connection) -> None:
    """Opens streams and never asks for a message, until told to leave."""
    asyncio.run(stay_silent(watchings, told))
