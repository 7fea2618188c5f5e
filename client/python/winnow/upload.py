"""Uploads: declared with size and SHA-256, sent in checked chunks, resumed from what the server
has on disk."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import google_crc32c
import grpc

from winnow.errors import WinnowError
from winnow.v1 import dataset_pb2

CHUNK_BYTES = 256 * 1024
_MAX_RESUMES = 8


def declare(path: Path, role: int) -> dataset_pb2.DatasetFile:
    """The file as CreateDataset wants it. Reads it once for its SHA-256."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return dataset_pb2.DatasetFile(
        filename=path.name,
        role=role,  # type: ignore[arg-type]
        size_bytes=path.stat().st_size,
        sha256=digest.hexdigest(),
    )


def send(stub: Any, name: str, index: int, path: Path, metadata: Any) -> None:
    """Uploads one file of a dataset; a broken or refused stream goes on from the committed size.

    Raises WinnowError when the server refuses for good or the stream breaks too often without
    progress.
    """
    resumes = 0
    offset = _committed(stub, name, index, metadata)
    while True:
        try:
            stub.UploadDataset(_frames(name, index, path, offset), metadata=metadata)
            return
        except grpc.RpcError as error:
            failure = WinnowError.from_rpc(error)
            again = failure.code in (
                grpc.StatusCode.UNAVAILABLE,
                grpc.StatusCode.ABORTED,
                grpc.StatusCode.OUT_OF_RANGE,
            )
            before, offset = offset, _committed(stub, name, index, metadata) if again else offset
            resumes = 0 if offset > before else resumes + 1
            if not again or resumes > _MAX_RESUMES:
                raise failure from error
            time.sleep(min(5.0, 0.1 * 2**resumes))  # back-off between attempts


def _committed(stub: Any, name: str, index: int, metadata: Any) -> int:
    try:
        dataset = stub.GetDataset(
            dataset_pb2.GetDatasetRequest(name=name), timeout=10, metadata=metadata
        )
    except grpc.RpcError as error:
        raise WinnowError.from_rpc(error) from error
    return int(dataset.files[index].committed_size_bytes)


def _frames(
    name: str, index: int, path: Path, offset: int
) -> Iterator[dataset_pb2.UploadDatasetRequest]:
    size = path.stat().st_size
    first = True
    with path.open("rb") as file:
        file.seek(offset)
        while first or offset < size:
            data = file.read(CHUNK_BYTES)
            frame = dataset_pb2.UploadDatasetRequest(
                write_offset=offset,
                data=data,
                data_crc32c=google_crc32c.value(data),
                finish_write=offset + len(data) >= size,
            )
            if first:
                frame.name = name
                frame.file_index = index
                first = False
            yield frame
            offset += len(data)
            if not data:
                return
