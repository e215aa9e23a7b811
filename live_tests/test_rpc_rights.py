"""Who can do what over RPC: contact managers manage access, nobody writes the ledger, private methods stay private."""

import pytest

from .clients import Browser, JsonRpc, RpcError, XmlRpc
from .conftest import PASSWORD, PEOPLE

METHODS = ("portal_access_check", "portal_access_grant", "portal_access_invite", "portal_access_revoke")
PRIVATE = (
    "_portal_access_grant",
    "_portal_access_invite",
    "_portal_access_revoke",
    "_portal_access_mint_tokens",
    "_get_signup_url_for_action",
)


@pytest.fixture(params=["json-rpc", "xml-rpc"])
def external(request, odoo, people):
    """A program that works as Mona over one of the external APIs."""
    kind = JsonRpc if request.param == "json-rpc" else XmlRpc
    return kind(odoo.url, odoo.database.name, PEOPLE["mona"].login, PASSWORD)


@pytest.mark.allows_log("could not serialize access")  # it invites and revokes while the cron sends
def test_a_contact_manager_manages_access_over_the_external_api(external, catcher, memory, make_contacts, numbers):
    with_email, without = make_contacts(1)[0], make_contacts(1, email=False)[0]
    ids, typed = [with_email.id, without.id], f"typed{next(numbers)}@example.com"

    checked = external.call("res.partner", "portal_access_check", ids)
    assert [(row["partner_id"], row["verdict"]) for row in checked] == list(
        zip(ids, ["ready", "no_email"], strict=True)
    )
    checked = external.call("res.partner", "portal_access_check", ids, {str(without.id): typed})
    assert [row["verdict"] for row in checked] == ["ready", "ready"]
    assert memory.users(with_email, without) == []

    granted = external.call(
        "res.partner", "portal_access_grant", ids, emails={str(without.id): typed}, message="Hello <b>you</b>"
    )
    assert [row["outcome"] for row in granted] == ["granted", "granted"]
    users = {user["partner_id"]: user for user in memory.users(with_email, without)}
    assert [row["user_id"] for row in granted] == [users[id_]["id"] for id_ in ids]
    assert users[without.id]["login"] == typed
    memory.wait_for_states("sent", with_email, without)
    assert "Hello <b>you</b>" in catcher.wait_for_invitation(typed).text

    invited = external.call("res.partner", "portal_access_invite", ids, message="Once more")
    assert [row["outcome"] for row in invited] == ["invited", "invited"]
    revoked = external.call("res.partner", "portal_access_revoke", ids)
    assert [row["outcome"] for row in revoked] == ["revoked", "revoked"]
    assert not any(user["active"] for user in memory.users(with_email, without))
    again = external.call("res.partner", "portal_access_check", ids)
    assert [row["verdict"] for row in again] == ["ready_again", "ready_again"]


@pytest.mark.parametrize("who", ["emil", "paula", "visitor"])
@pytest.mark.parametrize("method", METHODS)
def test_nobody_else_may_call_the_core(odoo, people, memory, customer, contact, who, method):
    browser = people.get(who) or Browser(odoo.url)
    before = memory.events(customer.contact, contact)
    for ids in ([contact.id], [customer.contact.id], []):
        with pytest.raises(RpcError) as refused:
            browser.call("res.partner", method, ids)
        assert refused.value.is_refusal, refused.value
    assert memory.events(customer.contact, contact) == before
    assert memory.users(contact) == []


@pytest.mark.parametrize("who", ["emil", "paula", "visitor"])
def test_nobody_else_may_use_the_dialog(odoo, people, memory, contact, who, open_dialog):
    browser = people.get(who) or Browser(odoo.url)
    dialog = open_dialog(contact).tick()
    dialog.browser = browser
    for attempt in (
        dialog.apply,
        lambda: dialog.press(contact.id),
        lambda: browser.button("portal.wizard", "action_grant_all_ready", [dialog.id]),
        lambda: browser.call("portal.wizard", "create", {"partner_ids": [[6, 0, [contact.id]]]}),
    ):
        with pytest.raises(RpcError) as refused:
            attempt()
        assert refused.value.is_refusal, refused.value
    assert memory.users(contact) == []


@pytest.mark.parametrize("method", PRIVATE)
def test_private_methods_can_not_be_called(admin, external, contact, memory, method):
    for client in (admin, external):
        with pytest.raises(RpcError) as refused:
            client.call("res.partner", method, [contact.id])
        assert refused.value.is_refusal, refused.value
    assert memory.users(contact) == []


@pytest.mark.parametrize(
    ("model", "method"),
    [
        ("portal.access.event", "_record"),
        ("portal.access.invitation", "_make"),
        ("portal.access.invitation", "_cancel"),
        ("portal.access.invitation", "_accept"),
        ("portal.access.invitation", "_find_by_token"),
        ("portal.access.invitation", "_cron_send"),
        ("portal.access.invitation", "_create_mails"),
        ("mail.template", "_portal_access_render_bodies"),
        ("res.users", "_find_by_login_case_insensitive"),
    ],
)
def test_private_methods_of_other_models_can_not_be_called(admin, model, method):
    with pytest.raises(RpcError) as refused:
        admin.call(model, method, [])
    assert refused.value.is_refusal, refused.value


@pytest.fixture
def event(mona, customer):
    """A line of the ledger, as a contact manager sees it."""
    return mona.read("portal.access.event", [["partner_id", "=", customer.contact.id]], "kind", "partner_name")[0]


@pytest.mark.parametrize("who", ["admin", "mona"])
def test_nobody_changes_the_ledger(admin, people, event, who):
    browser = people.get(who, admin)
    model, id_ = "portal.access.event", event["id"]
    count = browser.call(model, "search_count", [])
    for method, *arguments in (
        ("write", [id_], {"partner_name": "Somebody Else"}),
        ("web_save", [id_], {"kind": "revoked"}, {}),
        ("unlink", [id_]),
        ("create", {"kind": "granted"}),
        ("web_save", [], {"kind": "granted"}, {}),
        ("copy", id_),
        ("name_create", "granted"),
        ("load", ["kind"], [["granted"]]),
    ):
        answer = browser.attempt(model, method, *arguments)
        # Importing answers with messages instead of an error.
        assert isinstance(answer, RpcError) or (method == "load" and not answer["ids"]), f"{method}: {answer}"
    [same] = browser.read(model, [["id", "=", id_]], "kind", "partner_name")
    assert same == event
    assert browser.call(model, "search_count", []) == count


@pytest.mark.parametrize("who", ["admin", "mona"])
def test_nobody_writes_invitations(admin, people, memory, customer, who):
    browser = people.get(who, admin)
    before = memory.invitations(customer.contact)
    for method, *arguments in (
        ("write", [before[0]["id"]], {"state": "queued", "email": "thief@example.com"}),
        ("unlink", [before[0]["id"]]),
        ("create", {"partner_id": customer.contact.id, "email": "x@example.com", "valid_until": "2099-01-01"}),
        ("copy", before[0]["id"]),
    ):
        with pytest.raises(RpcError) as refused:
            browser.call("portal.access.invitation", method, *arguments)
        assert refused.value.name == "odoo.exceptions.AccessError"
    assert memory.invitations(customer.contact) == before


@pytest.mark.parametrize("who", ["emil", "paula", "visitor"])
@pytest.mark.parametrize("model", ["portal.access.event", "portal.access.invitation"])
def test_the_memory_is_for_contact_managers(odoo, people, customer, who, model):
    browser = people.get(who) or Browser(odoo.url)
    for method, *arguments in (("search_read", []), ("read", [1]), ("read_group", [], ["id"], []), ("name_search",)):
        with pytest.raises(RpcError) as refused:
            browser.call(model, method, *arguments)
        assert refused.value.is_refusal, refused.value
