"""UCI Adult: which features are picked, and how wide embeddings stay."""

from __future__ import annotations

import json
from typing import Any

from claims import claim, mean, picks
from session import ADULT, Session
from tables import import_adult


def adult_features(session: Session) -> None:
    import_adult(session)
    job = (ADULT / "job.yaml").read_text()
    results = session.run_seeds(job, 3)
    selected = mean(results, "auc")
    full = mean(results, "auc", "controls", "full")
    random = mean(results, "auc", "controls", "random")
    text = f"selected {selected:.4f}, full {full:.4f}, random {random:.4f}"
    claim(
        "Adult: 6 of 14 within .005 of full and >= .898", selected >= max(0.898, full - 0.005), text
    )
    claim("Adult: full model >= .903", full >= 0.903, text)
    claim("Adult: random control >= .02 below", random <= selected - 0.02, text)


def adult_redundancy(session: Session) -> None:
    """education and education-num say the same: one of them is enough among six."""
    import_adult(session)
    job = (
        "dataset: adult\nfeature_selection: {budget: {max_count: 6}}\n"
        "evaluation: {metrics: [auc], controls: []}\n"
    )
    picked = [picks(result) for result in session.run_seeds(job, 5)]
    twice = [names for names in picked if {"education", "education-num"} <= set(names)]
    text = "; ".join(" ".join(names) for names in twice or picked[:1])
    claim("Adult k = 6: never both education and education-num, 5 seeds", not twice, text)


def adult_dimensions(session: Session) -> None:
    import_adult(session)
    # An eighth of the embedding bytes: 8 dimensions of 4 bytes for every code.
    profile = json.loads(session.ok("dataset", "show", "adult", "--json"))["profile"]
    codes = sum(
        int(column["vocabulary_size"]) + 1
        for column in profile["columns"]
        if column["kind"] == "KIND_CATEGORICAL"
    )
    budget = codes * 8 * 4 // 8
    job = f"dataset: adult\nembedding_dimension: {{budget: {{max_bytes: {budget}}}}}\n"
    results = session.run_seeds(job, 3)
    spent = max(int(result["spent"]["bytes"]) for result in results)
    claim(
        "Adult dimensions: an eighth of the bytes is kept", spent <= budget, f"{spent} of {budget}"
    )
    selected, uniform = mean(results, "auc"), mean(results, "auc", "controls", "uniform")
    text = f"selected {selected:.4f}, uniform {uniform:.4f}; {results[0]['dimensions']}"
    claim("Adult dimensions: at least uniform width", selected >= uniform, text)
    prefixes = all(_are_prefixes(result) for result in results)
    claim("Adult dimensions: prefixes", prefixes, "every field keeps dimensions 0..width-1")


def _are_prefixes(result: dict[str, Any]) -> bool:
    kept: dict[str, list[int]] = {}
    for name in picks(result):
        field, index = name.rstrip("]").rsplit("[", 1)
        kept.setdefault(field, []).append(int(index))
    return all(sorted(indices) == list(range(len(indices))) for indices in kept.values())
