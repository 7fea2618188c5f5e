"""The data sets of the paper and those whose truth is known, as tables with fixed splits.

Every table is a Parquet file with a column `split` that says which rows train, validate and test:
the validation rows are 12.5 % of those outside the test part, exact counts. MNIST and
Fashion-MNIST have one split, their own; sets without a split of their own have as many as asked
for, drawn from the number of the split alone, so that every selector meets the same ones.
"""

from __future__ import annotations

import csv
import gzip
import io
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
import pyarrow
import pyarrow.parquet

REPO = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("WINNOW_DATA", REPO.parent / "shared" / "data"))

Array = numpy.ndarray[Any, Any]
VALIDATION = 0.125  # of the rows outside the test part


@dataclass
class Table:
    """`x`: [rows, columns]; `split`: "train", "validation" or "test" for every row."""

    names: list[str]
    x: Array
    y: Array
    split: Array


@dataclass(frozen=True)
class Dataset:
    name: str
    folder: str
    sizes: tuple[int, ...]  # k
    load: Callable[[int], Table]  # from the number of the split
    splits: int = 1  # that a run with --seeds 5 uses; 1: the set's own
    metric: str = "accuracy"
    paper: bool = True

    def here(self) -> bool:
        return (DATA / self.folder).is_dir()


def write(table: Table, path: Path) -> None:
    columns: dict[str, Any] = {n: table.x[:, j] for j, n in enumerate(table.names)}
    columns["target"] = [str(value) for value in table.y]
    columns["split"] = list(table.split)
    pyarrow.parquet.write_table(pyarrow.table(columns), path)


def parts(y: Array, number: int, test: float | Array, stratified: bool = False) -> Array:
    """Rows for split `number`. `test`: a share, or the rows that are the test part."""
    rng = numpy.random.default_rng(1000 + number)
    split = numpy.full(len(y), "train", dtype=object)
    groups = [numpy.flatnonzero(y == value) for value in numpy.unique(y)]
    if not stratified:
        groups = [numpy.arange(len(y))]
    for rows in groups:
        order = rng.permutation(rows)
        if isinstance(test, float):
            cut = round(test * len(order))
            split[order[:cut]] = "test"
            order = order[cut:]
        else:
            split[test] = "test"
            order = order[~numpy.isin(order, test)]
        split[order[: round(VALIDATION * len(order))]] = "validation"
    return split


def columns(count: int, letter: str) -> list[str]:
    return [f"{letter}{j}" for j in range(count)]


def npy(folder: str) -> tuple[Array, Array]:
    def read(name: str) -> Array:
        raw = gzip.decompress((DATA / folder / name).read_bytes())
        loaded: Array = numpy.load(io.BytesIO(raw))
        return loaded

    return read("X.npy.gz").astype(numpy.float32), read("y.npy.gz").astype(numpy.int64)


def text(folder: str, file: str) -> tuple[list[str], list[list[str]]]:
    with gzip.open(DATA / folder / file, "rt") as lines:
        rows = list(csv.reader(lines))
    return rows[0], rows[1:]


def idx(path: Path) -> Array:
    raw = gzip.decompress(path.read_bytes())
    dimensions = struct.unpack(">" + "I" * raw[3], raw[4 : 4 + 4 * raw[3]])
    return numpy.frombuffer(raw, numpy.uint8, offset=4 + 4 * raw[3]).reshape(dimensions)


def images(folder: str, number: int) -> Table:
    x, y = [], []
    for file in ("train", "t10k"):
        pixels = idx(DATA / folder / f"{file}-images-idx3-ubyte.gz")
        x.append(pixels.reshape(len(pixels), -1).astype(numpy.float32) / 255)
        y.append(idx(DATA / folder / f"{file}-labels-idx1-ubyte.gz").astype(numpy.int64))
    labels = numpy.concatenate(y)
    test = numpy.arange(len(y[0]), len(labels))
    return Table(columns(784, "p"), numpy.concatenate(x), labels, parts(labels, number, test))


def area_average(pictures: Array, side: int) -> Array:
    """[rows, s, s] -> [rows, side, side]: exact mean over the area that a new pixel covers."""
    old = pictures.shape[1]
    edges = numpy.arange(side + 1) * old / side
    cells = numpy.arange(old)
    overlap = numpy.minimum(edges[1:, None], cells + 1) - numpy.maximum(edges[:-1, None], cells)
    weights = numpy.clip(overlap, 0, None) * side / old
    smaller: Array = numpy.einsum("ai,nij,bj->nab", weights, pictures, weights)
    return smaller.astype(numpy.float32)


def coil20(number: int) -> Table:
    x, y = npy("coil20")
    pictures = area_average((x / 4080).reshape(-1, 32, 32), 20)
    return Table(columns(400, "p"), pictures.reshape(-1, 400), y, parts(y, number, 0.2))


def mice(number: int) -> Table:
    """Missing values are the mean of the training rows: where they are missing tells the mouse."""
    header, rows = text("mice_protein", "Data_Cortex_Nuclear.csv.gz")
    labels = numpy.array([row[header.index("class")] for row in rows])
    proteins = [j for j, name in enumerate(header) if name.endswith("_N")]
    x = numpy.array([[float(row[j] or "nan") for j in proteins] for row in rows])
    split = parts(labels, number, 0.2)
    mean = numpy.nanmean(x[split == "train"], axis=0)
    x = numpy.where(numpy.isnan(x), mean, x).astype(numpy.float32)
    return Table([header[j] for j in proteins], x, labels, split)


def dense(folder: str, number: int, stratified: bool) -> Table:
    x, y = npy(folder)
    return Table(columns(x.shape[1], "f"), x, y, parts(y, number, 0.2, stratified))


def delimited(folder: str, file: str, number: int, test: float | Array) -> Table:
    header, rows = text(folder, file)
    y = numpy.array([row[-1] for row in rows])
    x = numpy.array([[float(v) for v in row[:-1]] for row in rows], numpy.float32)
    return Table(header[:-1], x, y, parts(y, number, test))


ADULT = """age workclass fnlwgt education education-num marital-status occupation relationship
race sex capital-gain capital-loss hours-per-week native-country""".split()
ADULT_NUMBERS = ("age", "fnlwgt", "education-num", "capital-gain", "capital-loss", "hours-per-week")


def adult(number: int) -> Table:
    """Text is categorical, gains and losses are logarithms. The test part is the set's own."""
    rows: list[list[str | None]] = []
    trained = 0
    for file in ("adult.data.gz", "adult.test.gz"):
        with gzip.open(DATA / "adult" / file, "rt") as lines:
            cells = [[v.strip() for v in line.rstrip(".\n").split(",")] for line in lines]
        rows += [[None if v == "?" else v for v in row] for row in cells if len(row) == 15]
        trained = trained or len(rows)
    x = numpy.array(rows, dtype=object)
    y = x[:, 14].astype(str)
    for j, name in enumerate(ADULT):
        if name in ADULT_NUMBERS:
            x[:, j] = x[:, j].astype(numpy.float32)
        if name.startswith("capital"):
            x[:, j] = numpy.log1p(x[:, j].astype(numpy.float32))
    return Table(ADULT, x[:, :14], y, parts(y, number, numpy.arange(trained, len(y))))


def genes(name: str, k: int) -> Dataset:
    return Dataset(name, name, (k,), lambda s: dense(name, s, True), splits=10, paper=False)


DATASETS: dict[str, Dataset] = {
    d.name: d
    for d in (
        Dataset("mnist", "mnist", (50,), lambda s: images("mnist", s)),
        Dataset("fashion", "fashion_mnist", (50,), lambda s: images("fashion_mnist", s)),
        Dataset("mice", "mice_protein", (5, 10, 50), mice, splits=10),
        Dataset("coil20", "coil20", (50,), coil20, splits=10),
        Dataset("isolet", "isolet", (50,), lambda s: dense("isolet", s, False), splits=10),
        Dataset("activity", "activity", (50,), lambda s: dense("activity", s, False), splits=10),
        Dataset("madelon", "madelon", (20,), lambda s: dense("madelon", s, False), 5, paper=False),
        Dataset(
            "dna_splice", "dna_splice", (10,), paper=False,
            load=lambda s: delimited("dna_splice", "dna.csv.gz", s, numpy.arange(2000, 3186)),
        ),
        Dataset(
            "spambase", "spambase", (10,), splits=5, paper=False,
            load=lambda s: delimited("spambase", "spam.csv.gz", s, 0.2),
        ),
        Dataset("adult", "adult", (6,), adult, metric="auc", paper=False),
        genes("colon", 10),
        genes("allaml", 10),
        genes("prostate_ge", 10),
        genes("arcene", 20),
    )
}  # fmt: skip
