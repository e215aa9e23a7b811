"""Logins: typed in any case to a real Odoo, and set by two administrators at the same moment."""

import pytest

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
