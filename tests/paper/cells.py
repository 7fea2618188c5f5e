"""What is measured: one cell is one job, of a data set, a k, a selector, a split and a seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from paper.datasets import DATASETS, Dataset

HIDDEN = 67

# Row of our table -> selector and its parameters. Nothing is tuned: a parameter that stands here
# makes another algorithm of the selector.
SELECTORS: dict[str, dict[str, Any]] = {
    "sequential_attention": {"sequential_attention": {}},
    "sequential_attention_slow": {"sequential_attention": {"steps_per_pick": 80}},
    "sequential_attention_tuned": {"sequential_attention": {"tune_weight_decay": True}},
    "sequential_attention_linear": {"sequential_attention": {"mask": "linear"}},
    "sequential_attention_plain": {"sequential_attention": {"oversample": 1}},
    "sequential_lasso": {"sequential_lasso": {}},
    "group_lasso": {"group_lasso": {}},
    "omp": {"omp": {}},
    "liao_latty_yang": {"liao_latty_yang": {}},
    "stg": {"stg": {}},
    "lassonet": {"lassonet": {}},
    "lpfs": {"lpfs": {}},
    "autofield": {"autofield": {}},
    "shark": {"shark": {}},
    "permutation": {"permutation": {}},
    "magnitude": {"magnitude": {}},
    "univariate": {"univariate": {}},
    "random": {"random": {}},
}
# Retrained, too, with as many parameters as the full model has.
CAPACITY_MATCHED = ("sequential_attention", "sequential_lasso", "univariate")
# Beyond the paper: the default, its rivals on such data, and the controls.
OTHERS = ("sequential_attention", "sequential_attention_tuned", "univariate", "random")


@dataclass(frozen=True)
class Cell:
    dataset: str
    k: int
    selector: str  # a row of SELECTORS
    split: int
    seed: int

    @property
    def key(self) -> str:
        return f"{self.dataset}/{self.k}/{self.selector}/{self.split}/{self.seed}"

    def job(self, table: str) -> dict[str, Any]:
        dataset = DATASETS[self.dataset]
        evaluation: dict[str, Any] = {
            "metrics": ["auc", "log_loss"] if dataset.metric == "auc" else ["accuracy", "log_loss"],
            "controls": ["full"] if self.selector == "random" else [],
            "bootstrap_samples": 0,
            "capacity_matched": dataset.paper and self.selector in CAPACITY_MATCHED,
        }
        model: dict[str, Any] = {"mlp": {"hidden_units": [HIDDEN]}} if dataset.paper else {}
        return {
            "dataset": table,
            "feature_selection": {"budget": {"max_count": self.k}},
            "selector": SELECTORS[self.selector],
            "evaluation": evaluation,
            "training": {"seed": self.seed},
            **({"model": model} if model else {}),
        }


def selectors_of(dataset: Dataset, every: bool) -> list[str]:
    return list(SELECTORS) if dataset.paper or every else list(OTHERS)


def cells(only: list[str], seeds: int, every: bool) -> list[Cell]:
    """In the order of their tables. `only`: DATASET or DATASET/SELECTOR; none: all."""
    wanted = [entry.partition("/")[::2] for entry in only]
    found = []
    for dataset in DATASETS.values():
        chosen = [
            name
            for name in selectors_of(dataset, every or any(s for _, s in wanted))
            if not wanted or (dataset.name, "") in wanted or (dataset.name, name) in wanted
        ]
        runs = max(1, round(seeds * dataset.splits / 5)) if dataset.splits > 1 else seeds
        for run in range(1, runs + 1):
            split = run if dataset.splits > 1 else 1
            found += [
                Cell(dataset.name, k, name, split, run) for k in dataset.sizes for name in chosen
            ]
    return found
