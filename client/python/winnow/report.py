"""One self-contained page from results: picks, quality against size, controls.

``python -m winnow.report result.json [more.json ...] -o report.html [--summary]`` reads what
``winnow result JOB --json`` prints; several results are seeds of the same job. Needs nothing but
Python: the file runs by itself as well.
"""

from __future__ import annotations

import argparse
import html
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

Result = dict[str, Any]

_WIDTH, _HEIGHT, _MARGIN = 640, 300, 56
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 720px; margin: 2rem auto;
  padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin-top: 2rem }
table { border-collapse: collapse; width: 100% } th, td { padding: .25rem .6rem; text-align: right }
th:first-child, td:first-child { text-align: left } tr + tr td { border-top: 1px solid #e4e4e4 }
svg { width: 100%; height: auto } .axis { stroke: #bbb } .label { font-size: 12px; fill: #555 }
.muted { color: #666 }
"""


def metric_of(section: dict[str, Any] | None, metric: str, rows: str = "test") -> float | None:
    """Value of a metric in ``metrics``, a control or a point of the curve; None where undefined."""
    value = ((section or {}).get(rows) or {}).get(metric) or {}
    number = value.get("value")
    return float(number) if number is not None else None


def main_metric(result: Result) -> str:
    """The first metric of the result that is defined on the test rows, by usual importance."""
    known = (result.get("metrics") or {}).get("test") or {}
    for name in ("auc", "accuracy", "r2", "log_loss", "rmse"):
        if (known.get(name) or {}).get("value") is not None:
            return name
    return next(iter(known), "auc")


def mean_over(results: Sequence[Result], section: str, metric: str) -> float | None:
    """Mean over results of a metric; ``section`` is "metrics" or "controls/<name>"."""
    values = []
    for result in results:
        part: Any = result
        for key in section.split("/"):
            part = (part or {}).get(key)
        value = metric_of(part, metric)
        if value is None:
            return None
        values.append(value)
    return fmean(values) if values else None


def summary(results: Sequence[Result]) -> str:
    """A few lines for a terminal: the subset and its controls, mean over the results."""
    metric = main_metric(results[0])
    kept = len(results[0]["selected"])
    lines = [f"test {metric}, mean of {len(results)} seed{'s' if len(results) > 1 else ''}:"]
    sections = [(f"selected ({kept} of {results[0]['candidates']})", "metrics")]
    sections += [(name, f"controls/{name}") for name in results[0].get("controls") or {}]
    for name, section in sections:
        value = mean_over(results, section, metric)
        lines.append(f"  {name:<24} {'undefined' if value is None else format(value, '.4f')}")
    return "\n".join(lines)


def _curve_points(result: Result, metric: str) -> list[tuple[float, float]]:
    points = []
    for point in result.get("curve") or []:
        value = metric_of(point, metric)
        if value is not None:
            points.append((float(point["k"]), value))
    return points


def _curve_svg(result: Result, metric: str) -> str:
    points = _curve_points(result, metric)
    if len(points) < 2:
        return '<p class="muted">No curve was asked for (evaluation.curve).</p>'
    levels = {
        name: metric_of(control, metric) for name, control in (result.get("controls") or {}).items()
    }
    heights = [y for _, y in points] + [y for y in levels.values() if y is not None]
    low, high = min(heights), max(heights)
    pad = (high - low) * 0.08 or 0.01
    low, high = low - pad, high + pad
    last_k = max(k for k, _ in points)

    def x_of(k: float) -> float:
        return _MARGIN + (k - 1) / max(1.0, last_k - 1) * (_WIDTH - 2 * _MARGIN)

    def y_of(value: float) -> float:
        return _HEIGHT - _MARGIN / 2 - (value - low) / (high - low) * (_HEIGHT - _MARGIN)

    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{metric} against size">'
    ]
    for step in range(5):
        value = low + (high - low) * step / 4
        parts.append(
            f'<line class="axis" x1="{_MARGIN}" x2="{_WIDTH - _MARGIN}" y1="{y_of(value):.1f}" '
            f'y2="{y_of(value):.1f}"/><text class="label" x="4" y="{y_of(value) + 4:.1f}">'
            f"{value:.4f}</text>"
        )
    for name, level in levels.items():
        if level is None:
            continue
        parts.append(
            f'<line x1="{_MARGIN}" x2="{_WIDTH - _MARGIN}" y1="{y_of(level):.1f}" '
            f'y2="{y_of(level):.1f}" stroke="#c26" stroke-dasharray="5 4"/>'
            f'<text class="label" x="{_WIDTH - _MARGIN + 4}" y="{y_of(level) + 4:.1f}">'
            f"{html.escape(name)}</text>"
        )
    line = " ".join(f"{x_of(k):.1f},{y_of(value):.1f}" for k, value in points)
    parts.append(f'<polyline points="{line}" fill="none" stroke="#167" stroke-width="2"/>')
    for k, value in points:
        parts.append(
            f'<circle cx="{x_of(k):.1f}" cy="{y_of(value):.1f}" r="4" fill="#167">'
            f"<title>k = {k:.0f}: {value:.4f}</title></circle>"
            f'<text class="label" text-anchor="middle" x="{x_of(k):.1f}" '
            f'y="{_HEIGHT - 4}">{k:.0f}</text>'
        )
    return "".join(parts) + "</svg>"


def curve_picture(result: Result) -> str:
    """The curve as a picture of its own, with the style it needs."""
    svg = _curve_svg(result, main_metric(result))
    style = ".axis{stroke:#bbb}.label{font:12px sans-serif;fill:#555}svg{background:#fff}"
    return svg.replace(
        "<svg ", f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" ', 1
    ).replace(">", f"><style>{style}</style>", 1)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    cells = "".join(f"<th>{html.escape(cell)}</th>" for cell in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><tr>{cells}</tr>{body}</table>"


def _number(value: float | None, digits: int = 4) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _with_interval(metric: dict[str, Any] | None) -> str:
    if not metric or metric.get("value") is None:
        return "-"
    text = f"{metric['value']:.4f}"
    if metric.get("low") is not None and metric.get("high") is not None:
        text += f" ({metric['low']:.4f} to {metric['high']:.4f})"
    return text


def _repeats(result: Result) -> str:
    """How alike the selections of all repeats are; empty when there is one."""
    repeats = result.get("repeats")
    if not repeats:
        return ""
    rows = [
        [entry["name"], str(entry["times"]), _number(entry["frequency"])]
        for entry in repeats["frequency"][:100]
    ]
    return (
        f"<h2>Selections of {repeats['count']} seeds</h2>"
        f"<p>Mean Jaccard index {_number(repeats['jaccard'])}, "
        f"Kuncheva index {_number(repeats['kuncheva'])}.</p>"
        + _table(["candidate", "times selected", "frequency"], rows)
    )


def page(results: Sequence[Result]) -> str:
    """The HTML page; the first result gives picks and curve, all together the means."""
    first = results[0]
    metric = main_metric(first)
    names = sorted((first.get("metrics") or {}).get("test") or {})
    models = [("selected", first.get("metrics")), *list((first.get("controls") or {}).items())]
    if first.get("capacity_matched"):
        models.append(("capacity matched", first["capacity_matched"]))
    quality = [
        [name] + [_with_interval(((part or {}).get("test") or {}).get(m)) for m in names]
        for name, part in models
    ]
    picks = [
        [f"{pick['rank']}. {pick['name']}", _number(pick.get("score")), _number(pick.get("gain"))]
        for pick in first["selected"]
    ]
    job = html.escape(str(first.get("job", "")))
    title = f"{first['task'].replace('_', ' ')}: {len(first['selected'])} of {first['candidates']}"
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title><style>{_STYLE}</style>
<h1>{html.escape(title)}</h1>
<p>{html.escape(first["selector"])}, seed {first["seed"]}. <span class="muted">{job}</span></p>
<pre>{html.escape(summary(results))}</pre>
<h2>Picks in order</h2>{_table(["candidate", "score", "gain in validation loss"], picks)}
<h2>Test {html.escape(metric)} against size</h2>{_curve_svg(first, metric)}
<h2>Quality on test rows, with confidence intervals</h2>{_table(["model", *names], quality)}
{_repeats(first)}
</html>
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m winnow.report", description=__doc__)
    parser.add_argument("results", nargs="+", type=Path, help="files of winnow result JOB --json")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the page to write")
    parser.add_argument("--summary", action="store_true", help="print the means as well")
    parser.add_argument("--curve", type=Path, help="write the picture of the curve alone (SVG)")
    options = parser.parse_args(arguments)
    try:
        results = [json.loads(path.read_text(encoding="utf-8")) for path in options.results]
    except (OSError, ValueError) as error:
        print(f"report: {error}", file=sys.stderr)
        return 2
    options.output.write_text(page(results), encoding="utf-8")
    if options.curve:
        options.curve.write_text(curve_picture(results[0]), encoding="utf-8")
    if options.summary:
        print(summary(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
