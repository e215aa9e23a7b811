"""Bad input over RPC and in the dialog gets a clear answer, and nothing else changes."""

import json

import pytest

from .clients import RpcError
from .conftest import Contact

LONG = "a" * 300
# What is not one email address.
BAD_EMAILS = {
    "no email": "",
    "space": " ",
    "a word": "ann",
    "no domain": "ann@",
    "no name": "@example.com",
    "inner space": "ann smith@example.com",
    "space in domain": "ann@exam ple.com",
    "two addresses": "ann@example.com, bob@example.com",
    "two addresses by semicolon": "ann@example.com;bob@example.com",
    "two addresses by line": "ann@example.com\nbob@example.com",
    "header injection": "ann@example.com\r\nBcc: bob@example.com",
    "two signs": "ann@@example.com",
    "two dots": "ann..smith@example.com",
    "html": "<script>alert(1)</script>@example.com",
    "html around": "<b>ann@example.com</b>",
    "300 characters": f"{LONG}@example.com",
    "long domain": f"ann@{LONG}.com",
    "10 MB": "a" * 10_000_000 + "@example.com",
    "null byte": "ann\x00@example.com",
    "null byte at the end": "ann@example.com\x00",
    "control characters": "ann\x01\x7f@example.com",
    "right to left": "ann\u202e@example.com",
    "half a surrogate": "ann\ud800@example.com",
    "sql": "ann'; DROP TABLE res_users; --@example.com",
    "format": "%s%(email)s{0}@example",
}
# What is an address, though an unusual one; what the login is then.
ODD_EMAILS = {
    "with a name": ("Ann Smith <Ann.Odd@Example.com>", "ann.odd@example.com"),
    "spaces around": ("  odd.spaces@example.com\t", "odd.spaces@example.com"),
    "upper case": ("ODD.UPPER@EXAMPLE.COM", "odd.upper@example.com"),
    "plus": ("odd+plus@example.com", "odd+plus@example.com"),
    "apostrophe": ("o'odd@example.com", "o'odd@example.com"),
    "unicode domain": ("odd@bücher.example", "odd@bücher.example"),
    "punycode domain": ("odd@xn--bcher-kva.example", "odd@xn--bcher-kva.example"),
}


@pytest.mark.parametrize("email", BAD_EMAILS.values(), ids=BAD_EMAILS)
def test_a_bad_email_gets_a_verdict_and_grants_nothing(mona, admin, memory, make_contacts, contact, email):
    bad = make_contacts(1, email=False)[0]
    ids, emails = [bad.id, contact.id], {str(bad.id): email}
    for method in ("portal_access_check", "portal_access_grant"):
        result, other = mona.call("res.partner", method, ids, emails)
        assert result["verdict"] in ("no_email", "invalid_email"), result
        assert 5 < len(result["reason"]) < 200
        assert other["verdict"] == "ready"
    assert (result["outcome"], other["outcome"]) == ("refused", "granted")
    assert memory.users(bad) == []
    assert admin.call("res.partner", "read", [bad.id], ["email"])[0]["email"] is False


@pytest.mark.parametrize(("email", "login"), ODD_EMAILS.values(), ids=ODD_EMAILS)
def test_an_odd_email_is_usable(mona, memory, catcher, make_contacts, email, login):
    [contact] = make_contacts(1, email=False)
    [result] = mona.call("res.partner", "portal_access_grant", [contact.id], {str(contact.id): email})
    if result["outcome"] == "refused":
        # A clear answer will do for what mail servers may not carry.
        assert not login.isascii(), result
        assert memory.users(contact) == []
        return
    assert memory.users(contact)[0]["login"] == login
    memory.wait_for_states("sent", contact)
    assert len(catcher.invitations()) == 1


@pytest.mark.parametrize("key", ["html", "inner space", "300 characters", "two addresses"])
def test_a_bad_email_typed_in_the_dialog_is_told_on_its_row(memory, make_contacts, open_dialog, key):
    bad, good = make_contacts(2)
    rows = open_dialog(bad, good).tick().type(emails={bad.id: BAD_EMAILS[key]}).apply()
    assert rows[bad.id]["access_state"] == "invalid_email"
    assert rows[bad.id]["email"] == BAD_EMAILS[key]
    assert rows[good.id]["outcome"] == "granted"
    assert memory.users(bad) == []


@pytest.mark.parametrize(
    "emails",
    [
        "ann@example.com",
        ["ann@example.com"],
        [[1, "ann@example.com"]],
        5,
        True,
        {"ann": "ann@example.com"},
        {"": "ann@example.com"},
        {"1.5": "ann@example.com"},
        {"1e400": "ann@example.com"},
        {"9" * 10_000: "ann@example.com"},
        {"\x00": "ann@example.com"},
        {"null": None},
        {"1": 5},
        {"1": 1.5},
        {"1": True},
        {"1": ["ann@example.com"]},
        {"1": {"email": "ann@example.com"}},
        {"1": json.loads("[" * 200 + "]" * 200)},
    ],
    ids=lambda value: repr(value)[:30],
)
@pytest.mark.parametrize("method", ["portal_access_check", "portal_access_grant", "portal_access_invite"])
def test_emails_that_are_not_texts_by_contact_id_are_refused(mona, memory, contact, method, emails):
    with pytest.raises(RpcError) as refused:
        mona.call("res.partner", method, [contact.id], emails)
    assert refused.value.name == "odoo.exceptions.UserError"
    assert refused.value.message == "The emails have to be given as texts by contact id."
    assert memory.users(contact) == []


@pytest.mark.parametrize("emails", [None, False, {}, [], "", {"-1": "x@example.com"}, {str(10**30): "x@example.com"}])
def test_emails_of_nobody_change_nothing(mona, contact, emails):
    [result] = mona.call("res.partner", "portal_access_check", [contact.id], emails)
    assert result["verdict"] == "ready"


@pytest.mark.parametrize("id_", [0, -1, -(2**31), 2**31 - 1, 2**31, 10**12, 10**30])
@pytest.mark.parametrize(
    "method", ["portal_access_check", "portal_access_grant", "portal_access_invite", "portal_access_revoke"]
)
def test_ids_of_nobody_get_a_verdict(mona, contact, id_, method):
    results = mona.call("res.partner", method, [id_, contact.id])
    verdicts = {result["partner_id"]: result["verdict"] for result in results}
    # To Odoo, 0 is no id at all.
    assert verdicts == {contact.id: "ready", **({id_: "missing"} if id_ else {})}


def test_an_id_that_is_given_twice_is_granted_once(mona, memory, catcher, contact):
    results = mona.call("res.partner", "portal_access_grant", [contact.id, contact.id])
    assert [result["outcome"] for result in results] == ["granted"] * len(results)
    memory.database.wait_for_crons()
    assert memory.states(contact) == ["sent"]
    assert memory.events(contact) == ["granted", "invited"]
    assert len(memory.invitations(contact)) == 1
    assert len(memory.users(contact)) == 1
    results = mona.call("res.partner", "portal_access_revoke", [contact.id, contact.id])
    assert {result["outcome"] for result in results} == {"revoked"}
    assert memory.events(contact) == ["granted", "invited", "revoked"]


def test_no_ids_at_all_are_answered_with_no_results(mona):
    for method in ("portal_access_check", "portal_access_grant", "portal_access_invite", "portal_access_revoke"):
        assert mona.call("res.partner", method, []) == []


MESSAGES = {
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "template": "{{ object.link }} ${object.link} <t t-out='object.link'/> %(name)s",
    "null byte": "be\x00fore",
    "half a surrogate": "be\ud800fore",
    "long": "word " * 20_000,
    "emoji": "Welcome 👋🏽 – מזל טוב",
    "number": 5,
    "list": ["Hello"],
    "object": {"a": {"b": "Hello"}},
    "true": True,
}


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
def test_any_message_is_shown_as_text_or_refused(mona, memory, catcher, contact, message):
    answer = mona.attempt("res.partner", "portal_access_grant", [contact.id], None, message)
    if isinstance(answer, RpcError):
        assert memory.users(contact) == []
        return
    assert [result["outcome"] for result in answer] == ["granted"]
    memory.wait_for_states("sent", contact)
    mail = catcher.wait_for_invitation(contact.email)
    if isinstance(message, str) and message.isprintable():
        assert " ".join(message.split()) in mail.text
    assert not mail.tree.xpath("//script | //img[@onerror]")


@pytest.mark.parametrize(
    "name", ["<b>Ann</b> & Co", "Ann\r\nBcc: thief@example.com", 'Ann "Quote" <x@y.example>', "Ann, Bob"]
)
def test_any_name_of_a_contact_is_only_a_name(admin, memory, catcher, make_contacts, open_dialog, name):
    [contact] = make_contacts(1, name=name)
    contact = Contact(contact.id, name, contact.email)
    open_dialog(contact).tick().apply()
    memory.wait_for_states("sent", contact)
    [caught] = catcher.caught
    assert caught.recipients == (contact.email,)
    assert caught.message["Bcc"] is None
    assert " ".join(name.split()) in " ".join(catcher.invitations()[0].text.split())
