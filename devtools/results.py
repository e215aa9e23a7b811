"""What came out of test runs, and the closing line that CI reads."""

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path

from .console import result, say

ODOO_RECORD = re.compile(
    r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \d+ (?P<level>[A-Z]+) (?P<db>\S+) (?P<logger>\S+): (?P<message>.*)$"
)
ODOO_TOTAL = re.compile(r"(\d+) failed, (\d+) error\(s\) of (\d+) tests when loading database")
ODOO_FAILURE = re.compile(r"^(FAIL|ERROR): (?:Subtest )?(?P<test>\S.*)$")
ODOO_SUMMARY = re.compile(r"Module \w+: \d+ failures|At least one test failed|\d+ failed, \d+ error")
# A test's own logger, under which Odoo's runner reports what failed.
TEST_LOGGER = re.compile(r"odoo\.addons\.\w+\.tests\b")

ALARMS = ("WARNING", "ERROR", "CRITICAL")
# Records that say nothing about our addons. Each with its reason; keep it short.
IGNORED_RECORDS = (
    # Odoo 17.0 itself: docutils' complaints about the descriptions of stock modules.
    re.compile(r"docutils"),
)


@dataclass
class Outcome:
    """The result of one run of tests.

    :param failures: a line for each test that failed, or check that did not hold
    """

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: list[str] = field(default_factory=list)

    def __add__(self, other: "Outcome") -> "Outcome":
        return Outcome(
            self.passed + other.passed,
            self.failed + other.failed,
            self.skipped + other.skipped,
            self.failures + other.failures,
        )

    def fail(self, reason: str) -> "Outcome":
        """Count one more failure, with its reason."""
        self.failed += 1
        self.failures.append(reason)
        return self

    def __str__(self):
        text = f"{self.passed} passed, {self.failed} failed"
        return f"{text}, {self.skipped} skipped" if self.skipped else text


def from_junit(report: Path, where: str) -> tuple[Outcome, dict[str, str]]:
    """Read pytest's report.

    :return: the counts, and the status of each test: passed, failed or skipped
    """
    statuses: dict[str, str] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        if case.find("failure") is not None or case.find("error") is not None:
            statuses[name] = "failed"
        elif case.find("skipped") is not None:
            statuses.setdefault(name, "skipped")
        else:
            statuses.setdefault(name, "passed")
    values = list(statuses.values())
    outcome = Outcome(values.count("passed"), values.count("failed"), values.count("skipped"))
    outcome.failures = [f"{where}: {name}" for name, status in statuses.items() if status == "failed"]
    return outcome, statuses


def odoo_records(log: Path) -> list[tuple[str, str, str]]:
    """Return level, logger and whole text of each record of an Odoo log."""
    records: list[list[str]] = []
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        match = ODOO_RECORD.match(line)
        if match:
            records.append([match["level"], match["logger"], match["message"]])
        elif records:
            records[-1][2] += f"\n{line}"
    return [(level, logger, text) for level, logger, text in records]


def from_odoo_log(log: Path, where: str) -> Outcome:
    """Read the log of Odoo's own test runner. A warning or error that no test reports is a failure too."""
    outcome = Outcome()
    total = None
    problems = []
    for level, logger, text in odoo_records(log):
        first_line = text.partition("\n")[0]
        if found := ODOO_TOTAL.search(text):
            total = [int(number) for number in found.groups()]
        elif TEST_LOGGER.match(logger) and text.startswith("skipped "):
            outcome.skipped += 1
        elif level in ALARMS:
            if TEST_LOGGER.match(logger) and (found := ODOO_FAILURE.match(first_line)):
                outcome.failures.append(f"{where}: {found['test']}")
            elif not _is_summary(logger, text) and not is_ignored(text):
                problems.append(f"{where}: {level} in the log: {logger}: {first_line}")
    if total is None:
        return outcome.fail(f"{where}: Odoo's test runner came to no result, see {log}")
    failures, errors, run = total
    outcome.failed = failures + errors
    outcome.passed = max(run - outcome.failed - outcome.skipped, 0)
    for problem in problems:
        outcome.fail(problem)
    return outcome


def is_ignored(text: str) -> bool:
    """Tell the records that say nothing about our addons."""
    return any(pattern.search(text) for pattern in IGNORED_RECORDS)


def _is_summary(logger: str, text: str) -> bool:
    """Tell the records with which Odoo repeats what it has said of single tests."""
    if logger in ("odoo.modules.loading", "odoo.tests.result"):
        return bool(ODOO_SUMMARY.match(text))
    return logger.startswith("odoo.tests.stats")


def close(outcome: Outcome) -> int:
    """Print what failed and the closing line, and return the exit code."""
    if not outcome.passed and not outcome.failed:
        outcome.fail("no test ran")
    if outcome.failures:
        say("\nFailed:")
        for failure in outcome.failures:
            say(f"  {failure}")
        say()
    result(str(outcome))
    return 1 if outcome.failed else 0
