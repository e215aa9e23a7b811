"""A mail server that is down or refuses never takes access away: the invitation says so, and is tried again."""

import pytest

pytestmark = pytest.mark.allows_log("failed sending mail", "Exception while processing mail", "Failed processing mail")


@pytest.fixture
def grant_by_button(open_dialog):
    """Grant access to each contact by the button of its row: the mail is sent at once."""

    def grant(*contacts):
        for contact in contacts:
            open_dialog(contact).press(contact.id)

    return grant


@pytest.fixture
def grant_by_apply(open_dialog):
    """Grant access to contacts by Apply: the mail is sent by the cron."""
    return lambda *contacts: open_dialog(*contacts).tick().apply()


@pytest.fixture(params=["button", "apply"])
def grant(request, grant_by_button, grant_by_apply):
    """Grant access to contacts, in each of the two ways."""
    return grant_by_button if request.param == "button" else grant_by_apply


def check_failed(memory, contact, reason):
    """Check that access was granted, and that the invitation tells why it did not arrive and when it is tried again."""
    [invitation] = memory.wait_for_states("failed", contact)
    assert reason in invitation["failure_reason"]
    assert invitation["attempt_count"] == 1
    assert invitation["next_attempt_on"] > invitation["create_date"]
    [user] = memory.users(contact)
    assert (user["active"], user["is_portal"]) == (True, True)
    assert memory.events(contact) == ["granted", "invited", "invitation_failed"]


def check_retry(memory, catcher, *contacts):
    """Check that the next attempt sends each invitation exactly once."""
    catcher.accept()
    catcher.come_back()
    memory.make_due(*contacts)
    for invitation in memory.wait_for_states("sent", *contacts):
        assert invitation["failure_reason"] is None
        assert invitation["next_attempt_on"] is None
    # Another run finds nothing to do.
    memory.make_due(*contacts)
    memory.database.wait_for_crons()
    assert sorted(mail.to for mail in catcher.invitations()) == sorted(contact.email for contact in contacts)


def test_a_server_that_is_down_is_tried_again(catcher, memory, contact, grant):
    catcher.go_down()
    grant(contact)
    check_failed(memory, contact, "refused")
    check_retry(memory, catcher, contact)


@pytest.mark.parametrize("answer", ["550 no such user here", "451 try later, please"])
def test_a_refused_recipient_does_not_hold_up_the_others(catcher, memory, make_contacts, grant, answer):
    good, bad, fine = make_contacts(3)
    catcher.refuse(answer, concerns=lambda address: address == bad.email)
    grant(good, bad, fine)
    check_failed(memory, bad, answer[4:])
    memory.wait_for_states("sent", good, fine)
    assert {mail.to for mail in catcher.invitations()} == {good.email, fine.email}
    check_retry(memory, catcher, good, bad, fine)


@pytest.mark.parametrize("stage", ["MAIL", "DATA"])
def test_a_refused_sender_or_text_is_told_too(catcher, memory, contact, grant_by_apply, stage):
    catcher.refuse("554 not from you", stage=stage)
    grant_by_apply(contact)
    check_failed(memory, contact, "not from you")
    check_retry(memory, catcher, contact)


def test_a_server_that_hangs_up_on_the_row_button_is_tried_again(catcher, memory, contact, grant_by_button):
    catcher.hangs_up = True
    grant_by_button(contact)
    check_failed(memory, contact, "")
    check_retry(memory, catcher, contact)


def test_a_server_that_hangs_up_on_the_cron_is_tried_again(catcher, memory, make_contacts, grant_by_apply):
    contacts = make_contacts(3)
    catcher.hangs_up = True
    grant_by_apply(*contacts)
    memory.database.wait_for_crons()
    assert not catcher.invitations()
    assert all(user["active"] for user in memory.users(*contacts))
    catcher.accept()
    # The next regular runs of both crons.
    for _each in range(2):
        memory.make_due(*contacts)
        memory.database.wait_for_crons()
        memory.database.trigger_cron("mail.ir_cron_mail_scheduler_action")
        memory.database.wait_for_crons()
    assert set(memory.states(*contacts)) == {"sent"}
    assert sorted(mail.to for mail in catcher.invitations()) == sorted(contact.email for contact in contacts)


def test_a_server_that_stays_down_is_asked_less_and_less_often(catcher, memory, contact, grant_by_apply):
    catcher.go_down()
    grant_by_apply(contact)
    [first] = memory.wait_for_states("failed", contact)
    memory.make_due(contact)
    memory.database.wait_for_crons()
    [second] = memory.wait_for_states("failed", contact)
    assert second["attempt_count"] == 2
    assert second["next_attempt_on"] - second["write_date"] > first["next_attempt_on"] - first["write_date"]
    # The ledger tells the failure once, not each attempt.
    assert memory.events(contact).count("invitation_failed") == 1
    check_retry(memory, catcher, contact)


def test_a_manager_can_invite_again_after_a_failure(catcher, memory, contact, grant_by_button, open_dialog):
    catcher.go_down()
    grant_by_button(contact)
    check_failed(memory, contact, "refused")
    catcher.come_back()
    open_dialog(contact).press(contact.id, "action_invite_again")
    assert memory.states(contact) == ["cancelled", "sent"]
    memory.make_due(contact)
    memory.database.wait_for_crons()
    assert len(catcher.invitations(contact.email)) == 1
