"""A private server, and jobs on it through the command line."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("WINNOW_BIN_DIR", REPO / "build" / "release" / "bin"))
DATA = Path(os.environ.get("WINNOW_DATA", REPO.parent / "shared" / "data"))
ADULT = REPO / "tests" / "data" / "adult"


class Session:
    """A private server for one group of claims."""

    def __init__(self, threads: int) -> None:
        self.threads = threads  # of every job but those of `winnow run`
        self.folder = tempfile.TemporaryDirectory(prefix="winnow-acceptance-")
        self.path = Path(self.folder.name)
        self.address = f"unix:{self.path}/s"
        log = (self.path / "winnowd.log").open("wb")
        self.server = subprocess.Popen(
            [
                str(BIN / "winnowd"),
                f"--listen={self.address}",
                "--http=off",
                f"--data_dir={self.path}/data",
            ],
            stdout=log,
            stderr=log,
        )
        while subprocess.run(self.command("jobs"), capture_output=True).returncode != 0:
            if self.server.poll() is not None:
                raise SystemExit((self.path / "winnowd.log").read_text())

    def command(self, *arguments: object) -> list[str]:
        return [str(BIN / "winnow"), "--server", self.address, *map(str, arguments)]

    def ok(self, *arguments: object) -> str:
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"winnow {' '.join(map(str, arguments))}: {done.stderr}")
        return done.stdout

    def run(self, job: str, *options: object, keep: bool = False) -> dict[str, Any]:
        """Submits a job file's text, waits, returns the result; the job goes unless it is kept."""
        path = self.path / "job.yaml"
        path.write_text(job)
        threads = f"training.threads={self.threads}"
        name = self.ok("submit", path, "--set", threads, *options).splitlines()[-1]
        self.ok("watch", name)
        result: dict[str, Any] = json.loads(self.ok("result", name, "--json"))
        if not keep:
            self.ok("delete", name)
        return result

    def run_seeds(self, job: str, count: int, *options: object) -> list[dict[str, Any]]:
        """The results with seeds 1 to ``count``."""
        return [
            self.run(job, *options, "--set", f"training.seed={seed}")
            for seed in range(1, count + 1)
        ]

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.server.terminate()
        self.server.wait()
        self.folder.cleanup()
