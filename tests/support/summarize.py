#!/usr/bin/env python3
"""Counts the tests of all runners of tests/run.sh and prints what failed and what was skipped.

usage: summarize.py STAGES.tsv SECONDS

Rows of STAGES.tsv, tab-separated:
  passed|failed NAME                       a check, one test
  skipped NAME REASON                      a check that could not run
  ctest NAME STATUS JUNIT.xml FOLDER       ctest; FOLDER has GoogleTest's own <program>.xml
  pytest NAME STATUS JUNIT.xml
The last line printed is "N passed, N failed" or "N passed, N failed, N skipped". The exit status
is 1 if anything failed or nothing passed.
"""

from __future__ import annotations

import dataclasses
import pathlib
import sys
import xml.etree.ElementTree as ElementTree

PYTEST_NOTHING_SELECTED = 5


@dataclasses.dataclass
class Tally:
    passed: int = 0
    failed: list[str] = dataclasses.field(default_factory=list)
    skipped: list[tuple[str, str]] = dataclasses.field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped


def tally_cases(root: ElementTree.Element) -> Tally:
    """The test cases of one JUnit file, as GoogleTest and pytest write it."""
    tally = Tally()
    for case in root.iter("testcase"):
        name = f"{case.get('classname', '')}.{case.get('name', '')}".lstrip(".")
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            tally.failed.append(name)
        elif skipped is not None:
            lines = skipped.get("message", "").strip().splitlines()
            tally.skipped.append((name, lines[-1] if lines else ""))
        elif case.get("status") != "notrun":  # GoogleTest's word for disabled or filtered out
            tally.passed += 1
    return tally


def read(path: pathlib.Path) -> ElementTree.Element | None:
    """None if the runner died before it had written the file."""
    try:
        return ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError):
        return None


def tally_ctest(name: str, status: int, report: pathlib.Path, folder: pathlib.Path) -> Tally:
    tally = Tally()
    root = read(report)
    for case in root.iter("testcase") if root is not None else ():
        program = case.get("name", "")
        succeeded = case.get("status") == "run"
        cases = read(folder / f"{program}.xml")
        if cases is None:
            # Not a GoogleTest program, or one that crashed: one test.
            tally.add(Tally(passed=1) if succeeded else Tally(failed=[program]))
            continue
        inner = tally_cases(cases)
        if not succeeded and not inner.failed:
            inner.failed.append(f"{program} (its tests passed, the program failed)")
        tally.add(inner)
    if status != 0 and not tally.failed:
        tally.failed.append(f"{name} (ctest ended with status {status})")
    return tally


def tally_pytest(name: str, status: int, report: pathlib.Path) -> Tally:
    root = read(report)
    tally = tally_cases(root) if root is not None else Tally()
    if status not in (0, PYTEST_NOTHING_SELECTED) and not tally.failed:
        tally.failed.append(f"{name} (pytest ended with status {status})")
    return tally


def tally_row(row: list[str]) -> Tally:
    kind, name, *rest = row
    if kind == "passed":
        return Tally(passed=1)
    if kind == "failed":
        return Tally(failed=[name])
    if kind == "skipped":
        return Tally(skipped=[(name, rest[0])])
    if kind == "ctest":
        return tally_ctest(name, int(rest[0]), pathlib.Path(rest[1]), pathlib.Path(rest[2]))
    if kind == "pytest":
        return tally_pytest(name, int(rest[0]), pathlib.Path(rest[1]))
    raise ValueError(f"unknown kind of stage: {kind}")


def main(stages: str, seconds: str) -> int:
    tally = Tally()
    for line in pathlib.Path(stages).read_text().splitlines():
        tally.add(tally_row(line.split("\t")))
    print(f"\n=== summary, after {int(seconds) // 60} min {int(seconds) % 60} s")
    for name, reason in tally.skipped:
        print(f"skipped: {name}: {reason}")
    for name in tally.failed:
        print(f"FAILED: {name}")
    counts = f"{tally.passed} passed, {len(tally.failed)} failed"
    print(counts + (f", {len(tally.skipped)} skipped" if tally.skipped else ""))
    return 1 if tally.failed or tally.passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
