"""Whole runs: a table in, a trained subset out. Ours is one `winnow run`, all of it counted: the
server's start, the import, selection, training, evaluation. Of a rival the start of the interpreter
and the loading of its libraries do not count."""

from __future__ import annotations

import dataclasses
import json
import os
import resource
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from bench.rivals import side, tables

HERE = Path(__file__).resolve().parent


@dataclasses.dataclass(frozen=True)
class Whole:
    name: str
    make: Callable[[Path, Path, bool], None]  # folder, data sets, quick
    metric: str
    # How far the test metric may lie below the rival's before the times are not compared.
    slack: float
    picks: int
    hidden: tuple[int, ...]
    outputs: int
    select_steps: int
    select_batch: int
    select_rate: float
    fit_steps: int
    fit_batch: int
    fit_rate: float
    weight_decay: float = 1.0
    dimension: int = 16
    turns: int = 1
    google: bool = False
    goal: float | None = None


def _quick_rows(quick: bool) -> int:
    return 200_000 if quick else 2_000_000


# Google's reference has 12.5 % of the rows for validation: 102 steps of 512 an epoch.
EPOCHS, QUICK_EPOCHS, STEPS = 20, 5, 102

WHOLES = (
    Whole(
        "whole run: mnist, 50 pixels, against google's reference",
        lambda folder, data, quick: tables.mnist(folder, data),
        "accuracy", 0.0, 50, (67,), 10, EPOCHS * STEPS, 512, 2e-3, EPOCHS * STEPS, 512, 3e-3,
        google=True, goal=8.0,
    ),
    Whole(
        "whole run: clicks, 20 of 39 fields of 2 million rows",
        lambda folder, data, quick: tables.clicks(folder, _quick_rows(quick)),
        "auc", 0.01, 20, (512, 256), 1, 880, 2048, 1e-3, 880, 2048, 1e-3, weight_decay=0.0,
    ),
    Whole(
        "whole run: adult, 6 of 14 features",
        lambda folder, data, quick: tables.adult(folder, data),
        "auc", 0.01, 6, (64,), 1, 1000, 512, 2e-3, 1500, 256, 3e-3, dimension=8, turns=3,
    ),
    Whole(
        "whole run: arcene, 20 of 10,000 features",
        lambda folder, data, quick: tables.arcene(folder, data),
        "auc", 0.15, 20, (67,), 1, 880, 64, 2e-3, 400, 64, 3e-3, turns=3,
    ),
)  # fmt: skip


def _job(whole: Whole, threads: int) -> str:
    """Same model, steps, batches and rates as torch_whole.py; lazy Adam on embeddings as there."""
    hidden = json.dumps(list(whole.hidden))
    return (
        f"dataset: table\nfeature_selection: {{budget: {{max_count: {whole.picks}}}}}\n"
        f"selector: {{sequential_attention: {{steps: {whole.select_steps}, "
        f"batch_size: {whole.select_batch}, learning_rate: {whole.select_rate}, oversample: 1, "
        f"weight_decay: {whole.weight_decay}}}}}\n"
        f"model: {{mlp: {{hidden_units: {hidden}, embedding_dimension: {whole.dimension}}}}}\n"
        f"training: {{optimizer: lazy_adam, steps: {whole.fit_steps}, "
        f"batch_size: {whole.fit_batch}, learning_rate: {whole.fit_rate}, schedule: cosine, "
        f"weight_decay: {whole.weight_decay}, threads: {threads}}}\n"
        f"evaluation: {{metrics: [{whole.metric}], controls: []}}\n"
    )


def _run(command: list[str], environment: dict[str, str]) -> tuple[str, float]:
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        raise side.SideError((done.stderr.strip() or "ended without a word")[-300:])
    return done.stdout, time.perf_counter() - start


def _children_seconds() -> float:
    """CPU seconds of all processes below this one that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _ours(whole: Whole, folder: Path, winnow: Path, threads: int) -> dict[str, Any]:
    job = folder / "job.yaml"
    job.write_text(_job(whole, threads))
    schema = folder / "schema.yaml"
    schema.write_text("target: {column: target}\n")
    output, seconds = _run(
        [str(winnow), "run", str(job), "--json", "--data", str(folder / "train.parquet"),
         "--test-file", str(folder / "test.parquet"), "--schema", str(schema)],
        dict(os.environ),
    )  # fmt: skip
    result = json.loads(output)
    return {
        "seconds": seconds,
        "select_s": result["timing"]["select_s"],
        "metric": result["metrics"]["test"][whole.metric]["value"],
    }


def _theirs(whole: Whole, folder: Path, python: Path, threads: int) -> dict[str, Any]:
    environment = side.torch_environment(threads, folder / "inductor")
    if whole.google:
        package = os.environ.get("WINNOW_RIVALS_SA", "")
        if not (Path(package) / "sequential_attention").is_dir():
            raise side.SideError("WINNOW_RIVALS_SA names no folder with sequential_attention")
        environment["PYTHONPATH"] = package
        environment.pop("OMP_NUM_THREADS")
        epochs = whole.fit_steps // STEPS
        script = [str(HERE / "google_mnist.py"), str(folder / "mnist.npz"), str(epochs), "1"]
        output, _ = _run([str(python), *script], environment)
        found = json.loads(output.splitlines()[-1])
        return {
            "seconds": found["select_s"] + found["fit_s"],
            "select_s": found["select_s"],
            "metric": found["accuracy"],
        }
    settings = {key: value for key, value in dataclasses.asdict(whole).items() if key != "make"}
    settings.update(folder=str(folder), threads=threads, seed=1)
    path = folder / "torch.json"
    path.write_text(json.dumps(settings))
    output, _ = _run([str(python), str(HERE / "torch_whole.py"), str(path)], environment)
    found = json.loads(output.splitlines()[-1])
    return {"seconds": found["total_s"], "select_s": found["select_s"], "metric": found["metric"]}


def run(
    whole: Whole, folder: Path, data: Path, winnow: Path, python: Path, quick: bool
) -> dict[str, Any]:
    """One row; two threads on both sides."""
    threads = min(2, side.CORES)
    row: dict[str, Any] = {
        "name": whole.name, "threads": threads, "inverse": False,
        "rival": "google tensorflow" if whole.google else "torch",
    }  # fmt: skip
    place = folder / whole.name.split()[2].strip(",")
    place.mkdir()
    if whole.google and quick:
        steps = QUICK_EPOCHS * STEPS
        whole = dataclasses.replace(whole, select_steps=steps, fit_steps=steps, slack=0.01)
    try:
        whole.make(place, data, quick)
        before = side.busy_seconds() - _children_seconds()
        start = time.perf_counter()
        ours, theirs = [], []
        for _ in range(1 if quick else whole.turns):
            ours.append(_ours(whole, place, winnow, threads))
            theirs.append(_theirs(whole, place, python, threads))
        others = side.busy_seconds() - _children_seconds() - before
        row["other_cores"] = others / (time.perf_counter() - start)
    except (side.SideError, OSError) as error:
        row["skipped"] = str(error)
        return row
    mine, other = (median(run["metric"] for run in runs) for runs in (ours, theirs))
    row.update(metric=whole.metric, ours_metric=mine, rival_metric=other)
    row["busy"] = len(ours) if row["other_cores"] > side.BUSY_CORES else 0
    row["same"] = mine >= other - whole.slack
    row["ratios"] = [b["seconds"] / a["seconds"] for a, b in zip(ours, theirs, strict=True)]
    row["ratio"] = median(row["ratios"])
    row["ours_ms"], row["rival_ms"] = (
        1e3 * median(run["seconds"] for run in runs) for runs in (ours, theirs)
    )
    row["select_ratio"] = median(
        b["select_s"] / a["select_s"] for a, b in zip(ours, theirs, strict=True)
    )
    if whole.goal is not None:
        row["goal"] = whole.goal
        row["met"] = None if row["busy"] else row["ratio"] >= whole.goal
    return row
