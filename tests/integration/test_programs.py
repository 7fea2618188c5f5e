"""What stands in the programs themselves."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from server_support import WINNOWD


@pytest.mark.parametrize("program", ["winnowd", "winnow-worker", "winnow"])
def test_no_library_is_looked_for_in_the_current_folder(program: str) -> None:
    readelf = shutil.which("readelf")
    if readelf is None:
        pytest.skip("readelf (binutils) is not there to read a program's run path")
    dynamic = subprocess.run(
        [readelf, "--dynamic", "--wide", WINNOWD.with_name(program)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    run_paths = [line for line in dynamic.splitlines() if "(RUNPATH)" in line or "(RPATH)" in line]
    assert run_paths, "a program of the build finds its libraries by its run path"
    for line in run_paths:
        elements = line.split("[", 1)[1].rstrip("]").split(":")
        assert all(element.startswith(("/", "$ORIGIN/")) for element in elements), line
