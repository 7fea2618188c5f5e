"""Winnow against its rivals; see tests/bench/rivals.sh --help."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.rivals import side, steps, whole

REPO = Path(__file__).resolve().parents[3]


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="rivals.sh", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="3 alternations instead of 10")
    parser.add_argument("--json", type=Path, help="write every row and ratio to this file")
    parser.add_argument(
        "--only", action="append", default=[], metavar="TEXT",
        help="only comparisons with TEXT in their name; may be repeated",
    )  # fmt: skip
    parser.add_argument("--list", action="store_true", help="print the names of the comparisons")
    parser.add_argument("--threads", type=int, action="append", help="default: 1 and 2")
    parser.add_argument("--folder", type=Path, required=True, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def machine() -> str:
    model = platform.processor()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    return f"{model}, {side.CORES} cores"


def other_load(seconds: float) -> float:
    """Cores that other processes use now."""
    start, at = side.busy_seconds(), time.monotonic()
    time.sleep(seconds)
    return (side.busy_seconds() - start) / (time.monotonic() - at)


def text(row: dict[str, Any]) -> str:
    head = f"{row['name']:46} {row['threads']} thr  {row['rival']:28}"
    if "skipped" in row:
        return f"{head} skipped: {row['skipped']}"
    if not row.get("same", True):
        if "metric" in row:
            what = (
                f"test {row['metric']} {row['ours_metric']:.4f} against {row['rival_metric']:.4f}"
            )
        else:
            what = f"losses differ by {row['loss_difference']:.1e} of their size"
        return f"{head} NOT COMPARED: {what}"
    spread = f"{row['ratio']:5.2f}x [{min(row['ratios']):.2f}, {max(row['ratios']):.2f}]"
    line = f"{head} {spread:22} {row['ours_ms']:9.3f} {row['rival_ms']:9.3f} ms"
    if "loss_difference" in row:
        what = "first loss" if row["first_loss_only"] else "curve"
        line += f"  {what} within {row['loss_difference']:.0e}"
    if "metric" in row:
        line += f"  {row['metric']} {row['ours_metric']:.4f}, rival {row['rival_metric']:.4f}"
        line += f"; selection alone {row['select_ratio']:.2f}x"
    if "goal" in row:
        sign = "<=" if row["inverse"] else ">="
        verdict = {True: "met", False: "MISSED", None: "not judged, busy"}[row["met"]]
        line += f"  goal {sign} {row['goal']}: {verdict}"
    if row["busy"]:
        line += f"  (busy in {row['busy']} of {len(row['ratios'])})"
    return line


def main() -> int:
    options = parse(sys.argv[1:])

    def wanted(name: str) -> bool:
        return not options.only or any(part in name for part in options.only)

    names = [entry.name for entry in steps.comparisons()] + [entry.name for entry in whole.WHOLES]
    if options.list or not any(map(wanted, names)):
        print("\n".join(names))
        return 0 if options.list else 2
    build = Path(os.environ.get("WINNOW_BIN_DIR", REPO / "build" / "release" / "bin"))
    settings = steps.Settings(
        driver=build / "bench_step_driver",
        python=Path(sys.executable),
        folder=options.folder,
        alternations=3 if options.quick else 10,
        seconds=0.15 if options.quick else 0.25,
        curve=12,
    )
    if not settings.driver.exists():
        print(f"{settings.driver} is missing: configure with -DWINNOW_BUILD_BENCH=ON and build")
        return 1
    before = other_load(1.0)
    print(f"{machine()}; other load before: {before:.2f} cores")
    print("ratio = time of the rival / ours (overheads: masked / plain), median [min, max]")
    rows: list[dict[str, Any]] = []
    for comparison in filter(lambda entry: wanted(entry.name), steps.comparisons()):
        for threads in options.threads or [1, 2]:
            found = steps.run(comparison, threads, settings)
            rows += found
            for row in found:
                print(text(row), flush=True)
    data = Path(os.environ.get("WINNOW_DATA", REPO.parent / "shared" / "data"))
    for entry in filter(lambda entry: wanted(entry.name), whole.WHOLES):
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            row = whole.run(
                entry, Path(folder), data, build / "winnow", settings.python, options.quick
            )
        rows.append(row)
        print(text(row), flush=True)
    busy = sum(row.get("busy", 0) for row in rows)
    turns = sum(len(row.get("ratios", [])) for row in rows)
    if before > side.BUSY_CORES or busy > turns / 5:
        print(f"BUSY MACHINE ({busy} of {turns} turns): these figures are no evidence")
    if options.json:
        document = {"machine": machine(), "load_before": before, "busy_turns": busy,
                    "turns": turns, "rows": rows}  # fmt: skip
        options.json.write_text(json.dumps(document, indent=1) + "\n")
    return 1 if any(not row.get("same", True) for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
