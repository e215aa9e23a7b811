"""S3 and S6: one contact is granted access, gets a mail, and becomes a signed-in customer."""

import re
from datetime import datetime, timedelta

import pytest

from .clients import Browser, RpcError
from .conftest import PASSWORD, PEOPLE

MESSAGE = "Hello Ann,\n<b>see you</b> <script>alert(1)</script> & welcome"


@pytest.fixture
def invitation(catcher, contact, open_dialog):
    """The mail that the contact got after Grant Access on its row."""
    dialog = open_dialog(contact).type(message=MESSAGE)
    dialog.press(contact.id)
    return catcher.wait_for_invitation(contact.email)


@pytest.fixture
def visitor(odoo):
    """The browser of somebody who is not signed in."""
    return Browser(odoo.url)


@pytest.fixture
def expire(database):
    """Let the time of a contact's link be over."""

    def run_out(contact):
        past = datetime.utcnow() - timedelta(hours=1)
        database.execute("UPDATE res_partner SET signup_expiration = %s WHERE id = %s", past, contact.id)
        database.execute("UPDATE portal_access_invitation SET valid_until = %s WHERE partner_id = %s", past, contact.id)

    return run_out


def sign_up(page, password=PASSWORD):
    return page.submit("oe_signup_form", password=password, confirm_password=password)


def test_grant_access_on_a_row_sends_the_mail_without_any_cron(catcher, memory, contact, open_dialog, stopped_crons):
    with stopped_crons():
        open_dialog(contact).press(contact.id)
        # The button answers after the mail is out, as in stock.
        assert [mail.to for mail in catcher.invitations()] == [contact.email]
        assert memory.states(contact) == ["sent"]


def test_the_mail_goes_from_the_inviter_to_the_contact(invitation, contact):
    inviter = PEOPLE["mona"]
    assert invitation.sender == (inviter.name, inviter.login)
    assert invitation.reply_to == inviter.login
    assert (invitation.to_name, invitation.to) == (contact.name, contact.email)


def test_the_mail_carries_the_message_as_text(invitation):
    assert "Hello Ann, <b>see you</b> <script>alert(1)</script> & welcome" in invitation.text
    assert not invitation.tree.xpath("//script")
    assert not invitation.tree.xpath("//b[contains(., 'see you')]")


def test_the_mail_carries_login_link_and_until_when_it_is_valid(odoo, invitation, contact, memory):
    assert f"Your login is: {contact.email}" in invitation.text
    assert invitation.link.startswith(f"{odoo.url}/web/signup?")
    [kept] = memory.invitations(contact)
    assert abs(kept["valid_until"] - datetime.utcnow() - timedelta(days=7)) < timedelta(minutes=5)
    day = kept["valid_until"]
    assert re.search(rf"This link works until {day.month}/{day.day}/{day:%y}, \d+:\d\d", invitation.text)


def test_the_mail_says_the_same_in_plain_text(invitation, contact):
    plain = invitation.message.get_body(preferencelist=("plain",)).get_content()
    assert contact.email in plain
    assert invitation.link in plain.replace("\n", "")


def test_the_link_shows_the_sign_up_page_with_the_login(invitation, contact, visitor):
    page = visitor.get(invitation.link)
    assert page.status == 200
    assert page.tree.xpath("//input[@name='login']/@value") == [contact.email]


def test_choosing_a_password_lands_signed_in_on_the_portal(customer, memory):
    assert (customer.landing.path, customer.landing.status) == ("/my", 200)
    assert customer.contact.name in customer.landing.text
    assert customer.browser.is_signed_in
    [kept] = memory.invitations(customer.contact)
    assert kept["state"] == "accepted"
    assert kept["accepted_on"]


def test_the_ledger_tells_who_did_what_from_where(customer, admin, mona):
    contact, inviter = customer.contact, PEOPLE["mona"].name
    fields = ("kind", "actor_name", "ip_address", "login", "partner_name")
    with pytest.raises(RpcError):  # where people are is for access administrators
        mona.read("portal.access.event", [["partner_id", "=", contact.id]], *fields)
    events = admin.read("portal.access.event", [["partner_id", "=", contact.id]], *fields)
    assert [(event["kind"], event["actor_name"]) for event in events] == [
        ("granted", inviter),
        ("invited", inviter),
        ("accepted", contact.name),
        ("signed_in", contact.name),
    ]
    for event in events:
        assert (event["ip_address"], event["login"]) == ("127.0.0.1", contact.email)
        assert event["partner_name"] == contact.name


def test_a_customer_can_sign_in_again_with_the_password(customer, visitor):
    page = visitor.sign_in(customer.contact.email, PASSWORD)
    assert page.path == "/my"
    assert customer.contact.name in page.text


def test_a_used_link_says_so_at_once(customer, visitor):
    page = visitor.get(customer.link)
    assert page.tree.xpath("//@data-problem") == ["used"]
    assert "This link was used already." in page.text
    assert page.form("oe_signup_form") is None


def test_the_form_that_was_left_open_says_that_the_link_was_used(customer, memory):
    before = memory.users(customer.contact)
    answer = sign_up(customer.stale_form, "another-horse-battery")
    assert answer.tree.xpath("//@data-problem") == ["used"]
    assert memory.users(customer.contact) == before
    assert not answer.browser.is_signed_in


def test_an_expired_link_says_so_at_once(invitation, contact, visitor, expire):
    expire(contact)
    page = visitor.get(invitation.link)
    assert page.tree.xpath("//@data-problem") == ["expired"]
    assert "This link has expired." in page.text
    assert page.form("oe_signup_form") is None


def test_an_unknown_link_says_so_at_once(odoo, visitor):
    page = visitor.get("/web/signup?token=NoSuchTokenAnywhere1")
    assert page.tree.xpath("//@data-problem") == ["invalid"]
    assert page.form("oe_signup_form") is None


@pytest.mark.parametrize("route", ["/web/signup", "/web/reset_password"])
def test_sending_a_password_with_an_expired_link_changes_nothing(invitation, contact, visitor, memory, expire, route):
    page = visitor.get(invitation.link)
    before, form = memory.users(contact), dict(page.form("oe_signup_form").form_values())
    expire(contact)
    answer = visitor.post(route, {**form, "password": PASSWORD, "confirm_password": PASSWORD})
    assert answer.tree.xpath("//@data-problem") == ["expired"]
    assert memory.users(contact) == before
    assert memory.states(contact) == ["sent"]
    assert not visitor.is_signed_in


def test_a_new_invitation_keeps_the_link_of_the_earlier_mail_working(
    invitation, catcher, contact, visitor, open_dialog, memory
):
    catcher.clear()
    open_dialog(contact).press(contact.id, "action_invite_again")
    assert catcher.wait_for_invitation(contact.email).link
    assert memory.states(contact) == ["cancelled", "sent"]
    assert visitor.get(invitation.link).tree.xpath("//input[@name='login']/@value") == [contact.email]


def test_a_new_invitation_to_another_address_ends_the_link_of_the_earlier_mail(
    invitation, catcher, contact, visitor, open_dialog, memory
):
    """The first address may have been a slip: whoever got that mail must not get the account."""
    right = f"right.{contact.email}"
    open_dialog(contact).type(emails={contact.id: right}).press(contact.id, "action_invite_again")
    new = catcher.wait_for_invitation(right)
    assert visitor.get(invitation.link).tree.xpath("//@data-problem") == ["invalid"]
    assert visitor.get(new.link).form("oe_signup_form") is not None
    assert memory.states(contact) == ["cancelled", "sent"]
