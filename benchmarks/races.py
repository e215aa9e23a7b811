"""Payments that race on one invoice or one eWallet: nothing may be overpaid, or credited twice.

A real Odoo with everything, customers who click in four tabs at once, providers that notify more than once, and the
scheduled action beside. After each race the journals and the eWallet must say what they should, to the cent.
The races are those of live_tests/races.py, which ./dev test runs a few of.
"""

import argparse
import sys
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from common.figures import Target, print_table, print_targets, seconds, write_json

from devtools.context import Context
from devtools.databases import Databases
from devtools.processes import stop_on_signals
from devtools.settings import LOGS
from live_tests import racers, races, server
from live_tests.mails import Catcher

KINDS = {"invoices": races.INVOICE_RACES, "ewallets": races.WALLET_RACES}


def parse_arguments() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(
        prog="./dev bench races", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=200, help="how many races on each (%(default)s)")
    parser.add_argument("--customers", type=int, default=5, help="how many race at the same time (%(default)s)")
    parser.add_argument("--on", default=",".join(KINDS), help="on what (%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    return parser.parse_args()


def measure(customers: list, on: str, count: int) -> dict:
    """Run the races on invoices or on eWallets; return the figures by kind."""
    started = time.monotonic()

    def note(outcomes: list) -> None:
        if len(outcomes) % 20 == 0:
            text = f"{time.monotonic() - started:6.0f} s  {on}: {len(outcomes)} of {count}"
            print(text, file=sys.stderr, flush=True)

    outcomes = races.run(KINDS[on], count, customers, note)
    cells = {}
    for kind in KINDS[on]:
        mine = [outcome for outcome in outcomes if outcome.kind == kind.__name__]
        answers = sum((outcome.answers for outcome in mine), Counter())
        cells[kind.__name__] = {
            "races": len(mine),
            "median_s": median(outcome.seconds for outcome in mine) if mine else 0,
            "max_s": max((outcome.seconds for outcome in mine), default=0),
            "done": answers["done"],
            "refused": answers["refused"],
            "again": answers["to be tried again"],
            "problems": [problem for outcome in mine for problem in outcome.problems],
        }
    return cells


def print_cells(cells: dict, on: str) -> None:
    """Print the table of the races on invoices or on eWallets, and what went wrong."""
    header = ["".ljust(26), "races", "median", "longest", "done", "refused", "to try again", "problems"]
    rows = [
        [
            kind.ljust(26),
            str(cell["races"]),
            seconds(cell["median_s"]),
            seconds(cell["max_s"]),
            *(str(cell[name]) for name in ("done", "refused", "again")),
            str(len(cell["problems"])),
        ]
        for kind, cell in cells.items()
    ]
    print_table(on, header, rows)
    for kind, cell in cells.items():
        for problem in cell["problems"]:
            print(f"{kind}: {problem}")


def main() -> int:
    """Race, print, and write; return 1 when anything is wrong."""
    options, context = parse_arguments(), Context()
    stop_on_signals()
    databases = Databases(context)
    log = LOGS / "bench-races.log"
    with ExitStack() as stack:
        catcher = stack.enter_context(Catcher())
        name = stack.enter_context(databases.throwaway(databases.template("full")))
        odoo = stack.enter_context(server.running(context, name, catcher.port, log))
        shop = racers.Shop(odoo)
        customers = [racers.Customer(odoo, number, shop) for number in range(options.customers)]
        cells = {on: measure(customers, on, options.count) for on in options.on.split(",")}
    for on, by_kind in cells.items():
        print_cells(by_kind, on)
    is_good = print_targets(
        [
            Target(f"{on}: races that end with wrong sums", lambda cells, on=on: _count(cells[on]), at_most=0)
            for on in cells
        ],
        cells,
    )
    if options.json:
        write_json(options.json, cells)
    return 0 if is_good else 1


def _count(cells: dict) -> int:
    return sum(len(cell["problems"]) for cell in cells.values())


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
