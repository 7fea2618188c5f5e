"""Tables of the whole runs, as Parquet files that both sides read: train.parquet, test.parquet."""

from __future__ import annotations

import gzip
import io
import struct
from pathlib import Path

import numpy
import pyarrow
import pyarrow.csv
import pyarrow.parquet


def _write(folder: Path, part: str, columns: dict[str, object]) -> None:
    pyarrow.parquet.write_table(pyarrow.table(columns), folder / f"{part}.parquet")


def _idx(path: Path) -> numpy.ndarray:
    raw = gzip.decompress(path.read_bytes())
    dimensions = struct.unpack(">" + "I" * raw[3], raw[4 : 4 + 4 * raw[3]])
    return numpy.frombuffer(raw, numpy.uint8, offset=4 + 4 * raw[3]).reshape(dimensions)


def mnist(folder: Path, data: Path) -> None:
    arrays = {}
    for part, file in (("train", "train"), ("test", "t10k")):
        images = _idx(data / "mnist" / f"{file}-images-idx3-ubyte.gz")
        pixels = images.reshape(len(images), -1).astype(numpy.float32) / 255
        labels = _idx(data / "mnist" / f"{file}-labels-idx1-ubyte.gz").astype(numpy.int32)
        columns: dict[str, object] = {f"p{i}": pixels[:, i] for i in range(pixels.shape[1])}
        _write(folder, part, {**columns, "target": labels})
        arrays[part] = (pixels, labels)
    numpy.savez(
        folder / "mnist.npz",
        x_train=arrays["train"][0],
        y_train=arrays["train"][1],
        x_test=arrays["test"][0],
        y_test=arrays["test"][1],
    )


def adult(folder: Path, data: Path) -> None:
    """The original files; without spaces after commas, `?` and the dot after the test labels."""
    names = [f"c{i}" for i in range(14)] + ["target"]
    for part, file in (("train", "adult.data.gz"), ("test", "adult.test.gz")):
        text = gzip.decompress((data / "adult" / file).read_bytes()).decode()
        lines = [line.replace(", ", ",").rstrip(".") for line in text.splitlines()]
        body = "\n".join(line for line in lines if line.count(",") == 14)
        options = pyarrow.csv.ReadOptions(column_names=names)
        table = pyarrow.csv.read_csv(io.BytesIO(body.encode()), options)
        target = [int(value == ">50K") for value in table["target"].to_pylist()]
        columns: dict[str, object] = {name: table[name] for name in names[:-1]}
        _write(folder, part, {**columns, "target": numpy.array(target, numpy.int32)})


def arcene(folder: Path, data: Path) -> None:
    x = numpy.load(io.BytesIO(gzip.decompress((data / "arcene/X.npy.gz").read_bytes())))
    y = numpy.load(io.BytesIO(gzip.decompress((data / "arcene/y.npy.gz").read_bytes())))
    order = numpy.random.default_rng(1).permutation(len(y))
    for part, rows in (("train", order[:140]), ("test", order[140:])):
        columns: dict[str, object] = {
            f"m{i}": x[rows, i].astype(numpy.float32) for i in range(x.shape[1])
        }
        _write(folder, part, {**columns, "target": (y[rows] > 0).astype(numpy.int32)})


def clicks(folder: Path, rows: int) -> None:
    """13 numbers and 26 fields of up to 100,000 codes (a skewed law); 5 of each explain clicks."""
    random = numpy.random.default_rng(1)
    columns: dict[str, object] = {}
    score = numpy.zeros(rows)
    for i in range(13):
        values = random.standard_normal(rows, numpy.float32)
        columns[f"n{i}"] = values
        if i < 5:
            score += (0.6 - 0.1 * i) * values
    for f in range(26):
        vocabulary = (100_000, 10_000, 1_000, 100)[f % 4]
        codes = (vocabulary * random.random(rows) ** 4).astype(numpy.int32)
        names = pyarrow.array([f"f{f}v{code}" for code in range(vocabulary)])
        columns[f"c{f}"] = pyarrow.DictionaryArray.from_arrays(codes, names)
        if f < 5:
            score += (0.8 - 0.1 * f) * random.standard_normal(vocabulary)[codes]
    clicked = random.random(rows) < 1 / (1 + numpy.exp(1.5 - score))
    columns["target"] = clicked.astype(numpy.int32)
    table = pyarrow.table(columns)
    held = rows // 10
    pyarrow.parquet.write_table(table.slice(0, rows - held), folder / "train.parquet")
    pyarrow.parquet.write_table(table.slice(rows - held), folder / "test.parquet")
