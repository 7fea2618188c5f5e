"""The configuration file that is shipped, and the flags."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from conftest import BIN, REPO

EXAMPLE = REPO / "deploy" / "winnow.example.yaml"
# Flags that are no settings.
ACTIONS = {
    "help", "version", "config", "check-config",
    "new-token", "tenant", "role", "subject", "expires",
}  # fmt: skip


def winnowd(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [str(BIN / "winnowd"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30)


def settings() -> set[str]:
    flags = set(re.findall(r"--([a-z][a-z_-]+)", winnowd("--help").stdout))
    # The help also names a flag of the command line inside a sentence.
    return {flag for flag in flags if flag not in ACTIONS}


def test_the_example_has_every_setting_and_no_other() -> None:
    keys = re.findall(r"^#?([a-z_]+):", EXAMPLE.read_text(), re.MULTILINE)
    assert len(keys) == len(set(keys))
    assert set(keys) == settings()


def test_the_example_states_the_defaults() -> None:
    """A value that is not commented out is the one that the help calls the default."""
    documented = winnowd("--help").stdout
    text = EXAMPLE.read_text()
    for key, value in re.findall(r"^([a-z_]+): (\S+)$", text, re.MULTILINE):
        if key == "insecure":
            assert value == "false"
            continue
        entry = re.search(rf"--{key} (.*?)(?=\n  --|\Z)", documented, re.DOTALL)
        assert entry is not None, key
        words = " ".join(entry.group(1).split())
        assert re.search(rf"\(?default:? {re.escape(value)}[,)]", words), f"{key}: {words}"


def test_the_example_is_good(tmp_path: Path) -> None:
    result = winnowd("--check-config", "--config", EXAMPLE)
    assert result.returncode == 0, result.stderr
    everything = re.sub(r"^#([a-z_]+:)", r"\1", EXAMPLE.read_text(), flags=re.MULTILINE)
    whole = tmp_path / "winnow.yaml"
    whole.write_text(everything)
    result = winnowd("--check-config", "--config", whole)
    assert result.returncode == 0, result.stderr


def test_every_mistake_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "winnow.yaml"
    path.write_text("listen: 0.0.0.0:7070\nworker_slots: many\nlisten_on: x\nmax_watchers: 0\n")
    unknown = winnowd("--check-config", "--config", path)
    assert unknown.returncode == 2
    assert f"{path}:3: unknown key listen_on" in unknown.stderr
    path.write_text("listen: 0.0.0.0:7070\nworker_slots: many\nmax_watchers: 0\n")
    result = winnowd("--check-config", "--config", path)
    assert result.returncode == 2
    for expected in (f"{path}:1: listen", f"{path}:2: worker_slots", f"{path}:3: max_watchers"):
        assert expected in result.stderr
    # A flag overrides the file's value, and with it the mistake.
    fixed = winnowd(
        "--check-config", "--config", path, "--listen=127.0.0.1:0", "--worker_slots=1",
        "--max_watchers=1",
    )  # fmt: skip
    assert fixed.returncode == 0, fixed.stderr
