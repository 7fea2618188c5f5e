"""Who gets in: TLS, client certificates, tokens, roles and tenants, on the real programs."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import winnow
from conftest import ADULT, BIN, REPO
from google.protobuf import descriptor
from server_support import reason_of, same
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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(BIN / program), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30)


def make_certificates(folder: Path, *options: str) -> Path:
    script = REPO / "deploy" / "certificates.sh"
    subprocess.run([script, folder, *options], check=True, capture_output=True)
    return folder


def new_token(folder: Path, name: str, *options: str) -> str:
    """Makes the file ``name``; its line of the credentials file."""
    result = run("winnowd", f"--new-token={folder / name}", f"--subject={name}", *options)
    assert result.returncode == 0, result.stderr
    return result.stdout


def expire(folder: Path, name: str) -> None:
    """Replaces a certificate by one of the same authority that ended yesterday."""
    request = subprocess.run(
        ["openssl", "req", "-new", "-key", f"{name}.key", "-subj", f"/CN={name}"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    (folder / f"{name}.csr").write_bytes(request.stdout)
    (folder / "index.txt").write_text("")
    (folder / "serial").write_text("77\n")
    (folder / "ca.cnf").write_text(
        "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\n"
        "default_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n"
        "[x]\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n"
    )
    subprocess.run(
        [
            "openssl", "ca", "-batch", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key",
            "-in", f"{name}.csr", "-out", f"{name}.pem", "-extensions", "x", "-notext",
            "-startdate", "20200101000000Z", "-enddate", "20200102000000Z",
        ],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip


class SecureServer:
    """A winnowd on TCP with mutual TLS and a credentials file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.certs = make_certificates(
            folder / "certs", "--client", "trainer", "--client", "nobody"
        )
        self.other = make_certificates(folder / "other", "--client", "trainer")
        self.credentials = folder / "credentials"
        self.lines = {
            name: new_token(folder, name, f"--tenant={tenant}", f"--role={role}", *expiry)
            for name, tenant, role, *expiry in (
                ("reader", "ads", "reader"),
                ("submitter", "ads", "submitter"),
                ("admin", "ads", "admin"),
                ("stranger", "search", "admin"),
                ("old", "ads", "admin", "--expires=2020-01-01T00:00:00Z"),
            )
        }
        self.lines["machine"] = "cert trainer ads submitter never machine\n"
        self.write_credentials()
        self.port = free_port()
        self.address = f"localhost:{self.port}"
        self.log = folder / "winnowd.log"
        self.process = self.launch()

    def write_credentials(self, *without: str) -> None:
        kept = [line for name, line in self.lines.items() if name not in without]
        self.credentials.write_text("".join(kept))

    def launch(self) -> subprocess.Popen[bytes]:
        command = [
            str(BIN / "winnowd"), f"--listen=127.0.0.1:{self.port}", "--http=off",
            f"--data_dir={self.folder / 'data'}", f"--credentials={self.credentials}",
            f"--tls_cert={self.certs / 'server.pem'}", f"--tls_key={self.certs / 'server.key'}",
            f"--tls_client_ca={self.certs / 'ca.pem'}", "--log_level=debug",
        ]  # fmt: skip
        with self.log.open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_until(lambda: process.poll() is not None or "serving" in self.log.read_text())
        assert process.poll() is None, self.log.read_text()
        return process

    def token(self, name: str) -> str:
        return (self.folder / name).read_text().strip()

    def channel(self, *, ca: Path | None = None, pair: Path | None = None) -> grpc.Channel:
        """``pair``: path of a certificate without its ending; default the trainer's."""
        pair = pair or self.certs / "trainer"
        return grpc.secure_channel(
            self.address,
            grpc.ssl_channel_credentials(
                (ca or self.certs / "ca.pem").read_bytes(),
                pair.with_suffix(".key").read_bytes(),
                pair.with_suffix(".pem").read_bytes(),
            ),
            options=[("grpc.use_local_subchannel_pool", 1)],
        )

    def cli(
        self, token: str | None, *arguments: object, pair: str = "trainer"
    ) -> subprocess.CompletedProcess[str]:
        options = [
            "--server", self.address, "--ca", self.certs / "ca.pem",
            "--cert", self.certs / f"{pair}.pem", "--key", self.certs / f"{pair}.key",
        ]  # fmt: skip
        if token is not None:
            options += ["--token-file", self.folder / token]
        return subprocess.run(
            [str(part) for part in (BIN / "winnow", *options, *arguments)],
            capture_output=True,
            text=True,
            timeout=120,
        )


def wait_until(condition: Any, timeout_s: float = 30.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)  # between polls


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureServer]:
    server = SecureServer(tmp_path_factory.mktemp("secure"))
    yield server
    server.process.kill()
    server.process.wait()


def list_jobs(channel: grpc.Channel, token: str | None = None) -> grpc.StatusCode:
    """The status of a call with this token."""
    client = winnow.Client(channel, token=token)
    try:
        client._call(client._jobs.ListJobs, job_service_pb2.ListJobsRequest(), timeout=5)
    except winnow.WinnowError as error:
        return error.code
    finally:
        channel.close()
    return grpc.StatusCode.OK


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


def test_a_certificate_without_an_entry_needs_a_token(secure: SecureServer) -> None:
    nobody = secure.certs / "nobody"
    assert list_jobs(secure.channel(pair=nobody)) is grpc.StatusCode.UNAUTHENTICATED
    assert list_jobs(secure.channel(pair=nobody), secure.token("reader")) is grpc.StatusCode.OK


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


def test_connections_without_a_good_certificate_are_refused(
    secure: SecureServer, tmp_path: Path
) -> None:
    token = secure.token("admin")
    ca = secure.certs / "ca.pem"
    # The client does not know the server's authority.
    wrong_ca = secure.channel(ca=secure.other / "ca.pem")
    assert list_jobs(wrong_ca, token) is grpc.StatusCode.UNAVAILABLE
    # The server does not know the client's authority.
    foreign = secure.channel(pair=secure.other / "trainer")
    assert list_jobs(foreign, token) is grpc.StatusCode.UNAVAILABLE
    # The client has no certificate.
    bare = grpc.secure_channel(
        secure.address,
        grpc.ssl_channel_credentials(ca.read_bytes()),
        options=[("grpc.use_local_subchannel_pool", 1)],
    )
    assert list_jobs(bare, token) is grpc.StatusCode.UNAVAILABLE
    # The client's certificate has expired.
    expired = make_certificates(tmp_path / "expired", "--client", "late")
    for name in ("ca.pem", "ca.key"):
        (expired / name).write_bytes((secure.certs / name).read_bytes())
    expire(expired, "late")
    assert list_jobs(secure.channel(pair=expired / "late"), token) is grpc.StatusCode.UNAVAILABLE
    # No TLS at all.
    plain = grpc.insecure_channel(secure.address)
    assert list_jobs(plain, token) is grpc.StatusCode.UNAVAILABLE
    # And with everything right the same token is good.
    assert list_jobs(secure.channel(), token) is grpc.StatusCode.OK


def test_an_expired_certificate_does_not_start_a_server(tmp_path: Path) -> None:
    certs = make_certificates(tmp_path / "certs")
    expire(certs, "server")
    command = [
        "winnowd", f"--listen=127.0.0.1:{free_port()}", "--http=off",
        f"--data_dir={tmp_path / 'data'}", f"--tls_cert={certs / 'server.pem'}",
        f"--tls_key={certs / 'server.key'}",
    ]  # fmt: skip
    result = run(*command)
    assert result.returncode == 2
    assert "server.pem: the certificate has expired" in result.stderr
    other = make_certificates(tmp_path / "other")
    command[-1] = f"--tls_key={other / 'server.key'}"
    command[-2] = f"--tls_cert={make_certificates(tmp_path / 'third') / 'server.pem'}"
    result = run(*command)
    assert result.returncode == 2
    assert "is not the key of the certificate" in result.stderr


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


def test_a_replaced_certificate_serves_new_connections(secure: SecureServer) -> None:
    fresh = make_certificates(secure.folder / "fresh", "--client", "trainer")
    saved = {name: (secure.certs / name).read_bytes() for name in ("server.pem", "server.key")}

    def served_by(authority: Path) -> bool:
        channel = secure.channel(ca=authority)
        return list_jobs(channel, secure.token("reader")) is grpc.StatusCode.OK

    assert served_by(secure.certs / "ca.pem")
    for name in ("server.key", "server.pem"):
        (secure.certs / name).write_bytes((fresh / name).read_bytes())
    wait_until(lambda: served_by(fresh / "ca.pem"), timeout_s=60)
    for name, content in saved.items():
        (secure.certs / name).write_bytes(content)
    wait_until(lambda: served_by(secure.certs / "ca.pem"), timeout_s=60)


def test_clients_do_not_send_a_token_in_plain_text(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("winnow_x")
    result = run(
        "winnow", "--server=example.com:7070", f"--token-file={tmp_path / 'token'}", "jobs"
    )
    assert result.returncode == 2
    assert "in plain text" in result.stderr
    with pytest.raises(ValueError, match="plain text"):
        winnow.connect("example.com:7070", token="winnow_x")


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ((), "not encrypted (--tls_cert, --tls_key) and everybody is let in (--credentials)"),
        (("--credentials=c",), "not encrypted"),
        (("--tls_cert=a", "--tls_key=b"), "everybody is let in"),
        (("--tls_cert=a",), "tls_cert and tls_key belong together"),
        (("--tls_client_ca=a",), "tls_client_ca needs tls_cert"),
    ],
)
def test_an_open_address_needs_both_locks(flags: tuple[str, ...], expected: str) -> None:
    result = run("winnowd", "--listen=0.0.0.0:0", "--http=off", "--check-config", *flags)
    assert result.returncode == 2
    assert expected in result.stderr


def test_no_secret_is_written_down(secure: SecureServer) -> None:
    """Runs last in this file: looks at everything that the tests above made the server write."""
    tokens = [secure.token(name) for name in secure.lines if name != "machine"]
    written = [
        secure.log,
        *(path for path in (secure.folder / "data").rglob("*") if path.is_file()),
    ]
    assert len(secure.log.read_bytes()) > 1000
    for path in written:
        content = path.read_bytes()
        for token in tokens:
            assert token.encode() not in content, path
    assert all(token.encode() not in secure.credentials.read_bytes() for token in tokens)
    assert (secure.folder / "reader").stat().st_mode & 0o077 == 0
