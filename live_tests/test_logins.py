"""Logins: typed in any case to a real Odoo, and set by two administrators at the same moment."""

import re

import pytest

from devtools.mail_catcher import body

from .clients import Browser, JsonRpc, RpcError, XmlRpc
from .conftest import PASSWORD

pytestmark = pytest.mark.allows_log("could not serialize access", "res_users_login_key")


@pytest.fixture
def admin_2(odoo):
    """The administrator in a second browser, which does not wait for the first one."""
    return Browser(odoo.url).authenticate("admin", "admin")


@pytest.fixture
def make_users(admin, numbers):
    """Make users as an administrator does, and return their ids."""

    def make(count):
        rows = [{"name": f"User {n}", "login": f"user{n}@example.com"} for n in (next(numbers) for _ in range(count))]
        return admin.call("res.users", "create", rows, context={"no_reset_password": True})

    return make


@pytest.fixture
def check_one_owner(database):
    """Check that one of two answers is a clear refusal, and that one user has the login."""

    def check(answers, login):
        errors = [answer for answer in answers if isinstance(answer, RpcError)]
        assert len(errors) == 1, answers
        assert errors[0].name == "odoo.exceptions.ValidationError", errors
        assert "already" in errors[0].message
        assert database.value("SELECT count(*) FROM res_users WHERE lower(login) = %s", login) == 1

    return check


@pytest.mark.parametrize("_round", range(4))
def test_two_set_logins_that_differ_in_case_only(
    admin, admin_2, make_users, in_parallel, numbers, check_one_owner, _round
):
    first, second = make_users(2)
    login = f"race{next(numbers)}@example.com"
    answers = in_parallel(
        lambda: admin.call("res.users", "write", [first], {"login": login}),
        lambda: admin_2.call("res.users", "write", [second], {"login": login.upper()}),
    )
    check_one_owner(answers, login)


@pytest.mark.parametrize("_round", range(4))
def test_two_make_users_whose_logins_differ_in_case_only(admin, admin_2, in_parallel, numbers, check_one_owner, _round):
    login = f"race{next(numbers)}@example.com"
    context = {"no_reset_password": True}
    answers = in_parallel(
        lambda: admin.call("res.users", "create", [{"name": "One", "login": login}], context=context),
        lambda: admin_2.call("res.users", "create", [{"name": "Two", "login": login.title()}], context=context),
    )
    check_one_owner(answers, login)


def test_a_customer_signs_in_whatever_the_case_of_the_login(odoo, database, make_customers):
    [customer] = make_customers(1)
    mixed = customer.email.title()
    database.execute("UPDATE res_users SET login = %s WHERE login = %s", mixed, customer.email)
    for login in (mixed, customer.email, customer.email.upper(), f" {customer.email} "):
        browser = Browser(odoo.url)
        browser.sign_in(login, PASSWORD)
        assert browser.is_signed_in, login
        uid = database.value("SELECT id FROM res_users WHERE login = %s", mixed)
        assert XmlRpc(odoo.url, database.name, login, PASSWORD).uid == uid
        assert JsonRpc(odoo.url, database.name, login, PASSWORD).uid == uid
    browser = Browser(odoo.url)
    page = browser.sign_in("customer%@example.com", PASSWORD)
    assert page.status == 200
    assert not browser.is_signed_in


def test_a_login_with_a_null_character_is_a_wrong_login(odoo):
    browser = Browser(odoo.url)
    assert browser.sign_in("admin\x00", "admin").status == 200
    assert not browser.is_signed_in


# -----------------------------------------------------------------------------
# Changing a login, with the mails that follow
# -----------------------------------------------------------------------------


@pytest.fixture
def link_in_mail(catcher):
    """Wait for the mail to an address that has a link of a kind, and return the link."""

    def find(address, kind):
        pattern = re.compile(rf"https?://[^\s\"'<>]*/{kind}[^\s\"'<>]*")
        message = catcher.wait_for(lambda each: address in each["To"] and pattern.search(body(each)))
        return pattern.search(body(message))[0].replace("&amp;", "&")

    return find


@pytest.fixture
def change_login(admin):
    """Change the login of a contact as an administrator does with the dialog."""

    def change(contact, login, **options):
        values = {"partner_id": contact.id, "new_login": login, **options}
        wizard = admin.call("portal.access.change.login", "create", [values])
        return admin.button("portal.access.change.login", "action_change", wizard)

    return change


def test_a_login_is_confirmed_and_undone_by_the_links_in_real_mails(
    odoo, database, catcher, memory, make_customers, change_login, link_in_mail, numbers
):
    [customer] = make_customers(1)
    catcher.clear()
    login = f"moved{next(numbers)}@example.com"
    signed_in = Browser(odoo.url)
    signed_in.sign_in(customer.email, PASSWORD)
    change_login(customer, login)
    confirm = link_in_mail(login, "my/login/confirm/")
    page = Browser(odoo.url).get(confirm)
    assert memory.users(customer)[0]["login"] == customer.email
    assert "Your login was changed" in page.browser.post(confirm, dict(page.tree.forms[0].form_values())).text
    assert memory.users(customer)[0]["login"] == login
    assert not signed_in.is_signed_in

    intruder = Browser(odoo.url)
    intruder.sign_in(login.upper(), PASSWORD)
    assert intruder.is_signed_in
    undo = link_in_mail(customer.email, "my/login/undo/")
    page = Browser(odoo.url).get(undo)
    assert intruder.is_signed_in
    assert "The change was undone" in page.browser.post(undo, dict(page.tree.forms[0].form_values())).text
    [user] = memory.users(customer)
    assert (user["login"], user["password"]) == (customer.email, None)
    assert not intruder.is_signed_in
    assert not intruder.sign_in(customer.email, PASSWORD).browser.is_signed_in

    owner = Browser(odoo.url)
    page = owner.get(link_in_mail(customer.email, "web/reset_password"))
    page.submit("oe_reset_password_form", password="a-new-password-1", confirm_password="a-new-password-1")
    assert owner.is_signed_in
    assert memory.events(customer).count("login_changed") == 2
    assert "used already" in owner.get(undo).text


@pytest.mark.parametrize("_round", range(2))
def test_two_press_the_button_of_one_undo_link(
    odoo, catcher, memory, make_customers, change_login, link_in_mail, in_parallel, numbers, _round
):
    [customer] = make_customers(1)
    catcher.clear()
    change_login(customer, f"moved{next(numbers)}@example.com", needs_confirmation=False)
    undo = link_in_mail(customer.email, "my/login/undo/")
    pages = [Browser(odoo.url).get(undo) for _browser in range(2)]
    answers = in_parallel(
        *(lambda page=page: page.browser.post(undo, dict(page.tree.forms[0].form_values())) for page in pages)
    )
    assert sorted("undone" in answer.text for answer in answers) == [False, True]
    assert sorted("used already" in answer.text for answer in answers) == [False, True]
    assert memory.events(customer).count("login_changed") == 2


@pytest.mark.parametrize("_round", range(2))
def test_a_login_is_undone_while_the_access_is_revoked(
    odoo, catcher, memory, mona, make_customers, change_login, link_in_mail, in_parallel, numbers, _round
):
    [customer] = make_customers(1)
    catcher.clear()
    change_login(customer, f"moved{next(numbers)}@example.com", needs_confirmation=False)
    undo = link_in_mail(customer.email, "my/login/undo/")
    page = Browser(odoo.url).get(undo)
    answer, [result] = in_parallel(
        lambda: page.browser.post(undo, dict(page.tree.forms[0].form_values())),
        lambda: mona.call("res.partner", "portal_access_revoke", [customer.id]),
    )
    assert answer.status == 200
    assert result["outcome"] == "revoked"
    [user] = memory.users(customer)
    assert not user["active"]
    assert not user["is_portal"]


@pytest.mark.parametrize("_round", range(2))
def test_two_customers_confirm_the_same_new_login(
    odoo, database, catcher, memory, make_customers, change_login, in_parallel, numbers, _round
):
    first, second = make_customers(2)
    catcher.clear()
    login = f"wanted{next(numbers)}@example.com"
    for customer in (first, second):
        change_login(customer, login)
    pattern = re.compile(r"https?://[^\s\"'<>]*/my/login/confirm/[^\s\"'<>]*")
    catcher.wait_for(lambda each: len([1 for caught in catcher.caught if login in caught.message["To"]]) == 2)
    links = [pattern.search(body(caught.message))[0] for caught in catcher.caught if login in caught.message["To"]]
    pages = [Browser(odoo.url).get(link) for link in links]
    answers = in_parallel(
        *(
            lambda page=page, link=link: page.browser.post(link, dict(page.tree.forms[0].form_values()))
            for page, link in zip(pages, links, strict=True)
        )
    )
    assert sorted("Your login was changed" in answer.text for answer in answers) == [False, True]
    assert sorted("Another account uses it" in answer.text for answer in answers) == [False, True]
    assert database.value("SELECT count(*) FROM res_users WHERE login = %s", login) == 1


def test_a_contact_manager_gets_no_link_to_an_account_in_use_by_changing_the_email(
    odoo, catcher, mona, make_customers, link_in_mail, numbers
):
    [customer] = make_customers(1)
    eve = f"eve{next(numbers)}@example.com"
    mona.call("res.partner", "write", [customer.id], {"email": eve})
    for typed in (customer.email, eve):
        catcher.clear()
        page = Browser(odoo.url).get("/web/reset_password")
        assert "sent to your email" in page.submit("oe_reset_password_form", login=typed).text
        link = link_in_mail(customer.email, "web/reset_password")
        assert not [caught for caught in catcher.caught if eve in str(caught.message["To"])]
    owner = Browser(odoo.url)
    page = owner.get(link)
    page.submit("oe_reset_password_form", password="a-new-password-1", confirm_password="a-new-password-1")
    assert owner.is_signed_in
