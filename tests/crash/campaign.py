#!/usr/bin/env python3
"""Kills winnowd and its workers again and again while clients submit, watch, cancel and upload, and
checks that nothing acknowledged is lost or doubled.

Kills come at random moments (server, worker) and at named failpoints (around commits and the fsync
of uploads). After each death of the server the store's integrity is checked on a copy. At the end
every acknowledged job must exist once, its log must be what its watcher applied over all its
streams, and its selection.json must have the bytes of an uninterrupted run.

Most jobs are short, so that many commits are met; some train for longer than the checkpoint
interval, so that they are resumed inside a stage.

The service gives a job up after three deaths without a checkpoint between them; the campaign waits
with a kill while a job stands before its third. Imports are not waited for: one that ends FAILED
must have met three deaths while it ran, and is counted.
"""

from __future__ import annotations

import argparse
import dataclasses
import faulthandler
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
for folder in (HERE, HERE.parent / "integration", HERE.parents[1] / "client" / "python"):
    sys.path.insert(0, str(folder))

from campaign_server import LONG_EPOCHS, CampaignServer  # noqa: E402
from clients import Clients, Template  # noqa: E402
from history import JobHistory, check_failed_imports, check_jobs  # noqa: E402
from server_support import ServerEndedError, wait_until  # noqa: E402

FAILPOINTS = (
    "store.before_commit",
    "store.after_commit",
    "upload.before_sync",
    "upload.after_sync",
    "upload.after_complete",
)
SHORT_TEMPLATES = 4
AN_IMPORT = "an import"


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def starts_of(job: JobHistory) -> list[int]:
    """The step from which each attempt went on."""
    return [
        event.attempt_started.from_step for event in job.events if event.HasField("attempt_started")
    ]


@dataclasses.dataclass(frozen=True)
class Death:
    time: float  # seconds since 1970
    job: str  # whose worker died, or AN_IMPORT; empty: all of them


class Campaign:
    def __init__(self, folder: Path, kills: int, seed: int, templates: list[Template]) -> None:
        (folder / "server").mkdir()
        self.server = CampaignServer(folder / "server")
        self.clients = Clients(self.server, templates, seed + 1)
        self.kills = kills
        self.moments = random.Random(seed)
        self.counts: Counter[str] = Counter()
        self.recoveries: list[float] = []
        self.deaths: list[Death] = []

    def wait_for_safety(self, coming: int) -> None:
        """Until every unfinished job may see so many deaths more: two since its last checkpoint."""

        def safe_for(job: JobHistory) -> bool:
            met = [death.time for death in self.deaths if death.job in ("", job.name)]
            # The death whose successor would be one too many, were it behind a job's checkpoint.
            place = 3 - coming
            return len(met) < place or job.safe_since > met[-place]

        def safe() -> bool:
            if self.clients.failed:
                raise self.clients.failed[0]
            jobs = list(self.clients.history.jobs.values())
            return all(job.ended or safe_for(job) for job in jobs)

        wait_until(safe, timeout_s=600)

    def died(self, cause: str, job: str = "") -> None:
        self.deaths.append(Death(time.time(), job))
        self.counts[f"kills {cause}"] += 1

    def restart(self, failpoint: str = "") -> bool:
        """Starts the server; whether it still has the failpoint before it."""
        self.server.check_integrity()
        while True:
            begin = time.monotonic()
            try:
                self.server.start(**({"WINNOW_FAILPOINT": failpoint} if failpoint else {}))
                break
            except ServerEndedError:  # it died again, at its failpoint, before it served
                if not failpoint:
                    raise
                self.died("failpoint")
                failpoint = ""
                self.server.check_integrity()
        self.recoveries.append(time.monotonic() - begin)
        return bool(failpoint)

    def kill_once(self) -> None:
        time.sleep(self.moments.uniform(0, 1.0))
        kind = self.moments.choices(["server", "worker", "failpoint"], [5, 3, 3])[0]
        self.wait_for_safety(2 if kind == "failpoint" else 1)
        if kind == "worker":
            self.kill_worker()
            return
        self.server.kill()
        self.died("server")
        if kind == "server":
            self.restart()
            return
        point = self.moments.choice(FAILPOINTS)
        hit = self.moments.randint(1, 40) if point.startswith("store") else 1
        if not self.restart(f"{point}:kill:{hit}"):
            return
        assert self.server.process is not None
        try:
            self.server.process.wait(timeout=8)
            self.died("failpoint")
        except subprocess.TimeoutExpired:  # nothing came by that point
            self.server.kill()
            self.died("server")
        self.restart()

    def kill_worker(self) -> None:
        victim = self.moments.choice(wait_until(self.server.workers))
        job = self.server.job_of(victim)
        if subprocess.run(["kill", "-9", str(victim)], capture_output=True).returncode == 0:
            self.died("worker", job or AN_IMPORT)

    def run(self, report: Callable[[str], None]) -> dict[str, Any]:
        begin = time.monotonic()
        self.server.start()
        self.server.import_table()
        self.clients.begin()
        reported = 0
        while len(self.deaths) < self.kills:
            self.kill_once()
            if len(self.deaths) // 50 > reported:
                reported = len(self.deaths) // 50
                minutes = (time.monotonic() - begin) / 60
                submitted = len(self.clients.history.jobs)
                report(f"{len(self.deaths)} kills, {submitted} jobs, {minutes:.1f} min")
        self.clients.finish()
        history = self.clients.history
        expected = [template.selection for template in self.clients.templates]
        finished = check_jobs(history, self.server.all_jobs(), expected, self.server)
        check_failed_imports(
            history.failed_imports,
            [death.time for death in self.deaths if death.job in ("", AN_IMPORT)],
        )
        self.server.kill()
        self.server.check_integrity()
        jobs = list(history.jobs.values())
        long_jobs = [job for job in jobs if job.template >= SHORT_TEMPLATES and not job.cancelled]
        return {
            **dict(sorted((self.counts + self.clients.counts).items())),
            "kills": len(self.deaths),
            "jobs acknowledged": finished,
            "jobs resumed": sum(len(starts_of(job)) > 1 for job in jobs),
            "long jobs": len(long_jobs),
            "attempts of long jobs": sum(len(starts_of(job)) for job in long_jobs),
            "of these from a checkpoint": sum(
                step > 0 for job in long_jobs for step in starts_of(job)
            ),
            "events": sum(len(job.events) for job in jobs),
            "watch streams": sum(job.streams for job in jobs),
            "imports given up after three deaths": len(history.failed_imports),
            "lost or doubled": 0,
            "recovery p50 s": round(percentile(self.recoveries, 0.5), 3),
            "recovery p99 s": round(percentile(self.recoveries, 0.99), 3),
            "seconds": round(time.monotonic() - begin, 1),
        }


def run_uninterrupted(folder: Path, templates: list[Template]) -> list[Template]:
    """The templates with their selections."""
    folder.mkdir()
    server = CampaignServer(folder)
    server.start()
    server.import_table()
    names = [server.jobs.CreateJob(template.request(), timeout=20).name for template in templates]
    for name in names:
        for _ in server.watch(name):
            pass
    results = [
        dataclasses.replace(template, selection=server.artifact(name, "selection.json"))
        for template, name in zip(templates, names, strict=True)
    ]
    server.kill()
    return results


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1, help="of the moments and choices")
    parser.add_argument(
        "--long-share",
        type=float,
        default=0.005,
        help="share of the jobs that train for longer than the checkpoint interval (default 0.005)",
    )
    parser.add_argument("--keep", type=Path, help="folder for the server's files; kept")
    options = parser.parse_args()
    faulthandler.register(signal.SIGUSR1)  # where every thread stands
    folder = options.keep or Path(tempfile.mkdtemp(prefix="winnow-crash-"))
    folder.mkdir(parents=True, exist_ok=True)

    def report(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    print(f"seed {options.seed}, files in {folder}", file=sys.stderr)
    share = (1 - options.long_share) / SHORT_TEMPLATES
    templates = [Template(seed, 6, share) for seed in range(SHORT_TEMPLATES)]
    if options.long_share > 0:
        templates.append(Template(SHORT_TEMPLATES, LONG_EPOCHS, options.long_share))
    templates = run_uninterrupted(folder / "uninterrupted", templates)
    campaign = Campaign(folder, options.kills, options.seed, templates)
    try:
        print(json.dumps(campaign.run(report), indent=1))
    except BaseException:
        if campaign.server.process is not None and campaign.server.process.poll() is None:
            campaign.server.kill()
        report(f"seed {options.seed}: files are kept in {folder}")
        raise
    if options.keep is None:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
