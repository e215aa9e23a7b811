"""Two administrators at once: nobody gets two users, two invitations or two mails, and both get an answer."""

import hashlib
from collections import Counter

import pytest

from .clients import Browser, RpcError
from .conftest import PASSWORD

# What Odoo logs before it starts a request again, or when the database refuses a second login.
pytestmark = pytest.mark.allows_log("could not serialize access", "res_users_login_key")

OPEN = ("queued", "sent", "failed")


@pytest.fixture
def check_consistent(database, memory):
    """Check what must hold for each contact, however grants and revokes followed each other."""

    def check(*contacts):
        database.wait_for_crons()
        users = memory.users(*contacts)
        assert max(Counter(user["partner_id"] for user in users).values(), default=0) <= 1, users
        users = {user["partner_id"]: user for user in users}
        tokens = {
            row["id"]: row["signup_token"]
            for row in database.rows(
                "SELECT id, signup_token FROM res_partner WHERE id = ANY(%s)", [contact.id for contact in contacts]
            )
        }
        for contact in contacts:
            check_one(contact, users.get(contact.id), tokens[contact.id])

    def check_one(contact, user, token):
        invitations = [row for row in memory.invitations(contact) if row["state"] in OPEN]
        # Granted and revoked take turns: nobody was told of a change that did not happen.
        changes = [kind for kind in memory.events(contact) if kind in ("granted", "revoked")]
        assert changes == [("granted", "revoked")[number % 2] for number in range(len(changes))]
        if user is None or not user["active"]:
            assert user is None or not user["is_portal"]
            assert (invitations, token) == ([], None)
            assert changes[-1:] != ["granted"]
        else:
            assert user["is_portal"]
            assert len(invitations) == 1, invitations
            assert invitations[0]["token_hash"] == hashlib.sha256(token.encode()).hexdigest()
            assert changes[-1] == "granted"

    return check


@pytest.mark.parametrize("_round", range(3))
def test_two_lists_that_overlap_are_applied_at_the_same_moment(
    catcher, memory, make_contacts, open_dialog, max_, in_parallel, check_consistent, _round
):
    contacts = make_contacts(60)
    mine, theirs = contacts[:40], contacts[20:]
    # The second list the other way round: it must not matter in which order they are locked.
    dialogs = [open_dialog(*mine).tick(), open_dialog(*reversed(theirs), by=max_).tick()]
    answers = in_parallel(*(dialog.apply for dialog in dialogs))

    for rows in answers:
        assert not isinstance(rows, RpcError), rows
        for row in rows.values():
            assert row["outcome"] == "granted" or "access" in row["access_reason"], row
    granted = [contact for rows in answers for contact, row in rows.items() if row["outcome"] == "granted"]
    assert sorted(granted) == sorted(contact.id for contact in contacts)
    memory.wait_for_states("sent", *contacts)
    check_consistent(*contacts)
    assert sorted(mail.to for mail in catcher.invitations()) == sorted(contact.email for contact in contacts)


@pytest.mark.parametrize("_round", range(3))
def test_two_press_the_button_of_the_same_contact(
    catcher, memory, contact, open_dialog, max_, in_parallel, check_consistent, _round
):
    dialogs = [open_dialog(contact), open_dialog(contact, by=max_)]
    answers = in_parallel(*(lambda dialog=dialog: dialog.press(contact.id) for dialog in dialogs))
    [refused] = [answer for answer in answers if isinstance(answer, RpcError)]
    assert refused.name == "odoo.exceptions.UserError"
    assert "access" in refused.message
    memory.wait_for_states("sent", contact)
    check_consistent(contact)
    assert len(catcher.invitations(contact.email)) == 1


def test_a_double_click_on_one_button_grants_once(catcher, memory, contact, open_dialog, in_parallel, check_consistent):
    dialog = open_dialog(contact)
    answers = in_parallel(*[lambda: dialog.press(contact.id)] * 2)
    assert all(answer.is_clear for answer in answers if isinstance(answer, RpcError)), answers
    memory.wait_for_states("sent", contact)
    check_consistent(contact)
    assert len(catcher.invitations(contact.email)) == 1


def test_a_button_and_a_list_with_the_same_contact(
    catcher, memory, make_contacts, open_dialog, max_, in_parallel, check_consistent
):
    contacts = make_contacts(20)
    both = contacts[10]
    row, listed = open_dialog(both, by=max_), open_dialog(*contacts).tick()
    pressed, rows = in_parallel(lambda: row.press(both.id), listed.apply)
    assert not isinstance(rows, RpcError), rows
    assert not isinstance(pressed, RpcError) or pressed.is_clear, pressed
    assert (rows[both.id]["outcome"] == "granted") == isinstance(pressed, RpcError)
    memory.wait_for_states("sent", *contacts)
    check_consistent(*contacts)
    assert sorted(mail.to for mail in catcher.invitations()) == sorted(contact.email for contact in contacts)


@pytest.mark.parametrize("had_access", [False, True])
@pytest.mark.parametrize("_round", range(2))
def test_grant_and_revoke_at_the_same_moment(
    catcher, memory, make_contacts, mona, max_, in_parallel, check_consistent, had_access, _round
):
    contacts = make_contacts(10)
    ids = [contact.id for contact in contacts]
    if had_access:
        mona.call("res.partner", "portal_access_grant", ids)
        memory.wait_for_states("sent", *contacts)
    answers = in_parallel(
        lambda: mona.call("res.partner", "portal_access_grant", ids),
        lambda: max_.call("res.partner", "portal_access_revoke", ids[::-1]),
    )
    for answer in answers:
        assert not isinstance(answer, RpcError), answer
        assert all(result["reason"] for result in answer)
    check_consistent(*contacts)


def test_invite_and_revoke_at_the_same_moment(
    catcher, memory, make_contacts, mona, max_, in_parallel, check_consistent
):
    contacts = make_contacts(10)
    ids = [contact.id for contact in contacts]
    mona.call("res.partner", "portal_access_grant", ids)
    answers = in_parallel(
        lambda: mona.call("res.partner", "portal_access_invite", ids),
        lambda: max_.call("res.partner", "portal_access_revoke", ids),
    )
    assert not any(isinstance(answer, RpcError) for answer in answers), answers
    check_consistent(*contacts)
    assert not any(user["active"] for user in memory.users(*contacts))


@pytest.mark.parametrize("other_case", [False, True])
@pytest.mark.parametrize("_round", range(2))
def test_two_contacts_with_one_email_are_granted_by_two_administrators(
    catcher, memory, make_contacts, open_dialog, max_, in_parallel, check_consistent, numbers, other_case, _round
):
    email = f"shared{next(numbers)}@example.com"
    [first] = make_contacts(1, email=email)
    [second] = make_contacts(1, email=email.upper() if other_case else email)
    dialogs = {first: open_dialog(first).tick(), second: open_dialog(second, by=max_).tick()}
    answers = in_parallel(*(dialog.apply for dialog in dialogs.values()))
    assert not any(isinstance(rows, RpcError) for rows in answers), answers
    rows = [rows[contact.id] for contact, rows in zip(dialogs, answers, strict=True)]
    assert sorted(row["outcome"] for row in rows) == ["granted", "refused"]
    [refused] = [row for row in rows if row["outcome"] == "refused"]
    assert "login of" in refused["access_reason"]
    check_consistent(first, second)
    assert len(memory.users(first, second)) == 1
    assert len(catcher.invitations()) == 1


def test_the_link_is_used_while_the_access_is_revoked(
    odoo, catcher, memory, contact, open_dialog, mona, in_parallel, check_consistent
):
    open_dialog(contact).press(contact.id)
    page = Browser(odoo.url).get(catcher.wait_for_invitation(contact.email).link)
    answer, [result] = in_parallel(
        lambda: page.submit("oe_signup_form", password=PASSWORD, confirm_password=PASSWORD),
        lambda: mona.call("res.partner", "portal_access_revoke", [contact.id]),
    )
    assert answer.status == 200
    assert result["outcome"] == "revoked"
    [user] = memory.users(contact)
    assert not user["active"]
    assert not answer.browser.is_signed_in
    assert memory.states(contact)[0] in ("accepted", "cancelled")


def test_two_browsers_use_one_link_at_the_same_moment(odoo, catcher, memory, contact, open_dialog, in_parallel):
    open_dialog(contact).press(contact.id)
    link = catcher.wait_for_invitation(contact.email).link
    forms = {Browser(odoo.url).get(link): password for password in (PASSWORD, "another-horse-battery")}
    answers = in_parallel(
        *(
            lambda form=form, password=password: form.submit(
                "oe_signup_form", password=password, confirm_password=password
            )
            for form, password in forms.items()
        )
    )
    assert sorted(answer.path for answer in answers) == ["/my", "/web/signup"]
    [late] = [answer for answer in answers if answer.path != "/my"]
    assert late.status == 200
    assert not late.browser.is_signed_in
    assert memory.states(contact) == ["accepted"]
    assert memory.events(contact).count("accepted") == 1
