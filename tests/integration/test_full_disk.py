"""A full disk: a clear refusal before, or a clear end during, an import; nothing is left behind."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ADULT, Server


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB; needs root."""
    folder = tmp_path / "small"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("mounting a small tmpfs needs root")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"tmpfs cannot be mounted: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def serve(folder: Path, *flags: str) -> Server:
    server = Server(folder, *flags)
    server.start()
    return server


def import_adult(server: Server) -> subprocess.CompletedProcess[str]:
    schema = ADULT / "schema.yaml"
    return server.cli("dataset", "import", ADULT / "adult.data.gz", "--schema", schema, "--id", "a")


def test_below_the_floor_nothing_is_taken(small_disk: Path):
    server = serve(small_disk)
    refused = import_adult(server)
    assert refused.returncode == 2
    assert "bytes free" in refused.stderr
    assert json.loads(server.ok("dataset", "list", "--json"))["datasets"] == []
    server.kill()


def test_a_disk_that_fills_up_fails_the_import_and_leaves_nothing(small_disk: Path):
    server = serve(small_disk, "--disk_floor_bytes=0")
    failed = import_adult(server)
    assert failed.returncode == 2
    assert "space" in failed.stderr or "disk" in failed.stderr, failed.stderr
    assert json.loads(server.ok("dataset", "list", "--json"))["datasets"] == []
    kept = [path for path in (small_disk / "data" / "datasets").rglob("*") if path.is_file()]
    assert not kept
    assert not server.workers()
    server.kill()
