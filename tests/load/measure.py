#!/usr/bin/env python3
"""Measures the service under load, with its own programs, on loopback.

  start    from CreateJob on an idle server to RUNNING, to the training's first event, to the end
  submit   an open loop: submits at a fixed rate whatever the answers take; the delay of an
           acknowledgement counts from when its request was due. Nothing else runs: workers sleep
  mixed    the same while no-op jobs run through real workers on every slot
  training the same while jobs train on every slot, which take every processor
  jobs     no-op jobs a minute through real worker processes
  watch    the delay of events to many watchers of live jobs of several tenants, each tenant's in a
           process of its own; some never read, on logs too long for gRPC's buffers, and the server
           ends them after a minute. The jobs are played by small programs in the worker's place
  restart  kill -9 with a full store; from the start of the process to SERVING

A row tells its goal where there is one. Lateness is how far the generator itself was behind: where
it is not small against the figure beside it, the figure says more about the machine than about
Winnow.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import restarts
import starts
import submits
import watches
from harness import print_table

Row = dict[str, object]
SECTIONS: dict[str, Callable[[Path, argparse.Namespace], list[Row]]] = {
    "start": starts.measure_start,
    "submit": submits.measure_submit,
    "mixed": submits.measure_mixed,
    "training": submits.measure_training,
    "jobs": starts.measure_jobs,
    "watch": watches.measure,
    "restart": restarts.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=list(SECTIONS), default=list(SECTIONS))
    parser.add_argument("--rate", type=float, default=200, help="submits a second")
    parser.add_argument("--seconds", type=float, default=15, help="of submit, mixed, training")
    parser.add_argument("--jobs", type=int, default=300, help="no-op jobs of the section jobs")
    parser.add_argument("--slots", type=int, default=2, help="worker slots")
    parser.add_argument("--watchers", type=int, default=500, help="of the section watch, in all")
    parser.add_argument("--silent", type=int, default=50, help="of these, that never read")
    parser.add_argument("--watch-seconds", type=float, default=30, help="of the section watch")
    parser.add_argument("--stored", type=int, default=10000, help="jobs of the section restart")
    parser.add_argument("--json", type=Path, help="where to write all figures")
    parser.add_argument("--keep", action="store_true", help="keep the servers' folders")
    options = parser.parse_args()

    folder = Path(tempfile.mkdtemp(prefix="winnow-load-"))
    rows: list[Row] = []
    try:
        for name in options.only:
            print(f"{name} ...", flush=True)
            rows += SECTIONS[name](folder / name, options)
    finally:
        if options.keep:
            print("kept:", folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    shown = [(str(r["what"]), str(r["measured"]), str(r.get("goal", ""))) for r in rows]
    print_table([("what", "measured", "goal"), *shown])
    if options.json:
        report = {"machine": platform.processor() or platform.machine(), "rows": rows}
        options.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
