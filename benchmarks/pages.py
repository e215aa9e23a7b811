"""The customer's pages: their time, queries and size, against stock Odoo.

Both variants are copies of one database without our addons, with the same customer: nine addresses of the company,
saved cards, documents of each kind, an eWallet, signed in from four browsers. The requests go straight into Odoo's
WSGI application, in turns, without a network. "alone" has our dependencies only, "full" has demo data, `website`,
sales, accounting, purchases, projects, and OCA's tickets and subscriptions.
"""

import argparse
import sys
import time
from functools import partial
from pathlib import Path
from statistics import median

from common.figures import VARIANTS, Target, print_table, print_targets, seconds, spread, write_json
from common.workers import Workbench

TASKS = Path(__file__).with_name("_pages_tasks.py")
ACCOUNT, COUNTERS = "/my/account", "/my/counters"
PAGES = ("/my", COUNTERS, ACCOUNT, "/my/security", "/my/payment_method")
LISTS = ("/my/orders", "/my/quotes", "/my/invoices", "/my/purchase", "/my/projects", "/my/tasks")
INVOICE = "/my/invoices/{invoice}"
BASES = {"alone": PAGES, "full": (*PAGES, *LISTS, INVOICE)}
# Stock has no such pages: how many queries they may take.
OWN_PAGES = {"/my/addresses": 24, "/my/security/activity": 18}
OWN_LISTS = {
    "/my/invoices/pay?invoice_ids={invoices}": 50,
    "/my/ewallet": 44,
    "/my/ewallet/{card}": 48,
    "/my/subscriptions": 30,
    "/my/subscriptions/{subscription}": 34,
}
OWN = {"alone": OWN_PAGES, "full": {**OWN_PAGES, **OWN_LISTS}}
AT_MOST, ACCOUNT_AT_MOST, ACCOUNT_KB = 1.2, 0.5, 80
# With accounting, these say what is due and what can be paid of it, which stock's don't: of 40 invoices on /my.
MORE_AT_MOST = {("full", "/my"): 1.5, ("full", INVOICE): 1.4}


def parse_arguments() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(
        prog="./dev bench pages", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--bases", default=",".join(BASES), help="which databases (%(default)s)")
    parser.add_argument("--repeat", type=int, help="how often each page is loaded (40; quick: 10)")
    parser.add_argument("--quick", action="store_true", help="a rough answer")
    options = parser.parse_args()
    options.bases = options.bases.split(",")
    options.repeat = options.repeat or (10 if options.quick else 40)
    return options


def say(started: float, text: str) -> None:
    """Show that the program is alive."""
    print(f"{time.monotonic() - started:6.0f} s  {text}", file=sys.stderr, flush=True)


def measure(workers: dict, base: str, repeat: int) -> dict:
    """Return the figures of the pages of a base, the variants in turns."""
    counters = workers["stock"].run("read_counters")
    cells = {}
    for path in (*BASES[base], *OWN[base]):
        variants = ("ours",) if path in OWN[base] else VARIANTS
        arguments = {"counters": counters} if path == COUNTERS else {}
        samples: dict[str, list[dict]] = {variant: [] for variant in variants}
        for number in range(repeat + 3):
            # Whoever comes second finds a warmer machine: take turns.
            for variant in variants if number % 2 == 0 else variants[::-1]:
                samples[variant].append(workers[variant].run("load", path=path, **arguments))
        cells[path] = _cell({variant: runs[3:] for variant, runs in samples.items()})
    return cells


def _cell(samples: dict[str, list[dict]]) -> dict:
    """Return the medians of the rounds, of which the first ones, that warm up, are left out."""
    cell = {}
    for variant, runs in samples.items():
        times = [run["seconds"] for run in runs]
        cell[f"{variant}_s"] = round(median(times), 5)
        cell[f"{variant}_spread"] = round(spread(times), 3)
        cell[f"{variant}_queries"] = round(median(run["queries"] for run in runs))
        cell[f"{variant}_bytes"] = round(median(run["bytes"] for run in runs))
    if "stock" in samples:
        # Of each pair: what else the machine does comes and goes, and slows down both.
        pairs = zip(samples["ours"], samples["stock"], strict=True)
        cell["time_ratio"] = round(median(ours["seconds"] / stock["seconds"] for ours, stock in pairs), 3)
    return cell


def targets(bases: list[str]) -> list[Target]:
    """Return the limits of each page on each base."""
    found = []
    for base in bases:
        for path in BASES[base]:
            limit = ACCOUNT_AT_MOST if path == ACCOUNT else MORE_AT_MOST.get((base, path), AT_MOST)
            figure = partial(_time_ratio, path=path, base=base)
            found.append(Target(f"{base}: {path}, times stock's time", figure, at_most=limit))
        for path, limit in OWN[base].items():
            found.append(Target(f"{base}: {path}, queries", partial(_queries, path=path, base=base), at_most=limit))
        found.append(
            Target(f"{base}: {ACCOUNT}, KB", lambda cells, base=base: _kilobytes(cells, base), at_most=ACCOUNT_KB)
        )
    return found


def _time_ratio(cells: dict, path: str, base: str) -> float:
    return cells[path][base]["time_ratio"]


def _queries(cells: dict, path: str, base: str) -> int:
    return cells[path][base]["ours_queries"]


def _kilobytes(cells: dict, base: str) -> float:
    return cells[ACCOUNT][base]["ours_bytes"] / 1000


def print_cells(cells: dict, base: str) -> None:
    """Print the table of one base."""
    rows = []
    for path, by_base in cells.items():
        cell = by_base.get(base)
        if not cell:
            continue
        row = [path.ljust(40)]
        for variant in VARIANTS:
            known = f"{variant}_s" in cell
            row += [
                seconds(cell[f"{variant}_s"]) if known else "",
                f"{cell[f'{variant}_queries']}" if known else "",
                f"{cell[f'{variant}_bytes'] / 1000:.0f}" if known else "",
            ]
        rows.append([*row, f"{cell['time_ratio']:.2f}x" if "time_ratio" in cell else ""])
    header = ["".ljust(40), "stock", "queries", "KB", "ours", "queries", "KB", "time"]
    print_table(base, header, rows)


def main() -> int:
    """Measure, print, and write; return 1 when a limit was missed."""
    options, started = parse_arguments(), time.monotonic()
    cells: dict[str, dict[str, dict]] = {}
    with Workbench(TASKS) as workbench:
        for base in options.bases:
            copies = workbench.copies(workbench.templates(base))
            with workbench.workers(copies) as workers:
                say(started, f"{base}: making a customer with documents")
                for task in ("prepare", "sign_in"):
                    for worker in workers.values():
                        worker.start(task)
                    for worker in workers.values():
                        worker.result()
                say(started, f"{base}: loading each page {options.repeat} times")
                for path, cell in measure(workers, base, options.repeat).items():
                    cells.setdefault(path, {})[base] = cell
    for base in options.bases:
        print_cells(cells, base)
    is_good = print_targets(targets(options.bases), cells)
    if options.json:
        write_json(options.json, cells)
    return 0 if is_good else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
