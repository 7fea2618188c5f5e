"""A click table that drifts: an early and a late period of the same traffic.

16 categorical columns of 20 to 3,000 values and 8 numeric ones; six and three of them decide the
clicks, through effects of their values, of two pairs of values, and of the numbers. From the early
period to the late one

    the effect of every value moves: new = .9 old + .44 fresh noise (correlation .9)
    a tenth of the values of every column is replaced by new ones, and all get other codes
    numbers are measured in other units (scale 1.5, mean shifted by half a deviation)
    one column disappears, one appears, and columns change their order
"""

from __future__ import annotations

from typing import Any

import numpy
import pyarrow

SIZES = [20, 50, 100, 200, 500, 1000, 2000, 3000] * 2
DECIDING = [1, 3, 5, 7, 10, 14]  # categorical columns
NUMBERS = 8

Array = numpy.ndarray[Any, Any]


def _effects(rng: numpy.random.Generator) -> dict[str, Array]:
    effects = {f"c{c}": rng.normal(0, 0.6, SIZES[c]) for c in DECIDING}
    effects["pair"] = rng.normal(0, 0.7, (SIZES[1], SIZES[3]))
    effects["numbers"] = numpy.array([0.6, -0.5, 0.4] + [0.0] * (NUMBERS - 3))
    return effects


def _moved(effects: dict[str, Array], rng: numpy.random.Generator) -> dict[str, Array]:
    return {
        name: 0.9 * effect + 0.44 * rng.normal(0, effect.std(), effect.shape)
        for name, effect in effects.items()
    }


def _table(effects: dict[str, Array], rows: int, late: bool, rng: numpy.random.Generator) -> Any:
    columns: dict[str, Any] = {}
    logit = numpy.full(rows, -1.2)
    codes = {}
    for c, size in enumerate(SIZES):
        share = 1 / numpy.arange(1, size + 1) ** 0.8
        codes[c] = rng.choice(size, rows, p=share / share.sum())
        # A tenth of the values goes by names that the early period does not know.
        fresh = (numpy.arange(size) % 10 == 7) & late
        names = numpy.array([f"new{v}" if fresh[v] else f"v{v}" for v in range(size)])
        columns[f"c{c}"] = names[codes[c]]
        if c in DECIDING:
            logit += effects[f"c{c}"][codes[c]]
    logit += effects["pair"][codes[1], codes[3]]
    for n in range(NUMBERS):
        value = rng.normal(0, 1, rows)
        logit += effects["numbers"][n] * value
        columns[f"n{n}"] = 1.5 * value + 0.5 if late else value
    columns["gone" if not late else "fresh"] = rng.normal(0, 1, rows)
    keys = list(columns)
    order = rng.permutation(len(keys)) if late else numpy.arange(len(keys))
    arranged = {keys[i]: columns[keys[i]] for i in order}
    arranged["click"] = (rng.random(rows) < 1 / (1 + numpy.exp(-logit))).astype(numpy.int32)
    return pyarrow.table(arranged)


def periods(rows: int, seed: int) -> tuple[Any, Any]:
    """The early and the late table, `rows` each."""
    rng = numpy.random.default_rng(seed)
    effects = _effects(rng)
    early = _table(effects, rows, False, rng)
    return early, _table(_moved(effects, rng), rows, True, rng)
