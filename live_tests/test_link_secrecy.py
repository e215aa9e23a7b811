"""Whoever has an invitation's link can take the account: only Administration / Access Rights may see one.

Odoo makes every new employee a contact manager, so these tests are such a manager's attempts to get at it.
"""

import json

import pytest

from .clients import Browser, RpcError
from .conftest import MAIL_QUEUE, Contact

INVITATION = "portal.access.invitation"


@pytest.fixture(scope="module")
def invited(database, mona, memory, make_contacts, open_dialog, catcher_process):
    """An invited contact whose link works."""
    [contact] = make_contacts(1)
    open_dialog(contact).press(contact.id)
    return contact


@pytest.fixture(scope="module")
def invitation_id(invited, memory):
    """The id of its open invitation."""
    return memory.invitations(invited)[0]["id"]


@pytest.fixture(scope="module")
def secrets(database, invited, memory):
    """What nobody may see: the token, and its hash."""
    token = database.value("SELECT signup_token FROM res_partner WHERE id = %s", invited.id)
    return [token, memory.invitations(invited)[0]["token_hash"]]


@pytest.fixture
def check_silent(mona, secrets):
    """Make a call as a contact manager, and check that its answer holds none of the secrets."""

    def check(model, method, *arguments, **keywords):
        answer = mona.attempt(model, method, *arguments, **keywords)
        text = f"{answer} {answer.debug}" if isinstance(answer, RpcError) else json.dumps(answer)
        found = [secret for secret in secrets if secret in text]
        assert not found, f"{model}.{method} answered {answer}"
        return answer

    return check


def test_administrators_get_the_link_by_copy_link_only_which_is_recorded(
    admin, mona, invited, invitation_id, secrets, memory
):
    with pytest.raises(RpcError, match="link"):
        admin.call(INVITATION, "read", [invitation_id], ["link"])
    assert "link_copied" not in memory.events(invited)
    assert secrets[0] in admin.call(INVITATION, "action_copy_link", [invitation_id])["params"]["link"]
    assert memory.events(invited)[-1] == "link_copied"
    with pytest.raises(RpcError) as refused:
        mona.call(INVITATION, "action_copy_link", [invitation_id])
    assert refused.value.is_refusal


@pytest.mark.parametrize("field", ["link", "token_hash"])
def test_a_manager_can_not_read_the_link(mona, check_silent, invitation_id, field):
    for method, *arguments in (
        ("read", [invitation_id], [field]),
        ("search_read", [["id", "=", invitation_id]], [field]),
        ("web_read", [invitation_id], {field: {}}),
    ):
        with pytest.raises(RpcError) as refused:
            mona.call(INVITATION, method, *arguments)
        assert refused.value.name == "odoo.exceptions.AccessError", method
    # Odoo's export does not ask whose field it is.
    check_silent(INVITATION, "export_data", [invitation_id], [field])
    assert field not in mona.call(INVITATION, "fields_get")


def test_nobody_can_read_the_hash(admin, invitation_id):
    with pytest.raises(RpcError, match="token_hash"):
        admin.call(INVITATION, "read", [invitation_id], ["token_hash"])


def test_reading_all_of_a_record_tells_no_secret(check_silent, mona, invited, invitation_id, memory):
    user_id = memory.users(invited)[0]["id"]
    for model, id_ in ((INVITATION, invitation_id), ("res.partner", invited.id), ("res.users", user_id)):
        check_silent(model, "read", [id_])
        check_silent(model, "copy_data", [id_])
        check_silent(model, "web_read", [id_], {name: {} for name in mona.call(model, "fields_get")})


@pytest.mark.parametrize("field", ["signup_url", "signup_token"])
def test_a_manager_can_not_read_the_contacts_link(check_silent, invited, invitation_id, memory, field):
    user_id = memory.users(invited)[0]["id"]
    check_silent("res.partner", "read", [invited.id], [field])
    check_silent("res.partner", "export_data", [invited.id], [field])
    check_silent("res.users", "read", [user_id], [field])
    check_silent("res.users", "export_data", [user_id], [f"partner_id/{field}"])
    for path in (f"partner_id/{field}", f"user_id/{field}", f"user_id/partner_id/{field}"):
        check_silent(INVITATION, "export_data", [invitation_id], [path])
    nested = {"partner_id": {"fields": {field: {}}}, "user_id": {"fields": {field: {}}}}
    check_silent(INVITATION, "web_read", [invitation_id], nested)
    check_silent("res.partner", "onchange", [invited.id], {}, [], {field: {}})


def test_the_dialog_tells_no_link(check_silent, invited, open_dialog):
    dialog = open_dialog(invited)
    lines = {"user_ids": {"fields": {"partner_id": {"fields": {"signup_url": {}}}, "user_id": {"fields": {}}}}}
    check_silent("portal.wizard", "web_read", [dialog.id], lines)
    lines["user_ids"]["fields"]["user_id"]["fields"] = {"signup_url": {}, "signup_token": {}}
    check_silent("portal.wizard", "web_read", [dialog.id], lines)


@pytest.mark.parametrize("field", ["link", "token_hash"])
def test_onchange_does_not_compute_the_link(check_silent, invited, invitation_id, memory, field):
    values = {"partner_id": invited.id, "user_id": memory.users(invited)[0]["id"], "state": "sent"}
    check_silent(INVITATION, "onchange", [], values, [], {field: {}})
    check_silent(INVITATION, "onchange", [invitation_id], values, ["state"], {field: {}})


def guesses(mona, model, field, secret, method="search"):
    """Return whether a search tells a right guess of the beginning from a wrong one."""
    found = []
    for guess in (secret[:4], "?" + secret[:3]):
        domain = [[field, "=like", guess + "%"]]
        more = (["id"], []) if method == "read_group" else ()
        answer = mona.attempt(model, method, domain, *more)
        found.append(answer.name if isinstance(answer, RpcError) else answer)
    return found[0] != found[1]


@pytest.mark.parametrize("method", ["search", "search_count", "read_group"])
def test_the_hash_can_not_be_guessed_by_searching(mona, secrets, method):
    assert not guesses(mona, INVITATION, "token_hash", secrets[1], method)


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("res.partner", "signup_token"),
        ("res.users", "signup_token"),
        ("res.users", "partner_id.signup_token"),
        (INVITATION, "partner_id.signup_token"),
        ("portal.access.event", "partner_id.signup_token"),
    ],
)
def test_the_token_can_not_be_guessed_by_searching(mona, secrets, model, path):
    """Letter by letter: some thousand searches would give the whole token."""
    assert not guesses(mona, model, path, secrets[0])


def test_grouping_by_the_hash_tells_nothing(check_silent, invitation_id):
    domain = [["id", "=", invitation_id]]
    check_silent(INVITATION, "read_group", domain, ["token_hash:array_agg"], ["state"])
    check_silent(INVITATION, "read_group", domain, ["id"], ["token_hash"])
    check_silent(INVITATION, "read_group", domain, ["t:max(token_hash)"], [])
    check_silent(INVITATION, "web_read_group", domain, ["token_hash:max"], ["token_hash"])


def test_public_methods_of_stock_give_no_token(check_silent, invited, secrets, database):
    check_silent("res.partner", "signup_get_auth_param", [invited.id])
    for method in ("signup_prepare", "action_signup_prepare", "signup_cancel"):
        check_silent("res.partner", method, [invited.id])
    assert database.value("SELECT signup_token FROM res_partner WHERE id = %s", invited.id) == secrets[0]


@pytest.mark.parametrize("who", ["mona", "emil", "paula"])
@pytest.mark.parametrize("method", ["mapped", "grouped"])
def test_nobody_gets_the_token_by_methods_that_ask_for_no_rights(
    people, invited, invitation_id, memory, secrets, who, method
):
    """Odoo lets whoever is signed in call these on any record, and a field that is not stored asks for no rights."""
    user_id = memory.users(invited)[0]["id"]
    for model, id_, field in (
        ("res.partner", invited.id, "signup_token"),
        ("res.partner", invited.id, "signup_url"),
        ("res.users", user_id, "signup_token"),
        ("res.users", user_id, "signup_url"),
        (INVITATION, invitation_id, "link"),
        (INVITATION, invitation_id, "token_hash"),
    ):
        answer = people[who].attempt(model, method, [id_], field)
        text = answer.message if isinstance(answer, RpcError) else json.dumps(answer)
        assert not [secret for secret in secrets if secret in text], f"{model}.{method} of {field} answered {answer}"


def test_the_export_of_the_contacts_list_holds_no_link(mona, invited, secrets):
    fields = [{"name": name, "label": name, "type": "char"} for name in ("signup_token", "signup_url", "name")]
    export = {"model": "res.partner", "fields": fields, "ids": [invited.id], "domain": [], "groupby": []}
    answer = mona.download("/web/export/csv", json.dumps({**export, "import_compat": False}))
    assert invited.name in answer
    assert secrets[0] not in answer


@pytest.mark.parametrize("way", ["values", "defaults"])
def test_a_token_that_somebody_planted_is_not_taken_for_an_invitation(
    odoo, mona, catcher, memory, open_dialog, max_, numbers, way
):
    """Whoever makes a contact must not know the link with which another administrator invites it later."""
    number = next(numbers)
    token, email = f"planted{number}", f"planted{number}@example.com"
    planted = {"signup_token": token, "signup_type": "signup", "signup_expiration": "2099-01-01 00:00:00"}
    values, context = {"name": "Planted", "email": email}, {}
    if way == "values":
        values.update(planted)
    else:
        context = {f"default_{name}": value for name, value in planted.items()}
    id_ = mona.attempt("res.partner", "create", values, context=context)
    if isinstance(id_, RpcError):
        return
    contact = Contact(id_, "Planted", email)
    visitor = Browser(odoo.url)
    assert visitor.get(f"/web/signup?token={token}").form("oe_signup_form") is None
    open_dialog(contact, by=max_).press(id_)
    assert token not in catcher.wait_for_invitation(email).link
    assert visitor.get(f"/web/signup?token={token}").form("oe_signup_form") is None


# What a template of somebody's own can try to show. Not `object.sudo()` nor private methods: in stock Odoo whoever may
# edit templates can call these and reach anything; "Restrict Template Rendering" takes that from employees.
TRIES = {
    "res.partner": (
        "object.signup_url",
        "object.signup_token",
        "object.mapped('signup_url')",
        "object.user_ids.signup_token",
    ),
}


@pytest.fixture(params=[(model, expression) for model, tries in TRIES.items() for expression in tries])
def attempt(request, invited):
    """A model, the id of its record, and an expression that would show the link."""
    model, expression = request.param
    return model, invited.id, expression


def test_a_manager_makes_no_template_of_invitations(mona, database):
    """Nor changes the one that there is: the link could be sent to somebody else."""
    model_id = database.value("SELECT id FROM ir_model WHERE model = %s", INVITATION)
    for call in (
        ("create", {"name": "Mine", "model_id": model_id, "body_html": '<p t-out="object.link"/>'}),
        ("write", [database.value("SELECT id FROM mail_template WHERE model = %s", INVITATION)], {"email_cc": "me@x"}),
    ):
        with pytest.raises(RpcError) as refused:
            mona.call("mail.template", *call)
        assert refused.value.name == "odoo.exceptions.AccessError"


def test_a_template_of_ones_own_does_not_show_the_link(mona, database, check_silent, attempt):
    model, id_, expression = attempt
    model_id = database.value("SELECT id FROM ir_model WHERE model = %s", model)
    values = {"name": "Mine", "model_id": model_id, "subject": "Mine", "body_html": f'<p t-out="{expression}"/>'}
    template = mona.call("mail.template", "create", values)
    preview = check_silent(
        "mail.template.preview", "create", {"mail_template_id": template, "resource_ref": f"{model},{id_}"}
    )
    if isinstance(preview, int):
        check_silent("mail.template.preview", "read", [preview], ["body_html", "error_msg"])
    context = {"default_model": model, "default_res_ids": [id_], "default_template_id": template}
    composer = check_silent("mail.compose.message", "create", {}, context=context)
    if isinstance(composer, int):
        check_silent("mail.compose.message", "read", [composer], ["body", "subject"])
    mona.call("mail.template", "unlink", [template])


def test_mails_that_wait_tell_no_link(mona, database, catcher, memory, contact, stopped_crons):
    """The mail holds the link; mails are also messages, which managers may read."""
    with stopped_crons(MAIL_QUEUE):
        mona.call("res.partner", "portal_access_grant", [contact.id])
        database.wait_for_crons()
        [invitation] = memory.invitations(contact)
        token = database.value("SELECT signup_token FROM res_partner WHERE id = %s", contact.id)
        assert token in database.value("SELECT body_html FROM mail_mail WHERE id = %s", invitation["mail_mail_id_int"])
        domain = [["model", "=", INVITATION], ["res_id", "=", invitation["id"]]]
        messages = mona.call("mail.message", "search_read", domain)
        assert token not in json.dumps(messages)
        with pytest.raises(RpcError) as refused:
            mona.call("mail.mail", "read", [invitation["mail_mail_id_int"]], ["body_html"])
        assert refused.value.name == "odoo.exceptions.AccessError"
        for model, id_, path in (("mail.mail", invitation["mail_mail_id_int"], "body_html"),):
            answer = mona.attempt(model, "export_data", [id_], [path])
            assert isinstance(answer, RpcError) or token not in json.dumps(answer)
    memory.wait_for_states("sent", contact)
    assert not database.rows("SELECT 1 FROM mail_mail WHERE body_html LIKE %s", f"%{token}%")


def test_the_log_of_the_server_does_not_hold_the_token(odoo, secrets):
    assert secrets[0] not in odoo.log.path.read_text(encoding="utf-8", errors="replace")
