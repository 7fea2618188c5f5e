"""kill -9 and start again with many jobs in the store."""

from __future__ import annotations

import argparse
import asyncio
import time
import uuid
from pathlib import Path

import grpc
from harness import LoadServer, flags_of, noop_request, sleeping_worker
from winnow.v1 import job_service_pb2, job_service_pb2_grpc

RESTARTS = 3
AT_ONCE = 64  # calls under way while the store is filled


async def fill(address: str, jobs: int) -> None:
    """Half of the jobs wait, half are cancelled."""
    async with grpc.aio.insecure_channel(address) as channel:
        stub = job_service_pb2_grpc.JobServiceStub(channel)
        seeds = iter(range(jobs))

        async def client() -> None:
            for seed in seeds:
                request = noop_request(seed, str(uuid.uuid4()))
                job = await stub.CreateJob(request, timeout=60)
                if seed % 2 == 0:
                    cancel = job_service_pb2.CancelJobRequest(name=job.name)
                    await stub.CancelJob(cancel, timeout=60)

        await asyncio.gather(*(client() for _ in range(AT_ONCE)))


def restart(server: LoadServer) -> float:
    """kill -9, start; the seconds from the start of the process until it serves."""
    server.kill()
    begin = time.perf_counter()
    server.start()
    return time.perf_counter() - begin


def measure(folder: Path, options: argparse.Namespace) -> list[dict[str, object]]:
    server = LoadServer(folder, *flags_of(options))
    server.start()
    try:
        server.noop_dataset()
        server.terminate()
        server.worker = sleeping_worker(folder / "worker")
        server.start()
        begin = time.perf_counter()
        asyncio.run(fill(server.address, options.stored))
        filled = time.perf_counter() - begin
        took = [restart(server) for _ in range(RESTARTS)]
        metrics = server.metrics()
        stored = sum(v for k, v in metrics.items() if k.startswith("winnow_jobs{"))
        assert stored == options.stored, f"{stored:.0f} jobs after the restart"
        return [{
            "what": f"kill -9 with {options.stored:,} jobs in the store, start to SERVING",
            "measured": f"slowest of {RESTARTS}: {max(took):.2f} s",
            "goal": "< 5 s",
            "s": took, "filled_in_s": filled,
            "store_bytes": metrics["winnow_store_file_bytes"],
            "rss_bytes": server.rss_bytes(),
        }]  # fmt: skip
    finally:
        server.kill()
