#!/usr/bin/env python3
"""Writes the seeds of the fuzz targets that are not text: tests/fuzz/seeds. Run it when a format
changes; what fuzzing has found stays beside them under the name found-*."""

from __future__ import annotations

import gzip
import io
import struct
import sys
import tempfile
import zlib
from pathlib import Path
from typing import Any

import numpy
import pyarrow
import pyarrow.feather
import pyarrow.parquet

HERE = Path(__file__).resolve().parent
REPO = HERE.parents[1]
SEEDS = HERE / "seeds"
# The order of kNames in import_fuzz.cc.
CSV, TSV, LIBSVM, LIBFM, PARQUET, NPY, ARROW, GZIP = range(8)


def write(target: str, name: str, content: bytes) -> None:
    folder = SEEDS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def import_seed(name: str, file_format: int, content: bytes, block: int = 255) -> None:
    write("import", name, bytes([file_format, block]) + content)


def make_table() -> pyarrow.Table:
    columns: dict[str, list[Any]] = {
        "age": [39.5, None, 28.0, 51.25],
        "city": ["Oslo", "Bergen", None, "Oslo"],
        "count": [1, 2, 3, 4],
        "label": [0, 1, 1, 0],
    }
    return pyarrow.table(columns)


def import_seeds() -> None:
    text = b'age,city,label\n39,"Oslo, N",yes\n,Bergen,no\n28,,yes\n51,"a ""b""",no\n'
    import_seed("csv", CSV, text)
    import_seed("csv-small-blocks", CSV, text, block=0)
    import_seed("csv-no-header", CSV, b"1;2.5;a;0\r\n2;;b;1\r\n-3;1e9;a;0\r\n")
    import_seed("tsv", TSV, b"a\tb\ty\n1\tx\t0\n2\ty\t1\n")
    import_seed("libsvm", LIBSVM, b"1 1:0.5 3:1\n-1 2:1 # c\n+1 qid:7 1:2 4:1e3\n")
    import_seed("libfm", LIBFM, b"1 0:1:0.5 1:2:1\n0 0:3:1\n")
    import_seed("gzip", GZIP, gzip.compress(text, mtime=0))
    for name, array in (
        ("npy-float", numpy.arange(12, dtype="<f8").reshape(4, 3)),
        ("npy-bytes", (numpy.arange(8) % 2).astype("u1").reshape(4, 2)),
        ("npy-fortran", numpy.asfortranarray(numpy.arange(6, dtype="<f4").reshape(2, 3))),
    ):
        stream = io.BytesIO()
        numpy.save(stream, array)
        import_seed(name, NPY, stream.getvalue())
    stream = io.BytesIO()
    pyarrow.parquet.write_table(make_table(), stream, compression="none")
    import_seed("parquet", PARQUET, stream.getvalue())
    stream = io.BytesIO()
    pyarrow.parquet.write_table(make_table(), stream, compression="snappy", use_dictionary=False)
    import_seed("parquet-plain", PARQUET, stream.getvalue())
    for name, compression in (("arrow", "uncompressed"), ("arrow-lz4", "lz4")):
        stream = io.BytesIO()
        pyarrow.feather.write_feather(make_table(), stream, compression=compression)
        import_seed(name, ARROW, stream.getvalue())


def packed_table_seeds() -> None:
    # See kernels/data/packed_table.h and dictionary.h.
    header = b"WNWTABL1" + struct.pack("<IIQIIII", 1, 4096, 2, 16, 2, 1, 0)
    write("packed_table", "header", header + struct.pack("<I", zlib.crc32(header)))
    write("packed_table", "header-body", header[8:])
    body = struct.pack("<III2Q", 1, 0, 2, 1, 3) + b"abc"
    dictionaries = b"WNWDICT1" + body
    write("packed_table", "dictionary", dictionaries + struct.pack("<I", zlib.crc32(dictionaries)))
    write("packed_table", "dictionary-body", body)
    write("packed_table", "records", struct.pack("<fif", 0.5, 3, 1.0) * 2)


def checkpoint_seeds() -> None:
    # See kernels/base/checkpoint.h.
    body = struct.pack("<II", 7, 1) + struct.pack("<I", 3) + b"a/b" + struct.pack("<Q", 8)
    body += struct.pack("<d", 1.5)
    file = b"WNWCKPT1" + struct.pack("<I", 1) + body
    write("checkpoint", "file", file + struct.pack("<I", zlib.crc32(file)) + b"WNWCKEND")
    write("checkpoint", "sections", body)


def worker_protocol(folder: Path) -> Any:
    """The generated module of worker.proto."""
    import google.rpc
    import grpc_tools
    from grpc_tools import protoc

    well_known = Path(grpc_tools.__file__).parent / "_proto"
    google_rpc = Path(next(iter(google.rpc.__path__))).parent.parent
    arguments = [
        "protoc",
        f"-I{REPO / 'proto'}",
        f"-I{well_known}",
        f"-I{google_rpc}",
        f"--python_out={folder}",
        str(REPO / "proto" / "winnow" / "internal" / "v1" / "worker.proto"),
    ]
    if protoc.main(arguments) != 0:
        raise RuntimeError("protoc failed")
    sys.path[:0] = [str(REPO / "client" / "python")]
    import winnow

    winnow.__path__.append(str(folder / "winnow"))
    from winnow.internal.v1 import worker_pb2  # type: ignore[import-not-found]

    return worker_pb2


def worker_session_seeds(worker: Any) -> None:
    def talk(name: str, kind: int, *messages: Any) -> None:
        parts = [message.SerializeToString() for message in messages]
        framed = b"".join(struct.pack(">H", len(part)) + part for part in parts)
        write("worker_session", name, bytes([kind]) + framed)

    hello = worker.AttachRequest()
    hello.hello.attempt_id = "tenants/t/jobs/j/attempts/1"
    hello.hello.secret = "s"
    hello.hello.version = "1"
    hello.hello.plan_version = 1
    talk("hello", 3, hello)
    pick = worker.AttachRequest()
    pick.event.ordinal = 1
    pick.event.event.pick.rank = 1
    pick.event.event.pick.candidate = "a"
    progress = worker.AttachRequest()
    progress.progress.step = 10
    progress.progress.samples_per_s = 1e5
    checkpoint = worker.AttachRequest()
    checkpoint.checkpoint.path = "/data/jobs/t/j/attempt-2/checkpoint-1.ckpt"
    checkpoint.checkpoint.ordinal = 1
    checkpoint.checkpoint.step = 10
    checkpoint.checkpoint.size_bytes = 100
    done = worker.AttachRequest()
    done.finished.ordinal = 1
    file = done.finished.succeeded.artifacts.add()
    file.artifact_id = "selection.json"
    file.path = "/data/jobs/t/j/attempt-2/selection.json"
    talk("job", 0, pick, progress, checkpoint, done)
    failed = worker.AttachRequest()
    failed.finished.failed.code = 13
    failed.finished.failed.message = "step 3: NaN"
    talk("job-fails", 0, failed)
    imported = worker.AttachRequest()
    imported.import_finished.imported.profile_json = '{"rows": 1}'
    talk("import", 1, imported)
    inferred = worker.AttachRequest()
    inferred.infer_finished.inferred.SetInParent()
    talk("inference", 2, inferred)


def main() -> None:
    import_seeds()
    packed_table_seeds()
    checkpoint_seeds()
    with tempfile.TemporaryDirectory() as folder:
        worker_session_seeds(worker_protocol(Path(folder)))


if __name__ == "__main__":
    main()
