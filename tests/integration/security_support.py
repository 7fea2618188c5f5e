"""A winnowd that asks who calls, and what a test needs to be somebody: certificates and tokens."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
import winnow
from server_support import REPO, WINNOWD, free_port, wait_until
from winnow.v1 import job_service_pb2

BIN = WINNOWD.parent


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


def check_no_secret_is_written(secure: SecureServer) -> None:
    """Looks at everything that the server wrote until now."""
    tokens = [secure.token(name) for name in secure.lines if name != "machine"]
    written = [
        secure.log,
        *(path for path in (secure.folder / "data").rglob("*") if path.is_file()),
    ]
    for path in written:
        content = path.read_bytes()
        for token in tokens:
            assert token.encode() not in content, path
    assert all(token.encode() not in secure.credentials.read_bytes() for token in tokens)
    assert (secure.folder / "reader").stat().st_mode & 0o077 == 0
