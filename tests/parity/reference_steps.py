"""The models of training_steps in numpy, double precision, forward and backward by hand.

Written from kernels/plan/model_shape.h and kernels/ops/optimizer.h, for logistic loss.
"""

import numpy
from parity import steps_file


class Model:
    """Parameters and what the gradient of a batch needs."""

    def __init__(self, params: dict[str, numpy.ndarray], metadata: dict[str, str]) -> None:
        self.params = {name: value.copy() for name, value in params.items()}
        self.order = metadata["order"]
        self.dot = metadata["interaction"] == "dot"
        self.bottom = int(metadata["bottom_layers"])
        self.layers = int(metadata["layers"])
        self.tables = steps_file.tables(params)

    def _join(self, numbers: numpy.ndarray, vectors: list) -> numpy.ndarray:
        """Input of the first top layer; `numbers` is what the bottom layers made of them."""
        if self.dot:
            v = numpy.stack([numbers, *vectors] if self.bottom else vectors, axis=1)
            i, j = numpy.tril_indices(v.shape[1], -1)
            return numpy.hstack([v[:, 0], numpy.einsum("bpd,bpd->bp", v[:, i], v[:, j])])
        if self.bottom:
            return numpy.hstack([numbers, *vectors])
        columns, number, field = [], 0, 0
        for kind in self.order:  # fields in the order of the table
            if kind == "n":
                columns.append(numbers[:, number : number + 1])
                number += 1
            else:
                columns.append(vectors[field])
                field += 1
        return numpy.hstack(columns)

    def _part(self, numbers: numpy.ndarray, vectors: list, dt: numpy.ndarray) -> tuple:
        """Gradients of `numbers` (None where nobody wants it) and of the vectors."""
        d = vectors[0].shape[1]
        if self.dot:
            v = numpy.stack([numbers, *vectors] if self.bottom else vectors, axis=1)
            dv = numpy.zeros_like(v)
            dv[:, 0] = dt[:, :d]
            for p, (i, j) in enumerate(zip(*numpy.tril_indices(v.shape[1], -1), strict=True)):
                dv[:, i] += dt[:, d + p, None] * v[:, j]
                dv[:, j] += dt[:, d + p, None] * v[:, i]
            parts = [dv[:, k] for k in range(dv.shape[1])]
            return (parts[0], parts[1:]) if self.bottom else (None, parts)
        if self.bottom:
            parts = [dt[:, k : k + d] for k in range(0, dt.shape[1], d)]
            return parts[0], parts[1:]
        parts, column = [], 0
        for kind in self.order:
            if kind == "c":
                parts.append(dt[:, column : column + d])
            column += d if kind == "c" else 1
        return None, parts

    def gradient(self, dense: numpy.ndarray, codes: numpy.ndarray, y: numpy.ndarray) -> tuple:
        """Mean loss and its gradient; of a table also 0 rows."""
        p, grads = self.params, {}
        vectors = [p[name][codes[:, f]] for f, name in enumerate(self.tables)]
        inputs, outputs, h = [], [], dense
        for layer in range(self.layers):
            if layer == self.bottom:
                numbers = h
                h = self._join(h, vectors)
            inputs.append(h)
            h = h @ p[f"dense_{layer}/weights"] + p[f"dense_{layer}/bias"]
            if layer < self.layers - 1:
                h = numpy.maximum(h, 0)
            outputs.append(h)
        z = h[:, 0]
        loss = numpy.mean(numpy.logaddexp(0, z) - y * z)
        dz = ((1 / (1 + numpy.exp(-z)) - y) / len(y))[:, None]
        for layer in reversed(range(self.layers)):
            grads[f"dense_{layer}/weights"] = inputs[layer].T @ dz
            grads[f"dense_{layer}/bias"] = dz.sum(axis=0)
            dh = dz @ p[f"dense_{layer}/weights"].T
            if layer == self.bottom:
                dh, dvectors = self._part(numbers, vectors, dh)
                for f, name in enumerate(self.tables):
                    grads[name] = numpy.zeros_like(p[name])
                    numpy.add.at(grads[name], codes[:, f], dvectors[f])
            if layer > 0:
                dz = dh * (outputs[layer - 1] > 0)
        return loss, grads


class Optimizer:
    """sgd, adam, lazy_adam, adagrad of optimizer.h, without decay."""

    def __init__(self, name: str, rate: float, params: dict[str, numpy.ndarray]) -> None:
        self.name, self.rate, self.t = name, rate, 0
        self.m = {key: numpy.zeros_like(value) for key, value in params.items()}
        self.v = {key: numpy.zeros_like(value) for key, value in params.items()}

    def step(self, params: dict, grads: dict, touched: dict[str, numpy.ndarray]) -> None:
        self.t += 1
        for name, all_rows in params.items():
            lazy = self.name == "lazy_adam" and name in touched
            rows = touched[name] if lazy else slice(None)
            g = grads[name][rows]
            if self.name == "sgd":
                all_rows[rows] -= self.rate * g
            elif self.name == "adagrad":
                self.m[name][rows] += g * g
                all_rows[rows] -= self.rate * g / (numpy.sqrt(self.m[name][rows]) + 1e-10)
            else:
                self.m[name][rows] = 0.9 * self.m[name][rows] + 0.1 * g
                self.v[name][rows] = 0.999 * self.v[name][rows] + 0.001 * g * g
                m_hat = self.m[name][rows] / (1 - 0.9**self.t)
                v_hat = self.v[name][rows] / (1 - 0.999**self.t)
                all_rows[rows] -= self.rate * m_hat / (numpy.sqrt(v_hat) + 1e-8)


def train(arrays: dict, metadata: dict, optimizer_name: str) -> tuple[list[float], dict]:
    """Losses of all steps, and parameters by the number of steps done."""
    model = Model(steps_file.parameters(arrays, 0), metadata)
    optimizer = Optimizer(optimizer_name, float(metadata["learning_rate"]), model.params)
    losses, after = [], {}
    for step in range(len(arrays["loss"])):
        codes = arrays[f"batch{step}/codes"].astype(int)
        loss, grads = model.gradient(
            arrays[f"batch{step}/dense"], codes, arrays[f"batch{step}/target"]
        )
        touched = {name: numpy.unique(codes[:, f]) for f, name in enumerate(model.tables)}
        optimizer.step(model.params, grads, touched)
        losses.append(loss)
        after[step + 1] = {name: value.copy() for name, value in model.params.items()}
    return losses, after
