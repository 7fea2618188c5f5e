"""Jobs that start from an earlier job."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path

import pytest
from conftest import Server

JOB = """
dataset: early
feature_selection: {budget: {max_count: 2}}
selector: {sequential_attention: {steps: 200}}
model: {mlp: {hidden_units: [16], embedding_dimension: 4}}
training: {steps: 300}
evaluation: {controls: [], bootstrap_samples: 10}
"""


def write(path: Path, late: bool, classes: tuple[str, ...] = ("no", "yes")) -> Path:
    """2,000 rows; `colour` and `size` decide the answer."""
    rng = random.Random(late)
    columns = ["size", "noise", "colour", "answer"]
    order = ["answer", "colour", "extra", "size"] if late else columns
    lines = [",".join(order)]
    for _ in range(2000):
        size, colour = rng.gauss(0, 1), rng.choice(["red", "green", "blue", "grey"])
        right = size + {"red": 1, "green": -1, "blue": 0.5, "grey": -0.5}[colour] > 0
        row = {
            "size": f"{10 * size + 3:.3f}" if late else f"{8 * size:.3f}",
            "noise": f"{rng.random():.3f}",
            "extra": f"{rng.random():.3f}",
            "colour": "white" if late and colour == "grey" else colour,
            "answer": classes[right],
        }
        lines.append(",".join(row[name] for name in order))
    path.write_text("\n".join(lines) + "\n")
    return path


class World:
    """A server with an early and a late table, and a finished job on the early one."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.parent = ""

    def submit(self, text: str, *options: str) -> subprocess.CompletedProcess[str]:
        """Submits a job file; PARENT in it is the finished job."""
        job = self.folder / "job.yaml"
        job.write_text(text.replace("PARENT", self.parent))
        return self.server.cli("submit", job, *options)

    def run(self, text: str) -> str:
        done = self.submit(text)
        assert done.returncode == 0, done.stderr
        job = done.stdout.splitlines()[-1]
        self.server.ok("watch", job)
        return job


@pytest.fixture
def world(server: Server, tmp_path: Path) -> World:
    world = World(server, tmp_path)
    for name in ("early", "late"):
        table = write(tmp_path / f"{name}.csv", name == "late")
        server.ok("dataset", "import", table, "--target", "answer", "--id", name)
    world.parent = world.run(JOB)
    return world


def late(changes: dict[str, str] | None = None, parent: str = "PARENT") -> str:
    """The job on the late table, with changes to its text."""
    text = JOB.replace("dataset: early", "dataset: late") + f"parent_job: {parent}\n"
    for old, new in (changes or {}).items():
        assert old in text
        text = text.replace(old, new)
    return text


MODEL = "model: {mlp: {hidden_units: [16], embedding_dimension: 4}}\n"
FEATURES = (
    "feature_selection: {budget: {max_count: 2}}\n"
    "selector: {sequential_attention: {steps: 200}}\n"
)
BLOCKS = (
    "block_pruning: {layers: [dense_0], block: {rows: 2, columns: 2}, budget: {density: 0.5}}\n"
)


def test_a_job_starts_from_its_parent_by_the_names_of_columns_and_values(world: World) -> None:
    changes = {"steps: 300": "steps: 1", "steps: 200": "steps: 50", MODEL: ""}
    job = world.run(late(changes))
    result = json.loads(world.server.ok("result", job, "--json"))
    warm = result["warm_start"]
    assert warm["parent_job"] == world.parent
    assert warm["columns"] == {"matched": 2, "new": ["extra"], "gone": ["noise"]}
    assert warm["values"] == {"matched": 3, "new": 1}
    assert warm["logits"] is True
    assert set(warm["sha256"]) == {
        "model.safetensors", "manifest.json",
        "selection_model.safetensors", "selection_manifest.json",
    }  # fmt: skip
    # What the job file left open is the parent's.
    assert result["settings"]["model"] == {"mlp": {"hidden_units": [16], "embedding_dimension": 4}}
    # A single step from nothing knows next to nothing.
    assert result["metrics"]["test"]["auc"]["value"] > 0.9
    assert f"started from {world.parent}: 2 columns" in world.server.ok("result", job)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (late(parent="nobody"), "tenants/default/jobs/nobody"),
        (late(parent="tenants/other/jobs/parent"), "belongs to tenant default, not to other"),
        (late({"[16]": "[8]"}), "model.mlp.hidden_units: must be [16] as in parent_job PARENT"),
        (
            late({"embedding_dimension: 4": "embedding_dimension: 2"}),
            "model.mlp.embedding_dimension: must be 4 as in parent_job PARENT, got 2",
        ),
        (
            late({MODEL: "model: {linear: {}}\n"}),
            "model: must be mlp as in parent_job PARENT, got linear",
        ),
        (
            late({FEATURES: BLOCKS}),
            "parent_job: must be a job of the same task, block_pruning; PARENT is "
            "feature_selection",
        ),
    ],
    ids=["missing", "foreign", "layers", "embeddings", "model", "task"],
)
def test_a_parent_that_does_not_fit_is_refused_with_both_sides(
    world: World, text: str, complaint: str
) -> None:
    for options in ((), ("--dry-run",)):
        done = world.submit(text, *options)
        assert done.returncode == 2
        assert complaint.replace("PARENT", world.parent) in done.stderr


def test_other_classes_are_refused(world: World) -> None:
    table = write(world.folder / "other.csv", True, ("nein", "ja"))
    world.server.ok("dataset", "import", table, "--target", "answer", "--id", "other")
    done = world.submit(late({"dataset: late": "dataset: other"}))
    assert done.returncode == 2
    assert "parent_job: the classes of its target must be [" in done.stderr


def test_a_parent_stays_as_long_as_a_child_needs_it(world: World) -> None:
    job = world.submit(late({"steps: 300": "steps: 4000000"})).stdout.splitlines()[-1]
    refused = world.server.cli("delete", world.parent)
    assert refused.returncode == 2
    assert job.rsplit("/", 1)[1] in refused.stderr
    unfinished = world.submit(late(parent=job))
    assert unfinished.returncode == 2
    assert "SUCCEEDED was expected" in unfinished.stderr
    world.server.ok("cancel", job)
    world.server.cli("watch", job)
    world.server.ok("delete", world.parent)
    gone = world.submit(late())
    assert gone.returncode == 2
    assert world.parent in gone.stderr


def test_a_parent_whose_files_were_changed_fails_its_child_clearly(world: World) -> None:
    name = world.parent.rsplit("/", 1)[1]
    (found,) = world.server.data_dir.glob(f"jobs/default/{name}/attempt-1/model.safetensors")
    found.write_bytes(found.read_bytes()[:-4] + b"1234")
    job = world.submit(late()).stdout.splitlines()[-1]
    world.server.cli("watch", job)
    shown = world.server.ok("show", job)
    assert "FAILED" in shown
    assert f"artifact model.safetensors of parent_job {world.parent} has SHA-256" in shown
