"""Claims, and what a result of a job says about them."""

from __future__ import annotations

from statistics import fmean
from typing import Any

claims: list[dict[str, Any]] = []  # all that were made


def claim(name: str, holds: bool, measured: str) -> None:
    claims.append({"claim": name, "holds": bool(holds), "measured": measured})
    print(f"{'ok  ' if holds else 'FAIL'} {name}: {measured}", flush=True)


def value(result: dict[str, Any], metric: str, *path: str) -> float:
    part: Any = result
    for key in path or ("metrics",):
        part = part[key]
    return float(part["test"][metric]["value"])


def mean(results: list[dict[str, Any]], metric: str, *path: str) -> float:
    return fmean(value(result, metric, *path) for result in results)


def picks(result: dict[str, Any]) -> list[str]:
    """The names of what was selected, in order."""
    return [pick["name"] for pick in result["selected"]]
