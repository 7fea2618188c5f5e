"""Wrong input: a clear message, the exit status of the contract, and nothing left behind."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path

import pytest
import winnow
from conftest import BIN, Server

GOOD = "a,b,y\n" + "".join(f"{i % 7},{i % 5},{i % 2}\n" for i in range(200))


@pytest.fixture
def good(server: Server, tmp_path: Path) -> Server:
    """A server with the dataset ``good`` of two features."""
    path = tmp_path / "good.csv"
    path.write_text(GOOD)
    server.ok("dataset", "import", path, "--id", "good", "--target", "y")
    return server


def nothing_left(server: Server, *known: str) -> None:
    """No dataset but ``known``, no part file, no process."""
    listed = json.loads(server.ok("dataset", "list", "--json"))["datasets"]
    assert {dataset["name"].rsplit("/", 1)[-1] for dataset in listed} == set(known)
    uploads = server.data_dir / "uploads"
    assert not [path for path in uploads.rglob("*") if path.is_file()]
    folders = server.data_dir / "datasets"
    kept = {path.parent.name for path in folders.rglob("*") if path.is_file()}
    assert kept <= set(known)
    assert not server.workers()


def refused(result: subprocess.CompletedProcess[str], *words: str) -> None:
    assert result.returncode == 2, (result.returncode, result.stderr)
    for word in words:
        assert word in result.stderr, result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("job", "words"),
    [
        ("dataset: good\nfeature_selektion: {budget: {max_count: 1}}", ["feature_selektion"]),
        (
            "dataset: good\nfeature_selection: {budget: {max_count: 1}}\n"
            "training: {learning_rate: -1}",
            ["training.learning_rate", "must be > 0", "-1"],
        ),
        (
            "dataset: good\nfeature_selection: {budget: {max_count: 3}}",
            ["feature_selection.budget.max_count", "3", "2"],
        ),
        ("dataset: absent\nfeature_selection: {budget: {max_count: 1}}", ["absent"]),
        ("dataset: good\nfeature_cross: {budget: {max_count: 1}}", ["not built"]),
        (
            "dataset: good\nfeature_selection: {budget: {max_count: 1}, must_keep: [c]}",
            ["must_keep", "c"],
        ),
    ],
)
def test_a_wrong_job_is_refused(good: Server, tmp_path: Path, job: str, words: list[str]):
    path = tmp_path / "job.yaml"
    path.write_text(job)
    refused(good.cli("submit", path), *words)
    assert json.loads(good.ok("jobs", "--json"))["jobs"] == []


def test_every_mistake_is_named_at_once(good: Server, tmp_path: Path):
    path = tmp_path / "job.yaml"
    path.write_text(
        "dataset: good\nfeature_selection: {budget: {max_count: 9}}\n"
        "training: {learning_rate: -1, batch_size: 0}\n"
    )
    refused(
        good.cli("submit", path),
        "feature_selection.budget.max_count",
        "training.learning_rate",
        "training.batch_size",
    )


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("ragged.csv", GOOD.encode() + b"1,2,1,9\n", ["ragged.csv", "202"]),
        ("empty.csv", b"", ["empty.csv", "empty"]),
        ("binary.csv", random.Random(1).randbytes(5000), ["binary.csv"]),
        ("missing.csv", b"a,b,y\n" + b"1,,0\n,,1\n2,,1\n3,,0\n" * 30, ["'b'", "no value"]),
        ("oneclass.csv", b"a,b,y\n" + b"1,2,1\n3,4,1\n" * 30, ["y"]),
    ],
    ids=["ragged", "empty", "binary", "all missing", "one class"],
)
def test_a_wrong_table_is_refused(
    server: Server, tmp_path: Path, name: str, content: bytes, words: list[str]
):
    path = tmp_path / name
    path.write_bytes(content)
    refused(
        server.cli("dataset", "import", path, "--id", "wrong", "--target", "y"), *words
    )  # fmt: skip
    nothing_left(server)


def test_a_missing_target_column_is_refused(server: Server, tmp_path: Path):
    path = tmp_path / "good.csv"
    path.write_text(GOOD)
    result = server.cli("dataset", "import", path, "--id", "wrong", "--target", "income")
    refused(result, "income", "'a', 'b', 'y'")
    nothing_left(server)


def test_run_reports_a_wrong_table_like_import(tmp_path: Path):
    path = tmp_path / "ragged.csv"
    path.write_text(GOOD + "1,2,1,9\n")
    job = tmp_path / "job.yaml"
    job.write_text("dataset: x\nfeature_selection: {budget: {max_count: 1}}\n")
    command = [str(BIN / "winnow"), "run", str(job), "--data", str(path), "--target", "y"]
    refused(subprocess.run(command, capture_output=True, text=True, timeout=60), "ragged.csv")


def test_a_port_in_use_is_said(server: Server, tmp_path: Path):
    command = [str(BIN / "winnowd"), "--listen=127.0.0.1:0", f"--data_dir={server.data_dir}"]
    second = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert second.returncode == 2
    assert "in use" in second.stderr and str(server.data_dir) in second.stderr


def test_no_server_is_exit_status_3(tmp_path: Path):
    command = [str(BIN / "winnow"), "--server", f"unix:{tmp_path}/none.sock", "jobs"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.returncode == 3
    assert "none.sock" in result.stderr


def test_mistakes_of_form_and_of_value_come_at_once(good: Server, tmp_path: Path) -> None:
    path = tmp_path / "job.yaml"
    text = (
        "dataset: good\nfeature_selection: {budget: {max_count: 1}, must_kep: [a]}\n"
        "training: {learning_rate: -1, epochs: many, batch_size: 0}\nlabels: {long: "
        + "x" * 64
        + "}\n"
    )
    path.write_text(text)
    expected = {
        "feature_selection.must_kep": "did you mean must_keep",
        "training.epochs": "expected a number",
        "training.learning_rate": "must be > 0, got -1",
        "training.batch_size": "0",
        "labels.long": "at most 63 bytes",
    }
    result = good.cli("submit", path)
    refused(result, "5 mistakes", *(f"{field}: " for field in expected), *expected.values())
    listed = json.loads(good.cli("--json", "submit", path).stderr)["error"]["violations"]
    assert {violation["field"] for violation in listed} == set(expected)
    with winnow.connect(good.address) as client:
        with pytest.raises(winnow.SpecError) as wrong:
            client.submit(path)
        assert {violation.path for violation in wrong.value.violations} == set(expected)
        assert list(client.list_jobs()) == []
    # What only follows from a misspelt section is not listed.
    path.write_text("dataset: good\nfeature_selektion: {budget: {max_count: 1}}\n")
    listed = json.loads(good.cli("--json", "submit", path).stderr)["error"]["violations"]
    assert [violation["field"] for violation in listed] == ["feature_selektion"]


def test_mistakes_of_form_need_no_server(tmp_path: Path) -> None:
    path = tmp_path / "job.yaml"
    path.write_text("dataset: good\ntraining: {epochz: 1}\n")
    result = subprocess.run(
        [BIN / "winnow", "--server", f"unix:{tmp_path}/nobody", "submit", path],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    refused(result, "training.epochz: unknown key; did you mean epochs")
