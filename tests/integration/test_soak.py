"""The shortest form of the soak; see tests/load/soak.py."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from conftest import REPO


def test_a_short_soak_leaves_nothing_behind(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    result = subprocess.run(
        [sys.executable, REPO / "tests/load/soak.py", "--minutes=0.12", f"--json={report}"],
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    counts = json.loads(report.read_text())["counts"]
    assert counts["events"] > 0
    assert counts["uploads"] > 0
    assert counts["watch streams"] > 0
