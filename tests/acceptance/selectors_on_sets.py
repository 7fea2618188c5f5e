"""Every selector on every feature-selection set, with default settings, through the command line.

    tests/acceptance/selectors_on_sets.py [--sets NAME ...] [--selectors NAME ...] [--seeds N]

Needs what tests/acceptance/run.py needs. Prints the mean test metric and the seconds of a job for
every selector and set; WINNOW_DATA's small sets of X.npy.gz and y.npy.gz are found by themselves.
The exit status is 1 if a job fails, or if a selector is below the random order by more than noise:
two standard errors of the difference, from the spread of the random orders (--random of them, each
with its own draw) and that of a proportion over the test rows. A set where random orders are as
good as any cannot fail anybody; a selector that has found nothing does.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from pathlib import Path
from statistics import fmean, variance
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from paper.cells import SELECTORS
from paper.datasets import DATA, DATASETS, Dataset, dense
from paper.lane import Lane, RefusedError

# Where a smaller number tells selectors apart better than the paper's.
SIZES = {"mice": 10, "coil20": 20}
SMALL_K = 10


def found_sets() -> dict[str, Dataset]:
    sets = {name: dataset for name, dataset in DATASETS.items() if dataset.here()}
    taken = {dataset.folder for dataset in sets.values()}
    for file in sorted(DATA.glob("*/X.npy.gz")):
        folder = file.parent.name
        if folder in taken:
            continue

        def load(number: int, folder: str = folder) -> Any:
            return dense(folder, number, True)

        sets[folder] = Dataset(folder, folder, (SMALL_K,), load, splits=5, paper=False)
    return sets


def measure(lane: Lane, dataset: Dataset, selector: str, seed: int) -> dict[str, Any]:
    split = seed if dataset.splits > 1 else 1
    job = {
        "dataset": lane.bring(dataset, split),
        "feature_selection": {"budget": {"max_count": SIZES.get(dataset.name, dataset.sizes[-1])}},
        "selector": SELECTORS[selector],
        "evaluation": {"metrics": [dataset.metric], "controls": [], "bootstrap_samples": 0},
        "training": {"seed": seed},
    }
    start = time.monotonic()
    try:
        result, _ = lane.run(job)
    except RefusedError as refused:
        return {"failed": str(refused)}
    return {
        "test": float(result["metrics"]["test"][dataset.metric]["value"]),
        "rows": int(result["data"]["rows"]["test"]),
        "seconds": time.monotonic() - start,
        "selected": [pick["name"] for pick in result["selected"]],
    }


def least(random: list[dict[str, Any]], seeds: int) -> float:
    """What a mean over `seeds` may not fall below."""
    values = [run["test"] for run in random]
    mean = fmean(values)
    spread = variance(values) if len(values) > 1 else 0.0
    rows = max(1, random[0]["rows"])
    counted = max(0.0, mean * (1 - mean)) / rows
    return mean - 2 * math.sqrt(spread / len(values) + (spread + counted) / seeds)


def judge(selector: str, runs: list[dict[str, Any]], bound: float) -> tuple[str, bool]:
    failed = [run["failed"] for run in runs if "failed" in run]
    if failed:
        return f"{selector:28} ERROR {failed[0][:150]}", False
    mean, seconds = fmean(run["test"] for run in runs), fmean(run["seconds"] for run in runs)
    holds = mean >= bound
    word = "" if holds else f"  BELOW RANDOM, bound {bound:.4f}"
    return f"{selector:28} {mean:.4f} {seconds:6.1f} s{word}", holds


def main() -> int:
    sets = found_sets()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="+", choices=list(sets), default=list(sets))
    parser.add_argument("--selectors", nargs="+", choices=list(SELECTORS), default=list(SELECTORS))
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--random", type=int, default=5, help="random orders; default 5")
    parser.add_argument("--threads", type=int, default=1, help="of a job; default 1")
    parser.add_argument("--json", type=Path, help="keeps every job's figures")
    options = parser.parse_args()

    figures: dict[str, dict[str, list[dict[str, Any]]]] = {}
    all_hold = True
    lane = Lane(options.threads)
    try:
        for name in options.sets:
            runs: dict[str, list[dict[str, Any]]] = {s: [] for s in options.selectors}
            runs["random"] = []
            for seed in range(1, max(options.seeds, options.random) + 1):
                if seed <= options.random:
                    runs["random"].append(measure(lane, sets[name], "random", seed))
                for selector in options.selectors:
                    if selector != "random" and seed <= options.seeds:
                        runs[selector].append(measure(lane, sets[name], selector, seed))
            figures[name] = runs
            print(f"{name}, k = {SIZES.get(name, sets[name].sizes[-1])}, {sets[name].metric}")
            random_failed = any("failed" in run for run in runs["random"])
            bound = -math.inf if random_failed else least(runs["random"], options.seeds)
            for selector, of_selector in runs.items():
                line, holds = judge(selector, of_selector, bound)
                all_hold = all_hold and holds
                print("  " + line, flush=True)
            if options.json:
                options.json.write_text(json.dumps(figures, indent=1) + "\n")
    finally:
        lane.close()
    return 0 if all_hold else 1


if __name__ == "__main__":
    sys.exit(main())
