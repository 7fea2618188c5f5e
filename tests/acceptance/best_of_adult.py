"""How near any six fields of UCI Adult come to all fourteen: the ceiling of a selection of six.

    tests/acceptance/best_of_adult.py [--finalists N]

Needs what tests/acceptance/run.py needs. Trains every set of capital-gain, education-num, one of
marital-status and relationship, and three others (fnlwgt and education, which education-num
numbers, apart), with seed 1; then the N sets of best validation AUC, and the N of best test AUC,
which no honest choice could know, with seeds 1 to 3, beside all fields and the default selection.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from pathlib import Path
from statistics import fmean
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from paper.datasets import ADULT, DATASETS
from paper.lane import Lane

SEEDS = (1, 2, 3)
ALWAYS = ("capital-gain", "education-num")
STATUS = ("marital-status", "relationship")
NEVER = ("education", "fnlwgt")


def sets() -> list[tuple[str, ...]]:
    free = [name for name in ADULT if name not in ALWAYS + STATUS + NEVER]
    chosen = {
        frozenset((*ALWAYS, status, *three))
        for status in STATUS
        for three in itertools.combinations([*free, *STATUS], 3)
        if status not in three
    }
    return sorted(tuple(sorted(one)) for one in chosen)


def auc(lane: Lane, table: str, keep: tuple[str, ...], seeds: tuple[int, ...]) -> list[float]:
    """Mean AUC on validation and test rows; without `keep` of the default's own six."""
    found: list[dict[str, Any]] = []
    for seed in seeds:
        task: dict[str, Any] = {"budget": {"max_count": len(keep) or 6}}
        selector: dict[str, Any] = {"sequential_attention": {}}
        if keep:
            task["must_keep"] = list(keep)
            selector = {"random": {}}
        job = {
            "dataset": table, "feature_selection": task, "selector": selector,
            "training": {"seed": seed},
            "evaluation": {"metrics": ["auc"], "controls": [], "bootstrap_samples": 0},
        }  # fmt: skip
        found.append(lane.run(job)[0]["metrics"])
    return [fmean(m[part]["auc"]["value"] for m in found) for part in ("validation", "test")]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--finalists", type=int, default=5, help="sets measured with three seeds")
    options = parser.parse_args()
    if not DATASETS["adult"].here():
        print("skipped: WINNOW_DATA has no folder adult")
        return 0
    lane = Lane(1)
    try:
        table = lane.bring(DATASETS["adult"], 1)
        whole = auc(lane, table, tuple(ADULT), SEEDS)
        default = auc(lane, table, (), SEEDS)
        tried = {keep: auc(lane, table, keep, SEEDS[:1]) for keep in sets()}
        finalists: set[tuple[str, ...]] = set()
        for part in (0, 1):
            best = sorted(tried, key=lambda keep: -tried[keep][part])
            finalists.update(best[: options.finalists])
        measured = {keep: auc(lane, table, keep, SEEDS) for keep in finalists}
    finally:
        lane.close()
    print(f"{len(tried)} sets of six; mean of seeds 1 to {len(SEEDS)}, validation and test AUC")
    for name, (validation, test) in (("all fields", whole), ("the default's six", default)):
        print(f"{validation:.4f} {test:.4f}  {name}")
    for keep, (validation, test) in sorted(measured.items(), key=lambda item: -item[1][1]):
        print(f"{validation:.4f} {test:.4f}  {', '.join(keep)}")
    ceiling = max(test for _, test in measured.values())
    print(f"all fields minus the best by test rows: {whole[1] - ceiling:.4f}; minus the default: "
          f"{whole[1] - default[1]:.4f}")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
