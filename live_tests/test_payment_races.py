"""Many payments of one invoice, or of one eWallet, at the same moment: nothing is overpaid, nothing credited twice."""

import os

import pytest

from devtools.context import Context
from devtools.databases import Databases
from devtools.settings import LOGS

from . import racers, races, server

pytestmark = pytest.mark.skipif(not os.environ.get("PAE_FULL_DB_TEMPLATE"), reason="needs the database with everything")
CUSTOMERS, RACES = 4, 20
# Odoo tries again what lost a race, also one for the number of a payment, or tells the page to ask again.
EXPECTED_IN_LOG = ["could not serialize access", "account_move_unique_name", "Exception: retry"]


@pytest.fixture(scope="module")
def track(catcher_process):
    """An Odoo of its own with everything, and customers who can pay."""
    context = Context()
    with (
        Databases(context).throwaway(os.environ["PAE_FULL_DB_TEMPLATE"]) as name,
        server.running(context, name, catcher_process.port, LOGS / "live-odoo-races.log") as odoo,
    ):
        shop = racers.Shop(odoo)
        yield odoo, [racers.Customer(odoo, number, shop) for number in range(CUSTOMERS)]


@pytest.mark.parametrize("kinds", [races.INVOICE_RACES, races.WALLET_RACES], ids=["invoices", "ewallets"])
def test_races_end_with_the_right_sums(track, kinds):
    odoo, customers = track
    since = odoo.log.position()
    outcomes = races.run(kinds, RACES // 2, customers)
    assert len(outcomes) == RACES // 2
    problems = "\n".join(f"{outcome.kind}: {problem}" for outcome in outcomes for problem in outcome.problems)
    assert not problems, problems
    assert sum(outcome.answers["done"] for outcome in outcomes) >= RACES // 2
    assert odoo.log.problems(since, EXPECTED_IN_LOG) == []
