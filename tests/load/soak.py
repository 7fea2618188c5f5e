#!/usr/bin/env python3
"""Uses one winnowd for a long time, with its own programs, and looks at what it holds on to.

Users submit no-op jobs and trainings through real workers, watch each with up to three watchers
that leave and rejoin and one that never reads, and cancel, pause, resume or stop some. Beside them
tables are uploaded over streams that break off, imported and deleted, workers are killed (-9), and
ended jobs are deleted, every other one by the server's own retention. A line a minute tells what
winnowd uses. At the end:

  every job has ended as it should, each watcher applied exactly the job's log, jobs of one kind and
  seed have the same selection.json, whatever happened to them between;
  memory, descriptors, threads and the series of /metrics have not grown since the warm-up (the
  first fifth), medians of a fifth each; no child is left, no zombie was seen in two samples; the
  store is sound and no larger; what was deleted has no files.

The exit status is 0 only if all of this holds.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from harness import print_table
from history import LostError
from server_support import wait_until
from soak_clients import SoakClients
from soak_server import Sample, SoakServer
from winnow.v1 import dataset_pb2

MIB = 1 << 20
READERS_FILES = 24  # the store opens its readers when they are first needed, two files each
RETENTION_PERIOD_S = 600  # the server looks so often
# What may be added between the two fifths: allocators keep some of a peak, and a watch more or less
# is under way.
GROWTH: dict[str, tuple[Callable[[Sample], int], float, int]] = {  # of what, share, beyond it
    "resident memory, bytes": (lambda sample: sample.rss_bytes, 0.10, 8 * MIB),
    "open descriptors": (lambda sample: sample.files, 0.0, READERS_FILES),
    "threads": (lambda sample: sample.threads, 0.0, 4),
    "series of /metrics": (lambda sample: sample.series, 0.0, 150),
    "store, bytes": (lambda sample: sample.store_bytes, 0.25, 4 * MIB),
    "write-ahead log, bytes": (lambda sample: sample.wal_bytes, 0.25, 8 * MIB),
}
Verdict = tuple[str, str, bool]  # what, found, whether it is as it should be


def median(samples: Sequence[Sample], value: Callable[[Sample], int]) -> float:
    return statistics.median(value(sample) for sample in samples)


def growth(samples: Sequence[Sample]) -> list[Verdict]:
    """The second fifth, behind the warm-up, against the last."""
    fifth = max(1, len(samples) // 5)
    verdicts = []
    for what, (value, share, beyond) in GROWTH.items():
        early = median(samples[fifth : 2 * fifth] or samples, value)
        late = median(samples[-fifth:], value)
        allowed = early * (1 + share) + beyond
        found = f"{early:,.0f} -> {late:,.0f} (at most {allowed:,.0f})"
        verdicts.append((what, found, late <= allowed))
    return verdicts


def minute_row(begin: float, minute: Sequence[Sample], clients: SoakClients) -> str:
    sample = minute[-1]
    watchers = max(each.watchers for each in minute)
    counts = clients.counts
    done = sum(count for what, count in counts.items() if what.startswith("jobs "))
    return (
        f"{(sample.time - begin) / 60:5.1f} min  RSS {sample.rss_bytes / MIB:6.1f} MiB"
        f"  files {sample.files:3}  threads {sample.threads:3}"
        f"  store {sample.store_bytes / MIB:5.1f} + {sample.wal_bytes / MIB:4.1f} MiB"
        f"  watchers <= {watchers:2}  jobs {done:5}  uploads {counts['uploads']:4}"
        f"  killed {counts['workers killed']:4}  lost {len(clients.failed)}"
    )


class Soak:
    def __init__(self, folder: Path, options: argparse.Namespace) -> None:
        self.server = SoakServer(folder)
        self.clients = SoakClients(self.server, options.seed)
        self.seconds = options.minutes * 60
        self.samples: list[Sample] = []
        self.seen_twice: set[int] = set()  # zombies

    def watch_server(self) -> None:
        """Samples once a second until the time is over or a client has failed."""
        begin = time.monotonic()
        next_row = begin
        shown = 0
        zombies: set[int] = set()
        while time.monotonic() - begin < self.seconds and not self.clients.failed:
            sample = self.server.sample()
            self.samples.append(sample)
            now = self.server.zombies()
            self.seen_twice |= zombies & now
            zombies = now
            if sample.time >= next_row:
                print(minute_row(begin, self.samples[shown:], self.clients), flush=True)
                shown = len(self.samples)
                next_row += 60
            time.sleep(1)

    def run(self) -> list[Verdict]:
        self.server.start()
        self.server.import_table()
        idle = self.server.sample()
        self.clients.begin()
        self.watch_server()
        self.clients.finish()
        verdicts = [*growth(self.samples), *self.left_behind(idle)]
        verdicts.append(self.deletions())
        stopped = self.server.terminate()
        verdicts.append(("exit status of winnowd", str(stopped), stopped == 0))
        self.server.check_integrity()
        verdicts.append(("the store", "integrity_check and foreign_key_check: ok", True))
        return verdicts

    def left_behind(self, idle: Sample) -> list[Verdict]:
        """What is there once nobody uses the server, against before anybody did."""
        server = self.server
        quiet = wait_for_quiet(server)
        unended = [job.name for job in server.all_jobs() if not job.HasField("end_time")]
        uploads = server.upload_folders()
        return [
            ("watchers left", str(quiet.watchers), quiet.watchers == 0),
            (
                "descriptors, idle before and after",
                f"{idle.files} -> {quiet.files} (at most {READERS_FILES} more)",
                quiet.files <= idle.files + READERS_FILES,
            ),
            ("children left", str(len(server.workers())), not server.workers()),
            ("zombies seen twice", str(len(self.seen_twice)), not self.seen_twice),
            ("jobs that have not ended", str(len(unended)), not unended),
            ("folders of uploads left", str(len(uploads)), not uploads),
        ]

    def deletions(self) -> Verdict:
        """The deleted are gone; the old go at the next round of retention."""
        clients = self.clients
        listed = {job.name.rpartition("/")[2] for job in self.server.all_jobs()}
        there = listed | self.server.job_folders()
        due = time.monotonic() - RETENTION_PERIOD_S - 60
        old = [name.rpartition("/")[2] for _, name in clients.made_old]
        overdue = [name for since, name in clients.made_old if since < due]
        gone = [name.rpartition("/")[2] for name in (*clients.deleted, *overdue)]
        by_retention = sum(name not in there for name in old)
        found = f"{len(clients.deleted)} by a call, {by_retention} by retention"
        stay = [name for name in gone if name in there]
        return ("deleted jobs", f"{found}, {len(stay)} still there", not stay)


def wait_for_quiet(server: SoakServer) -> Sample:
    """Once the server has noticed that every client is gone."""

    def quiet() -> bool:
        return not server.workers() and server.sample().watchers == 0

    wait_until(quiet, 90)  # a silent watcher of an ended job is let go after a minute
    for dataset in server.datasets.ListDatasets(
        dataset_pb2.ListDatasetsRequest(), timeout=20
    ).datasets:
        assert dataset.state == dataset_pb2.Dataset.STATE_ACTIVE, dataset
    return server.sample()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1, help="of the clients' choices")
    parser.add_argument("--json", type=Path, help="where to write verdicts and counts")
    parser.add_argument("--keep", type=Path, help="folder for the server's files; kept")
    options = parser.parse_args()
    folder = options.keep or Path(tempfile.mkdtemp(prefix="winnow-soak-"))
    folder.mkdir(parents=True, exist_ok=True)
    soak = Soak(folder, options)
    try:
        verdicts = soak.run()
    except LostError as error:
        print(f"LOST: {error}\nfiles are kept in {folder}", file=sys.stderr)
        return 1
    finally:
        if soak.server.process is not None and soak.server.process.poll() is None:
            soak.server.kill()
    counts = dict(sorted(soak.clients.counts.items()))
    print_table([("count", "of"), *((count, what) for what, count in counts.items())])
    print_table(
        [("what", "found", ""), *((w, f, "ok" if ok else "NOT OK") for w, f, ok in verdicts)]
    )
    passed = all(ok for _, _, ok in verdicts)
    if options.json:
        report = {"passed": passed, "verdicts": verdicts, "counts": counts}
        options.json.write_text(json.dumps(report, indent=1) + "\n")
    if passed and options.keep is None:
        shutil.rmtree(folder)
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
