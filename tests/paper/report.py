"""Prints what was measured beside the paper's figures and the goals."""

from __future__ import annotations

from math import sqrt
from statistics import fmean, stdev
from typing import Any

from paper.cells import CAPACITY_MATCHED, Cell
from paper.datasets import DATASETS

Figures = dict[str, dict[str, Any]]

# Yasuda et al., ICLR 2023, arXiv:2209.14881: k = 50, test accuracy, mean of 5 seeds.
PAPER: dict[str, dict[str, float]] = {
    "mice": {"sequential_attention": 0.993, "liao_latty_yang": 0.981, "group_lasso": 0.985,
             "sequential_lasso": 0.984, "omp": 0.994, "concrete autoencoder": 0.956},
    "mnist": {"sequential_attention": 0.956, "liao_latty_yang": 0.944, "group_lasso": 0.937,
              "sequential_lasso": 0.959, "omp": 0.912, "concrete autoencoder": 0.909},
    "fashion": {"sequential_attention": 0.854, "liao_latty_yang": 0.843, "group_lasso": 0.834,
                "sequential_lasso": 0.854, "omp": 0.829, "concrete autoencoder": 0.839},
    "isolet": {"sequential_attention": 0.920, "liao_latty_yang": 0.866, "group_lasso": 0.906,
               "sequential_lasso": 0.920, "omp": 0.727, "concrete autoencoder": 0.893},
    "coil20": {"sequential_attention": 0.997, "liao_latty_yang": 0.994, "group_lasso": 0.997,
               "sequential_lasso": 0.988, "omp": 0.967, "concrete autoencoder": 0.972},
    "activity": {"sequential_attention": 0.931, "liao_latty_yang": 0.897, "group_lasso": 0.933,
                 "sequential_lasso": 0.931, "omp": 0.905, "concrete autoencoder": 0.921},
}  # fmt: skip
PAPER_K = 50

# 0-based columns of Madelon that are correlated with another by more than .6 (all others: below
# .1): the 5 informative ones and their 15 linear combinations.
MADELON = {f"f{j}" for j in (
    28, 48, 64, 105, 128, 153, 241, 281, 318, 336, 338, 378, 433, 442, 451, 453, 455, 472, 475, 493,
)}  # fmt: skip
JUNCTION = {f"V{j}" for j in range(61, 121)}  # the 20 nucleotides beside the splice junction


def spread(values: list[float]) -> str:
    return f"{fmean(values):.4f} ±{stdev(values) if len(values) > 1 else 0:.4f}"


class Table:
    """The cells of one data set and one k."""

    def __init__(self, dataset: str, k: int, cells: list[Cell], figures: Figures) -> None:
        self.dataset, self.k = dataset, k
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.refused: dict[str, str] = {}
        for cell in cells:
            entry = figures[cell.key]
            if "refused" in entry:
                self.refused[cell.selector] = entry["refused"]
            else:
                self.rows.setdefault(cell.selector, []).append(entry | {"run": cell.seed})

    def test(self, selector: str) -> list[float]:
        return [entry["test"] for entry in self.rows.get(selector, [])]

    def full(self) -> dict[int, dict[str, float]]:
        """Of every run, by its number."""
        return {e["run"]: e["full"] for e in self.rows.get("random", []) if "full" in e}

    def best(self) -> str:
        """The selector of the best mean validation metric."""
        return max(self.rows, key=lambda name: fmean(e["validation"] for e in self.rows[name]))

    def difference(self, selector: str, other: dict[int, float]) -> str:
        """Mean and standard error of the paired differences."""
        pairs = [e["test"] - other[e["run"]] for e in self.rows[selector] if e["run"] in other]
        if len(pairs) < 2:
            return "no pairs"
        return f"{fmean(pairs):+.4f} ±{stdev(pairs) / sqrt(len(pairs)):.4f} (s.e., {len(pairs)})"

    def print(self) -> None:
        metric = DATASETS[self.dataset].metric
        paper = PAPER.get(self.dataset, {}) if self.k == PAPER_K else {}
        print(f"\n{self.dataset}, k = {self.k}: {metric}, mean and standard deviation")
        print(f"{'':30}{'runs':>5} {'validation':>11} {'test':>15} {'paper':>6}"
              f" {'selection s':>12} {'job CPU s':>10}")  # fmt: skip
        for name, entries in self.rows.items():
            theirs = f"{paper[name]:.3f}" if name in paper else ""
            print(f"{name:30}{len(entries):5} {fmean(e['validation'] for e in entries):11.4f}"
                  f" {spread([e['test'] for e in entries]):>15} {theirs:>6}"
                  f" {fmean(e['timing']['select_s'] for e in entries):12.2f}"
                  f" {fmean(e['cpu_s'] for e in entries):10.2f}")  # fmt: skip
        full = list(self.full().values())
        if full:
            print(f"{'all columns':30}{len(full):5} {fmean(f['validation'] for f in full):11.4f}"
                  f" {spread([f['test'] for f in full]):>15}")  # fmt: skip
        for name in CAPACITY_MATCHED:
            wide = [e["capacity_matched"] for e in self.rows.get(name, [])
                    if "capacity_matched" in e]  # fmt: skip
            if wide:
                print(f"{name + ', wide':30}{len(wide):5}"
                      f" {fmean(w['validation'] for w in wide):11.4f}"
                      f" {spread([w['test'] for w in wide]):>15}")  # fmt: skip
        for name, why in self.refused.items():
            print(f"{name:30} {why.splitlines()[-1][:110]}")
        for line in facts(self):
            print(f"  {line}")


def facts(table: Table) -> list[str]:
    """What the data set is here to show."""
    found = []
    if DATASETS[table.dataset].paper and table.rows:
        best = table.best()
        found.append(f"best by validation: {best}, test {fmean(table.test(best)):.4f}")
    rows = table.rows.get("sequential_attention", [])
    if not rows:
        return found
    full = {run: f["test"] for run, f in table.full().items()}
    if full:
        found.append(f"default minus all columns: {table.difference('sequential_attention', full)}")
    if table.dataset == "madelon":
        for name in ("sequential_attention", "sequential_attention_tuned"):
            hits = [len(MADELON & set(e["selected"])) for e in table.rows.get(name, [])]
            found.append(f"of the 20 informative, {name}: {hits}")
    if table.dataset == "dna_splice":
        hits = [len(JUNCTION & set(e["selected"][:10])) for e in rows]
        found.append(f"of the first 10 picks inside V61..V120: {hits}")
    if table.dataset == "adult":
        both = sum({"education", "education-num"} <= set(e["selected"][:6]) for e in rows)
        found.append(f"education and education-num together: {both} of {len(rows)}")
    filtered = {e["run"]: e["test"] for e in table.rows.get("univariate", [])}
    if filtered and not DATASETS[table.dataset].paper:
        difference = table.difference("sequential_attention", filtered)
        found.append(f"default minus univariate: {difference}")
    return found


def tables(cells: list[Cell], figures: Figures) -> None:
    parts = list({(cell.dataset, cell.k): None for cell in cells})
    for dataset, k in parts:
        of_table = [c for c in cells if (c.dataset, c.k) == (dataset, k)]
        Table(dataset, k, of_table, figures).print()
    builds = {figures[cell.key]["build"] for cell in cells}
    if len(builds) > 1:
        print(f"\nmeasured by {len(builds)} builds: {', '.join(sorted(builds))}")
    parts_s = {"selection": "select_s", "retraining": "retrain_s", "controls": "controls_s"}
    done = [figures[cell.key] for cell in cells if "refused" not in figures[cell.key]]
    each = ", ".join(f"{n} {sum(e['timing'][k] for e in done):.0f} s" for n, k in parts_s.items())
    print(f"\nall cells: {sum(e['cpu_s'] for e in done):.0f} s of CPU in workers; {each}")
