"""Tables that nobody prepared."""

from __future__ import annotations

import json
import subprocess

from claims import claim, value
from session import BIN, DATA, Session


def unseen(session: Session) -> None:
    """winnow run with a five-line job file on tables it has never seen."""
    run = [str(BIN / "winnow"), "run", "--json"]
    mice = "dataset: mice\nfeature_selection:\n  budget: {max_count: 10}\n"
    schema = session.path / "mice.yaml"
    ignored = ", ".join(
        f"{c}: {{kind: ignore}}" for c in ("MouseID", "Genotype", "Treatment", "Behavior")
    )
    schema.write_text(f"target: {{column: class}}\ncolumns: {{{ignored}}}\n")
    criteo = "dataset: criteo\nfeature_selection:\n  budget: {max_count: 20}\n"
    spam = "dataset: spam\nfeature_selection:\n  budget: {max_count: 10}\n"
    jobs: list[tuple[str, str, list[object], int, str]] = [
        ("Mice Protein", mice,
         [DATA / "mice_protein/Data_Cortex_Nuclear.csv.gz", "--schema", schema], 10, "accuracy"),
        ("spambase", spam, [DATA / "spambase/spam.csv.gz", "--target", "type"], 10, "accuracy"),
        ("raw Criteo sample", criteo, [DATA / "criteo_sample/train.txt.gz", "--test-file",
         DATA / "criteo_sample/test.txt.gz"], 20, "auc"),
    ]  # fmt: skip
    for name, job, data, picks, metric in jobs:
        path = session.path / "five_lines.yaml"
        path.write_text(job)
        done = subprocess.run(
            [*run, str(path), "--data", *map(str, data)], capture_output=True, text=True
        )
        if done.returncode != 0:
            claim(f"winnow run on {name}", False, done.stderr.strip()[-300:])
            continue
        result = json.loads(done.stdout)
        full = value(result, metric, "controls", "full")
        text = f"{metric} {value(result, metric):.4f}, full {full:.4f}"
        claim(f"winnow run on {name}", len(result["selected"]) == picks, text)
