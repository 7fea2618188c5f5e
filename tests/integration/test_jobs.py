"""Jobs through the command line: two at once, cancel, stop, kill -9, threads, request ids."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from conftest import ADULT, BIN, Server

SHORT_JOB = """
dataset: adult
feature_selection: {budget: {max_count: 3}}
selector: {sequential_attention: {steps_per_pick: 20}}
training: {epochs: 1}
evaluation: {controls: [], bootstrap_samples: 10}
"""
# Long enough to be met in the middle: some tens of seconds unless it is ended.
LONG_JOB = """
dataset: adult
feature_selection: {budget: {max_count: 6}}
selector: {sequential_attention: {}}
training: {epochs: 400, early_stopping: false}
evaluation: {controls: [full], bootstrap_samples: 10}
"""


@pytest.fixture
def adult(server: Server) -> Server:
    """A server that has the bundled table."""
    import_adult(server)
    return server


def import_adult(server: Server) -> None:
    server.ok(
        "dataset", "import", ADULT / "adult.data.gz", "--test-file", ADULT / "adult.test.gz",
        "--schema", ADULT / "schema.yaml", "--id", "adult",
    )  # fmt: skip


def submit(server: Server, text: str, folder: Path, *options: str) -> str:
    path = folder / "job.yaml"
    path.write_text(text)
    return server.ok("submit", path, *options).splitlines()[-1]


def show(server: Server, job: str) -> dict:
    return json.loads(server.ok("show", job, "--json"))


def wait_until(condition, timeout_s: float = 60.0):
    """Polls until ``condition`` gives something true; its value."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)  # between polls


def running_with_progress(server: Server, job: str) -> bool:
    return show(server, job)["state"] == "STATE_RUNNING" and bool(server.workers())


def events(server: Server, job: str, after: int = 0) -> list[dict]:
    lines = server.ok("watch", job, "--from", after, "--json").splitlines()
    return [event for event in map(json.loads, lines) if "progress" not in event]


def sequences(log: list[dict]) -> list[int]:
    return [int(event.get("sequence", 0)) for event in log if "bookmark" not in event]


def selection(server: Server, job: str, folder: Path) -> bytes:
    path = folder / (job.rsplit("/", 1)[-1] + ".json")
    server.ok("download", job, "selection.json", "-o", path)
    return path.read_bytes()


def weights(server: Server, job: str, folder: Path) -> bytes:
    path = folder / (job.rsplit("/", 1)[-1] + ".safetensors")
    server.ok("download", job, "model.safetensors", "-o", path)
    return path.read_bytes()


def test_two_jobs_at_once_both_finish(adult: Server, tmp_path: Path):
    jobs = [submit(adult, SHORT_JOB, tmp_path, "--set", f"training.seed={seed}") for seed in (1, 2)]
    for job in jobs:
        adult.ok("watch", job)
        result = json.loads(adult.ok("result", job, "--json"))
        assert len(result["selected"]) == 3
    listed = json.loads(adult.ok("jobs", "--json"))["jobs"]
    assert {job["name"] for job in listed} == set(jobs)


def test_cancel_ends_a_job_within_two_seconds(adult: Server, tmp_path: Path):
    job = submit(adult, LONG_JOB, tmp_path)
    wait_until(lambda: running_with_progress(adult, job))
    start = time.monotonic()
    adult.ok("cancel", job)
    wait_until(lambda: show(adult, job)["state"] == "STATE_CANCELLED")
    assert time.monotonic() - start < 2.0
    wait_until(lambda: not adult.workers())
    assert adult.cli("watch", job).returncode == 1
    assert adult.cli("result", job).returncode != 0


def test_stop_keeps_the_best_so_far(adult: Server, tmp_path: Path):
    job = submit(adult, LONG_JOB.replace("epochs: 400", "epochs: 20"), tmp_path)
    wait_until(lambda: any("pick" in e for e in list_events(adult, job)))
    adult.ok("stop", job)
    adult.ok("watch", job)
    result = json.loads(adult.ok("result", job, "--json"))
    assert len(result["selected"]) == 6
    assert result["stopped_early"] is True
    assert "full" not in result["controls"]


def test_the_weight_decay_is_chosen_by_the_job(adult: Server, tmp_path: Path):
    tuned = SHORT_JOB.replace("steps_per_pick: 20", "steps_per_pick: 20, tune_weight_decay: true")
    job = submit(adult, tuned, tmp_path)
    adult.ok("watch", job)
    tuning = json.loads(adult.ok("result", job, "--json"))["tuning"]
    assert [trial["value"] for trial in tuning["tried"]] == [1, 10, 30]
    best = min(tuning["tried"], key=lambda trial: trial["validation_loss"])
    assert tuning["chosen"] == best["value"]
    assert f"weight_decay {best['value']:g}, of 1, 10, 30 by validation loss" in adult.ok(
        "result", job
    )
    # The picks are those of a job that names the value.
    alone = SHORT_JOB.replace("20}", f"20, weight_decay: {best['value']}}}", 1)
    named = submit(adult, alone, tmp_path)
    adult.ok("watch", named)
    assert weights(adult, named, tmp_path) == weights(adult, job, tmp_path)
    # And so are its repeats.
    repeated = [
        submit(adult, text.replace("controls: []", "controls: [], repeats: 2"), tmp_path)
        for text in (tuned, alone)
    ]
    for each in repeated:
        adult.ok("watch", each)
    repeats = [json.loads(adult.ok("result", each, "--json"))["repeats"] for each in repeated]
    assert repeats[0]["count"] == 2
    assert repeats[0] == repeats[1]


def list_events(server: Server, job: str) -> list[dict]:
    """The durable log so far, without waiting for the end of the job."""
    command = [str(BIN / "winnow"), "--server", server.address, "watch", job, "--json"]
    watcher = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert watcher.stdout is not None
    last = int(show(server, job).get("last_sequence", 0))
    log: list[dict] = []
    for line in watcher.stdout:
        event = json.loads(line)
        if "progress" in event or "bookmark" in event:
            continue
        log.append(event)
        if int(event["sequence"]) >= last:
            break
    watcher.kill()
    watcher.wait()
    return log


@pytest.fixture
def uninterrupted(adult: Server, tmp_path: Path) -> tuple[Server, bytes]:
    """A server, and the selection of the medium job run in one go."""
    job = submit(adult, MEDIUM_JOB, tmp_path)
    adult.ok("watch", job)
    return adult, selection(adult, job, tmp_path)


MEDIUM_JOB = """
dataset: adult
feature_selection: {budget: {max_count: 4}}
selector: {sequential_attention: {}}
training: {epochs: 12}
evaluation: {controls: [full], bootstrap_samples: 10}
"""


def test_kill_9_of_the_server_loses_nothing(uninterrupted, tmp_path: Path):
    server, expected = uninterrupted
    job = submit(server, MEDIUM_JOB, tmp_path)
    seen = wait_until(lambda: [e for e in list_events(server, job) if "pick" in e] and
                      list_events(server, job))  # fmt: skip
    server.kill()
    server.start()
    rest = events(server, job, after=int(seen[-1]["sequence"]))
    log = sequences(seen) + sequences(rest)
    assert log == list(range(1, len(log) + 1))
    assert selection(server, job, tmp_path) == expected
    assert int(show(server, job)["attempt"]) == 2


def test_kill_9_of_the_worker_costs_one_attempt(uninterrupted, tmp_path: Path):
    server, expected = uninterrupted
    job = submit(server, MEDIUM_JOB, tmp_path)
    wait_until(lambda: any("pick" in e for e in list_events(server, job)))
    for worker in server.workers():
        os.kill(worker, signal.SIGKILL)
    log = events(server, job)
    assert sequences(log) == list(range(1, len(log) + 1))
    assert selection(server, job, tmp_path) == expected
    assert int(show(server, job)["attempt"]) == 2


def test_any_number_of_threads_gives_the_same_bytes(make_server, tmp_path: Path):
    server = make_server("--worker_slots=3")
    import_adult(server)
    outputs = set()
    for threads in (1, 2, 3):
        job = submit(server, SHORT_JOB, tmp_path, "--set", f"training.threads={threads}")
        server.ok("watch", job)
        outputs.add((selection(server, job, tmp_path), weights(server, job, tmp_path)))
    assert len(outputs) == 1


def test_a_request_id_makes_submit_idempotent(adult: Server, tmp_path: Path):
    request = "6c1cb1b5-0a0c-4a53-9a2e-2a6f3c1c0f11"
    first = submit(adult, SHORT_JOB, tmp_path, "--request-id", request)
    assert submit(adult, SHORT_JOB, tmp_path, "--request-id", request) == first
    other = tmp_path / "other.yaml"
    other.write_text(SHORT_JOB.replace("max_count: 3", "max_count: 2"))
    refused = adult.cli("submit", other, "--request-id", request)
    assert refused.returncode == 2


def test_checkpoints_of_a_fast_job_tell_stage_and_step(adult: Server, tmp_path: Path) -> None:
    """Though it ends before the first progress note."""
    job = submit(adult, SHORT_JOB, tmp_path)
    lines = adult.ok("watch", job, "--json").splitlines()
    events = [json.loads(line) for line in lines]
    written = [event["checkpoint_written"] for event in events if "checkpoint_written" in event]
    stages = [checkpoint["stage"] for checkpoint in written]
    assert stages[0] == "STAGE_SELECT"
    assert stages[-1] == "STAGE_RETRAIN"
    steps = [int(checkpoint["step"]) for checkpoint in written]
    assert steps[0] > 0
    assert steps == sorted(set(steps))
