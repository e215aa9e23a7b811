"""The access dialog: granting, revoking, opening, mailing, against stock Odoo.

"Stock" is what a user does today: one click per row, after each of which the web client reads the
dialog again, and within which the invitation is sent. "Ours" ticks all rows, and Apply does the rest:
`web_save`, `action_apply`, and the same reading. Both work on copies of one database with the same
contacts, in turns, and send their mail to a real SMTP server on loopback.

- grant: emails unchanged, until Apply returns; grant_until_sent: until the server accepted the last mail
- grant_typed: another email typed in each row (stock: saved before each click)
- revoke: as grant
- open: creating the dialog on contacts of whom half have access, and reading all its rows; `page`
  is the reading of its first 40 rows alone, `reread` the reading of 1,000 rows that all have access
- mail: rendering and queueing the invitations, against Odoo's own `send_mail_batch`
- token: looking up one contact of 100,000 by its sign-up token
"""

import argparse
import sys
import time
from collections import defaultdict
from pathlib import Path

from common.figures import VARIANTS, Series, Target, print_table, print_targets, seconds, spread, write_json
from common.workers import Workbench

from devtools.mail_catcher import MailCatcher

TASKS = Path(__file__).with_name("_access_tasks.py")
REREAD_SIZE = 1000
TOKEN_CONTACTS = 100_000
OPERATIONS = {
    "grant": ("change_access", {"action": "grant", "until_sent": True}),
    "grant_typed": ("change_access", {"action": "grant", "typed": True}),
    "revoke": ("change_access", {"action": "revoke"}),
    "open": ("open_dialog", {}),
    "mail": ("queue_mails", {}),
}
PARTS = {
    "grant": ("save", "apply", "read", "sent"),
    "grant_typed": ("save", "apply", "read"),
    "revoke": ("save", "apply", "read"),
    "open": ("create", "page", "read"),
    "reread": ("page", "read"),
}
WARM_UP_SIZE = 3
TARGETS = [
    Target("grant 1,000: times faster until Apply returns (aim: 60)", lambda c: c["grant"][1000]["ratio"], at_least=45),
    Target(
        "grant 1,000: times faster until the SMTP server accepted the last mail",
        lambda c: c["grant_until_sent"][1000]["ratio"],
        at_least=6,
    ),
    Target("grant 1,000: queries per contact", lambda c: c["grant"][1000]["ours_queries"] / 1000, at_most=4),
    Target(
        "grant: time per contact at 1,000 over that at 100",
        lambda c: c["grant"][1000]["ours_s_per_contact"] / c["grant"][100]["ours_s_per_contact"],
        at_most=1.2,
    ),
    Target(
        "grant 1,000 with typed emails: queries per contact",
        lambda c: c["grant_typed"][1000]["ours_queries"] / 1000,
        at_most=5,
    ),
    Target("revoke 1,000: times faster", lambda c: c["revoke"][1000]["ratio"], at_least=80),
    Target(
        "revoke 1,000: queries in all (web_save, Apply, reading again)",
        lambda c: c["revoke"][1000]["ours_queries"],
        at_most=120,
    ),
    Target("open on 1,000: queries to create", lambda c: c["open"][1000]["ours_create_queries"], at_most=25),
    Target("open on 1,000: queries to read all rows", lambda c: c["open"][1000]["ours_read_queries"], at_most=20),
    Target("mail 1,000: times faster than send_mail_batch (aim: 3)", lambda c: c["mail"][1000]["ratio"], at_least=1),
    Target(
        "token: the lookup uses an index (1: yes)", lambda c: c["token"][TOKEN_CONTACTS]["ours_indexed"], at_least=1
    ),
]


def parse_arguments() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(
        prog="./dev bench access", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--sizes", default="1,10,100,1000", help="numbers of contacts (%(default)s)")
    parser.add_argument("--operations", default=",".join(OPERATIONS), help="which operations (%(default)s)")
    parser.add_argument("--repeat", type=int, help="rounds, each on fresh copies (3; quick: 1)")
    parser.add_argument("--clicks", type=int, help="clicks measured in stock before extrapolating (200; quick: 50)")
    parser.add_argument("--quick", action="store_true", help="a rough answer within three minutes")
    options = parser.parse_args()
    options.sizes = [int(size) for size in options.sizes.split(",")]
    options.operations = options.operations.split(",")
    options.repeat = options.repeat or (1 if options.quick else 3)
    options.clicks = options.clicks or (50 if options.quick else 200)
    return options


class AccessBenchmark:
    """One run: the prepared databases, the rounds on copies of them, and what was measured."""

    def __init__(self, options: argparse.Namespace, workbench: Workbench, catcher: MailCatcher):
        self.options = options
        self.workbench = workbench
        self.catcher = catcher
        self.series: dict[str, dict[int, Series]] = defaultdict(lambda: defaultdict(Series))
        self.reference: list[float] = []
        self.started = time.monotonic()

    def run(self) -> None:
        """Measure everything."""
        copies, token_copies = (self.workbench.copies(self.workbench.templates()) for _purpose in range(2))
        self.prepare(copies)
        for number in range(self.options.repeat):
            self.say(f"round {number + 1} of {self.options.repeat}")
            # Whoever comes second finds a warmer machine: take turns.
            order = VARIANTS if number % 2 == 0 else VARIANTS[::-1]
            with self.workbench.round(copies) as workers:
                self.run_round(workers, order, is_first=number == 0)
        self.measure_tokens(token_copies)

    def prepare(self, databases: dict[str, str]) -> None:
        """Put the contacts into the databases that each round copies."""
        self.say("making the contacts")
        sets = {f"{name}/{size}": size for name in self.options.operations for size in self.options.sizes}
        sets |= {f"{name}/warm-up": WARM_UP_SIZE for name in self.options.operations}
        if self.measures_reread():
            sets["reread/all"] = REREAD_SIZE
        with self.workbench.workers(databases) as workers:
            for worker in workers.values():
                worker.start("prepare", sets=sets)
            for worker in workers.values():
                worker.result()

    def measures_reread(self) -> bool:
        """Tell whether stock's quadratic reading is shown, for half a minute."""
        return "open" in self.options.operations and not self.options.quick

    def run_round(self, workers: dict, order: tuple[str, ...], is_first: bool) -> None:
        """Run each operation at each size, stock and ours in turns."""
        for name in self.options.operations:
            for variant in order:
                self.run_task(workers[variant], variant, name, "warm-up")
        for name in self.options.operations:
            for size in self.options.sizes:
                for variant in order:
                    self.reference.append(workers[variant].run("reference"))
                    sample = self.run_task(workers[variant], variant, name, size)
                    self.series[name][size].add(variant, sample)
        if is_first and self.measures_reread():
            for variant in order:
                sample = workers[variant].run("open_dialog", name="reread/all")
                self.series["reread"][REREAD_SIZE].add(variant, sample)

    def run_task(self, worker, variant: str, name: str, size) -> dict:
        """Run one operation on one set, and make sure that its mails arrived."""
        task, arguments = OPERATIONS[name]
        if task == "change_access":
            arguments = {**arguments, "clicks": self.options.clicks}
        self.catcher.clear()
        sample = worker.run(task, name=f"{name}/{size}", **arguments)
        self.say(f"{name} {size}, {variant}: {seconds(sample['seconds'])}")
        sends = name == "grant" or (name == "grant_typed" and variant == "stock")
        expected = (WARM_UP_SIZE if size == "warm-up" else sample.get("clicks", size)) if sends else 0
        if len(self.catcher.caught) != expected:
            raise AssertionError(f"{len(self.catcher.caught)} mails arrived, not {expected}")
        return sample

    def measure_tokens(self, databases: dict[str, str]) -> None:
        """Measure the lookup of sign-up tokens, on databases of its own."""
        self.say(f"looking up sign-up tokens among {TOKEN_CONTACTS} contacts")
        with self.workbench.workers(databases) as workers:
            for variant, worker in workers.items():
                tokens = worker.run("prepare_tokens", size=TOKEN_CONTACTS)
                worker.run("look_up_tokens", tokens=tokens)
                self.series["token"][TOKEN_CONTACTS].add(variant, worker.run("look_up_tokens", tokens=tokens))

    def say(self, text: str) -> None:
        """Show that the program is alive."""
        print(f"{time.monotonic() - self.started:6.0f} s  {text}", file=sys.stderr, flush=True)

    # === Results === #

    def cells(self) -> dict[str, dict[int, dict]]:
        """Return the figures by operation and size."""
        cells = {}
        for name, by_size in self.series.items():
            cells[name] = {size: series.cell(size) for size, series in by_size.items()}
            if name == "grant":
                cells["grant_until_sent"] = {
                    size: series.cell(size, ours_prefix="sent_") for size, series in by_size.items()
                }
        for cell in cells["token"].values():
            for variant in VARIANTS:
                (sample,) = self.series["token"][TOKEN_CONTACTS].samples[variant]
                cell[f"{variant}_plan"] = sample["plan"]
                cell[f"{variant}_indexed"] = int("Index" in sample["plan"])
        noise = round(spread(self.reference), 3)
        for by_size in cells.values():
            for cell in by_size.values():
                cell["noise"] = noise
        return cells


def print_cells(cells: dict) -> None:
    """Print a table for each operation."""
    header = ["contacts", "stock", "ours", "ratio", "stock queries", "ours queries", "ours per contact", "queries", ""]
    for name, by_size in cells.items():
        rows = []
        for size, cell in by_size.items():
            note = f"stock extrapolated from {cell['stock_clicks']} clicks" if cell.get("stock_extrapolated") else ""
            rows.append(
                [
                    f"{size:,}",
                    seconds(cell["stock_s"]),
                    seconds(cell["ours_s"]),
                    f"{cell['ratio']:.1f}x",
                    f"{cell['stock_queries']:,}",
                    f"{cell['ours_queries']:,}",
                    seconds(cell["ours_s_per_contact"]),
                    f"{cell['ours_queries'] / size:.2f}",
                    note,
                ]
            )
        print_table(name, header, rows)


def print_parts(cells: dict) -> None:
    """Print what the requests of an operation cost one by one, at its largest size."""
    rows = []
    for name, parts in PARTS.items():
        by_size = cells.get(name, {})
        if not by_size:
            continue
        cell = by_size[max(by_size)]
        for part in parts:
            costs = [
                text
                for variant in VARIANTS
                for text in (
                    seconds(cell[f"{variant}_{part}_s"]) if f"{variant}_{part}_s" in cell else "",
                    f"{cell[f'{variant}_{part}_queries']:,}" if f"{variant}_{part}_queries" in cell else "",
                )
            ]
            rows.append([f"{name} {max(by_size):,}: {part}", *costs])
    print_table("Requests one by one", ["", "stock", "queries", "ours", "queries"], rows)


def main() -> None:
    """Measure, print, and write."""
    options = parse_arguments()
    with MailCatcher() as catcher, Workbench(TASKS, smtp_port=catcher.port) as workbench:
        benchmark = AccessBenchmark(options, workbench, catcher)
        benchmark.run()
    cells = benchmark.cells()
    print_cells(cells)
    print_parts(cells)
    print(
        f"\nMachine: a fixed piece of work, done {len(benchmark.reference)} times in between, took"
        f" {seconds(sorted(benchmark.reference)[len(benchmark.reference) // 2])},"
        f" give or take {spread(benchmark.reference) / 2:.0%}."
    )
    print_targets(TARGETS, cells)
    if options.json:
        write_json(options.json, cells)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
