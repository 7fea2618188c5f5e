"""The suite's own count: whatever goes wrong must be counted as a failure."""

import pathlib

import pytest
from support import summarize

GTEST = """<testsuites><testsuite name="A">
  <testcase name="Works" status="run" result="completed" classname="A" />
  <testcase name="Breaks" status="run" result="completed" classname="A">
    <failure message="x"/></testcase>
  <testcase name="Needs" status="run" result="skipped" classname="A">
    <skipped message="a_test.cc:7&#x0A;data set mnist is not in ../shared/data" /></testcase>
  <testcase name="Off" status="notrun" result="suppressed" classname="A" />
</testsuite></testsuites>"""
GTEST_GOOD = """<testsuites><testsuite name="A">
  <testcase name="Works" status="run" result="completed" classname="A" />
  <testcase name="Too" status="run" result="completed" classname="A" />
</testsuite></testsuites>"""


def run_summary(
    folder: pathlib.Path, capsys: pytest.CaptureFixture, rows: list
) -> tuple[int, list]:
    stages = folder / "stages.tsv"
    stages.write_text("".join("\t".join(map(str, row)) + "\n" for row in rows))
    status = summarize.main(str(stages), "61")
    return status, capsys.readouterr().out.strip().splitlines()


def ctest_report(folder: pathlib.Path, **programs: str) -> pathlib.Path:
    """A ctest report in which each program ended with a status: run or fail."""
    cases = "".join(f'<testcase name="{n}" status="{s}"/>' for n, s in programs.items())
    report = folder / "ctest.xml"
    report.write_text(f"<testsuite>{cases}</testsuite>")
    return report


def test_counts_every_test_of_a_program(tmp_path, capsys):
    (tmp_path / "unit_a.xml").write_text(GTEST)
    report = ctest_report(tmp_path, unit_a="fail", layers="run")
    status, lines = run_summary(tmp_path, capsys, [("ctest", "unit", 8, report, tmp_path)])
    assert status == 1
    assert lines == [
        "=== summary, after 1 min 1 s",
        "skipped: A.Needs: data set mnist is not in ../shared/data",
        "FAILED: A.Breaks",
        "2 passed, 1 failed, 1 skipped",
    ]


def test_without_skipped_tests_the_last_line_has_two_counts(tmp_path, capsys):
    status, lines = run_summary(tmp_path, capsys, [("passed", "set-up"), ("passed", "build")])
    assert (status, lines[-1]) == (0, "2 passed, 0 failed")


def test_a_crashed_program_is_a_failure(tmp_path, capsys):
    report = ctest_report(tmp_path, unit_gone="fail")
    status, lines = run_summary(tmp_path, capsys, [("ctest", "unit", 8, report, tmp_path)])
    assert (status, lines[-2:]) == (1, ["FAILED: unit_gone", "0 passed, 1 failed"])


def test_a_program_that_fails_after_its_tests_is_a_failure(tmp_path, capsys):
    (tmp_path / "unit_leaks.xml").write_text(GTEST_GOOD)
    report = ctest_report(tmp_path, unit_leaks="fail")
    status, lines = run_summary(tmp_path, capsys, [("ctest", "unit", 8, report, tmp_path)])
    assert (status, lines[-1]) == (1, "2 passed, 1 failed")


@pytest.mark.parametrize("row", [("ctest", "unit", 8, "none.xml", "."), ("pytest", "py", 2, "x")])
def test_a_runner_that_died_is_a_failure(tmp_path, capsys, row):
    status, lines = run_summary(tmp_path, capsys, [("passed", "build"), row])
    assert (status, lines[-1]) == (1, "1 passed, 1 failed")


def test_pytest_that_selected_nothing_is_no_failure(tmp_path, capsys):
    rows = [("passed", "build"), ("pytest", "py", 5, "none.xml")]
    status, lines = run_summary(tmp_path, capsys, rows)
    assert (status, lines[-1]) == (0, "1 passed, 0 failed")


def test_a_suite_without_any_test_is_a_failure(tmp_path, capsys):
    status, lines = run_summary(tmp_path, capsys, [])
    assert (status, lines[-1]) == (1, "0 passed, 0 failed")
