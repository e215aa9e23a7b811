"""S7: revoking takes login, sessions, invitation link and mail at once."""

import contextlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from .clients import Browser
from .conftest import MAIL_QUEUE, PASSWORD, SENDER
from .server import wait_until


@pytest.fixture
def revoke(mona):
    """Revoke the access of contacts, and check that this succeeds."""

    def run(*contacts):
        results = mona.call("res.partner", "portal_access_revoke", [contact.id for contact in contacts])
        assert [result["outcome"] for result in results] == ["revoked"] * len(contacts)

    return run


def test_a_customer_loses_both_sessions_and_the_login(odoo, memory, make_customers, open_dialog):
    [contact] = make_customers(1)
    browsers = [Browser(odoo.url).authenticate(contact.email, PASSWORD) for _each in range(2)]
    assert all(browser.is_signed_in for browser in browsers)

    open_dialog(contact).press(contact.id, "action_revoke_access")
    assert [browser.get("/my").path for browser in browsers] == ["/web/login"] * 2
    page = Browser(odoo.url).sign_in(contact.email, PASSWORD)
    assert page.path == "/web/login"
    assert "Wrong login/password" in page.text
    [user] = memory.users(contact)
    assert (user["active"], user["is_portal"]) == (False, False)
    assert memory.events(contact)[-2:] == ["revoked", "sign_in_failed"]


def test_unticking_rows_revokes_them_all_at_once(odoo, memory, make_customers, open_dialog):
    contacts = make_customers(3)
    browser = Browser(odoo.url).authenticate(contacts[0].email, PASSWORD)
    rows = open_dialog(*contacts).type(ticks={contact.id: False for contact in contacts}).apply()
    assert {row["outcome"] for row in rows.values()} == {"revoked"}
    assert not browser.is_signed_in
    assert not any(user["active"] or user["is_portal"] for user in memory.users(*contacts))


@pytest.mark.parametrize("route", ["/web/signup", "/web/reset_password"])
def test_the_link_of_a_revoked_contact_is_dead(odoo, catcher, memory, contact, open_dialog, revoke, route):
    open_dialog(contact).press(contact.id)
    link, browser = catcher.wait_for_invitation(contact.email).link, Browser(odoo.url)
    form = dict(browser.get(link).form("oe_signup_form").form_values())
    revoke(contact)
    users = memory.users(contact)
    for answer in (
        browser.get(link.replace("/web/signup", route)),
        browser.post(route, {**form, "password": PASSWORD, "confirm_password": PASSWORD}),
    ):
        assert answer.tree.xpath("//@data-problem") == ["invalid"]
        assert "This link does not work any more." in answer.text
    assert memory.users(contact) == users
    assert memory.states(contact) == ["cancelled"]


@pytest.mark.parametrize("stopped", [SENDER, MAIL_QUEUE])
def test_a_mail_that_was_not_sent_yet_is_not_sent_any_more(
    database, catcher, memory, contact, mona, revoke, stopped_crons, stopped
):
    """Neither a queued invitation nor, in the mail queue, its rendered mail."""
    with stopped_crons(stopped):
        mona.call("res.partner", "portal_access_grant", [contact.id])
        database.wait_for_crons()
        [invitation] = memory.invitations(contact)
        assert (invitation["state"], bool(invitation["mail_mail_id_int"])) == ("queued", stopped == MAIL_QUEUE)
        revoke(contact)
    database.wait_for_crons()
    assert memory.states(contact) == ["cancelled"]
    assert catcher.invitations(contact.email) == []


@pytest.mark.allows_log("failed sending mail")
def test_a_failed_mail_is_not_tried_again_after_revoking(database, catcher, memory, contact, mona, revoke):
    catcher.refuse("451 try later")
    mona.call("res.partner", "portal_access_grant", [contact.id])
    memory.wait_for_states("failed", contact)
    database.wait_for_crons()
    revoke(contact)
    catcher.accept()
    database.trigger_cron(SENDER)
    database.trigger_cron(MAIL_QUEUE)
    database.wait_for_crons()
    assert memory.states(contact) == ["cancelled"]
    assert catcher.invitations(contact.email) == []


@pytest.mark.allows_log("could not serialize access")
@pytest.mark.parametrize("way", ["button", "apply"])
def test_revoking_while_the_mail_is_on_its_way_leaves_a_dead_link(
    odoo, database, catcher, memory, contact, mona, open_dialog, revoke, way
):
    """The mail server has the mail already, but has not answered: it can't be called back."""
    dialog = open_dialog(contact).tick()
    with ThreadPoolExecutor(2) as executor:
        with catcher.holding(contact.email):
            granted = executor.submit(dialog.press, contact.id) if way == "button" else executor.submit(dialog.apply)
            catcher.wait_until_held(contact.email)
            revoked = executor.submit(revoke, contact)
        granted.result()
        revoked.result()
    database.wait_for_crons()
    assert memory.states(contact) == ["cancelled"]
    [mail] = catcher.invitations(contact.email)
    assert Browser(odoo.url).get(mail.link).tree.xpath("//@data-problem") == ["invalid"]


def test_access_that_was_granted_again_gets_a_new_link(odoo, catcher, memory, contact, open_dialog, revoke):
    open_dialog(contact).press(contact.id)
    old = catcher.wait_for_invitation(contact.email).link
    revoke(contact)
    catcher.clear()
    open_dialog(contact).press(contact.id)
    new = catcher.wait_for_invitation(contact.email).link
    browser = Browser(odoo.url)
    assert browser.get(old).tree.xpath("//@data-problem") == ["invalid"]
    assert browser.get(new).tree.xpath("//input[@name='login']/@value") == [contact.email]
    [_user] = memory.users(contact)


@pytest.mark.allows_log("could not serialize access")
def test_revoking_while_the_queue_sends_does_not_stop_the_queue(
    database, catcher, memory, make_contacts, open_dialog, revoke
):
    """The other mails must not wait for the queue's next run, an hour later."""
    revoked, *others = make_contacts(5)
    dialog = open_dialog(revoked, *others).tick()
    with ThreadPoolExecutor(1) as executor:
        with catcher.holding(revoked.email):
            dialog.apply()
            catcher.wait_until_held(revoked.email)
            revoking = executor.submit(revoke, revoked)
            # It either is through by now, or waits for the mail to be out.
            with contextlib.suppress(TimeoutError):
                wait_until(revoking.done, "the access is revoked", timeout=2)
        revoking.result()
    memory.wait_for_states("sent", *others, timeout=10)
    database.wait_for_crons()
    assert memory.states(revoked) == ["cancelled"]
    emails = [contact.email for contact in others]
    assert sorted(mail.to for mail in catcher.invitations(*emails)) == sorted(emails)


def test_a_request_while_the_revoke_is_being_saved_does_not_keep_the_session(odoo, database, make_customers, revoke):
    """Odoo forgets what it knows of sessions when the user is changed, and learns it again from the next request."""
    [contact] = make_customers(1)
    browser = Browser(odoo.url).authenticate(contact.email, PASSWORD)
    assert browser.is_signed_in
    with ThreadPoolExecutor(1) as executor:
        # The note on the contact comes after the change of the user, and has to wait for us.
        with database.locking("mail_message"):
            revoking = executor.submit(revoke, contact)
            wait_until(database.is_waited_for, "the revoke waits for us")
            browser.get("/my")
        revoking.result()
    assert not browser.is_signed_in
