"""Watches and uploads through a network that delays and cuts: the clients rejoin, and nothing is
lost or doubled."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator

import pytest
import winnow
from cutting_proxy import CuttingProxy
from server_support import RawServer, check_log, is_durable
from winnow.v1 import dataset_pb2, job_event_pb2

MakeProxy = Callable[..., CuttingProxy]


@pytest.fixture
def make_proxy(raw_server: RawServer) -> Iterator[MakeProxy]:
    proxies: list[CuttingProxy] = []

    def make(**options: float) -> CuttingProxy:
        target = raw_server.address.removeprefix("unix:")
        proxies.append(CuttingProxy(target, **options))  # type: ignore[arg-type]
        return proxies[-1]

    yield make
    for proxy in proxies:
        proxy.close()


def test_watchers_apply_the_whole_log_whatever_is_cut(
    raw_server: RawServer, make_proxy: MakeProxy
) -> None:
    proxy = make_proxy(least=500, most=6000, delay_s=0.01, seed=5)
    name = raw_server.submit("stormy", picks=300, pause_ms=15)
    logs: list[list[job_event_pb2.JobEvent]] = [[] for _ in range(4)]

    def follow(log: list[job_event_pb2.JobEvent]) -> None:
        with winnow.connect(proxy.address) as client:
            for event in client.watch(name):
                if is_durable(event):
                    log.append(event)
                else:
                    assert event.sequence == (log[-1].sequence if log else 0)

    watchers = [threading.Thread(target=follow, args=(log,)) for log in logs]
    for watcher in watchers:
        watcher.start()
    for watcher in watchers:
        watcher.join(timeout=200)
        assert not watcher.is_alive()
    assert proxy.cuts >= 20
    stored = raw_server.event_log(name)
    check_log(stored)
    assert sum(event.HasField("pick") for event in stored) == 300
    for log in logs:
        assert log == stored


def test_an_upload_arrives_whole_whatever_is_cut(
    raw_server: RawServer, make_proxy: MakeProxy
) -> None:
    proxy = make_proxy(least=300_000, most=2_000_000, delay_s=0.001, seed=6)
    path = raw_server.folder / "big.csv"
    path.write_bytes(random.Random(2).randbytes(12 << 20).replace(b"\x00", b"0"))
    with winnow.connect(proxy.address) as client:
        dataset = client.import_file(path, dataset_id="big")
    assert dataset.state == dataset_pb2.Dataset.STATE_ACTIVE
    assert dataset.files[0].committed_size_bytes == path.stat().st_size
    assert proxy.cuts >= 5
