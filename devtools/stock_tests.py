"""./dev test --stock: Odoo's own tests of the modules we extend, in stock alone and with our addons."""

import json
from pathlib import Path

from . import browser, processes, results
from .console import Problem, say, step
from .context import Context
from .databases import BASES, Databases
from .results import Outcome
from .settings import CACHE, LOGS, STATE, short_hash

PASSED, FAILED = 0, 1  # exit codes of pytest that has run all
WEBSITE_TESTS = ("res_users", "auth_signup_uninvited", "website_reset_password", "website_visitor")
PURCHASE_TESTS = ("access_rights",)
PROJECT_TESTS = ("portal", "project_sharing", "project_sharing_portal_access", "access_rights")
# Which tests, by module, and on which bases. All run when everything is loaded, as pytest-odoo does. Those of
# portal run twice: some of them hold only without accounting, and with accounting there is more to break.
TESTS = {
    "portal": (("alone", "demo"), ["portal/tests"]),
    "auth_signup": (("alone",), ["auth_signup/tests"]),
    "auth_totp": (("alone",), ["auth_totp/tests"]),
    "auth_totp_portal": (("alone",), ["auth_totp_portal/tests"]),
    "auth_totp_mail": (("demo",), ["auth_totp_mail/tests"]),
    "onboarding": (("alone",), ["onboarding/tests/test_onboarding.py"]),
    "payment": (("demo",), ["payment/tests"]),
    "account_payment": (("demo",), ["account_payment/tests"]),
    "loyalty": (("demo",), ["loyalty/tests"]),
    "sale_loyalty": (("demo",), ["sale_loyalty/tests"]),
    "account": (("demo",), ["account/tests/test_portal_attachment.py"]),
    "sale": (("demo",), [f"sale/tests/test_{name}.py" for name in ("controllers", "access_rights", "payment_flow")]),
    "purchase": (("demo",), [f"purchase/tests/test_{name}.py" for name in PURCHASE_TESTS]),
    "project": (("demo",), [f"project/tests/test_{name}.py" for name in PROJECT_TESTS]),
    "hr_timesheet": (("demo",), ["hr_timesheet/tests/test_portal_timesheet.py"]),
    "mail": (("demo",), ["mail/tests/test_res_partner.py", "mail/tests/test_res_users.py"]),
    "website": (("full",), [f"website/tests/test_{name}.py" for name in WEBSITE_TESTS]),
}
# auth_password_policy and auth_password_policy_portal have no tests in Python.


def compare(context: Context, databases: Databases, modules: list[str]) -> Outcome:
    """Run the tests both ways. A test that passes in stock and fails with our addons has failed.

    :param modules: the modules whose tests to run, all of TESTS when empty
    :raise Problem: for a module that is not in TESTS
    """
    unknown = [module for module in modules if module not in TESTS]
    if unknown:
        raise Problem(f"No tests of {', '.join(unknown)} are listed.", f"choose from: {', '.join(TESTS)}.")
    browser.ensure()
    outcome = Outcome()
    for base in BASES:
        chosen = [module for module in modules or TESTS if base in TESTS[module][0]]
        if chosen:
            outcome += _compare_on(context, databases, base, chosen)
    return outcome


def _compare_on(context: Context, databases: Databases, base: str, modules: list[str]) -> Outcome:
    from .testing import side_by_side  # which imports this module

    found: dict[str, dict[str, str]] = {}

    def stock() -> Outcome:
        found["stock"] = _in_stock(context, databases, base, modules)
        return Outcome()

    def ours() -> Outcome:
        template = databases.template(base)
        found["ours"] = _run(context, databases, template, f"stock-{base}-with-ours", _paths(context, modules))
        return Outcome()

    side_by_side(stock, ours)
    return _judge(base, found["stock"], found["ours"])


def _judge(base: str, stock: dict[str, str], ours: dict[str, str]) -> Outcome:
    """Compare two results test by test."""
    outcome = Outcome()
    known = []
    for test in [*ours, *(test for test in stock if test not in ours)]:
        status = ours.get(test)
        if status == "passed":
            outcome.passed += 1
        elif status == "skipped":
            outcome.skipped += 1
        elif stock.get(test) == "failed":
            known.append(test)
        else:
            what = "fails" if status else "does not run"
            outcome.fail(f"[stock-{base}] {what} with our addons only: {test}")
    if known:
        say(f"   [stock-{base}] these {len(known)} fail in stock alone too, and are not counted:")
        for test in known:
            say(f"     {test}")
    return outcome


def _in_stock(context: Context, databases: Databases, base: str, modules: list[str]) -> dict[str, str]:
    """Return the results in stock alone, which are kept by module: neither Odoo nor its tests change."""
    source = databases.base(base)
    kept: dict[str, dict[str, str]] = {}
    for module in modules:
        path = _kept(source, module)
        if path.exists():
            kept[module] = json.loads(path.read_text(encoding="utf-8"))
    missing = [module for module in modules if module not in kept]
    if missing:
        statuses = _run(context, databases, source, f"stock-{base}-alone", _paths(context, missing), own=False)
        for module in missing:
            kept[module] = {test: status for test, status in statuses.items() if f".{module}." in f".{test}"}
            _kept(source, module).parent.mkdir(parents=True, exist_ok=True)
            _kept(source, module).write_text(json.dumps(kept[module], indent=1), encoding="utf-8")
    return {test: status for statuses in kept.values() for test, status in statuses.items()}


def _kept(source: str, module: str) -> Path:
    return CACHE / "stock-tests" / f"{source}-{module}-{short_hash(repr(TESTS[module]), length=6)}.json"


def _paths(context: Context, modules: list[str]) -> list[str]:
    return [str(context.odoo / "addons" / path) for module in modules for path in TESTS[module][1]]


def _run(
    context: Context, databases: Databases, source: str, lane: str, paths: list[str], own: bool = True
) -> dict[str, str]:
    """Run Odoo's tests on a copy of a database and return each one's status.

    What fails gets a second chance on its own: a tour may be too slow once, beside another lane.
    """
    statuses = _run_once(context, databases, source, lane, paths, own)
    failed = [test for test, status in statuses.items() if status == "failed"]
    if failed:
        names = [_node(context, test) for test in failed]
        again = _run_once(context, databases, source, f"{lane}-again", names, own)
        for test in failed:
            if again.get(test) == "passed":
                say(f"   [{lane}] unsteady, passed the second time: {test}")
                statuses[test] = "passed"
    return statuses


def _node(context: Context, test: str) -> str:
    """Turn the name of a test in pytest's report into the name that pytest takes."""
    location, _separator, method = test.partition("::")
    file, _dot, test_class = location.rpartition(".")
    return f"{context.odoo / file.replace('.', '/')}.py::{test_class}::{method}"


def _run_once(
    context: Context, databases: Databases, source: str, lane: str, paths: list[str], own: bool
) -> dict[str, str]:
    from .testing import note_pytest

    log, report = LOGS / f"test-{lane}.log", STATE / f"junit-{lane}.xml"
    report.unlink(missing_ok=True)
    with databases.throwaway(source) as name, step(f"[{lane}] Odoo's own tests") as now:
        code = processes.run_logged(
            [
                *(context.python, "-m", "pytest", "-v", "--color=no", "-p", "no:cacheprovider", "-c", "/dev/null"),
                *(f"--rootdir={context.odoo}", f"--junitxml={report}", "--odoo-http", f"--odoo-database={name}"),
                *paths,
            ],
            log,
            env=context.environ(own),
            cwd=context.odoo,
            on_line=lambda line: note_pytest(now, lane, line),
        )
    # One that was cut short has a report, too, of the tests until then: it must not be kept as what stock does.
    if code not in (PASSED, FAILED) or not report.exists():
        raise Problem(
            f"Odoo's tests did not run to the end (exit code {code}). The end of {log}:\n{processes.tail(log)}"
        )
    return results.from_junit(report, lane)[1]
