"""Files on the server's disk: only what lies below an allowed folder can be named, and the server's
own files never lie there."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest
import winnow
from server_support import WINNOWD, RawServer
from winnow.v1 import dataset_pb2

TABLE = "a,b,c,d,y\n1,2,3,4,0\n"


def refusals(server: RawServer, path: str) -> list[winnow.WinnowError]:
    """What a dataset of that file is refused with, by each call that takes one."""
    create = dataset_pb2.CreateDatasetRequest()
    create.dataset.files.add(local_path=path)
    infer = dataset_pb2.InferSchemaRequest()
    infer.files.add(local_path=path)
    errors = []
    for call, request in (
        (server.datasets.CreateDataset, create),
        (server.datasets.InferSchema, infer),
    ):
        with pytest.raises(grpc.RpcError) as refused:
            call(request, timeout=20)
        errors.append(winnow.WinnowError.from_rpc(refused.value))
    return errors


def test_only_files_below_an_allowed_folder_can_be_named(
    make_raw_server: Callable[..., RawServer],
) -> None:
    server = make_raw_server()
    server.start()
    outside = server.folder / "outside"
    outside.mkdir()
    (outside / "secret.csv").write_text(TABLE)
    (server.folder / "files2").mkdir()
    (server.folder / "files2" / "t.csv").write_text(TABLE)
    (server.files / "link.csv").symlink_to(outside / "secret.csv")
    (server.files / "folder").symlink_to(outside)
    (server.files / "up").symlink_to("..")
    named = [
        outside / "secret.csv",
        outside / "absent.csv",
        f"{server.files}/../outside/secret.csv",
        f"{server.files}/./../../../../../../etc/passwd",
        server.files / "link.csv",
        server.files / "folder" / "secret.csv",
        server.files / "folder" / "absent.csv",
        server.files / "up" / "outside" / "secret.csv",
        server.files / "up" / "data" / "winnow.db",
        server.folder / "files2" / "t.csv",  # the folder's name is no prefix
        server.data_dir / "winnow.db",
        "/proc/self/environ",
        "/etc/passwd",
        "files/t.csv",
        f"file://{server.files}/t.csv",
    ]
    for path in map(str, named):
        for error in refusals(server, path):
            assert error.code is grpc.StatusCode.INVALID_ARGUMENT, path
            # Nothing tells whether it exists, or where a link leads.
            said = f"{path} is not an absolute path below a folder that the server allows"
            (violation,) = error.violations
            assert violation.path == "files[0].local_path"
            assert violation.message[:150] == said[:150]  # long ones are cut
            assert violation.message.startswith(f"{path} is not an absolute path")
    assert not server.datasets.ListDatasets(dataset_pb2.ListDatasetsRequest(), timeout=10).datasets
    server.make_dataset()  # and what is allowed is taken


@pytest.mark.parametrize(
    ("root", "data_dir", "expected"),
    [
        ("tables", "tables/data", "lies below it"),
        ("tables", "tables", "lies below it"),
        ("tables", "to-tables/data", "lies below it"),
        ("to-tables", "tables/data", "lies below it"),
        ("tables", "other/../tables/data", "lies below it"),
        ("data/datasets", "data", "contains it"),
        ("to-data/datasets", "data", "contains it"),
    ],
)
@pytest.mark.parametrize("action", ["--check-config", "--listen=127.0.0.1:0"])
def test_the_servers_folder_and_the_allowed_ones_lie_apart(
    tmp_path: Path, root: str, data_dir: str, expected: str, action: str
) -> None:
    for folder in ("tables", "data/datasets", "other"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "to-tables").symlink_to("tables")
    (tmp_path / "to-data").symlink_to("data")
    config = tmp_path / "winnow.yaml"
    config.write_text(f"allow_root: [{tmp_path / root}]\ndata_dir: {tmp_path}/{data_dir}\n")
    result = subprocess.run(
        [WINNOWD, "--http=off", f"--config={config}", action],
        capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert result.returncode == 2
    assert f"{config}:1: allow_root: {tmp_path / root}: data_dir" in result.stderr
    assert expected in result.stderr
    assert not list(tmp_path.rglob("winnow.db"))
