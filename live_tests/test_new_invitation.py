"""A customer whose link does not work any more gets a new one by mail, and nobody else gets anything."""

from datetime import datetime, timedelta

import pytest

from .clients import Browser
from .conftest import PASSWORD, SENDER

ROUTE = "/portal_access/invitation/request"
ANSWER = "Please look into your mailbox."


@pytest.fixture
def visitor(odoo, database):
    """The browser of somebody who is not signed in, and whose network address asked for nothing yet."""
    database.execute("DELETE FROM portal_access_limit")
    return Browser(odoo.url)


@pytest.fixture
def expired(database, catcher, contact, open_dialog):
    """Return the mail of an invitation whose time is over."""
    open_dialog(contact).press(contact.id)
    mail = catcher.wait_for_invitation(contact.email)
    past = datetime.utcnow() - timedelta(hours=1)
    database.execute("UPDATE res_partner SET signup_expiration = %s WHERE id = %s", past, contact.id)
    database.execute("UPDATE portal_access_invitation SET valid_until = %s WHERE partner_id = %s", past, contact.id)
    catcher.clear()
    return mail


def press_the_button(page):
    answer = page.submit("o_portal_access_request")
    assert answer.status == 200
    assert ANSWER in answer.text
    return answer


def test_a_customer_with_an_expired_link_gets_a_new_one_by_mail_and_signs_up(
    visitor, expired, catcher, contact, memory
):
    page = visitor.get(expired.link)
    assert page.tree.xpath("//@data-problem") == ["expired"]
    press_the_button(page)
    new = catcher.wait_for_invitation(contact.email)
    assert new.sender == expired.sender
    assert new.link != expired.link
    assert visitor.get(expired.link).tree.xpath("//@data-problem"), "the old link stays dead"
    landing = visitor.get(new.link).submit("oe_signup_form", password=PASSWORD, confirm_password=PASSWORD)
    assert landing.path == "/my"
    assert visitor.is_signed_in
    assert memory.states(contact) == ["cancelled", "accepted"]
    assert memory.events(contact) == ["granted", "invited", "invited", "accepted", "signed_in"]


def test_the_answer_does_not_wait_for_the_mail_server(visitor, expired, catcher, contact, memory, stopped_crons):
    with stopped_crons(SENDER):
        press_the_button(visitor.get(expired.link))
        assert memory.states(contact) == ["cancelled", "queued"]
        assert not catcher.invitations()
    assert catcher.wait_for_invitation(contact.email)


def test_a_revoked_contact_gets_nothing_and_the_same_answer(visitor, expired, catcher, contact, memory, mona, database):
    page = visitor.get(expired.link)
    mona.call("res.partner", "portal_access_revoke", [contact.id])
    answers = {
        press_the_button(page).text,
        press_the_button(visitor.get(expired.link)).text,
        press_the_button(visitor.get("/web/signup?token=NoSuchTokenAnywhere1")).text,
    }
    assert len(answers) == 1
    database.wait_for_crons()
    assert not catcher.invitations()
    assert memory.states(contact) == ["cancelled"]


def test_an_account_in_use_stays_as_it_is(odoo, visitor, catcher, contact, open_dialog, memory):
    open_dialog(contact).press(contact.id)
    link = catcher.wait_for_invitation(contact.email).link
    customer = Browser(odoo.url)
    customer.get(link).submit("oe_signup_form", password=PASSWORD, confirm_password=PASSWORD)
    before = memory.users(contact)
    catcher.clear()
    page = visitor.get(link)
    assert page.tree.xpath("//@data-problem") == ["used"]
    press_the_button(page)
    assert catcher.wait_for_invitation(contact.email).link != link
    assert memory.users(contact) == before
    assert customer.is_signed_in
    assert Browser(odoo.url).sign_in(contact.email, PASSWORD).path == "/my"


@pytest.mark.allows_log("could not serialize access")
def test_many_at_the_same_moment_get_three_mails_at_most(
    visitor, expired, contact, memory, in_parallel, odoo, database
):
    pages = [Browser(odoo.url).get(expired.link) for _each in range(6)]
    answers = in_parallel(*(lambda page=page: page.submit("o_portal_access_request") for page in pages))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    database.wait_for_crons()
    assert 1 <= len(memory.invitations(contact)) - 1 <= 3
    assert memory.states(contact).count("cancelled") == len(memory.invitations(contact)) - 1


def test_a_form_without_its_csrf_token_is_refused(odoo, visitor, expired, contact, memory):
    token = expired.link.partition("token=")[2].partition("&")[0]
    answer = visitor.post(ROUTE, {"token": token})
    assert answer.status == 400
    assert visitor.get(f"{ROUTE}?token={token}").path == "/web/login"
    assert memory.states(contact) == ["sent"]


def test_a_cancelled_invitation_is_dead_for_who_has_its_mail(catcher, contact, open_dialog, mona, odoo, memory):
    open_dialog(contact).press(contact.id)
    mail = catcher.wait_for_invitation(contact.email)
    form = Browser(odoo.url).get(mail.link)
    [invitation] = memory.invitations(contact)
    mona.call("portal.access.invitation", "action_cancel", [invitation["id"]])
    answer = form.submit("oe_signup_form", password=PASSWORD, confirm_password=PASSWORD)
    assert answer.tree.xpath("//@data-problem") == ["invalid"]
    assert not answer.browser.is_signed_in
    assert memory.states(contact) == ["cancelled"]


@pytest.mark.allows_log("could not serialize access")
def test_the_link_is_used_while_the_invitation_is_cancelled(
    catcher, contact, open_dialog, mona, odoo, memory, in_parallel
):
    open_dialog(contact).press(contact.id)
    form = Browser(odoo.url).get(catcher.wait_for_invitation(contact.email).link)
    [invitation] = memory.invitations(contact)
    answer, _result = in_parallel(
        lambda: form.submit("oe_signup_form", password=PASSWORD, confirm_password=PASSWORD),
        lambda: mona.call("portal.access.invitation", "action_cancel", [invitation["id"]]),
    )
    assert answer.status == 200
    [state] = memory.states(contact)
    assert state == ("accepted" if answer.browser.is_signed_in else "cancelled")
    assert bool(memory.users(contact)[0]["password"]) == (state == "accepted")


def test_a_reminder_comes_with_the_same_link(database, admin, catcher, contact, open_dialog, memory):
    open_dialog(contact).press(contact.id)
    first = catcher.wait_for_invitation(contact.email)
    catcher.clear()
    admin.call("ir.config_parameter", "set_param", "portal_access_ext.invitation_reminder_days", "2")
    try:
        soon = datetime.utcnow() + timedelta(hours=12)
        database.execute("UPDATE portal_access_invitation SET valid_until = %s WHERE partner_id = %s", soon, contact.id)
        database.trigger_cron(SENDER)
        reminder = catcher.wait_for_invitation(contact.email)
    finally:
        admin.call("ir.config_parameter", "set_param", "portal_access_ext.invitation_reminder_days", "0")
    database.wait_for_crons()
    assert reminder.link == first.link
    assert "have not activated your account yet" in reminder.text
    assert memory.states(contact) == ["sent"]
    assert memory.events(contact) == ["granted", "invited", "reminded"]
    assert len(catcher.invitations(contact.email)) == 1
