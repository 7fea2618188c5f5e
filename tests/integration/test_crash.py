"""The short form of the crash campaign, without its long jobs; see tests/crash/campaign.py."""

from __future__ import annotations

import json
import subprocess
import sys

from conftest import REPO


def test_nothing_acknowledged_is_lost_when_programs_are_killed() -> None:
    campaign = REPO / "tests" / "crash" / "campaign.py"
    result = subprocess.run(
        [sys.executable, campaign, "--kills=12", "--seed=3", "--long-share=0"],
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert result.returncode == 0, result.stderr
    counts = json.loads(result.stdout)
    assert counts["kills"] >= 12
    assert counts["lost or doubled"] == 0
    assert counts["jobs acknowledged"] > 0
    assert counts["uploads"] > 0
