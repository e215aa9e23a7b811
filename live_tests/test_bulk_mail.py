"""S4: Apply grants access to many at once, and the mails follow without anybody waiting for them."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from .conftest import SENDER


@pytest.fixture(scope="module")
def german(admin, database):
    """German, switched on without its translations, and a German subject of the invitation."""
    code = "de_DE"
    [language] = admin.call("res.lang", "search", [["code", "=", code], ["active", "=", False]])
    admin.call("res.lang", "write", [language], {"active": True})
    template = database.ref("portal_access_ext.mail_template_portal_invitation")
    subject = "Ihr Konto bei {{ object.company_id.name }}"
    admin.call("mail.template", "write", [template], {"subject": subject}, context={"lang": code})
    return code


def test_thirty_contacts_get_one_mail_each_in_their_language(catcher, memory, make_contacts, open_dialog, german):
    germans, others = make_contacts(15, lang=german), make_contacts(15)
    dialog = open_dialog(*germans, *others).tick()
    catcher.delay = 0.05
    rows = dialog.apply()

    assert {row["outcome"] for row in rows.values()} == {"granted"}
    assert len(catcher.invitations()) < 30, "Apply waited for the mails"
    invitations = memory.wait_for_states("sent", *germans, *others)
    assert len(invitations) == 30
    assert all(invitation["sent_on"] and invitation["attempt_count"] == 1 for invitation in invitations)
    mails = catcher.invitations()
    assert sorted(mail.to for mail in mails) == sorted(contact.email for contact in (*germans, *others))
    in_german = {mail.to for mail in mails if mail.subject.startswith("Ihr Konto bei ")}
    assert in_german == {contact.email for contact in germans}


def test_each_mail_of_a_list_has_its_own_link(odoo, catcher, memory, make_contacts, open_dialog):
    contacts = make_contacts(5)
    open_dialog(*contacts).type(message="For you").tick().apply()
    memory.wait_for_states("sent", *contacts)
    mails = {mail.to: mail for mail in catcher.invitations()}
    assert len({mail.link for mail in mails.values()}) == 5
    for contact in contacts:
        assert f"Dear {contact.name}," in mails[contact.email].text
        assert f"Your login is: {contact.email}" in mails[contact.email].text
        assert "For you" in mails[contact.email].text


def test_lists_that_are_applied_while_mails_go_out_follow_at_once(catcher, memory, make_contacts, open_dialog):
    lists = [make_contacts(10) for _each in range(4)]
    catcher.delay = 0.02
    for contacts in lists:
        open_dialog(*contacts).tick().apply()
    contacts = sum(lists, [])
    memory.wait_for_states("sent", *contacts)
    assert sorted(mail.to for mail in catcher.invitations()) == sorted(contact.email for contact in contacts)


def test_a_mail_that_is_being_sent_by_a_row_button_does_not_stop_the_cron(catcher, memory, make_contacts, open_dialog):
    """The invitation of the button is open and has no mail yet, as far as others can see."""
    slow, *others = make_contacts(6)
    row, listed = open_dialog(slow), open_dialog(*others).tick()
    with ThreadPoolExecutor(1) as executor, catcher.holding(slow.email):
        pressed = executor.submit(row.press, slow.id)
        catcher.wait_until_held(slow.email)
        listed.apply()
        # They do not even wait for it.
        memory.wait_for_states("sent", *others, timeout=10)
    assert pressed.result()["res_model"] == "portal.wizard"
    memory.wait_for_states("sent", slow)
    assert sorted(mail.to for mail in catcher.invitations()) == sorted(c.email for c in (slow, *others))


def test_an_inviter_who_left_does_not_hold_up_the_invitations(
    admin, database, catcher, memory, make_contacts, stopped_crons
):
    """The account of the one who pressed Apply may be archived before the cron comes."""
    contacts = make_contacts(2)
    leaver = {"name": "Lea Leaver", "login": "lea@crew.example", "email": "lea@crew.example"}
    [leaver_id] = admin.call("res.users", "create", [leaver], context={"no_reset_password": True})
    with stopped_crons(SENDER):
        admin.call("res.partner", "portal_access_grant", [contact.id for contact in contacts])
        database.execute(
            "UPDATE portal_access_invitation SET inviter_id = %s WHERE partner_id = ANY(%s)",
            leaver_id,
            [contact.id for contact in contacts],
        )
        admin.call("res.users", "write", [leaver_id], {"active": False})
    memory.wait_for_states("sent", *contacts)
    mails = catcher.invitations()
    assert sorted(mail.to for mail in mails) == sorted(contact.email for contact in contacts)
    assert {mail.sender[0] for mail in mails}.isdisjoint({"Lea Leaver"})
