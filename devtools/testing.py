"""./dev test: the lanes of tests, or the tests that are named."""

import functools
import os
import signal
import socket
import subprocess
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path

from . import browser, pdf, processes, results, stock_tests
from .addons import Addon, main_addon
from .console import Problem, say, step
from .context import DATA_DIR, Context
from .databases import Databases
from .node import ensure_axe
from .results import Outcome
from .settings import LOGS, ROOT, STATE, short_hash

LIVE = ROOT / "live_tests"  # they start a real Odoo themselves
OWN = ROOT / "devtools" / "tests"
NO_TESTS_COLLECTED = 5
ONCE = "portal_access_once"
LANES_AT_ONCE = 2  # each keeps a core busy
OCA_MODULES = ("portal_invitation_by_website",)
OCA_TESTS = ("test_access_customized.py", "test_portal_wizard.py")


def run(options) -> int:
    """Carry out ./dev test."""
    context = Context()
    databases = Databases(context)
    databases.sweep()
    LOGS.mkdir(parents=True, exist_ok=True)
    if (options.names or options.keyword) and not options.stock:
        return run_named(context, databases, options)
    with processes.lock(f"tests-{short_hash(str(ROOT), length=6)}"):  # they share logs and reports
        if options.stock:
            return results.close(stock_tests.compare(context, databases, options.names))
        browser.ensure()
        pdf.ensure()
        # The long ones first, so that both cores have work to the end.
        lanes = (lane_full, lane_alone, lane_glue, lane_live)
        return results.close(side_by_side(*(functools.partial(lane, context, databases) for lane in lanes)))


def side_by_side(*lanes: Callable[[], Outcome]) -> Outcome:
    """Run lanes, two at the same time, and add up their outcomes. When one breaks, the others are ended."""
    with ThreadPoolExecutor(LANES_AT_ONCE) as executor:
        futures = [executor.submit(lane) for lane in lanes]
        try:
            done, _running = wait(futures, return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
        except BaseException:
            executor.shutdown(wait=False, cancel_futures=True)
            processes.stop_everything()
            raise
    return sum((future.result() for future in futures), Outcome())


def lane_live(context: Context, databases: Databases) -> Outcome:
    """Run the tests that need no runner, and those of living with a module that overrides the same hooks."""
    outcome = run_pytest(context, "devtools", ["-p", "no:odoo", str(OWN)], context.environ())
    outcome += run_live_tests(context, databases)
    return outcome + run_oca_tests(context, databases)


def lane_alone(context: Context, databases: Databases) -> Outcome:
    """Install the main addon on a stock base with its tests enabled, and check the log.

    The slow tests that are tagged ONCE find here what they find with everything installed: lane_full runs them.
    """
    addon = main_addon()
    log = LOGS / "test-alone.log"
    with databases.throwaway(databases.base("alone")) as name, step(f"[alone] Odoo's test runner on {addon}") as now:
        code = processes.run_logged(
            context.odoo_command(
                *("-d", name, "-i", addon, "--test-enable", "--test-tags", f"/{addon},-{ONCE}"),
                "--stop-after-init",
                *("--http-port", str(free_port()), "--max-cron-threads=0"),
            ),
            log,
            env=addon_environment(context),
            on_line=lambda line: note_odoo_test(now, line),
        )
        outcome = results.from_odoo_log(log, "alone")
        if code and not outcome.failed:
            outcome.fail(f"alone: odoo-bin ended with exit code {code}, see {log}")
    say(f"   [alone] {outcome}; log: {log.relative_to(ROOT)}")
    return outcome


def run_live_tests(context: Context, databases: Databases) -> Outcome:
    """Run the tests that start a real Odoo process themselves."""
    if not any(LIVE.rglob("test_*.py")):
        say("   [live] there are no live tests")
        return Outcome()
    env = live_environment(context, databases, full=True)
    return run_pytest(context, "live", ["-p", "no:odoo", str(LIVE)], env)


def run_oca_tests(context: Context, databases: Databases) -> Outcome:
    """Run the tests of living with other modules, with the OCA module installed that overrides the same hooks."""
    with databases.throwaway(databases.template("full", OCA_MODULES)) as name:
        tests = [str(ROOT / main_addon() / "tests" / test) for test in OCA_TESTS]
        return run_pytest(context, "oca", ["--odoo-http", f"--odoo-database={name}", *tests], context.environ())


def lane_full(context: Context, databases: Databases) -> Outcome:
    """Run the main addon's tests with everything installed, and measure what they cover."""
    return run_with_everything(
        context, databases, "full", [addon for addon in context.own_addons if addon.name == main_addon()]
    )


def lane_glue(context: Context, databases: Databases) -> Outcome:
    """Run the tests of the addons beside it in the same way."""
    return run_with_everything(
        context, databases, "glue", [addon for addon in context.own_addons if addon.name != main_addon()]
    )


def run_with_everything(context: Context, databases: Databases, lane: str, addons: list[Addon]) -> Outcome:
    """Run the tests of some of our addons on a database with all modules."""
    template = databases.template("full")
    with databases.throwaway(template) as name:
        return run_pytest(
            context,
            lane,
            ["--odoo-http", f"--odoo-database={name}", *(str(addon.folder) for addon in addons)],
            addon_environment(context),
            covered=[addon.folder for addon in addons],
        )


def run_pytest(
    context: Context, lane: str, arguments: list[str], env: dict, covered: list[Path] | None = None
) -> Outcome:
    """Run pytest with its output in a log.

    :param covered: the folders whose coverage is measured and printed
    """
    log, report = LOGS / f"test-{lane}.log", STATE / f"junit-{lane}.xml"
    report.unlink(missing_ok=True)
    command = [context.python, "-m"]
    if covered:
        env = {**env, "COVERAGE_FILE": str(STATE / f"coverage-{lane}")}
        command += ["coverage", "run", f"--source={','.join(map(str, covered))}", "-m"]
    command += ["pytest", "-v", "--color=no", f"--junitxml={report}", *arguments]
    with step(f"[{lane}] pytest") as now:
        code = processes.run_logged(
            command,
            log,
            env=env,
            cwd=ROOT,
            on_line=lambda line: note_pytest(now, lane, line),
            stop_signal=signal.SIGINT,
        )
    outcome = _outcome(report, lane, code)
    if outcome.failed:
        say(processes.tail(log, 80))
    say(f"   [{lane}] {outcome}; log: {log.relative_to(ROOT)}")
    if covered:
        print_coverage(context, env)
    return outcome


def _outcome(report: Path, lane: str, code: int) -> Outcome:
    """Read pytest's report; a run that was cut short has failed, whatever it counted so far."""
    if not report.exists():
        return Outcome().fail(f"{lane}: pytest ended with exit code {code} and no report")
    outcome, _statuses = results.from_junit(report, lane)
    if code not in (0, NO_TESTS_COLLECTED) and not outcome.failed:
        outcome.fail(f"{lane}: pytest ended with exit code {code}")
    return outcome


def print_coverage(context: Context, env: dict) -> None:
    """Print which lines of the addons of a lane none of its tests has run."""
    answer = subprocess.run(
        [context.python, "-m", "coverage", "report", "--skip-empty"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    say(f"\nCoverage of our addons:\n{answer.stdout or answer.stderr}")


def addon_environment(context: Context) -> dict[str, str]:
    """Return the environment of the addons' tests, which elsewhere skip those they lack something for.

    PAE_AXE: without it those of accessibility are skipped. PAE_HYPOTHESIS: with it those of forms are never skipped.
    """
    return {**context.environ(), "PAE_AXE": str(ensure_axe()), "PAE_HYPOTHESIS": "required"}


def live_environment(context: Context, databases: Databases, full: bool = False) -> dict[str, str]:
    """Return the environment of the live tests and the benchmarks, which start Odoo themselves.

    :param full: with the template that has everything installed, which takes a while to make
    """
    values = {
        **context.environ(),
        "PAE_ODOO_BIN": str(context.odoo_bin),
        "PAE_PYTHON": str(context.python),
        "PAE_ADDONS_PATH": ",".join(map(str, context.addons_path)),
        "PAE_DB_TEMPLATE": databases.template("alone"),
        "PAE_STOCK_DB_TEMPLATE": databases.base("alone"),
        "PAE_FILESTORE": str(DATA_DIR),
    }
    return {**values, "PAE_FULL_DB_TEMPLATE": databases.template("full")} if full else values


def run_named(context: Context, databases: Databases, options) -> int:
    """Run the named tests in the foreground, with pytest's own output."""
    paths = [resolve(name) for name in options.names]
    live = [path for path in paths if any(Path(path).is_relative_to(folder) for folder in (LIVE, OWN))]
    others = [path for path in paths if path not in live]
    keyword = ["-k", options.keyword] if options.keyword else []
    outcome = Outcome()
    if live:
        pdf.ensure()
        needs_all = any("PAE_FULL_DB_TEMPLATE" in path.read_text(encoding="utf-8") for path in _files(live))
        env = live_environment(context, databases, full=needs_all)
        outcome += _pytest_in_foreground(context, ["-p", "no:odoo", *keyword, *live], env)
    if others or not paths:
        if any("HttpCase" in path.read_text(encoding="utf-8") for path in _files(others)):
            browser.ensure()
        extra = OCA_MODULES if options.oca else ()
        template = databases.template(options.base, extra)
        others = others or [str(addon.folder) for addon in context.own_addons]
        with databases.throwaway(template) as name:
            arguments = ["--odoo-http", f"--odoo-database={name}", *keyword, *others]
            outcome += _pytest_in_foreground(context, arguments, addon_environment(context))
    return results.close(outcome)


def _pytest_in_foreground(context: Context, arguments: list[str], env: dict) -> Outcome:
    report = STATE / f"junit-named-{os.getpid()}.xml"
    try:
        command = [context.python, "-m", "pytest", f"--junitxml={report}", *arguments]
        code = processes.run_in_foreground(command, cwd=ROOT, env=env)
        return _outcome(report, "named", code)
    finally:
        report.unlink(missing_ok=True)


def resolve(name: str) -> str:
    """Return the full path of a test named as PATH[::NAME], where PATH may be just the file's name.

    :raise Problem: when there is no such file, or several
    """
    path, separator, test = name.partition("::")
    for start in (Path.cwd(), ROOT):
        if (start / path).exists():
            return f"{(start / path).resolve()}{separator}{test}"
    found = [file for folder in ("*/tests", LIVE.name) for file in ROOT.glob(f"{folder}/**/{path}")]
    if len(found) != 1:
        listing = ", ".join(str(file.relative_to(ROOT)) for file in found)
        raise Problem(f"Which test is {name}?", f"name one of: {listing}" if found else f"there is no file {path}.")
    return f"{found[0]}{separator}{test}"


def _files(paths: list[str]) -> list[Path]:
    """Return the test files that the arguments of pytest name; all of ours when there are none."""
    starts = [Path(path.partition("::")[0]) for path in paths] or [*ROOT.glob("*/tests")]
    return [file for start in starts for file in (start.rglob("*.py") if start.is_dir() else [start])]


def free_port() -> int:
    """Return a port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def note_odoo_test(current, line: str) -> None:
    """Show which test Odoo's runner is at, and failures at once."""
    _before, found, test = line.partition(": Starting ")
    if found:
        current.detail = test.removesuffix(" ...")
    elif ": FAIL: " in line or ": ERROR: " in line:
        say(f"   [alone] {line.partition('odoo.addons.')[2]}")


def note_pytest(current, lane: str, line: str) -> None:
    """Show how far pytest has come, and failures at once."""
    if line.endswith("%]"):
        current.detail = f"{line[-6:]} {line.partition(' ')[0].rpartition('/')[2]}"
        if " FAILED " in line or " ERROR " in line:
            say(f"   [{lane}] {line}")
