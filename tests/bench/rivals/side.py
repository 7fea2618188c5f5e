"""One side of a comparison: a long-lived process that trains when told to, and the other load of
the machine while it does."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path
from typing import IO

TICKS = os.sysconf("SC_CLK_TCK")
CORES = os.cpu_count() or 1
# More cores of other load than this during a timing make it a busy one. /proc/stat counts in
# hundredths of a second, so a quarter of a second cannot tell less.
BUSY_CORES = 0.12


class SideError(Exception):
    """The process ended instead of answering; the text is what it said."""


def busy_seconds() -> float:
    """CPU seconds that all processes together have used."""
    fields = [int(x) for x in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    user, nice, system, _idle, _iowait, irq, softirq, steal = fields
    return (user + nice + system + irq + softirq + steal) / TICKS


def process_seconds(pid: int) -> float:
    """CPU seconds of a process, its threads and the children it has waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(int(x) for x in fields[11:15]) / TICKS


def torch_environment(threads: int, cache: Path) -> dict[str, str]:
    """What makes PyTorch fastest: its own choice of BLAS kernel, and a malloc that keeps its
    memory instead of paying page faults (32 MiB is the largest threshold that glibc takes)."""
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith("OPENBLAS_")
    }
    environment.update(
        OMP_NUM_THREADS=str(threads),
        MALLOC_MMAP_THRESHOLD_=str(32 << 20),
        MALLOC_TRIM_THRESHOLD_=str(8 << 30),
        MALLOC_TOP_PAD_=str(64 << 20),
        TORCHINDUCTOR_CACHE_DIR=str(cache),
        PYTHONWARNINGS="ignore",
    )
    return environment


class Side:
    """`curve` and `time` of step_driver.cc; use as a context."""

    def __init__(self, label: str, command: list[str], environment: dict[str, str] | None) -> None:
        self.label = label
        self.errors: IO[str] = tempfile.TemporaryFile("w+")  # noqa: SIM115: closed in __exit__
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            env=environment,
        )

    def __enter__(self) -> Side:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.errors.close()

    def _answer(self, expected: str) -> list[str]:
        assert self.process.stdout is not None
        words = self.process.stdout.readline().split()
        if not words or words[0] != expected:
            self.process.wait()
            self.errors.seek(0)
            lines = [line for line in self.errors.read().splitlines() if line.strip()]
            raise SideError(f"{self.label}: {lines[-1] if lines else 'ended without a word'}")
        return words[1:]

    def _ask(self, command: str, count: int) -> list[str]:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{command} {count}\n")
        self.process.stdin.flush()
        return self._answer(command)

    def wait_ready(self) -> None:
        self._answer("ready")

    def curve(self, steps: int) -> list[float]:
        return [float(word) for word in self._ask("curve", steps)]

    def time(self, steps: int) -> tuple[float, float]:
        """Seconds a step, and how many cores other processes used meanwhile."""
        others = busy_seconds() - process_seconds(self.process.pid)
        seconds = float(self._ask("time", steps)[0])
        others = busy_seconds() - process_seconds(self.process.pid) - others
        return seconds / steps, max(0.0, others / seconds)
