"""Comparisons of training steps: same weights, same batches, loss curves checked before times."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path
from statistics import median
from typing import Any

from bench.rivals import cases
from bench.rivals.side import BUSY_CORES, Side, SideError, torch_environment

HERE = Path(__file__).resolve().parent


@dataclasses.dataclass(frozen=True)
class Party:
    """Who takes part: ours or torch, on which case, with which options of the driver."""

    label: str
    torch: bool
    case: cases.Case
    options: tuple[str, ...]
    # Largest relative difference of a loss to ours. None: another algorithm or precision, so that
    # only the first loss, before any update, can be compared.
    tolerance: float | None = 1e-3


@dataclasses.dataclass(frozen=True)
class Comparison:
    name: str
    ours: Party
    rivals: tuple[Party, ...]
    goals: dict[int, float]  # by threads; against the fastest rival that `best_of` names
    best_of: str = ""  # start of the labels
    inverse: bool = False  # print rival / ours as an overhead of ours


def _ours(case: cases.Case, *options: str) -> Party:
    return Party("winnow", False, case, options)


def _torch(case: cases.Case, label: str, *options: str, tolerance: float | None = 1e-3) -> Party:
    return Party(label, True, case, options, tolerance)


def comparisons() -> list[Comparison]:
    mlp, clicks, lazy, dense = cases.MLP, cases.CLICKS, cases.LAZY, cases.DENSE_ADAM
    plain = (_torch(clicks, "torch f32", "mask=1"),
             _torch(clicks, "torch f32 compile", "mask=1", "compile=1"))  # fmt: skip
    half = (_torch(clicks, "torch bf16", "mask=1", "precision=bf16", tolerance=2e-2),
            _torch(clicks, "torch bf16 compile", "mask=1", "precision=bf16", "compile=1",
                   tolerance=2e-2))  # fmt: skip
    loose = tuple(dataclasses.replace(party, tolerance=2e-2) for party in plain)
    return [
        Comparison(
            "masked mlp 784-67-10, batch 256, adam",
            _ours(mlp, "mask=1"),
            (_torch(mlp, "torch", "mask=1"), _torch(mlp, "torch compile", "mask=1", "compile=1")),
            {1: 2.4, 2: 3.0},
        ),
        Comparison(
            "masked dlrm 26x100kx16, batch 2048, adagrad",
            _ours(clicks, "mask=1"), plain, {1: 1.7, 2: 2.7},
        ),
        Comparison(
            "masked dlrm bf16",
            _ours(clicks, "mask=1", "precision=bf16"), half, {1: 1.7, 2: 2.5},
        ),
        Comparison(
            "masked dlrm bf16 against f32",
            _ours(clicks, "mask=1", "precision=bf16"), loose, {1: 3.0, 2: 4.8},
        ),
        Comparison(
            "selection step over plain step, mlp",
            _ours(mlp), (dataclasses.replace(_ours(mlp, "mask=1"), label="winnow masked",
                                             tolerance=None),),
            {1: 1.03, 2: 1.03}, inverse=True,
        ),
        Comparison(
            "selection step over plain step, dlrm",
            _ours(clicks), (dataclasses.replace(_ours(clicks, "mask=1"), label="winnow masked",
                                                tolerance=None),),
            {1: 1.03, 2: 1.03}, inverse=True,
        ),
        Comparison(
            "dlrm lazy adam",
            _ours(lazy, "mask=1"),
            (_torch(lazy, "torch SparseAdam", "mask=1"),
             _torch(dense, "torch Adam (all rows: another algorithm)", "mask=1", "tables=split",
                    tolerance=None)),
            {1: 5.0, 2: 5.0}, best_of="torch Adam",
        ),
        Comparison(
            "dlrm adam on all rows",
            _ours(dense, "mask=1"),
            (_torch(dense, "torch Adam", "mask=1", "tables=split"),),
            {},
        ),
    ]  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Settings:
    driver: Path
    python: Path
    folder: Path  # of cases and of PyTorch's compile cache
    alternations: int
    seconds: float  # of one timing
    curve: int  # steps of the loss curves


def _start(party: Party, threads: int, settings: Settings) -> Side:
    folder = str(cases.write(party.case, settings.folder))
    options = [f"threads={threads}", *party.options]
    if not party.torch:
        return Side(party.label, [str(settings.driver), folder, *options], None)
    command = [str(settings.python), str(HERE / "torch_driver.py"), folder, *options]
    environment = torch_environment(threads, settings.folder / "inductor")
    return Side(party.label, command, environment)


def _difference(ours: list[float], theirs: list[float]) -> float:
    return max(abs(a - b) / max(abs(a), 1e-12) for a, b in zip(ours, theirs, strict=True))


def _warm_up(side: Side, seconds: float) -> int:
    """Steps that take about `seconds`."""
    steps = 4
    while True:
        step_seconds, _ = side.time(steps)
        if step_seconds * steps > seconds / 4:
            return max(2, round(seconds / step_seconds))
        steps *= 2


def run(comparison: Comparison, threads: int, settings: Settings) -> list[dict[str, Any]]:
    """One row a rival. A rival whose loss curve differs from ours gets no ratio."""
    parties = (comparison.ours, *comparison.rivals)
    rows = []
    with contextlib.ExitStack() as stack:
        sides = [stack.enter_context(_start(party, threads, settings)) for party in parties]
        sides[0].wait_ready()
        curve = sides[0].curve(settings.curve)
        racing = [(sides[0], _warm_up(sides[0], settings.seconds))]
        for party, side in zip(parties[1:], sides[1:], strict=True):
            row: dict[str, Any] = {
                "name": comparison.name, "threads": threads, "rival": party.label,
                "inverse": comparison.inverse,
            }  # fmt: skip
            rows.append(row)
            try:
                side.wait_ready()
                if party.tolerance is None:
                    theirs, mine = side.curve(1), curve[:1]
                else:
                    theirs, mine = side.curve(settings.curve), curve
                row["loss_difference"] = _difference(mine, theirs)
                row["first_loss_only"] = party.tolerance is None
                row["same"] = row["loss_difference"] <= (party.tolerance or 1e-3)
                if row["same"]:
                    racing.append((side, _warm_up(side, settings.seconds)))
            except SideError as error:
                row["skipped"] = str(error)
        _race(racing, rows, settings)
    _judge(comparison, threads, rows)
    return rows


def _race(racing: list[tuple[Side, int]], rows: list[dict[str, Any]], settings: Settings) -> None:
    times: dict[str, list[float]] = {side.label: [] for side, _ in racing}
    busy: dict[str, list[bool]] = {side.label: [] for side, _ in racing}
    for turn in range(settings.alternations if len(racing) > 1 else 0):
        shift = turn % len(racing)
        for side, steps in racing[shift:] + racing[:shift]:
            seconds, other_cores = side.time(steps)
            times[side.label].append(seconds)
            busy[side.label].append(other_cores > BUSY_CORES)
    ours = racing[0][0].label
    for row in rows:
        theirs = times.get(row["rival"], [])
        if not theirs:
            continue
        pairs = list(zip(theirs, times[ours], strict=True))
        row["ours_ms"], row["rival_ms"] = 1e3 * median(times[ours]), 1e3 * median(theirs)
        row["ratios"] = [a / b for a, b in pairs]
        row["ratio"] = median(row["ratios"])
        row["busy"] = sum(a or b for a, b in zip(busy[row["rival"]], busy[ours], strict=True))


def _judge(comparison: Comparison, threads: int, rows: list[dict[str, Any]]) -> None:
    """The goal stands beside the fastest rival."""
    named = [row for row in rows if "ratio" in row and row["rival"].startswith(comparison.best_of)]
    goal = comparison.goals.get(threads)
    if not named or goal is None:
        return
    best = min(named, key=lambda row: float(row["rival_ms"]))
    best["goal"] = goal
    best["met"] = best["ratio"] <= goal if comparison.inverse else best["ratio"] >= goal
    if best["busy"] > len(best["ratios"]) / 2:
        best["met"] = None
