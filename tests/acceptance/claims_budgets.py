"""Every limit of a budget at once, on UCI Adult."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

from claims import claim, picks
from session import Session
from tables import import_adult

HIDDEN, WIDTH = 64, 8
BUDGETS = """
dataset: adult
feature_selection:
  budget: {max_count: 8, max_bytes: 14000, max_flops: 3200, max_cost: 11,
           quality_tolerance: TOLERANCE}
  groups: {place: [native-country, race], money: [capital-gain, capital-loss]}
  must_keep: [place]
  forbid: [fnlwgt, relationship]
  costs: {place: 2, money: 3.5}
model: {mlp: {hidden_units: [64, 32], embedding_dimension: 8}}
evaluation: {metrics: [log_loss, auc], controls: [full, random], bootstrap_samples: 0}
"""


def _price(session: Session) -> Callable[[str], tuple[int, int, float]]:
    """Bytes, multiply-adds and cost of a candidate of BUDGETS, from the profile alone."""
    profile = json.loads(session.ok("dataset", "show", "adult", "--json"))["profile"]
    columns = {column["name"]: column for column in profile["columns"]}
    groups = {"place": ["native-country", "race"], "money": ["capital-gain", "capital-loss"]}
    costs = {"place": 2.0, "money": 3.5}

    def price(name: str) -> tuple[int, int, float]:
        values = weights = 0
        for column in (columns[member] for member in groups.get(name, [name])):
            if column["kind"] == "KIND_CATEGORICAL":  # a row for unknown values beside the others
                values += (int(column["vocabulary_size"]) + 1) * WIDTH
                weights += WIDTH * HIDDEN
            else:  # the value, and an indicator where values are missing
                weights += (2 if int(column.get("missing", 0)) > 0 else 1) * HIDDEN
        return 4 * (values + weights), weights, costs.get(name, 1.0)

    return price


def budgets(session: Session) -> None:
    """All limits at once, each checked against the result, and the refusals."""
    import_adult(session)
    price = _price(session)
    job, tolerance = BUDGETS.replace("TOLERANCE", "0.045"), 0.045
    for seed, result in enumerate(session.run_seeds(job, 3), 1):
        names = picks(result)
        size, flops, cost = (sum(part) for part in zip(*map(price, names), strict=True))
        spent = result["spent"]
        loss = float(result["metrics"]["validation"]["log_loss"]["value"])
        full = float(result["controls"]["full"]["validation"]["log_loss"]["value"])
        held = (
            len(set(names)) == len(names) <= 8
            and names[0] == "place"
            and not {"fnlwgt", "relationship", "race", "capital-gain"} & set(names)
            and (size, flops) == (int(spent["bytes"]), int(spent["flops"]))
            and size <= 14000 and flops <= 3200 and cost <= 11 + 1e-9
            and abs(cost - float(spent["price"])) < 1e-9
            and loss <= full + tolerance + 1e-6
        )  # fmt: skip
        text = (
            f"seed {seed}: {len(names)} of 8, {size} of 14000 bytes, {flops} of 3200 multiply-adds,"
            f" cost {cost:g} of 11, validation loss {loss:.4f}, full {full:.4f}; {' '.join(names)}"
        )
        claim("Adult budgets: every limit holds at once", held, text)
        sizes = result["quality_tolerance"]["tried"]
        tried = {int(size["k"]): size["validation_loss"] for size in sizes}
        smaller = len(names) - 1
        is_least = smaller < 1 or tried.get(smaller, 0) > full + tolerance
        text = ", ".join(f"{k}: {loss:.4f}" for k, loss in tried.items())
        claim("Adult budgets: one less misses the tolerance", is_least, text)

    path = session.path / "refused.yaml"
    path.write_text(BUDGETS.replace("TOLERANCE", "0").replace("max_count: 8", "max_count: 1"))
    name = session.ok("submit", path).splitlines()[-1]
    watched = subprocess.run(session.command("watch", name), capture_output=True, text=True)
    error = json.loads(session.ok("show", name, "--json"))["error"]
    refused = watched.returncode == 1 and int(error["code"]) == 9
    words = ("quality_tolerance 0 cannot be met", "max_count 1 (1 used)", "too much")
    refused = refused and all(word in error["message"] for word in words)
    claim("Adult budgets: a tolerance out of reach fails and says why", refused, error["message"])

    path.write_text(job.replace("max_count: 8, max_bytes: 14000", "max_count: 1, max_bytes: 3000")
                    .replace("[place]", "[place, money]"))  # fmt: skip
    done = subprocess.run(session.command("submit", path), capture_output=True, text=True)
    need = price("place")[0] + price("money")[0]
    both = ("need 2 candidates, max_count is 1: 1 too many",
            f"need {need} bytes, max_bytes is 3000: {need - 3000} too many")  # fmt: skip
    refused = done.returncode == 2 and all(word in done.stderr for word in both)
    claim("Adult budgets: must_keep above two limits names both", refused, done.stderr.strip())
