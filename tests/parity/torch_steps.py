"""The training of files of training_steps in PyTorch: same weights, same batches.

    python torch_steps.py FILE OPTIMIZER OUT [FILE OPTIMIZER OUT]...

Writes every OUT (npz): "loss", and "step<t>/<tensor>" for the steps that FILE has. Single
precision, plain modules; embeddings have sparse gradients where the optimizer is the sparse one.
Run by test_torch_parity.py under any Python that has torch and numpy.
"""

import pathlib
import sys

import numpy
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from parity import steps_file


class Model(torch.nn.Module):
    """linear, mlp and dlrm of the file."""

    def __init__(self, params: dict, metadata: dict, sparse: bool) -> None:
        super().__init__()
        self.order = metadata["order"]
        self.dot = metadata["interaction"] == "dot"
        self.bottom = int(metadata["bottom_layers"])
        self.tables = torch.nn.ModuleList()
        for name in steps_file.tables(params):
            weights = torch.tensor(params[name], dtype=torch.float32)
            self.tables.append(
                torch.nn.Embedding.from_pretrained(weights, freeze=False, sparse=sparse)
            )
        self.layers = torch.nn.ModuleList()
        for index in range(int(metadata["layers"])):
            weights = params[f"dense_{index}/weights"]
            layer = torch.nn.Linear(*weights.shape)
            with torch.no_grad():
                layer.weight.copy_(torch.tensor(weights.T))
                layer.bias.copy_(torch.tensor(params[f"dense_{index}/bias"]))
            self.layers.append(layer)

    def forward(self, dense: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
        vectors = [table(codes[:, f]) for f, table in enumerate(self.tables)]
        h = dense
        for index, layer in enumerate(self.layers):
            if index == self.bottom:
                h = self.join(h, vectors)
            h = layer(h)
            if index < len(self.layers) - 1:
                h = torch.relu(h)
        return h[:, 0]

    def join(self, numbers: torch.Tensor, vectors: list) -> torch.Tensor:
        if self.dot:  # as facebookresearch/dlrm, interact_features
            v = torch.stack([numbers, *vectors] if self.bottom else vectors, dim=1)
            z = torch.bmm(v, v.transpose(1, 2))
            i, j = torch.tril_indices(v.shape[1], v.shape[1], -1)
            return torch.cat([v[:, 0], z[:, i, j]], dim=1)
        if self.bottom:
            return torch.cat([numbers, *vectors], dim=1)
        columns = iter(numbers.split(1, dim=1)), iter(vectors)
        return torch.cat([next(columns[kind == "c"]) for kind in self.order], dim=1)

    def named(self, names: list[str]) -> dict[str, numpy.ndarray]:
        """Parameters under the names and in the layout of the file."""
        tables = dict(zip(steps_file.tables(dict.fromkeys(names)), self.tables, strict=True))
        values = {}
        for name in names:
            if name in tables:
                values[name] = tables[name].weight
            else:
                layer = self.layers[int(name.split("/")[0].removeprefix("dense_"))]
                values[name] = layer.bias if name.endswith("/bias") else layer.weight.T
        return {name: value.detach().numpy().copy() for name, value in values.items()}


class SparseAdam(torch.optim.SparseAdam):
    """With eps after the bias correction of v, as in torch.optim.Adam and here."""

    def step(self, closure=None):
        for group in self.param_groups:
            self.t = getattr(self, "t", 0) + 1
            group["eps"] = 1e-8 * (1 - group["betas"][1] ** self.t) ** 0.5
        return super().step(closure)


def optimizers(name: str, model: Model, rate: float) -> list:
    dense, tables = list(model.layers.parameters()), list(model.tables.parameters())
    if name == "sgd":
        return [torch.optim.SGD(model.parameters(), lr=rate)]
    if name == "adam":
        return [torch.optim.Adam(model.parameters(), lr=rate)]
    if name == "adagrad":
        return [torch.optim.Adagrad(model.parameters(), lr=rate)]
    if name == "lazy_adam":
        return [torch.optim.Adam(dense, lr=rate), SparseAdam(tables, lr=rate)]
    raise SystemExit(f"no optimizer {name!r}")


def train(path: str, optimizer: str, out: str) -> None:
    arrays, metadata = steps_file.read(path)
    start = steps_file.parameters(arrays, 0)
    model = Model(start, metadata, sparse=optimizer in ("adagrad", "lazy_adam"))
    steppers = optimizers(optimizer, model, float(metadata["learning_rate"]))
    result, losses = {}, []
    for step in range(len(arrays["loss"])):
        dense = torch.tensor(arrays[f"batch{step}/dense"], dtype=torch.float32)
        codes = torch.tensor(arrays[f"batch{step}/codes"], dtype=torch.int64)
        target = torch.tensor(arrays[f"batch{step}/target"], dtype=torch.float32)
        for stepper in steppers:
            stepper.zero_grad()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(model(dense, codes), target)
        loss.backward()
        for stepper in steppers:
            stepper.step()
        losses.append(loss.item())
        for name, value in model.named(list(start)).items():
            if f"step{step + 1}/{name}" in arrays:
                result[f"step{step + 1}/{name}"] = value
    result["loss"] = numpy.array(losses)
    numpy.savez(out, allow_pickle=False, **result)


if __name__ == "__main__":
    torch.set_num_threads(1)
    arguments = iter(sys.argv[1:])
    for path, optimizer, out in zip(arguments, arguments, arguments, strict=True):
        train(path, optimizer, out)
