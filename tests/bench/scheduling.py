"""How long a job waits for its worker: from the job's creation to its first training phase, by the
server's own clock, while nothing else runs.

    tests/bench/scheduling.py [--jobs N] [--json FILE]

Needs the built programs (WINNOW_BIN_DIR, default build/release/bin). Prints median and spread of
the N jobs (default 20) on a small table; the exit status is 1 if the median is over 50 ms.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

REPO = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("WINNOW_BIN_DIR", REPO / "build" / "release" / "bin"))
ADULT = REPO / "tests" / "data" / "adult"
GOAL_MS = 50.0
JOB = """
dataset: adult
feature_selection: {budget: {max_count: 2}}
selector: {sequential_attention: {steps: 40}}
training: {steps: 20}
evaluation: {controls: []}
"""


def winnow(address: str, *arguments: object) -> str:
    command = [str(BIN / "winnow"), "--server", address, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"winnow {' '.join(map(str, arguments))}: {done.stderr.strip()}")
    return done.stdout


def milliseconds(earlier: str, later: str) -> float:
    """Between two RFC 3339 times."""
    begin, end = (datetime.fromisoformat(t.replace("Z", "+00:00")) for t in (earlier, later))
    return 1e3 * (end - begin).total_seconds()


def one_job(address: str, file: Path) -> dict[str, float]:
    name = winnow(address, "submit", file).splitlines()[-1]
    events: list[dict[str, Any]] = [
        json.loads(line) for line in winnow(address, "watch", name, "--json").splitlines()
    ]
    created = json.loads(winnow(address, "show", name, "--json"))["create_time"]
    found = {}
    for key in ("attempt_started", "phase_started"):
        times = [event["event_time"] for event in events if key in event]
        if not times:
            raise SystemExit(f"{name}: no event {key} among {len(events)}")
        found[key] = milliseconds(created, times[0])
    winnow(address, "delete", name)
    return found


def measure(jobs: int, folder: Path) -> list[dict[str, float]]:
    address = f"unix:{folder}/s"
    with (folder / "winnowd.log").open("wb") as log:
        server = subprocess.Popen(
            [str(BIN / "winnowd"), f"--listen={address}", "--http=off", f"--data_dir={folder}/d"],
            stdout=log,
            stderr=log,
        )
    try:
        ready = [str(BIN / "winnow"), "--server", address, "jobs"]
        while subprocess.run(ready, capture_output=True).returncode != 0:
            if server.poll() is not None:
                raise SystemExit((folder / "winnowd.log").read_text())
        winnow(
            address, "dataset", "import", ADULT / "adult.data.gz", "--schema",
            ADULT / "schema.yaml", "--id", "adult",
        )  # fmt: skip
        file = folder / "job.yaml"
        file.write_text(JOB)
        one_job(address, file)  # the first finds cold files
        return [one_job(address, file) for _ in range(jobs)]
    finally:
        server.terminate()
        server.wait()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=20, help="default 20")
    parser.add_argument("--json", type=Path, help="write the times to this file")
    options = parser.parse_args()
    if options.jobs < 1:
        parser.error("--jobs must be at least 1")
    if not (BIN / "winnowd").exists():
        raise SystemExit(f"{BIN}/winnowd is missing: build first, or set WINNOW_BIN_DIR")
    with tempfile.TemporaryDirectory(prefix="winnow-scheduling-") as folder:
        times = measure(options.jobs, Path(folder))
    for key, text in (
        ("attempt_started", "job created -> attempt started"),
        ("phase_started", "job created -> worker trains"),
    ):
        values = [entry[key] for entry in times]
        print(
            f"{text:32} median {median(values):6.1f} ms [{min(values):.1f}, {max(values):.1f}]"
            f" of {len(values)}"
        )
    if options.json:
        options.json.write_text(json.dumps(times, indent=1) + "\n")
    return 0 if median(entry["phase_started"] for entry in times) <= GOAL_MS else 1


if __name__ == "__main__":
    sys.exit(main())
