"""Sequential Attention from a table to a trained subset, in PyTorch: the rival of `winnow run`.

    torch_whole.py SETTINGS.json

Reads train.parquet and test.parquet of the folder, selects, trains a fresh model on the subset,
prints one line of JSON: seconds (reading included, the interpreter's start not), picks, the test
metric. Model, steps, batch and rates are those of the job that Winnow runs; embeddings have sparse
gradients and SparseAdam, dense layers the fused AdamW.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy
import pyarrow
import pyarrow.compute
import pyarrow.parquet
import torch
from torch import nn


class Table:
    """Numeric columns standardised by training rows, fields as codes into one joint table."""

    def __init__(self, folder: Path) -> None:
        parts = {
            part: pyarrow.parquet.read_table(folder / f"{part}.parquet")
            for part in ("train", "test")
        }
        names = [name for name in parts["train"].column_names if name != "target"]
        numeric = [
            name
            for name in names
            if pyarrow.types.is_floating(parts["train"][name].type)
            or pyarrow.types.is_integer(parts["train"][name].type)
        ]
        self.names = numeric + [name for name in names if name not in numeric]
        self.dense, self.fields = len(numeric), len(names) - len(numeric)
        self.x: dict[str, torch.Tensor] = {}
        self.codes: dict[str, torch.Tensor] = {}
        self.y: dict[str, torch.Tensor] = {}
        for part, table in parts.items():
            columns = [table[name].to_numpy().astype(numpy.float32) for name in numeric]
            dense = numpy.stack(columns, 1) if columns else numpy.zeros((len(table), 0))
            self.x[part] = torch.from_numpy(dense.astype(numpy.float32))
            self.y[part] = torch.from_numpy(table["target"].to_numpy().astype(numpy.int64))
        mean, deviation = self.x["train"].mean(0), self.x["train"].std(0)
        for part in parts:
            self.x[part] = (self.x[part] - mean) / (deviation + 1e-3)
        self.rows = 0
        codes: dict[str, list[Any]] = {"train": [], "test": []}
        for name in self.names[self.dense :]:
            known = parts["train"][name].combine_chunks().dictionary_encode()
            words = known.dictionary
            for part, table in parts.items():
                values = table[name].cast(words.type)
                index = pyarrow.compute.index_in(values, words).fill_null(len(words))
                codes[part].append(index.to_numpy().astype(numpy.int64) + self.rows)
            self.rows += len(words) + 1
        for part in parts:
            stacked = numpy.stack(codes[part], 1) if self.fields else numpy.zeros((0, 0))
            self.codes[part] = torch.from_numpy(stacked.astype(numpy.int64))


class Model(nn.Module):
    def __init__(self, table: Table, kept: list[int], settings: dict[str, Any]) -> None:
        super().__init__()
        self.dense = torch.tensor([i for i in kept if i < table.dense], dtype=torch.int64)
        self.fields = torch.tensor(
            [i - table.dense for i in kept if i >= table.dense], dtype=torch.int64
        )
        self.all = len(kept) == table.dense + table.fields
        dimension = settings["dimension"]
        self.embedding = (
            nn.Embedding(table.rows, dimension, sparse=True) if len(self.fields) else None
        )
        if self.embedding is not None:
            nn.init.normal_(self.embedding.weight, std=dimension**-0.5)
        widths = [
            len(self.dense) + len(self.fields) * dimension,
            *settings["hidden"],
            settings["outputs"],
        ]
        self.layers = nn.ModuleList(
            nn.Linear(a, b) for a, b in zip(widths, widths[1:], strict=False)
        )
        for layer in self.layers:
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(
        self, dense: torch.Tensor, codes: torch.Tensor, mask: torch.Tensor | None
    ) -> torch.Tensor:
        parts = []
        if len(self.dense):
            x = dense if self.all else dense[:, self.dense]
            parts.append(x if mask is None else x * mask[: len(self.dense)])
        if self.embedding is not None:
            e = self.embedding(codes if self.all else codes[:, self.fields])
            e = e if mask is None else e * mask[len(self.dense) :, None]
            parts.append(e.flatten(1))
        x = parts[0] if len(parts) == 1 else torch.cat(parts, 1)
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return self.layers[-1](x)


class Run:
    def __init__(self, table: Table, settings: dict[str, Any]) -> None:
        self.table, self.settings = table, settings

    def loss(self, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        if self.settings["outputs"] > 1:
            return nn.functional.cross_entropy(logits, target)
        return nn.functional.binary_cross_entropy_with_logits(logits.squeeze(1), target.float())

    def batches(self, steps: int, batch: int) -> Any:
        rows = len(self.table.y["train"])
        batch, done = min(batch, rows), 0
        while done < steps:
            order = torch.randperm(rows)
            for at in range(0, rows - batch + 1, batch):
                if done == steps:
                    return
                index = order[at : at + batch]
                codes = self.table.codes["train"]
                yield (self.table.x["train"][index], codes[index] if len(codes) else codes,
                       self.table.y["train"][index])  # fmt: skip
                done += 1

    def optimizers(self, model: Model, rate: float, decay: float) -> list[torch.optim.Optimizer]:
        layers = list(model.layers.parameters())
        found: list[torch.optim.Optimizer] = [
            torch.optim.AdamW(layers, lr=rate, weight_decay=decay, fused=True)
        ]
        if model.embedding is not None:
            found.append(torch.optim.SparseAdam(list(model.embedding.parameters()), lr=rate))
        return found

    def select(self) -> list[int]:
        s, candidates = self.settings, self.table.dense + self.table.fields
        model = Model(self.table, list(range(candidates)), s)
        optimizers = self.optimizers(model, s["select_rate"], s["weight_decay"])
        logits = nn.Parameter(torch.randn(candidates) * 1e-5)
        logit_optimizer = torch.optim.Adam([logits], lr=s["select_rate"], fused=True)
        chosen = torch.zeros(candidates, dtype=torch.bool)
        picks: list[int] = []
        warm = s["select_steps"] // 10
        for step, (dense, codes, target) in enumerate(
            self.batches(s["select_steps"], s["select_batch"])
        ):
            mask = None
            if step >= warm:
                soft = torch.softmax(logits.masked_fill(chosen, -torch.inf), 0)
                mask = torch.where(chosen, 1.0, soft)
            loss = self.loss(model(dense, codes, mask), target)
            for optimizer in [*optimizers, logit_optimizer]:
                optimizer.zero_grad(set_to_none=True)
            loss.backward()
            for optimizer in optimizers:
                optimizer.step()
            if step >= warm:
                logit_optimizer.step()
            end = warm + (len(picks) + 1) * (s["select_steps"] - warm) // s["picks"]
            if step >= warm and step + 1 == end and len(picks) < s["picks"]:
                with torch.no_grad():
                    best = int(logits.masked_fill(chosen, -torch.inf).argmax())
                    picks.append(best)
                    chosen[best] = True
                    logits.copy_(torch.randn(candidates) * 1e-5)
                logit_optimizer = torch.optim.Adam([logits], lr=s["select_rate"], fused=True)
        return picks

    def fit(self, picks: list[int]) -> Model:
        s = self.settings
        model = Model(self.table, sorted(picks), s)
        optimizers = self.optimizers(model, s["fit_rate"], s["weight_decay"])
        for step, (dense, codes, target) in enumerate(self.batches(s["fit_steps"], s["fit_batch"])):
            rate = s["fit_rate"] * 0.5 * (1 + numpy.cos(numpy.pi * step / s["fit_steps"]))
            loss = self.loss(model(dense, codes, None), target)
            for optimizer in optimizers:
                optimizer.param_groups[0]["lr"] = max(float(rate), 1e-12)
                optimizer.zero_grad(set_to_none=True)
            loss.backward()
            for optimizer in optimizers:
                optimizer.step()
        return model

    @torch.no_grad()
    def metric(self, model: Model) -> float:
        """Accuracy of classes, AUC of a binary target."""
        x, codes, y = self.table.x["test"], self.table.codes["test"], self.table.y["test"]
        logits = torch.cat(
            [model(x[at : at + 8192], codes[at : at + 8192], None) for at in range(0, len(y), 8192)]
        )
        if self.settings["outputs"] > 1:
            return float((logits.argmax(1) == y).float().mean())
        order = logits.squeeze(1).argsort()
        ranks = torch.empty(len(y), dtype=torch.float64)
        ranks[order] = torch.arange(1, len(y) + 1, dtype=torch.float64)
        positives = float(y.sum())
        above = float(ranks[y == 1].sum()) - positives * (positives + 1) / 2
        return above / (positives * (len(y) - positives))


def main() -> None:
    settings = json.loads(Path(sys.argv[1]).read_text())
    torch.set_num_threads(settings["threads"])
    torch.manual_seed(settings["seed"])
    start = time.perf_counter()
    run = Run(Table(Path(settings["folder"])), settings)
    read = time.perf_counter()
    picks = run.select()
    selected = time.perf_counter()
    metric = run.metric(run.fit(picks))
    print(
        json.dumps(
            {
                "total_s": time.perf_counter() - start,
                "select_s": selected - read,
                "picks": [run.table.names[pick] for pick in picks],
                "metric": metric,
            }
        )
    )


if __name__ == "__main__":
    main()
