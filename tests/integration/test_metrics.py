"""Every metric of a result, with numpy from the exported model and the raw test rows."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy
import pytest
from conftest import Server

Array = numpy.ndarray[Any, Any]

JOB = """
dataset: t
feature_selection: {budget: {max_count: 3}}
selector: {sequential_attention: {steps: 100}}
training: {steps: 150}
evaluation: {metrics: METRICS, controls: [], bootstrap_samples: 50}
"""
METRICS = {
    "binary": ["auc", "gauc", "log_loss", "normalized_entropy", "calibration_error", "accuracy"],
    "multiclass": ["log_loss", "normalized_entropy", "calibration_error", "accuracy"],
    "regression": ["r2", "rmse", "mae"],
}
COLOURS = ["red", "green", "blue"]


def write(path: Path, kind: str, rows: int, seed: int) -> dict[str, Array]:
    rng = numpy.random.default_rng(seed)
    table: dict[str, Array] = {name: rng.normal(0, 2, rows).round(4) for name in "abc"}
    table["colour"] = numpy.array(COLOURS)[rng.integers(0, 3, rows)]
    signal = table["a"] - 0.5 * table["b"] + (table["colour"] == "red") + rng.normal(0, 1, rows)
    target = {
        "binary": numpy.where(signal > 0.3, "yes", "no"),
        "multiclass": numpy.where(signal < -1, "low", numpy.where(signal < 1, "mid", "top")),
        "regression": (50 + 7 * signal).round(4),
    }[kind]
    table["weight"] = rng.uniform(0.5, 2, rows).round(3)
    table["group"] = numpy.array([f"u{g}" for g in rng.integers(0, rows // 8, rows)])
    table["y"] = target
    lines = [",".join(table)]
    lines += [",".join(map(str, row)) for row in zip(*table.values(), strict=True)]
    path.write_text("\n".join(lines) + "\n")
    return table


def tensors(path: Path) -> dict[str, Array]:
    raw = path.read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + length])
    found = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        values = numpy.frombuffer(raw[begin:end], numpy.float32).astype(float)
        found[name] = values.reshape(entry["shape"])
    return found


def outputs(manifest: dict[str, Any], weights: dict[str, Array], table: dict[str, Array]) -> Array:
    """The last layer's outputs, [rows, outputs]."""
    columns = []
    for entry in manifest["inputs"]:
        raw = table[entry["column"]]
        if entry["kind"] == "categorical":
            codes = [1 + entry["values"].index(value) for value in raw]
            columns.append(weights[entry["tensor"]][codes])
        else:
            z = (raw.astype(numpy.float32) - entry["centre"]) * entry["scale"]
            columns.append(z.clip(-entry["bound"], entry["bound"])[:, None])
    h = numpy.concatenate(columns, axis=1)
    for layer in manifest["layers"]:
        h = h @ weights[f"{layer['name']}.weight"] + weights[f"{layer['name']}.bias"]
        if layer["activation"] == "relu":
            h = h.clip(0)
    return h


def area(score: Array, positive: Array, weight: Array) -> float | None:
    """Weighted share of pairs in the right order, pair by pair."""
    s, w = score[positive], weight[positive]
    t, v = score[~positive], weight[~positive]
    if not len(s) or not len(t):
        return None
    order = (s[:, None] > t[None, :]) + 0.5 * (s[:, None] == t[None, :])
    return float((order * w[:, None] * v[None, :]).sum() / (w.sum() * v.sum()))


def grouped_area(score: Array, positive: Array, weight: Array, group: Array) -> float:
    total = weighted = 0.0
    for name in numpy.unique(group):
        rows = group == name
        found = area(score[rows], positive[rows], weight[rows])
        if found is not None:
            weighted += weight[rows].sum() * found
            total += weight[rows].sum()
    return weighted / total


def calibration(p: Array, outcome: Array, weight: Array) -> float:
    """15 bins of equal weight; a group of ties falls where its first row does."""
    gaps = numpy.zeros(15)
    before = 0.0
    for value in numpy.unique(p):
        rows = p == value
        bin_ = min(int(before / weight.sum() * 15), 14)
        gaps[bin_] += (weight[rows] * (value - outcome[rows])).sum()
        before += weight[rows].sum()
    return float(numpy.abs(gaps).sum() / weight.sum())


def expected(kind: str, z: Array, manifest: dict[str, Any], table: dict[str, Array]) -> dict:
    weight, y = table["weight"].astype(numpy.float32).astype(float), table["y"]

    def mean(values: Array) -> float:
        return float((weight * values).sum() / weight.sum())

    target = manifest["target"]
    if kind == "regression":
        error = target["mean"] + target["stddev"] * z[:, 0] - y
        spread = mean((y - mean(y)) ** 2)
        rmse = mean(error**2) ** 0.5
        return {"r2": 1 - rmse**2 / spread, "rmse": rmse, "mae": mean(abs(error))}
    label = numpy.array([target["classes"].index(value) for value in y])
    if kind == "binary":
        z = numpy.concatenate([numpy.zeros_like(z), z], axis=1)
    p = numpy.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    loss = mean(-numpy.log(p[numpy.arange(len(p)), label]))
    shares = numpy.array([mean(label == c) for c in range(p.shape[1])])
    right = p.argmax(axis=1) == label
    values = {
        "log_loss": loss,
        "normalized_entropy": loss / -(shares * numpy.log(shares)).sum(),
        "accuracy": mean(right),
    }
    if kind == "binary":
        score = z[:, 1].astype(numpy.float32)
        values["auc"] = area(score, label == 1, weight)
        values["gauc"] = grouped_area(score, label == 1, weight, table["group"])
        values["calibration_error"] = calibration(p[:, 1], label, weight)
    else:
        values["calibration_error"] = calibration(p.max(axis=1), right, weight)
    return values


@pytest.mark.parametrize("kind", list(METRICS))
def test_metrics_are_those_of_the_exported_model_on_the_test_rows(
    server: Server, tmp_path: Path, kind: str
) -> None:
    write(tmp_path / "train.csv", kind, 1500, 1)
    table = write(tmp_path / "test.csv", kind, 600, 2)
    schema = tmp_path / "schema.yaml"
    schema.write_text(f"target: {{column: y, kind: {kind}}}\nweight: weight\ngroup: group\n")
    server.ok(
        "dataset", "import", tmp_path / "train.csv", "--test-file", tmp_path / "test.csv",
        "--schema", schema, "--id", "t",
    )  # fmt: skip
    job = tmp_path / "job.yaml"
    job.write_text(JOB.replace("METRICS", json.dumps(METRICS[kind])))
    name = server.ok("submit", job).splitlines()[-1]
    server.ok("watch", name)
    for artifact in ("manifest.json", "model.safetensors"):
        server.ok("download", name, artifact, "-o", tmp_path / artifact)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    z = outputs(manifest, tensors(tmp_path / "model.safetensors"), table)
    found = json.loads(server.ok("result", name, "--json"))["metrics"]["test"]
    values = expected(kind, z, manifest, table)
    assert set(found) == set(values) == set(METRICS[kind])
    text = server.ok("result", name)
    for metric, value in values.items():
        # A pair or a row at a border may fall on the other side in float.
        assert found[metric]["value"] == pytest.approx(value, abs=3e-4, rel=2e-5), metric
        assert metric.upper() in text
        if metric != "calibration_error":
            assert found[metric]["low"] < found[metric]["value"] < found[metric]["high"]


def test_gauc_needs_the_group_column_of_the_dataset(server: Server, tmp_path: Path) -> None:
    write(tmp_path / "train.csv", "binary", 300, 1)
    server.ok("dataset", "import", tmp_path / "train.csv", "--target", "y", "--id", "t")
    job = tmp_path / "job.yaml"
    job.write_text(JOB.replace("METRICS", '["gauc"]'))
    refused = server.cli("submit", job)
    assert refused.returncode == 2
    assert "evaluation.metrics[0]" in refused.stderr
