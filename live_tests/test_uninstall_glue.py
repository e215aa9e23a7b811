"""Who takes the addons away, one by one or all at once, has what was there before them, and pages that work."""

import contextlib
import os
from collections.abc import Iterator

import pytest

from devtools import results
from devtools.context import Context
from devtools.databases import Databases
from devtools.settings import LOGS

from . import inventory, server
from .past import Past

pytestmark = pytest.mark.skipif(not os.environ.get("PAE_FULL_DB_TEMPLATE"), reason="needs the database with everything")
MAIN = "portal_access_ext"
# Each with the pages of its own.
GLUE = {
    "portal_access_ext_website_sale": [],
    "portal_access_ext_helpdesk_mgmt": [],
    "portal_access_ext_subscription_oca": ["/my/subscriptions"],
    "portal_access_ext_sale_loyalty": ["/my/ewallet"],
    "portal_access_ext_account_payment": [],
}
OWN_PAGES = ["/my/addresses"]


class Difference:
    """What one database has and the other has not."""

    def __init__(self, before: set[str], after: set[str]):
        self.more, self.less = after - before, before - after


def take(databases: Databases, template: str) -> set[str]:
    """Return what is in a template. Nobody could copy it meanwhile, so that a copy is read."""
    with (
        databases.throwaway(template) as name,
        contextlib.closing(server.Database(name, databases.context)) as database,
    ):
        return inventory.take(database)


@pytest.fixture(scope="module")
def databases() -> Databases:
    """The databases of this machine."""
    return Databases(Context())


@pytest.fixture(scope="module")
def stock(databases) -> set[str]:
    """What is in a database with all modules but ours."""
    return take(databases, databases.base("full"))


@pytest.fixture(scope="module")
def main_addon(databases) -> Difference:
    """What the main addon brings and takes."""
    before, after = (take(databases, os.environ[name]) for name in ("PAE_STOCK_DB_TEMPLATE", "PAE_DB_TEMPLATE"))
    return Difference(before, after)


@contextlib.contextmanager
def lived_in(databases: Databases, smtp_port: int) -> Iterator[tuple[Past, set[str]]]:
    """Run Odoo on a database with everything; give its past, and what that brought into it."""
    with databases.throwaway(os.environ["PAE_FULL_DB_TEMPLATE"]) as name:
        with contextlib.closing(server.Database(name, databases.context)) as database:
            before = inventory.take(database)
        log = LOGS / "live-odoo-uninstall-glue.log"
        with server.running(databases.context, name, smtp_port, log) as odoo:
            past = Past(odoo)
            yield past, inventory.take(odoo.database) - before


def uninstall(past: Past, addon: str) -> None:
    """Uninstall an addon as the button does, and see that Odoo has nothing to complain about."""
    since = past.odoo.log.position()
    [module] = past.admin.call("ir.module.module", "search", [["name", "=", addon]])
    past.database.wait_for_crons()
    past.admin.call("ir.module.module", "button_immediate_uninstall", [module])
    assert past.odoo.log.problems(since, allowed=[], levels=results.ALARMS) == []
    assert past.database.values(inventory.LOOSE_ENDS) == []


def installed(past: Past) -> set[str]:
    """Return which of our addons are there."""
    query = "SELECT name FROM ir_module_module WHERE state = 'installed' AND name LIKE 'portal\\_access\\_ext%'"
    return set(past.database.values(query))


def test_without_each_addon_beside_it_the_rest_works_and_nothing_of_it_is_left(
    databases, catcher_process, stock, main_addon
):
    with lived_in(databases, catcher_process.port) as (past, made):
        since = past.odoo.log.position()
        left = dict(GLUE)
        past.look_at_pages(*OWN_PAGES, *sum(left.values(), []))
        for addon in GLUE:
            gone = left.pop(addon)
            uninstall(past, addon)
            assert installed(past) == {MAIN, *left}
            past.look_at_pages(*OWN_PAGES, *sum(left.values(), []))
            assert all(past.browser.get(address).status == 404 for address in gone)
            past.pay_again(10)
        now = inventory.take(past.database)
        assert sorted(now - stock - main_addon.more - made) == []
        assert sorted(stock - now - main_addon.less) == []
        past.look_at_accounts()
        past.follow_invitation()

        uninstall(past, MAIN)
        assert sorted(inventory.take(past.database) - stock - made) == []
        assert past.odoo.log.problems(since, allowed=[]) == []


def test_without_the_addon_those_beside_it_are_gone_too_and_stock_s_portal_works(databases, catcher_process, stock):
    with lived_in(databases, catcher_process.port) as (past, made):
        since = past.odoo.log.position()
        uninstall(past, MAIN)
        assert installed(past) == set()
        now = inventory.take(past.database)
        assert sorted(now - stock - made) == []
        assert sorted(stock - now) == []
        assert not [line for line in now - stock if inventory.OURS.search(line)]
        past.look_at_pages()
        for address in [*OWN_PAGES, *sum(GLUE.values(), [])]:
            assert past.browser.get(address).status == 404, address
        past.look_at_accounts()
        past.follow_invitation()
        past.pay_again(10)
        assert past.odoo.log.problems(since, allowed=[]) == []
