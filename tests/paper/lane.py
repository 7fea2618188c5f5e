"""A private server that measures jobs one after another, and knows what each cost in CPU time."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from paper import datasets

BIN = Path(os.environ.get("WINNOW_BIN_DIR", datasets.REPO / "build" / "release" / "bin"))
TICKS = os.sysconf("SC_CLK_TCK")


class RefusedError(Exception):
    """What the command line said when it refused or a job failed."""


class Lane:
    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.folder = tempfile.TemporaryDirectory(prefix="winnow-paper-")
        self.path = Path(self.folder.name)
        self.address = f"unix:{self.path}/s"
        self.imported: set[str] = set()
        self.log = (self.path / "winnowd.log").open("wb")
        self.server = subprocess.Popen(
            [str(BIN / "winnowd"), f"--listen={self.address}", "--http=off",
             f"--data_dir={self.path}/data"],
            stdout=self.log, stderr=self.log,
        )  # fmt: skip
        while subprocess.run(self.command("jobs"), capture_output=True).returncode != 0:
            if self.server.poll() is not None:
                raise SystemExit((self.path / "winnowd.log").read_text())
            time.sleep(0.05)

    def command(self, *arguments: object) -> list[str]:
        return [str(BIN / "winnow"), "--server", self.address, *map(str, arguments)]

    def ok(self, *arguments: object) -> str:
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True)
        if done.returncode != 0:
            raise RefusedError(done.stderr.strip())
        return done.stdout

    def workers_cpu(self) -> float:
        """CPU seconds of the workers that have ended."""
        stat = Path(f"/proc/{self.server.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(stat[13]) + int(stat[14])) / TICKS

    def bring(self, dataset: datasets.Dataset, number: int) -> str:
        """Imports the table of a split, once; drops the one before, which no cell needs again."""
        name = f"{dataset.name.replace('_', '-')}-{number}"
        if name not in self.imported:
            for old in self.imported:
                self.ok("dataset", "delete", old)
            self.imported.clear()
            path = self.path / "table.parquet"
            datasets.write(dataset.load(number), path)
            schema = self.path / "schema.yaml"
            schema.write_text("target: {column: target}\nsplit: {kind: column, column: split}\n")
            self.ok("dataset", "import", path, "--schema", schema, "--id", name)
            path.unlink()
            self.imported.add(name)
        return name

    def run(self, job: dict[str, Any]) -> tuple[dict[str, Any], float]:
        """The result, and the CPU seconds of the worker."""
        path = self.path / "job.json"
        path.write_text(json.dumps(job))
        before = self.workers_cpu()
        name = self.ok("submit", path, "--set", f"training.threads={self.threads}").split()[-1]
        try:
            self.ok("watch", name)
            result: dict[str, Any] = json.loads(self.ok("result", name, "--json"))
        finally:
            self.ok("delete", name)
        # The worker has reported its end; the server is about to reap it.
        for _ in range(100):
            if self.workers_cpu() > before:
                break
            time.sleep(0.02)
        return result, self.workers_cpu() - before

    def close(self) -> None:
        self.server.terminate()
        self.server.wait()
        self.log.close()
        self.folder.cleanup()
