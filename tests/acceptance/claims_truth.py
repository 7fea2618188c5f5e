"""Tables of which it is known what matters: DNA splice, madelon, XOR."""

from __future__ import annotations

import gzip
import io

import numpy
import pyarrow
import pyarrow.parquet
from claims import claim, mean, picks, value
from session import DATA, Session


def dna_splice(session: Session) -> None:
    """The junction lies between V90 and V91; three columns a base."""
    if not (DATA / "dna_splice").is_dir():
        print("skip dna_splice: not in WINNOW_DATA", flush=True)
        return
    session.ok(
        "dataset", "import", DATA / "dna_splice" / "dna.csv.gz", "--target", "Class", "--id", "dna",
    )  # fmt: skip
    job = (
        "dataset: dna\nfeature_selection: {budget: {max_count: 10}}\n"
        "evaluation: {metrics: [accuracy], controls: []}\n"
    )
    near = [
        sum(61 <= int(name[1:]) <= 120 for name in picks(result))
        for result in session.run_seeds(job, 5)
    ]
    claim("DNA splice k = 10: 9 of 10 in V61..V120, 5 seeds", min(near) >= 9, str(near))


def madelon(session: Session) -> None:
    """Twenty columns of 500 tell, most in near duplicates: the weight decay decides, and a job with
    default settings tries three."""
    if not (DATA / "madelon").is_dir():
        print("skip madelon: not in WINNOW_DATA", flush=True)
        return
    arrays = [
        numpy.load(io.BytesIO(gzip.decompress((DATA / "madelon" / f"{name}.npy.gz").read_bytes())))
        for name in ("X", "y")
    ]
    columns = {f"x{i}": arrays[0][:, i].astype(numpy.float32) for i in range(arrays[0].shape[1])}
    columns["y"] = arrays[1].ravel().astype(numpy.int32)
    pyarrow.parquet.write_table(pyarrow.table(columns), session.path / "madelon.parquet")
    session.ok("dataset", "import", session.path / "madelon.parquet", "--target", "y",
               "--id", "madelon")  # fmt: skip
    job = (
        "dataset: madelon\nfeature_selection: {budget: {max_count: 20}}\n"
        "evaluation: {controls: []}\n"
    )
    results = session.run_seeds(job, 5)
    accuracy = mean(results, "accuracy")
    each = " ".join(f"{value(result, 'accuracy'):.3f}" for result in results)
    chosen = " ".join(f"{result['tuning']['chosen']:g}" for result in results)
    claim(
        "madelon k = 20, weight decay chosen by the job: accuracy >= .82",
        accuracy >= 0.82,
        f"{accuracy:.4f} ({each}); weight decays {chosen}",
    )


def xor(session: Session) -> None:
    found = 0
    for seed in range(6):
        rng = numpy.random.default_rng(seed)
        x = rng.choice([-1, 1], size=(4000, 20))
        y = (x[:, 0] * x[:, 1] > 0).astype(int)
        path = session.path / f"xor{seed}.csv"
        names = [f"x{i}" for i in range(20)] + ["y"]
        rows = numpy.column_stack([x, y])
        numpy.savetxt(path, rows, "%d", ",", header=",".join(names), comments="")
        session.ok("dataset", "import", path, "--id", f"xor{seed}", "--target", "y")
        job = (
            f"dataset: xor{seed}\nfeature_selection: {{budget: {{max_count: 2}}}}\n"
            "selector: {sequential_attention: {steps: 6000, batch_size: 256, weight_decay: 0}}\n"
            "model: {mlp: {hidden_units: [67]}}\nevaluation: {controls: []}\n"
        )
        result = session.run(job, "--set", f"training.seed={seed}")
        found += set(picks(result)) == {"x0", "x1"}
    claim("XOR: both features of 20 found in >= 5 of 6 seeds", found >= 5, f"{found} of 6")
