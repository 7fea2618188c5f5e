"""The server of a soak: what it uses is sampled, and jobs in its store can be made old."""

from __future__ import annotations

import sqlite3
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from campaign_server import CampaignServer
from harness import free_port, open_files, rss_bytes, scrape

AGE_US = 2 * 3600 * 1_000_000  # beyond the server's retention of an hour


@dataclass(frozen=True)
class Sample:
    """What winnowd uses at one moment."""

    time: float  # monotonic
    rss_bytes: int
    files: int  # open descriptors
    threads: int
    store_bytes: int
    wal_bytes: int
    watchers: int
    series: int  # of /metrics


class SoakServer(CampaignServer):
    """Real workers, metrics, and jobs that are deleted an hour after they ended."""

    def __init__(self, folder: Path) -> None:
        self.http = f"127.0.0.1:{free_port()}"
        super().__init__(
            folder, f"--http={self.http}", "--job_retention_hours=1", "--log_level=warning"
        )

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def sample(self) -> Sample:
        metrics = scrape(self.http)
        return Sample(
            time=time.monotonic(),
            rss_bytes=rss_bytes(self.pid),
            files=open_files(self.pid),
            threads=int(metrics["process_threads"]),
            store_bytes=int(metrics["winnow_store_file_bytes"]),
            wal_bytes=int(metrics["winnow_store_wal_bytes"]),
            watchers=int(metrics["winnow_watchers"]),
            series=len(metrics),
        )

    def zombies(self) -> set[int]:
        """Children that have ended and were not waited for."""
        shown = subprocess.run(
            ["ps", "-o", "pid=,stat=", "--ppid", str(self.pid)], capture_output=True, text=True
        )
        children = [line.split() for line in shown.stdout.splitlines()]
        return {int(pid) for pid, state in children if state.startswith("Z")}

    def make_old(self, jobs: Sequence[str]) -> None:
        """Ended jobs, as if two hours had passed: the server's own retention deletes them."""
        with sqlite3.connect(self.data_dir / "winnow.db", timeout=60) as store:
            store.executemany(
                "UPDATE job SET create_us = create_us - ?, end_us = end_us - ? WHERE job = ?",
                [(AGE_US, AGE_US, name.rpartition("/")[2]) for name in jobs],
            )
        store.close()

    def job_folders(self) -> set[str]:
        """Names of the jobs that have files."""
        return {path.name for path in (self.data_dir / "jobs").glob("*/*")}

    def upload_folders(self) -> list[Path]:
        return list((self.data_dir / "uploads").glob("*/*"))
