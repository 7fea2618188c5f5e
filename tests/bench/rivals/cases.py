"""The training cases of rivals.sh, and the folders that both sides read them from (step_case.h)."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    dense: int
    fields: int
    vocabulary: int
    dimension: int
    hidden: tuple[int, ...]
    outputs: int
    batch: int
    batches: int
    optimizer: str
    rate: float
    epsilon: float


MLP = Case("mlp", 784, 0, 0, 0, (67,), 10, 256, 64, "adam", 1e-3, 1e-8)
CLICKS = Case("dlrm", 13, 26, 100_000, 16, (512, 256), 1, 2048, 48, "adagrad", 2e-3, 1e-10)
LAZY = dataclasses.replace(
    CLICKS, name="dlrm_lazy_adam", optimizer="lazy_adam", rate=1e-3, epsilon=1e-8
)
DENSE_ADAM = dataclasses.replace(LAZY, name="dlrm_adam", optimizer="adam")


def _targets(
    case: Case, random: numpy.random.Generator, dense: numpy.ndarray, codes: numpy.ndarray
) -> numpy.ndarray:
    """Labels that the inputs explain in part, so that a loss curve has something to show."""
    teacher = random.standard_normal((case.dense, case.outputs)) / numpy.sqrt(case.dense)
    score = dense @ teacher
    if case.fields:
        effects = random.standard_normal((4, case.vocabulary))
        score[:, 0] += sum(effects[f][codes[:, f]] for f in range(4)) / 2
    if case.outputs > 1:
        return score.argmax(1).astype(numpy.float32)
    odds = 1 / (1 + numpy.exp(-2 * score[:, 0]))
    return (random.random(len(dense)) < odds).astype(numpy.float32)


def write(case: Case, folder: Path) -> Path:
    """Makes the case's folder below `folder`; a second call finds it."""
    path = folder / case.name
    if (path / "case.txt").exists():
        return path
    path.mkdir(parents=True, exist_ok=True)
    random = numpy.random.default_rng(1)
    rows = case.batch * case.batches
    dense = random.standard_normal((rows, case.dense), numpy.float32)
    codes = random.integers(0, max(case.vocabulary, 1), (rows, case.fields), numpy.int32)
    _targets(case, random, dense, codes).tofile(path / "target.bin")
    dense.tofile(path / "dense.bin")
    codes.tofile(path / "codes.bin")
    tables = random.standard_normal((case.fields, case.vocabulary, case.dimension), numpy.float32)
    (tables / numpy.float32(max(case.dimension, 1) ** 0.5)).tofile(path / "tables.bin")
    widths = [case.dense + case.fields * case.dimension, *case.hidden, case.outputs]
    with (path / "weights.bin").open("wb") as file:
        for inputs, outputs in zip(widths, widths[1:], strict=False):
            bound = (6 / (inputs + outputs)) ** 0.5
            random.uniform(-bound, bound, (inputs, outputs)).astype(numpy.float32).tofile(file)
            numpy.zeros(outputs, numpy.float32).tofile(file)
    values = dataclasses.asdict(case)
    values["hidden"] = ",".join(map(str, case.hidden))
    del values["name"]
    (path / "case.txt").write_text("".join(f"{key}={value}\n" for key, value in values.items()))
    return path
