"""The portal status of contacts: filtering and grouping a million contacts by it.

The control is a filter on `ref`, an indexed column of contacts that holds each contact's status here: it
finds the same contacts. Both are the request of the contacts' list, as the web client sends it for the
list view: the first 80 contacts with all their columns, and the count up to 10,001. All runs on one
database of its own, with contacts, users, sign-ins and sign-up tokens made by SQL.

- request: the whole request; search, count: its two searches alone
- group: the groups of a list by status, against the groups by `ref`
"""

import argparse
import sys
import time
from pathlib import Path
from statistics import median

from common.figures import Target, print_table, print_targets, seconds, write_json
from common.workers import Workbench

TASKS = Path(__file__).with_name("_status_tasks.py")
STATUSES = ("active", "invited", "expired", "revoked", "internal", "none")
FILTERS = {**{status: (status,) for status in STATUSES}, "has access": ("active", "invited", "expired")}
AT_MOST = 1.5


def parse_arguments() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(
        prog="./dev bench status", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--contacts", type=int, help="how many contacts (1,000,000; quick: 200,000)")
    parser.add_argument("--repeat", type=int, help="how often each is measured (9; quick: 5)")
    parser.add_argument("--quick", action="store_true", help="a rough answer within a minute")
    options = parser.parse_args()
    options.contacts = options.contacts or (200_000 if options.quick else 1_000_000)
    options.repeat = options.repeat or (5 if options.quick else 9)
    return options


def say(started: float, text: str) -> None:
    """Show that the program is alive."""
    print(f"{time.monotonic() - started:6.0f} s  {text}", file=sys.stderr, flush=True)


def measure(worker, options: argparse.Namespace, started: float) -> dict:
    """Return the figures by filter, in turns with their control."""
    cells = {}
    for name, statuses in FILTERS.items():
        say(started, name)
        domains = {
            "control": [["ref", "in", list(statuses)]],
            "ours": [["portal_status", "in", list(statuses)]],
        }
        samples = {variant: [] for variant in domains}
        for _round in range(options.repeat + 1):
            for variant, domain in domains.items():
                samples[variant].append(worker.run("search_contacts", domain=domain))
        cells[name] = _cell(samples, ("request", "search", "count"))
    say(started, "groups")
    samples = {"control": [], "ours": []}
    for _round in range(options.repeat + 1):
        samples["control"].append(worker.run("group_contacts", field="ref"))
        samples["ours"].append(worker.run("group_contacts", field="portal_status"))
    cells["group"] = _cell(samples, ("request",))
    return cells


def _cell(samples: dict, parts: tuple[str, ...]) -> dict:
    """Return the medians of all rounds but the first, which warms up."""
    found = {variant: runs[0]["found"] for variant, runs in samples.items()}
    if found["control"] != found["ours"]:
        raise AssertionError(f"The filters do not find the same: {found}")
    cell = {"found": len(found["ours"]) if isinstance(found["ours"], list) else found["ours"]}
    for part in parts:
        for variant, runs in samples.items():
            cell[f"{variant}_{part}_s"] = round(median(run[part] for run in runs[1:]), 6)
        cell[f"{part}_ratio"] = round(cell[f"ours_{part}_s"] / cell[f"control_{part}_s"], 2)
    return cell


def main() -> None:
    """Measure, print, and write."""
    options, started = parse_arguments(), time.monotonic()
    with Workbench(TASKS) as workbench:
        copies = workbench.copies({"ours": workbench.templates()["ours"]})
        with workbench.workers(copies) as workers:
            say(started, f"making {options.contacts:,} contacts")
            workers["ours"].run("prepare", size=options.contacts)
            cells = measure(workers["ours"], options, started)
    rows = [
        [
            f"{name}, {part}",
            f"{cell['found']:,}",
            seconds(cell[f"control_{part}_s"]),
            seconds(cell[f"ours_{part}_s"]),
            f"{cell[f'{part}_ratio']:.2f}x",
        ]
        for name, cell in cells.items()
        for part in ("request", "search", "count")
        if f"ours_{part}_s" in cell
    ]
    print_table(
        f"{options.contacts:,} contacts, a tenth of them with users",
        ["filter", "found", "indexed column", "status", "costs"],
        rows,
    )
    targets = [
        Target(
            f"filter {name}: the request costs, against an indexed column",
            lambda c, name=name: c[name]["request_ratio"],
            at_most=AT_MOST,
        )
        for name in FILTERS
    ]
    print_targets(targets, cells)
    if options.json:
        write_json(options.json, {name: {options.contacts: cell} for name, cell in cells.items()})


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
