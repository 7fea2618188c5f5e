"""PyTorch's side of tests/bench/rivals.sh: trains a case of step_case.h when told to.

    torch_driver.py FOLDER [threads=N] [mask=0|1] [precision=f32|bf16] [compile=0|1]
        [tables=joint|split]

Speaks the protocol of step_driver.cc: "ready", then "curve N" and "time N", a reply line each.
The model, the mask and the optimizers are those of step_driver.cc, written as PyTorch users write
them, with every setting that makes PyTorch faster here: fused optimizers, sparse embedding
gradients, one table for all fields (tables=joint), batches that are views of one tensor.
precision=bf16 is autocast: weights and optimizer stay f32.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy
import torch
from torch import nn


class Case:
    def __init__(self, folder: Path) -> None:
        keys = dict(line.split("=", 1) for line in (folder / "case.txt").read_text().splitlines())
        self.dense, self.fields = int(keys["dense"]), int(keys["fields"])
        self.vocabulary, self.dimension = int(keys["vocabulary"]), int(keys["dimension"])
        hidden = [int(width) for width in keys["hidden"].split(",") if width]
        self.outputs = int(keys["outputs"])
        self.widths = [self.dense + self.fields * self.dimension, *hidden, self.outputs]
        self.batch, self.batches = int(keys["batch"]), int(keys["batches"])
        self.optimizer = keys["optimizer"]
        self.rate, self.epsilon = float(keys["rate"]), float(keys["epsilon"])
        rows = self.batch * self.batches
        self.weights = numpy.fromfile(folder / "weights.bin", numpy.float32)
        self.tables = numpy.fromfile(folder / "tables.bin", numpy.float32).reshape(
            self.fields, self.vocabulary, self.dimension
        )
        dense = numpy.fromfile(folder / "dense.bin", numpy.float32).reshape(rows, self.dense)
        codes = numpy.fromfile(folder / "codes.bin", numpy.int32).reshape(rows, self.fields)
        target = numpy.fromfile(folder / "target.bin", numpy.float32)
        self.dense_values = torch.from_numpy(dense)
        self.codes = torch.from_numpy(codes.astype(numpy.int64))
        self.target = torch.from_numpy(target if self.outputs == 1 else target.astype(numpy.int64))


class Model(nn.Module):
    """Embeddings, mask, dense layers; logits of the batch."""

    def __init__(self, case: Case, masked: bool, joint: bool, sparse: bool) -> None:
        super().__init__()
        self.case, self.joint = case, joint
        tables = 0 if case.fields == 0 else 1 if joint else case.fields
        rows = case.vocabulary * (case.fields if joint else 1)
        self.tables = nn.ModuleList(
            nn.Embedding(rows, case.dimension, sparse=sparse) for _ in range(tables)
        )
        self.layers = nn.ModuleList(
            nn.Linear(a, b) for a, b in zip(case.widths, case.widths[1:], strict=False)
        )
        self.logits = nn.Parameter(torch.zeros(case.dense + case.fields)) if masked else None
        self.restart()

    @torch.no_grad()
    def restart(self) -> None:
        case, at = self.case, 0
        for layer in self.layers:
            count = layer.in_features * layer.out_features
            weights = case.weights[at : at + count].reshape(layer.in_features, layer.out_features)
            layer.weight.copy_(torch.from_numpy(weights.T))
            at += count
            layer.bias.copy_(torch.from_numpy(case.weights[at : at + layer.out_features]))
            at += layer.out_features
        for index, table in enumerate(self.tables):
            values = case.tables.reshape(-1, case.dimension) if self.joint else case.tables[index]
            table.weight.copy_(torch.from_numpy(values))
        if self.logits is not None:
            self.logits.zero_()

    def embed(self, codes: torch.Tensor) -> torch.Tensor:
        """[batch, fields, dimension]"""
        if self.joint:
            return self.tables[0](codes)
        parts = [table(codes[:, index]) for index, table in enumerate(self.tables)]
        return torch.stack(parts, 1)

    def dense_part(self, dense: torch.Tensor, embedded: torch.Tensor | None) -> torch.Tensor:
        if self.logits is not None:
            mask = torch.softmax(self.logits, 0) * len(self.logits)
            dense = dense * mask[: self.case.dense]
            if embedded is not None:
                embedded = embedded * mask[self.case.dense :, None]
        x = dense if embedded is None else torch.cat([dense, embedded.flatten(1)], 1)
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return self.layers[-1](x)


class Trainer:
    def __init__(self, case: Case, options: dict[str, str]) -> None:
        self.case = case
        self.joint = options["tables"] == "joint"
        self.sparse = case.optimizer in ("lazy_adam", "adagrad", "sgd")
        self.model = Model(case, options["mask"] == "1", self.joint, self.sparse)
        self.autocast = options["precision"] == "bf16"
        self.compiled = options["compile"] == "1"
        self.forward: Callable[..., torch.Tensor] = self.loss_of
        if self.compiled:
            self.forward = torch.compile(self.loss_of)
        # One table for all fields: field f's codes start at f * vocabulary.
        codes = case.codes
        if self.joint:
            codes = codes + torch.arange(case.fields) * case.vocabulary
        self.batches = [
            (case.dense_values[at : at + case.batch], codes[at : at + case.batch],
             case.target[at : at + case.batch])
            for at in range(0, case.batch * case.batches, case.batch)
        ]  # fmt: skip
        self.restart()

    def restart(self) -> None:
        case, model = self.case, self.model
        model.restart()
        dense = list(model.layers.parameters())
        tables = list(model.tables.parameters())
        adam = {"lr": case.rate, "fused": True}
        self.optimizers: list[torch.optim.Optimizer] = []
        if case.optimizer == "adagrad":
            fused = torch.optim.Adagrad(dense, lr=case.rate, eps=case.epsilon, fused=True)
            self.optimizers.append(fused)
            if tables:
                sparse = torch.optim.Adagrad(tables, lr=case.rate, eps=case.epsilon)
                self.optimizers.append(sparse)
        elif case.optimizer in ("adam", "lazy_adam"):
            everything = dense if self.sparse else dense + tables
            self.optimizers.append(torch.optim.Adam(everything, eps=case.epsilon, **adam))
            if self.sparse and tables:
                lazy = torch.optim.SparseAdam(tables, lr=case.rate, eps=case.epsilon)
                self.optimizers.append(lazy)
        else:
            raise SystemExit(f"no optimizer {case.optimizer!r} here")
        if model.logits is not None:
            self.optimizers.append(torch.optim.Adam([model.logits], **adam))
        self.next = 0

    def loss_of(
        self, dense: torch.Tensor, embedded: torch.Tensor | None, target: torch.Tensor
    ) -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16, enabled=self.autocast):
            logits = self.model.dense_part(dense, embedded)
        if self.case.outputs > 1:
            return nn.functional.cross_entropy(logits.float(), target)
        return nn.functional.binary_cross_entropy_with_logits(logits.float().squeeze(1), target)

    def step(self) -> torch.Tensor:
        dense, codes, target = self.batches[self.next % len(self.batches)]
        # The look-up stays outside torch.compile, which refuses sparse gradients.
        embedded = self.model.embed(codes) if self.case.fields else None
        loss = self.forward(dense, embedded, target)
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
        loss.backward()
        for optimizer in self.optimizers:
            optimizer.step()
        self.next += 1
        return loss.detach()


def main() -> None:
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    options = {"threads": "1", "mask": "0", "precision": "f32", "compile": "0", "tables": "joint"}
    for argument in sys.argv[2:]:
        key, _, value = argument.partition("=")
        if key not in options:
            raise SystemExit(f"torch_driver.py: no option {argument!r}")
        options[key] = value
    torch.set_num_threads(int(options["threads"]))
    torch.set_num_interop_threads(1)
    torch.set_flush_denormal(True)
    trainer = Trainer(Case(Path(sys.argv[1])), options)
    print("ready", flush=True)
    for line in sys.stdin:
        command, count = line.split()
        if command == "curve":
            trainer.restart()
            losses = [f"{trainer.step().item():.9g}" for _ in range(int(count))]
            print("curve", *losses, flush=True)
        elif command == "time":
            start = time.perf_counter()
            for _ in range(int(count)):
                loss = trainer.step()
            elapsed = time.perf_counter() - start
            print(f"time {elapsed:.9g} {loss.item():.9g}", flush=True)
        else:
            raise SystemExit(f"torch_driver.py: no command {command!r}")


if __name__ == "__main__":
    main()
