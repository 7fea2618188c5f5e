"""Connections: TLS, client certificates, what an open address asks for, on the real programs."""

from __future__ import annotations

from pathlib import Path

import grpc
import pytest
import winnow
from security_support import (
    SecureServer,
    check_no_secret_is_written,
    expire,
    list_jobs,
    make_certificates,
    run,
)
from server_support import free_port, wait_until


def test_a_certificate_without_an_entry_needs_a_token(secure: SecureServer) -> None:
    nobody = secure.certs / "nobody"
    assert list_jobs(secure.channel(pair=nobody)) is grpc.StatusCode.UNAUTHENTICATED
    assert list_jobs(secure.channel(pair=nobody), secure.token("reader")) is grpc.StatusCode.OK


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
    check_no_secret_is_written(secure)
