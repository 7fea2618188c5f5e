"""The server of a crash campaign, and the work it is given."""

from __future__ import annotations

import random
import shutil
import sqlite3
import tempfile
import uuid
from pathlib import Path
from typing import Any

import grpc
from history import LostError
from server_support import WINNOWD, RawServer, wait_until
from winnow.v1 import artifact_pb2, dataset_pb2, job_service_pb2

ROWS = 3000
COLUMNS = 8
# A checkpoint is written at the end of every stage and each 10 s inside one. Only jobs of this
# template live long enough to be resumed inside a stage.
LONG_EPOCHS = 6000


def table(seed: int, rows: int) -> bytes:
    """A CSV whose label follows its first columns."""
    numbers = random.Random(seed)
    lines = [",".join([*(f"x{i}" for i in range(COLUMNS)), "y"])]
    for _ in range(rows):
        values = [numbers.gauss(0, 1) for _ in range(COLUMNS)]
        label = int(sum(values[:3]) + numbers.gauss(0, 0.5) > 0)
        lines.append(",".join([*(f"{value:.4f}" for value in values), str(label)]))
    return ("\n".join(lines) + "\n").encode()


def make_request(template: int, epochs: int = 6) -> job_service_pb2.CreateJobRequest:
    """Templates differ in the seed and, every other one, in whether a curve is trained."""
    request = job_service_pb2.CreateJobRequest(request_id=str(uuid.uuid4()))
    spec = request.job.spec
    spec.dataset = "table"
    spec.feature_selection.budget.max_count = 3
    spec.selector.sequential_attention.steps_per_pick = 30
    spec.training.seed = template
    spec.training.epochs = epochs
    spec.evaluation.bootstrap_samples = 10
    if epochs >= LONG_EPOCHS:
        spec.evaluation.controls.SetInParent()  # none: one stage has most of the time
        spec.model.mlp.hidden_units.values.extend([128, 64])
    elif template % 2:
        spec.evaluation.curve_points.extend([1, 2])
    return request


class CampaignServer(RawServer):
    """RawServer with the real worker, whose channels come back soon after a death."""

    def __init__(self, folder: Path, *flags: str) -> None:
        super().__init__(folder, WINNOWD.parent / "winnow-worker", "--worker_slots=2", *flags)

    def make_channel(self) -> grpc.Channel:
        # The time of a recovery is the server's, not that of a client that waits to reconnect.
        options = [
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.initial_reconnect_backoff_ms", 50),
            ("grpc.max_reconnect_backoff_ms", 200),
        ]
        return grpc.insecure_channel(self.address, options=options)

    def import_table(self) -> None:
        path = self.files / "table.csv"
        path.write_bytes(table(1, ROWS))
        request = dataset_pb2.CreateDatasetRequest(dataset_id="table")
        request.dataset.files.add(local_path=str(path))
        self.datasets.CreateDataset(request, timeout=20)
        wait_until(lambda: self.dataset("table").state == dataset_pb2.Dataset.STATE_ACTIVE)

    def artifact(self, job: str, artifact: str) -> bytes:
        request = artifact_pb2.DownloadArtifactRequest(name=f"{job}/artifacts/{artifact}")
        return b"".join(frame.data for frame in self.artifacts.DownloadArtifact(request))

    def all_jobs(self) -> list[Any]:
        jobs: list[Any] = []
        request = job_service_pb2.ListJobsRequest(page_size=1000)
        while True:
            page = self.jobs.ListJobs(request, timeout=20)
            jobs += page.jobs
            if not page.next_page_token:
                return jobs
            request.page_token = page.next_page_token

    def job_of(self, pid: int) -> str:
        """The job whose attempt the process runs; empty when it is gone or runs no job."""
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().decode()
        except OSError:
            return ""
        place = command.find("tenants/")
        return command[place:].split("/attempts/")[0] if place >= 0 and "/jobs/" in command else ""

    def check_integrity(self) -> None:
        """On a copy, so that recovery meets the files as the death left them."""
        with tempfile.TemporaryDirectory() as copy:
            for path in self.data_dir.glob("winnow.db*"):
                shutil.copy(path, copy)
            with sqlite3.connect(Path(copy) / "winnow.db") as store:
                for check in ("integrity_check", "foreign_key_check"):
                    answer = store.execute(f"PRAGMA {check}").fetchall()
                    if answer not in ([], [("ok",)]):
                        raise LostError(f"{check}: {answer}")
