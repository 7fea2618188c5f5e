"""A stand-in for winnow-worker that speaks the protocol and trains nothing.

What it does with a job is set by the job's labels: ``picks`` (how many events), ``pause_ms``
(after each), ``event_bytes`` (added to each), ``checkpoint_every`` (events), ``die_at`` (event
after which the first attempt dies), ``sleep`` (report nothing until told to
leave). A command is obeyed at the next event.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import winnow


class Connection:
    """The Attach stream: what is said goes through a queue, what is told is kept."""

    def __init__(self, stub: Any) -> None:
        self._out: queue.Queue[Any] = queue.Queue()
        self._changed = threading.Condition()
        self._answers = stub.Attach(self._said())
        self.commands: set[int] = set()
        self._finished = False
        self._over = False

    def _said(self) -> Iterator[Any]:
        while True:
            yield self._out.get()

    def say(self, message: Any) -> None:
        if self._over:
            sys.exit(1)
        self._out.put(message)

    def first(self) -> Any:
        return next(self._answers)

    def listen(self) -> None:
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        try:
            for answer in self._answers:
                with self._changed:
                    if answer.HasField("command"):
                        self.commands.add(answer.command.kind)
                    self._finished = self._finished or answer.ack.finished
                    self._changed.notify_all()
        except grpc.RpcError as error:
            print("the connection ended:", error, file=sys.stderr)
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def wait_for_command(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: bool(self.commands) or self._over)
        if self._over:
            sys.exit(1)

    def finish(self, message: Any) -> None:
        self.say(message)
        with self._changed:
            self._changed.wait_for(lambda: self._finished or self._over)
        sys.exit(0 if self._finished else 1)


def write(path: Path, text: str) -> tuple[int, str]:
    """Writes the file; its size and SHA-256."""
    path.write_text(text)
    return len(text), hashlib.sha256(text.encode()).hexdigest()


def run_job(connection: Connection, job: Any, messages: Any) -> None:
    labels = dict(job.spec.labels)
    picks = int(labels.get("picks", "10"))
    every = int(labels.get("checkpoint_every", "0"))
    padding = "." * int(labels.get("event_bytes", "0"))
    folder = Path(job.attempt_dir)
    done = job.checkpoints[0].ordinal if job.checkpoints else 0
    print("attempt", job.attempt, "goes on behind event", done, flush=True)
    if "sleep" in labels:
        connection.wait_for_command()
    for ordinal in range(done + 1, picks + 1):
        if leave(connection, messages, folder, ordinal - 1):
            return
        event = messages.AttachRequest()
        event.event.ordinal = ordinal
        event.event.event.pick.rank = ordinal
        event.event.event.pick.candidate = f"feature {ordinal}{padding}"
        connection.say(event)
        progress = messages.AttachRequest()
        progress.progress.step = ordinal * 10
        progress.progress.samples_per_s = 1000.0
        connection.say(progress)
        if every and ordinal % every == 0:
            connection.say(checkpoint(messages, folder, ordinal))
        if job.attempt == 1 and labels.get("die_at") == str(ordinal):
            time.sleep(0.2)  # for the report to leave
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(float(labels.get("pause_ms", "0")) / 1000)  # the pace of a training
    if leave(connection, messages, folder, picks):
        return
    connection.finish(succeeded(messages, folder, picks, stopped_early=False))


def leave(connection: Connection, messages: Any, folder: Path, ordinal: int) -> bool:
    """Obeys a command, if one has come."""
    command = messages.Command
    last = messages.AttachRequest()
    last.finished.ordinal = ordinal
    if command.KIND_CANCEL in connection.commands:
        last.finished.cancelled.SetInParent()
        connection.finish(last)
    if command.KIND_YIELD in connection.commands:
        connection.say(checkpoint(messages, folder, ordinal))
        last.finished.yielded.SetInParent()
        connection.finish(last)
    if command.KIND_STOP in connection.commands:
        connection.finish(succeeded(messages, folder, ordinal, stopped_early=True))
    return False


def checkpoint(messages: Any, folder: Path, ordinal: int) -> Any:
    path = folder / f"checkpoint-{ordinal}"
    size, digest = write(path, f"state behind event {ordinal}")
    message = messages.AttachRequest()
    message.checkpoint.path = str(path)
    message.checkpoint.sha256 = digest
    message.checkpoint.size_bytes = size
    message.checkpoint.ordinal = ordinal
    message.checkpoint.step = ordinal * 10
    return message


def succeeded(messages: Any, folder: Path, ordinal: int, *, stopped_early: bool) -> Any:
    message = messages.AttachRequest()
    message.finished.ordinal = ordinal
    message.finished.succeeded.stopped_early = stopped_early
    path = folder / "selection.json"
    size, digest = write(path, json.dumps({"selected": ordinal}))
    message.finished.succeeded.artifacts.add(
        artifact_id=path.name, path=str(path), size_bytes=size, sha256=digest
    )
    return message


def run_import(connection: Connection, work: Any, messages: Any, profile: str) -> None:
    for file in work.files:
        if Path(file.path).read_bytes().startswith(b"\x00"):
            failed = messages.AttachRequest()
            failed.import_finished.failed.code = 3  # INVALID_ARGUMENT
            failed.import_finished.failed.message = f"{file.filename} is a binary file"
            connection.finish(failed)
    write(Path(work.output_dir) / "table.bin", "packed")
    message = messages.AttachRequest()
    imported = message.import_finished.imported
    imported.profile_json = profile
    imported.resolved_schema.CopyFrom(work.schema)
    imported.sha256 = "a" * 64
    imported.table_bytes = 6
    connection.finish(message)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--generated", required=True)  # folder of winnow/internal/v1
    parser.add_argument("--profile", required=True)
    parser.add_argument("--server", required=True)
    parser.add_argument("--attempt", required=True)
    options = parser.parse_args()
    winnow.__path__.append(str(Path(options.generated) / "winnow"))
    from winnow.internal.v1 import worker_pb2, worker_pb2_grpc  # type: ignore[import-not-found]

    facts = json.loads(Path(options.profile).read_text())
    connection = Connection(
        worker_pb2_grpc.WorkerServiceStub(grpc.insecure_channel(options.server))
    )
    hello = worker_pb2.AttachRequest()
    hello.hello.attempt_id = options.attempt
    hello.hello.secret = os.environ.pop("WINNOW_WORKER_SECRET")
    hello.hello.pid = os.getpid()
    hello.hello.instruction_set = "portable"
    hello.hello.version = facts["version"]
    hello.hello.plan_version = facts["plan_version"]
    connection.say(hello)
    assignment = connection.first().assignment
    connection.listen()
    if assignment.HasField("job"):
        run_job(connection, assignment.job, worker_pb2)
    elif assignment.HasField("dataset_import"):
        run_import(connection, assignment.dataset_import, worker_pb2, json.dumps(facts["profile"]))
    else:
        message = worker_pb2.AttachRequest()
        message.infer_finished.inferred.schema.CopyFrom(assignment.infer.schema)
        message.infer_finished.inferred.sampled_rows = 3
        connection.finish(message)


if __name__ == "__main__":
    main()
