"""The alerting rules that are shipped, against what the server prints."""

from __future__ import annotations

import re
import shutil
import subprocess
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from server_support import REPO, RawServer

ALERTS = REPO / "deploy" / "alerts.yaml"
FIRING = Path(__file__).resolve().parent / "alerts_firing.yaml"
# Prometheus' own metric of a scrape.
OF_PROMETHEUS = {"up"}
# Words of its language that stand where names stand.
LANGUAGE = {
    "and", "on", "by", "le", "instance", "job", "sum", "max", "rate", "changes", "increase",
    "histogram_quantile",
}  # fmt: skip
# A histogram is printed as these.
SUFFIXES = ("_bucket", "_sum", "_count")


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def metrics_of(expression: str) -> set[str]:
    bare = re.sub(r'"[^"]*"|\[[^\]]*\]', "", expression)
    return set(re.findall(r"\b[a-z_]+\b", bare)) - LANGUAGE


def test_every_metric_of_a_rule_is_there_from_the_start(
    make_raw_server: Callable[..., RawServer],
) -> None:
    """On a server that has just started and done nothing: what appears at the first event would
    leave that event out of every rate."""
    server = make_raw_server("--http=127.0.0.1:0")
    server.start()
    address = re.search(r'http="?(127\.0\.0\.1:\d+)', server.log.read_text())
    assert address is not None, server.log.read_text()
    text = urllib.request.urlopen(f"http://{address.group(1)}/metrics", timeout=10).read().decode()
    samples = set(re.findall(r"^([a-z_]+)[ {]", text, re.MULTILINE))
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
    for rule in rules():
        names = metrics_of(rule["expr"]) - OF_PROMETHEUS
        assert names <= samples, (rule["alert"], names - samples)
        for name in names:
            of_histogram = [
                name.removesuffix(suffix) for suffix in SUFFIXES if name.endswith(suffix)
            ]
            kind = kinds[of_histogram[0]] if of_histogram else kinds[name]
            # Rates are of what only grows.
            assert (kind in ("counter", "histogram")) == bool(
                re.search(rf"(rate|increase)\({name}", rule["expr"])
            ), (rule["alert"], name, kind)


def test_every_rule_says_what_it_means() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names)) >= 7
    for rule in rules():
        assert rule["labels"]["severity"] in ("page", "ticket"), rule["alert"]
        assert "$labels.instance" in rule["annotations"]["summary"], rule["alert"]


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool (Prometheus) is not there")
def test_each_rule_fires_when_it_should() -> None:
    fired = subprocess.run(
        ["promtool", "test", "rules", FIRING], capture_output=True, text=True, timeout=60
    )
    assert fired.returncode == 0, fired.stdout + fired.stderr


def test_firing_is_described_for_every_rule() -> None:
    cases = yaml.safe_load(FIRING.read_text())["tests"]
    described = {
        case["alertname"]
        for test in cases
        for case in test["alert_rule_test"]
        if case["exp_alerts"]
    }
    assert described == {rule["alert"] for rule in rules()}
