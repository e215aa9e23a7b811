import pytest

from devtools import results
from devtools.results import Outcome

TESTS = "odoo.addons.portal_access_ext.tests.test_x"


@pytest.fixture
def log(tmp_path):
    """Write a log as Odoo does, from (level, logger, message)."""

    def write(*records):
        path = tmp_path / "odoo.log"
        lines = [f"2026-01-01 00:00:00,000 1 {level} db {logger}: {text}" for level, logger, text in records]
        path.write_text("\n".join(lines))
        return path

    return write


def total(failed, errors, run):
    text = f"{failed} failed, {errors} error(s) of {run} tests when loading database 'db'"
    return ("ERROR" if failed or errors else "INFO", "odoo.tests.result", text)


def test_a_clean_log_counts_what_passed_and_what_was_skipped(log):
    outcome = results.from_odoo_log(log(("INFO", TESTS, "skipped TestX.test_a : no"), total(0, 0, 3)), "lane")
    assert str(outcome) == "2 passed, 0 failed, 1 skipped"


def test_a_failed_test_is_named_once_although_odoo_repeats_it(log):
    path = log(
        ("ERROR", TESTS, "FAIL: TestX.test_a\nTraceback"),
        ("ERROR", "odoo.modules.loading", "Module portal_access_ext: 1 failures, 0 errors of 2 tests"),
        ("ERROR", "odoo.modules.loading", "At least one test failed when loading the modules."),
        total(1, 0, 2),
    )
    outcome = results.from_odoo_log(path, "lane")
    assert str(outcome) == "1 passed, 1 failed"
    assert outcome.failures == ["lane: TestX.test_a"]


@pytest.mark.parametrize("level", ["WARNING", "ERROR", "CRITICAL"])
def test_a_warning_that_no_test_expects_is_a_failure(log, level):
    outcome = results.from_odoo_log(
        log((level, "odoo.addons.portal_access_ext.models", "look"), total(0, 0, 1)), "lane"
    )
    assert str(outcome) == "1 passed, 1 failed"


def test_a_log_without_a_result_is_a_failure(log):
    assert results.from_odoo_log(log(("INFO", "odoo", "starting")), "lane").failed == 1


def test_a_report_of_pytest_counts_a_test_with_a_failed_subtest_once(tmp_path):
    report = tmp_path / "junit.xml"
    report.write_text(
        '<testsuites><testsuite><testcase classname="a" name="x"/>'
        '<testcase classname="a" name="y"/><testcase classname="a" name="y"><failure/></testcase>'
        '<testcase classname="a" name="z"><skipped/></testcase></testsuite></testsuites>'
    )
    outcome, statuses = results.from_junit(report, "lane")
    assert str(outcome) == "1 passed, 1 failed, 1 skipped"
    assert statuses["a::y"] == "failed"


@pytest.mark.parametrize(
    ("outcome", "line", "code"),
    [
        (Outcome(2, 0, 0), "2 passed, 0 failed", 0),
        (Outcome(2, 1, 3), "2 passed, 1 failed, 3 skipped", 1),
        (Outcome(0, 0, 0), "0 passed, 1 failed", 1),
        (Outcome(0, 0, 2), "0 passed, 1 failed, 2 skipped", 1),
    ],
)
def test_the_closing_line_and_the_exit_code_agree(capsys, outcome, line, code):
    assert results.close(outcome) == code
    assert capsys.readouterr().out == f"{line}\n"
