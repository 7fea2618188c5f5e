"""Submits at a fixed rate, whatever the answers take."""

from __future__ import annotations

import argparse
import asyncio
import time
import uuid
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
from winnow.v1 import job_service_pb2_grpc

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


def run(server: LoadServer, options: argparse.Namespace, beside: str) -> list[dict[str, object]]:
    server.start()
    assert server.process is not None
    try:
        busy = cpu_seconds([server.process.pid])
        load = asyncio.run(submit_openly(server.address, options.rate, options.seconds))
        busy = cpu_seconds([server.process.pid]) - busy
        stored = sum(v for k, v in server.metrics().items() if k.startswith("winnow_jobs{"))
        assert stored == load.sent, f"{load.sent} acknowledged, {stored:.0f} in the store"
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
