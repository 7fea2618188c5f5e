"""Submits at a fixed rate, whatever the answers take."""

from __future__ import annotations

import argparse
import asyncio
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

import grpc
from harness import (
    LoadServer,
    cpu_seconds,
    flags_of,
    milliseconds,
    noop_request,
    sleeping_worker,
    spread,
)
from winnow.v1 import job_pb2, job_service_pb2_grpc

WARM_UP_S = 2.0


def measure_submit(folder: Path, options: argparse.Namespace) -> list[dict[str, object]]:
    """A real worker imports the dataset; then the server starts again with one that sleeps."""
    server = LoadServer(folder, *flags_of(options))
    server.start()
    server.noop_dataset()
    server.terminate()
    server.worker = sleeping_worker(folder / "worker")
    return run(server, options, "workers idle")


def measure_mixed(folder: Path, options: argparse.Namespace) -> list[dict[str, object]]:
    server = LoadServer(folder, *flags_of(options))
    server.start()
    server.noop_dataset()
    server.terminate()
    return run(server, options, "no-op jobs on every slot")


def measure_training(folder: Path, options: argparse.Namespace) -> list[dict[str, object]]:
    server = LoadServer(folder, *flags_of(options))
    server.start()
    server.noop_dataset()
    endless = noop_request()
    endless.job.spec.training.epochs = 500_000
    names = [server.jobs.CreateJob(endless, timeout=20).name for _ in range(options.slots)]
    server.terminate()
    return run(server, options, "trainings on every slot", names)


def run(
    server: LoadServer, options: argparse.Namespace, beside: str, running: Sequence[str] = ()
) -> list[dict[str, object]]:
    """REQUIRES: ``running`` are all jobs in the store; they run from before the load to its end."""
    server.start()
    assert server.process is not None
    try:
        for name in running:
            server.wait_for(name, job_pb2.Job.STATE_RUNNING)
        busy = cpu_seconds([server.process.pid])
        load = asyncio.run(submit_openly(server.address, options.rate, options.seconds))
        busy = cpu_seconds([server.process.pid]) - busy
        stored = sum(v for k, v in server.metrics().items() if k.startswith("winnow_jobs{"))
        stored -= len(running)
        assert stored == load.sent, f"{load.sent} acknowledged, {stored:.0f} in the store"
        for name in running:
            assert server.job(name).state == job_pb2.Job.STATE_RUNNING, name
        delays = milliseconds(load.delays)
        lateness = milliseconds(load.lateness)
        return [{
            "what": f"{options.rate:.0f} submits/s to the durable acknowledgement, {beside}",
            "measured": f"{spread(delays)} (generator late by p99 {lateness['p99']:.1f} ms)",
            "goal": "p50 < 2 ms, p99 < 10 ms",
            "ms": delays, "lateness_ms": lateness,
            "server_cpu_s_per_s": busy / (options.seconds + WARM_UP_S),
        }]  # fmt: skip
    finally:
        server.kill()


class OpenLoad:
    def __init__(self) -> None:
        self.sent = 0
        self.delays: list[float] = []  # s, from when a request was due
        self.lateness: list[float] = []  # s, of the generator


async def submit_openly(address: str, rate: float, seconds: float) -> OpenLoad:
    load = OpenLoad()
    async with grpc.aio.insecure_channel(address) as channel:
        stub = job_service_pb2_grpc.JobServiceStub(channel)

        async def submit(due: float, seed: int, counts: bool) -> None:
            sent = time.perf_counter()
            await stub.CreateJob(noop_request(seed, str(uuid.uuid4())), timeout=20)
            if counts:
                load.delays.append(time.perf_counter() - due)
                load.lateness.append(sent - due)

        begin = time.perf_counter()
        calls = []
        for seed in range(int(rate * (seconds + WARM_UP_S))):
            due = begin + seed / rate
            wait = due - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            calls.append(asyncio.create_task(submit(due, seed, due - begin >= WARM_UP_S)))
            load.sent += 1
        await asyncio.gather(*calls)
    return load
