"""Who gets in: tokens, roles and tenants, on the real programs."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
import winnow
from conftest import ADULT
from google.protobuf import descriptor
from security_support import SecureServer, check_no_secret_is_written, list_jobs, new_token
from server_support import reason_of, same, wait_until
from winnow.v1 import (
    artifact_pb2,
    dataset_pb2,
    dataset_pb2_grpc,
    job_pb2,
    job_service_pb2,
    job_service_pb2_grpc,
    system_pb2,
)

CONTRACT = [
    method
    for module in (dataset_pb2, job_service_pb2, artifact_pb2, system_pb2)
    for service in module.DESCRIPTOR.services_by_name.values()
    for method in service.methods
]


def call(channel: grpc.Channel, method: descriptor.MethodDescriptor, token: str) -> Any:
    """Calls a method, whatever its kind, with a name of tenant ads; the error."""
    path = f"/{method.containing_service.full_name}/{method.name}"
    fields = method.input_type.fields_by_name
    field = "name" if "name" in fields else "parent" if "parent" in fields else ""
    request = b""
    if field:
        kind = method.containing_service.name
        name = {
            ("DatasetService", "name"): b"tenants/ads/datasets/none",
            ("JobService", "name"): b"tenants/ads/jobs/none",
            ("ArtifactService", "name"): b"tenants/ads/jobs/none/artifacts/none",
            ("ArtifactService", "parent"): b"tenants/ads/jobs/none",
        }.get((kind, field), b"tenants/ads")
        request = bytes([fields[field].number << 3 | 2, len(name)]) + name
    metadata = (("authorization", f"Bearer {token}"),)
    try:
        channel.unary_unary(path, same, same)(request, timeout=20, metadata=metadata)
    except grpc.RpcError as error:
        return winnow.WinnowError.from_rpc(error)
    return None


def test_a_certificate_and_a_token_let_in(secure: SecureServer) -> None:
    assert list_jobs(secure.channel()) is grpc.StatusCode.OK  # by the certificate's entry
    assert list_jobs(secure.channel(), secure.token("reader")) is grpc.StatusCode.OK
    assert secure.cli("reader", "jobs").returncode == 0
    assert secure.cli(None, "jobs").returncode == 0
    with winnow.connect(
        secure.address,
        token_file=secure.folder / "reader",
        ca=secure.certs / "ca.pem",
        cert=secure.certs / "trainer.pem",
        key=secure.certs / "trainer.key",
    ) as client:
        assert list(client.list_jobs()) == []


def test_every_method_refuses_bad_tokens_and_other_tenants(secure: SecureServer) -> None:
    channel = secure.channel()
    assert len(CONTRACT) >= 20
    for method in CONTRACT:
        for token, reason in (
            ("winnow_" + "0" * 64, "TOKEN_INVALID"),
            (secure.token("old"), "TOKEN_EXPIRED"),
        ):
            error = call(channel, method, token)
            assert error.code is grpc.StatusCode.UNAUTHENTICATED, method.full_name
            assert error.reason == reason, method.full_name
        if method.name != "GetCapabilities":
            error = call(channel, method, secure.token("stranger"))
            assert error.code is grpc.StatusCode.PERMISSION_DENIED, method.full_name
            assert error.reason == "TENANT_MISMATCH", method.full_name
    channel.close()


def test_tenants_do_not_see_each_other(secure: SecureServer) -> None:
    imported = secure.cli(
        "submitter", "dataset", "import", ADULT / "adult.test.gz",
        "--schema", ADULT / "schema.yaml", "--id", "shared",
    )  # fmt: skip
    assert imported.returncode == 0, imported.stderr
    assert "shared" in secure.cli("reader", "dataset", "list").stdout
    listed = json.loads(secure.cli("stranger", "dataset", "list", "--json").stdout)
    assert listed["datasets"] == []
    for name in ("tenants/ads/datasets/shared", "tenants/ads/datasets/absent"):
        refused = secure.cli("stranger", "dataset", "show", name)
        assert refused.returncode == 2
        assert "belongs to tenant search" in refused.stderr
    # The short id is the caller's own tenant's.
    mine = secure.cli("stranger", "dataset", "show", "shared")
    assert "there is no dataset tenants/search/datasets/shared" in mine.stderr
    assert secure.cli("submitter", "dataset", "delete", "shared").returncode == 2
    assert secure.cli("admin", "dataset", "delete", "shared").returncode == 0


def test_credentials_change_without_a_restart(secure: SecureServer) -> None:
    assert secure.cli("reader", "jobs").returncode == 0
    secure.write_credentials("reader")
    secure.process.send_signal(signal.SIGHUP)
    wait_until(lambda: secure.cli("reader", "jobs").returncode == 2)
    assert secure.cli("submitter", "jobs").returncode == 0
    # A broken file changes nothing; a good one is taken without a signal too.
    secure.credentials.write_text("nonsense\n")
    secure.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "the credentials stay as they were" in secure.log.read_text())
    assert secure.cli("submitter", "jobs").returncode == 0
    secure.write_credentials()
    wait_until(lambda: secure.cli("reader", "jobs").returncode == 0)


def ended_with(call: Any, within_s: float = 15.0) -> winnow.WinnowError:
    """How a stream ended that could go on for minutes."""
    begin = time.monotonic()
    with pytest.raises(grpc.RpcError) as ended:
        for _ in call:
            assert time.monotonic() - begin < within_s
    assert time.monotonic() - begin < within_s
    return winnow.WinnowError.from_rpc(ended.value)


def test_streams_end_with_their_credential(secure: SecureServer) -> None:
    imported = secure.cli(
        "submitter", "dataset", "import", ADULT / "adult.test.gz",
        "--schema", ADULT / "schema.yaml", "--id", "watched",
    )  # fmt: skip
    assert imported.returncode == 0, imported.stderr
    request = job_service_pb2.CreateJobRequest(job_id="long")
    request.job.spec.dataset = "watched"
    request.job.spec.feature_selection.budget.max_count = 3
    request.job.spec.training.epochs = 100_000
    channel = secure.channel()
    jobs = job_service_pb2_grpc.JobServiceStub(channel)
    datasets = dataset_pb2_grpc.DatasetServiceStub(channel)

    def present(name: str) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {secure.token(name)}"),)

    def watch(metadata: tuple[tuple[str, str], ...] = ()) -> Any:
        stream = jobs.WatchJob(job_service_pb2.WatchJobRequest(name="long"), metadata=metadata)
        next(stream)
        return stream

    jobs.CreateJob(request, timeout=20)  # as the certificate's entry
    by_certificate, withdrawn, kept = watch(), watch(present("reader")), watch(present("admin"))
    draft = dataset_pb2.CreateDatasetRequest(dataset_id="half")
    draft.dataset.files.add(filename="a.csv", size_bytes=100, sha256="0" * 64)
    datasets.CreateDataset(draft, timeout=20)
    silent = threading.Event()

    def frames() -> Iterator[dataset_pb2.UploadDatasetRequest]:
        yield dataset_pb2.UploadDatasetRequest(name="half")
        silent.wait(60)

    upload = datasets.UploadDataset.future(frames(), metadata=present("submitter"))
    # Withdrawn: without waiting for the client to say anything.
    secure.write_credentials("reader", "submitter")
    secure.process.send_signal(signal.SIGHUP)
    error = ended_with(withdrawn)
    assert (error.code, error.reason) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_INVALID")
    assert "was withdrawn" in str(error)
    refused = upload.exception(timeout=15)
    assert refused.code() is grpc.StatusCode.UNAUTHENTICATED
    assert reason_of(refused) == "TOKEN_INVALID"
    silent.set()
    # Expired; the command does not try to rejoin.
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 4))
    secure.lines["brief"] = new_token(
        secure.folder, "brief", "--tenant=ads", "--role=reader", f"--expires={soon}"
    )
    secure.write_credentials()
    secure.process.send_signal(signal.SIGHUP)
    wait_until(lambda: list_jobs(secure.channel(), secure.token("brief")) is grpc.StatusCode.OK)
    brief = watch(present("brief"))
    command = secure.cli("brief", "watch", "long")
    assert command.returncode == 2, command.stderr
    assert "expired" in command.stderr
    error = ended_with(brief)
    assert (error.code, error.reason) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_EXPIRED")
    # The others have gone on all the while, and end with the job.
    assert by_certificate.is_active()
    assert kept.is_active()
    jobs.CancelJob(job_service_pb2.CancelJobRequest(name="long"), timeout=20)
    for stream in (by_certificate, kept):
        assert list(stream)[-1].state_changed.to == job_pb2.Job.STATE_CANCELLED
    channel.close()
    for arguments in (("delete", "long"), ("dataset", "delete", "half")):
        assert secure.cli("admin", *arguments).returncode == 0
    assert secure.cli("admin", "dataset", "delete", "watched").returncode == 0


def test_no_secret_is_written_down(secure: SecureServer) -> None:
    """Runs last in this file: looks at everything that the tests above made the server write."""
    assert len(secure.log.read_bytes()) > 1000
    check_no_secret_is_written(secure)
