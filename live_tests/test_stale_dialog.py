"""S4: what the dialog shows may be out of date by the time somebody presses a button."""

import pytest

from .clients import RpcError


def test_a_contact_that_was_deleted_is_told_on_its_row(admin, memory, make_contacts, open_dialog):
    deleted, *others = make_contacts(3)
    dialog = open_dialog(deleted, *others).tick()
    admin.call("res.partner", "unlink", [deleted.id])
    rows = dialog.apply()
    assert rows[deleted.id]["outcome"] == "refused" or rows[deleted.id]["access_state"] == "missing"
    assert "deleted" in rows[deleted.id]["access_reason"]
    assert {rows[contact.id]["outcome"] for contact in others} == {"granted"}
    assert memory.states(*others)
    assert len(memory.users(*others)) == 2


def test_the_row_button_of_a_deleted_contact_says_so(admin, contact, open_dialog):
    dialog = open_dialog(contact)
    admin.call("res.partner", "unlink", [contact.id])
    for action in ("action_grant_access", "action_invite_again", "action_revoke_access"):
        with pytest.raises(RpcError, match="This contact was deleted.") as refused:
            dialog.press(contact.id, action)
        assert refused.value.name == "odoo.exceptions.UserError"


def test_a_contact_that_somebody_else_granted_is_told_on_its_row(memory, make_contacts, open_dialog, max_):
    granted, *others = make_contacts(3)
    dialog = open_dialog(granted, *others).tick()
    open_dialog(granted, by=max_).press(granted.id)
    rows = dialog.apply()
    assert (rows[granted.id]["access_state"], rows[granted.id]["in_portal"]) == ("has_access", True)
    assert "has portal access already" in rows[granted.id]["access_reason"]
    assert {rows[contact.id]["outcome"] for contact in others} == {"granted"}
    assert len(memory.users(granted, *others)) == 3
    assert memory.events(granted) == ["granted", "invited"]


def test_a_contact_that_somebody_else_revoked_is_told_on_its_row(memory, make_customers, open_dialog, max_):
    revoked, other = make_customers(2)
    dialog = open_dialog(revoked, other).type(ticks={revoked.id: False, other.id: False})
    open_dialog(revoked, by=max_).press(revoked.id, "action_revoke_access")
    rows = dialog.apply()
    # Nothing was left to do: no failure, but the row tells how things are.
    assert (rows[revoked.id]["access_state"], rows[revoked.id]["in_portal"]) == ("ready_again", False)
    assert "had access before" in rows[revoked.id]["access_reason"]
    assert rows[other.id]["outcome"] == "revoked"
    assert memory.events(revoked).count("revoked") == 1


def test_an_address_that_became_somebody_elses_login_is_told_on_its_row(
    admin, memory, make_contacts, open_dialog, max_
):
    first, second, other = make_contacts(3)
    dialog = open_dialog(second, other).tick()
    admin.call("res.partner", "write", [first.id], {"email": second.email.upper()})
    open_dialog(first, by=max_).press(first.id)
    rows = dialog.apply()
    assert rows[second.id]["access_state"] == "taken"
    assert first.name in rows[second.id]["access_reason"]
    assert rows[other.id]["outcome"] == "granted"
    assert memory.users(second) == []


def test_a_contact_that_was_archived_is_told_on_its_row(admin, memory, make_contacts, open_dialog):
    archived, other = make_contacts(2)
    dialog = open_dialog(archived, other).tick()
    admin.call("res.partner", "write", [archived.id], {"active": False})
    rows = dialog.apply()
    assert rows[archived.id]["access_state"] == "archived"
    assert rows[other.id]["outcome"] == "granted"
    assert memory.users(archived) == []


def test_an_email_changed_by_somebody_else_is_neither_overwritten_nor_granted_unseen(
    admin, memory, contact, open_dialog
):
    dialog = open_dialog(contact).tick()
    new = f"new.{contact.email}"
    admin.call("res.partner", "write", [contact.id], {"email": new})
    dialog.apply()
    assert memory.users(contact) == []
    assert new in dialog.rows()[contact.id]["access_reason"]
    dialog.apply()
    [user] = memory.users(contact)
    assert user["login"] == new
    assert admin.call("res.partner", "read", [contact.id], ["email"])[0]["email"] == new
