"""Real programs for the integration tests: a private server per test and the command line."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from security_support import secure  # noqa: F401 - a fixture
from server_support import fake_worker, make_raw_server, raw_server  # noqa: F401 - fixtures

REPO = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("WINNOW_BIN_DIR", REPO / "build" / "release" / "bin"))
DATA = Path(os.environ.get("WINNOW_DATA", REPO.parent / "shared" / "data"))
ADULT = REPO / "tests" / "data" / "adult"


class Server:
    """One winnowd on a Unix socket; it can be killed and started again on the same data."""

    def __init__(self, folder: Path, *flags: str) -> None:
        self.folder = folder
        self.data_dir = folder / "data"
        self.address = f"unix:{folder}/winnow.sock"
        self.flags = flags
        self.log = folder / "winnowd.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, timeout_s: float = 20.0) -> None:
        command = [str(BIN / "winnowd"), f"--listen={self.address}", f"--data_dir={self.data_dir}"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([*command, *self.flags], stdout=log, stderr=log)
        deadline = time.monotonic() + timeout_s
        while self.cli("jobs").returncode != 0:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError("winnowd does not serve:\n" + self.log.read_text())
            time.sleep(0.05)  # between attempts to connect

    def kill(self) -> None:
        """kill -9, and waits until the process is gone."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)

    def cli(
        self, *arguments: object, timeout_s: float = 240.0, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs ``winnow`` against this server."""
        return subprocess.run(
            [str(BIN / "winnow"), "--server", self.address, *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=timeout_s,
            cwd=cwd,
        )

    def ok(self, *arguments: object, **options: object) -> str:
        """Standard output of a command that must succeed."""
        result = self.cli(*arguments, **options)  # type: ignore[arg-type]
        assert result.returncode == 0, f"{arguments}: {result.returncode}\n{result.stderr}"
        return result.stdout

    def workers(self) -> list[int]:
        """Process ids of the running workers of this server."""
        assert self.process is not None
        found = subprocess.run(
            ["pgrep", "-P", str(self.process.pid), "winnow-worker"], capture_output=True, text=True
        )
        return [int(pid) for pid in found.stdout.split()]


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[object]:
    """A function that starts servers; they end with the test."""
    servers: list[Server] = []

    def make(*flags: str) -> Server:
        folder = tmp_path / f"s{len(servers)}"
        folder.mkdir()
        server = Server(folder, *flags)
        servers.append(server)
        server.start()
        return server

    yield make
    for server in servers:
        if server.process is not None and server.process.poll() is None:
            server.kill()


@pytest.fixture
def server(make_server) -> Server:
    """A running server with two slots."""
    return make_server("--worker_slots=2")


def dataset_file(*parts: str) -> Path:
    """A file of the real data sets; skips the test where they are absent."""
    path = DATA.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"{path} is absent; WINNOW_DATA names the folder of the data sets")
    return path
