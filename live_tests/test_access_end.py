"""Access that ends by itself: the daily run, on a real server with real commits and real mail."""

from datetime import date, timedelta

import pytest

from .mails import Invitation
from .server import wait_until

CRON = "portal_access_ext.ir_cron_end_portal_access"
DEAD = "server closed the connection unexpectedly|already closed"


@pytest.fixture
def let_end(database):
    """Give contacts a last day of access, so many days from today."""

    def set_day(days, *contacts):
        database.execute(
            "UPDATE res_partner SET portal_access_until = %s WHERE id = ANY(%s)",
            date.today() + timedelta(days),
            [contact.id for contact in contacts],
        )

    return set_day


@pytest.fixture
def active(memory):
    """Tell whose access works still."""
    return lambda *contacts: {user["partner_id"] for user in memory.users(*contacts) if user["active"]}


def test_customers_are_warned_once_by_mail_and_lose_access_afterwards(
    odoo, database, catcher, memory, make_customers, let_end, active
):
    customers = make_customers(2)
    catcher.clear()
    let_end(3, *customers)
    for _run in range(2):
        database.trigger_cron(CRON)
        database.wait_for_crons()
    mails = [Invitation(message) for message in catcher.messages]
    assert sorted(mail.to for mail in mails) == sorted(customer.email for customer in customers)
    for mail in mails:
        assert "is its last day" in mail.text
        assert mail.tree.xpath("//a/@href")[0] == f"{odoo.url}/my"
        assert "token" not in mail.message.as_string()
    let_end(-2, *customers)
    database.trigger_cron(CRON)
    database.wait_for_crons()
    assert not active(*customers)
    assert memory.events(customers[0])[-2:] == ["warned", "expired"]


@pytest.mark.allows_log(DEAD)
def test_a_run_that_is_killed_keeps_what_it_did_and_the_next_one_goes_on(
    database, memory, make_customers, let_end, active
):
    customers = sorted(make_customers(120), key=lambda customer: customer.id)
    let_end(-2, *customers)
    [last_user] = memory.users(customers[-1])
    with database.locking_row("res_users", last_user["id"]):
        database.trigger_cron(CRON)
        wait_until(database.is_waited_for, "the run comes to the last customer")
        assert active(*customers) == {customer.id for customer in customers[100:]}, "the first batch is committed"
        database.cut_off_who_waits()
        wait_until(lambda: not database.is_waited_for(), "the run is dead")
    database.notify_crons()
    database.wait_for_crons()
    assert not active(*customers)
    assert all(memory.events(customer).count("expired") == 1 for customer in customers)


def test_a_contact_that_somebody_is_changing_is_left_for_later(database, memory, make_customers, let_end, active):
    busy, *others = sorted(make_customers(3), key=lambda customer: customer.id)
    let_end(-2, busy, *others)
    with database.locking_row("res_partner", busy.id):
        database.trigger_cron(CRON)
        wait_until(lambda: active(busy, *others) == {busy.id}, "the others' access ends meanwhile")
        database.wait_for_crons()
    assert database.value("SELECT count(*) FROM ir_cron_trigger WHERE cron_id = %s", database.ref(CRON)) == 1
    database.execute("DELETE FROM ir_cron_trigger WHERE cron_id = %s", database.ref(CRON))
    database.trigger_cron(CRON)
    database.wait_for_crons()
    assert not active(busy)
