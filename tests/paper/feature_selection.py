"""Measures every selector by the paper's protocol; see feature_selection.sh.

The protocol: 67 hidden units; k = 50, and 5 and 10 on Mice Protein, where 50 of 77 tells nothing;
the same retrain for all selectors; seeds 1 to 5, on sets without a split of their own the splits 1
to 10; 12.5 % of the training rows for validation; scaling fitted on training rows alone; COIL-20 in
20x20 by exact area averaging. Nothing is tuned: every selector runs with its defaults, and the best
row is the one of the best validation accuracy. The test rows are read once, by the final model.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import sys
import threading
import time
from pathlib import Path
from typing import Any

from paper import lane, report
from paper.cells import CAPACITY_MATCHED, SELECTORS, Cell, cells
from paper.datasets import DATASETS

GROUP = 16  # cells that a lane takes at once


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="feature_selection.sh",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"data sets: {' '.join(DATASETS)}\nselectors: {' '.join(SELECTORS)}\n"
        f"retrained with the full model's parameter count: {' '.join(CAPACITY_MATCHED)}",
    )
    parser.add_argument("--only", nargs="+", default=[], metavar="DATASET[/SELECTOR]")
    parser.add_argument("--seeds", type=int, default=5, help="default 5, of 10 splits 10")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keeps every cell's figures")
    parser.add_argument("--threads", type=int, default=1, help="of a job; default 1")
    parser.add_argument("--lanes", type=int, default=2, help="jobs at once; default 2")
    parser.add_argument("--every-selector", action="store_true", help="on the other sets, too")
    parser.add_argument("--any-build", action="store_true", help="use figures of other builds")
    parser.add_argument("--list", action="store_true", help="print the cells and end")
    parser.add_argument("--report", action="store_true", help="measure nothing, print tables")
    options = parser.parse_args(arguments)
    for entry in options.only:
        dataset, _, selector = entry.partition("/")
        if dataset not in DATASETS or (selector and selector not in SELECTORS):
            parser.error(f"--only: there is no {entry}; see --help")
    return options


class Store:
    """Figures of cells by key, written through to a file."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.lock = threading.Lock()
        self.figures: dict[str, dict[str, Any]] = {}
        if path and path.exists():
            self.figures = json.loads(path.read_text())["cells"]

    def put(self, key: str, figures: dict[str, Any]) -> None:
        with self.lock:
            self.figures[key] = figures
            if self.path:
                part = self.path.with_suffix(".part")
                part.write_text(json.dumps({"cells": self.figures}, indent=1) + "\n")
                part.replace(self.path)


def build() -> str:
    """Tells programs apart that may measure otherwise."""
    return hashlib.sha256((lane.BIN / "winnow-worker").read_bytes()).hexdigest()[:12]


def measure(cell: Cell, at: lane.Lane) -> dict[str, Any]:
    job = cell.job("")
    try:
        result, cpu = at.run(cell.job(at.bring(DATASETS[cell.dataset], cell.split)))
    except lane.RefusedError as refused:
        return {"job": job, "refused": str(refused)}
    metric = DATASETS[cell.dataset].metric

    def of(metrics: dict[str, Any]) -> dict[str, float]:
        return {part: metrics[part][metric]["value"] for part in ("validation", "test")}

    figures = {
        "job": job,
        "selected": [pick["name"] for pick in result["selected"]],
        **of(result["metrics"]),
        "loss": {part: result["metrics"][part]["log_loss"]["value"] for part in result["metrics"]},
        "settings": result["settings"]["selector"],
        "rows": result["data"]["rows"],
        "timing": result["timing"],
        "cpu_s": cpu,
    }
    if "full" in result["controls"]:
        figures["full"] = of(result["controls"]["full"])
    if "capacity_matched" in result:
        figures["capacity_matched"] = of(result["capacity_matched"])
    return figures


def work(queue: list[list[Cell]], lock: threading.Lock, store: Store, threads: int) -> None:
    at, this_build = lane.Lane(threads), build()
    try:
        while True:
            with lock:
                if not queue:
                    return
                group = queue.pop(0)
            for cell in group:
                figures = measure(cell, at) | {"build": this_build}
                store.put(cell.key, figures)
                test = figures.get("refused") or f"{figures['test']:.4f}, {figures['cpu_s']:.1f} s"
                print(f"{cell.key}: {test}", file=sys.stderr, flush=True)
    finally:
        at.close()


def groups(todo: list[Cell]) -> list[list[Cell]]:
    found: list[list[Cell]] = []
    for cell in todo:
        last = found[-1] if found else []
        table = (cell.dataset, cell.split)
        if last and (last[0].dataset, last[0].split) == table and len(last) < GROUP:
            last.append(cell)
        else:
            found.append([cell])
    return found


def main() -> int:
    options = parse(sys.argv[1:])
    wanted = cells(options.only, options.seeds, options.every_selector)
    for name in {cell.dataset: None for cell in wanted}:
        if not DATASETS[name].here():
            print(f"skipped: {name} is not in WINNOW_DATA", flush=True)
    wanted = [cell for cell in wanted if DATASETS[cell.dataset].here()]
    if options.list:
        print("\n".join(cell.key for cell in wanted))
        return 0
    store, start = Store(options.json), time.monotonic()
    this_build = "" if options.report else build()

    def known(cell: Cell) -> bool:
        old = store.figures.get(cell.key)
        if old is None or json.loads(json.dumps(cell.job(""))) != old["job"]:
            return False
        return bool(options.any_build or old["build"] == this_build)

    if not options.report:
        queue, lock = groups([cell for cell in wanted if not known(cell)]), threading.Lock()
        lanes = [
            threading.Thread(target=work, args=(queue, lock, store, options.threads))
            for _ in range(min(options.lanes, len(queue)))
        ]
        for thread in lanes:
            thread.start()
        for thread in lanes:
            thread.join()
    measured = [cell for cell in wanted if cell.key in store.figures]
    report.tables(measured, store.figures)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    own = resource.getrusage(resource.RUSAGE_SELF)
    cpu = used.ru_utime + used.ru_stime + own.ru_utime + own.ru_stime
    print(f"\nthis run: {time.monotonic() - start:.0f} s, {cpu:.0f} s of CPU")
    return 0 if len(measured) == len(wanted) else 1


if __name__ == "__main__":
    sys.exit(main())
