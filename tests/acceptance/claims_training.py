"""How a model is trained: in bf16, and from an earlier job."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean
from typing import Any

import drift
import pyarrow
import pyarrow.parquet
from claims import claim, mean, picks
from session import Session
from tables import import_adult, import_mnist

WARM_JOB = """
dataset: DATASET
feature_selection: {budget: {max_count: 9}}
selector: {sequential_attention: {steps: SELECT}}
training: {steps: TRAIN, batch_size: 512, seed: SEED}
evaluation: {metrics: [auc, log_loss], controls: []}
"""


def precision(session: Session) -> None:
    """What training in bf16 costs in quality: the same jobs and seeds as in f32."""
    if "avx512_bf16" not in Path("/proc/cpuinfo").read_text():
        print("skip precision: this processor has no AVX-512 BF16", flush=True)
        return
    import_adult(session)
    import_mnist(session)
    adult = "dataset: adult\nfeature_selection: {budget: {max_count: 6}}\n"
    mnist = (
        "dataset: mnist\nfeature_selection: {budget: {max_count: 50}}\n"
        "model: {mlp: {hidden_units: [67]}}\n"
    )
    # Twice the largest distance of a seed from the mean of its three in f32.
    for name, job, metric, most in (
        ("Adult, 6 of 14", adult, "auc", 0.003),
        ("MNIST, k = 50", mnist, "accuracy", 0.004),
    ):
        job += f"evaluation: {{metrics: [{metric}], controls: []}}\n"
        measured = {}
        for number in ("f32", "bf16"):
            results = session.run_seeds(job, 3, "--set", f"training.precision={number}")
            measured[number] = mean(results, metric)
        loss = measured["f32"] - measured["bf16"]
        text = f"f32 {measured['f32']:.4f}, bf16 {measured['bf16']:.4f}"
        claim(f"{name} in bf16: {metric} at most {most} lower", loss <= most, text)


def warm_start(session: Session) -> None:
    """The late period of a drifted table: from nothing, and from the job on the early period."""
    select, train = 600, 1600
    rows: dict[str, list[dict[str, Any]]] = {"early": [], "full": [], "cold": [], "warm": []}
    for seed in (1, 2, 3):
        for period, table in zip(("early", "late"), drift.periods(150_000, seed), strict=True):
            path = session.path / f"{period}.parquet"
            pyarrow.parquet.write_table(table, path)
            session.ok("dataset", "import", path, "--target", "click", "--id", f"{period}-{seed}")

        def run(name: str, period: str, share: int, *options: str, seed: int = seed) -> str:
            job = WARM_JOB.replace("DATASET", f"{period}-{seed}").replace("SEED", str(seed))
            job = job.replace("SELECT", str(select // share)).replace("TRAIN", str(train // share))
            result = session.run(job, *options, keep=True)
            rows[name].append(result)
            return str(result["job"])

        parent = run("early", "early", 1)
        run("full", "late", 1)
        run("cold", "late", 4)
        run("warm", "late", 4, "--set", f"parent_job={parent}")
    text = ", ".join(
        f"{name} AUC {mean(results, 'auc'):.4f} log-loss {mean(results, 'log_loss'):.4f}"
        for name, results in rows.items()
        if name != "early"
    )
    right = {f"c{c}" for c in drift.DECIDING} | {"n0", "n1", "n2"}
    found = {
        name: fmean(len(right & set(picks(r))) for r in results) for name, results in rows.items()
    }
    text += "; right picks of 9: " + ", ".join(f"{n} {k:.1f}" for n, k in found.items())
    full, warm = mean(rows["full"], "auc"), mean(rows["warm"], "auc")
    claim(
        "Drifted clicks: a quarter of the steps from the parent tells as much as all from nothing",
        warm >= full - 0.003 and mean(rows["warm"], "log_loss") <= mean(rows["full"], "log_loss"),
        text,
    )
    claim("Drifted clicks: a quarter from nothing is not", mean(rows["cold"], "auc") < full, text)
