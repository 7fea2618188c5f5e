"""Tables that several groups of claims import."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import Any

import numpy
import pyarrow
import pyarrow.parquet
from session import ADULT, DATA, Session


def import_adult(session: Session) -> None:
    session.ok(
        "dataset", "import", ADULT / "adult.data.gz", "--test-file", ADULT / "adult.test.gz",
        "--schema", ADULT / "schema.yaml", "--id", "adult",
    )  # fmt: skip


def idx(path: Path) -> numpy.ndarray[Any, Any]:
    raw = gzip.decompress(path.read_bytes())
    dimensions = struct.unpack(">" + "I" * raw[3], raw[4 : 4 + 4 * raw[3]])
    return numpy.frombuffer(raw, numpy.uint8, offset=4 + 4 * raw[3]).reshape(dimensions)


def import_mnist(session: Session) -> None:
    for part, file in (("train", "train"), ("test", "t10k")):
        images = idx(DATA / "mnist" / f"{file}-images-idx3-ubyte.gz")
        labels = idx(DATA / "mnist" / f"{file}-labels-idx1-ubyte.gz")
        pixels = images.reshape(len(images), -1).astype(numpy.float32) / 255
        columns = {f"p{i}": pixels[:, i] for i in range(pixels.shape[1])}
        columns["digit"] = labels.astype(numpy.int32)
        pyarrow.parquet.write_table(pyarrow.table(columns), session.path / f"{part}.parquet")
    session.ok(
        "dataset", "import", session.path / "train.parquet", "--test-file",
        session.path / "test.parquet", "--target", "digit", "--id", "mnist",
    )  # fmt: skip
