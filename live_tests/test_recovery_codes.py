"""Recovery codes on a real Odoo: with a real authenticator, at the same moment, and by workers that share a limit."""

import pytest

from devtools.mail_catcher import body

from . import totp
from .clients import Browser, RpcError, XmlRpc
from .conftest import PASSWORD
from .totp import type_code


@pytest.fixture
def turn_on(odoo, catcher):
    """Turn two-factor authentication on as the page does; return the browser, the authenticator and the codes."""

    def work(customer):
        browser = Browser(odoo.url).authenticate(customer.email, PASSWORD)
        return browser, *totp.turn_on(browser, PASSWORD)

    return work


def ask_for_code(odoo, customer):
    """Type login and password; return the page that asks for the code."""
    page = Browser(odoo.url).sign_in(customer.email, PASSWORD)
    assert "Authentication Code" in page.text
    return page


def test_a_lost_phone_is_no_lost_account(odoo, database, catcher, memory, make_customers, turn_on):
    [customer] = make_customers(1)
    browser, authenticator, codes = turn_on(customer)
    assert len(set(codes)) == 10
    assert browser.is_signed_in, "the session lives on"
    stored = str(database.rows("SELECT * FROM portal_access_recovery_code"))
    assert not [code for code in codes if code in stored]

    page = ask_for_code(odoo, customer)
    assert type_code(page, authenticator.now()).browser.is_signed_in
    catcher.clear()
    page = type_code(ask_for_code(odoo, customer), codes[0])
    assert page.browser.is_signed_in
    assert "9 recovery codes are left" in page.browser.get("/my/security").text
    message = catcher.wait_for(lambda each: "Recovery Code Used" in each["Subject"])
    assert customer.email in message["To"]
    assert codes[0] not in body(message)
    assert not type_code(ask_for_code(odoo, customer), codes[0]).browser.is_signed_in
    assert memory.events(customer)[-3:] == ["recovery_code_used", "signed_in", "sign_in_failed"]


@pytest.mark.allows_log("could not serialize access")
@pytest.mark.parametrize("_round", range(4))
def test_of_two_who_type_one_code_at_the_same_moment_one_gets_in(
    odoo, database, memory, make_customers, turn_on, in_parallel, _round
):
    [customer] = make_customers(1)
    _browser, _authenticator, codes = turn_on(customer)
    pages = [ask_for_code(odoo, customer) for _person in range(2)]
    answers = in_parallel(*(lambda page=page: type_code(page, codes[0]) for page in pages))
    assert sorted(answer.browser.is_signed_in for answer in answers) == [False, True]
    assert sorted("was used already" in answer.text for answer in answers) == [False, True]
    assert memory.events(customer).count("recovery_code_used") == 1
    user_id = database.value("SELECT id FROM res_users WHERE login = %s", customer.email)
    assert database.value("SELECT count(*) FROM portal_access_recovery_code WHERE user_id = %s", user_id) == 9


@pytest.mark.allows_log("could not serialize access")
@pytest.mark.parametrize("_round", range(3))
def test_codes_made_twice_at_the_same_moment_are_ten(odoo, database, make_customers, turn_on, in_parallel, _round):
    [customer] = make_customers(1)
    browser, _authenticator, _codes = turn_on(customer)
    database.execute("DELETE FROM portal_access_recovery_code WHERE user_id = %s", browser.uid)
    twin = Browser(odoo.url)
    twin.session.cookies.update(browser.session.cookies)
    answers = in_parallel(
        *(
            lambda each=each: each.call("res.users", "action_portal_make_recovery_codes", [browser.uid])
            for each in (browser, twin)
        )
    )
    assert all(len(answer["params"]["portal_recovery_codes"]) == 10 for answer in answers)
    assert database.value("SELECT count(*) FROM portal_access_recovery_code WHERE user_id = %s", browser.uid) == 10


@pytest.fixture
def no_limit_of_odoo(admin):
    """Switch off Odoo's own limit, which is one per process and address."""
    name = "base.login_cooldown_after"
    before = admin.call("ir.config_parameter", "get_param", name, "10")
    admin.call("ir.config_parameter", "set_param", name, "0")
    yield
    admin.call("ir.config_parameter", "set_param", name, before)


@pytest.mark.usefixtures("no_limit_of_odoo")
def test_guesses_from_many_browsers_are_counted_together(odoo, make_customers, turn_on, in_parallel):
    [customer] = make_customers(1)
    _browser, authenticator, codes = turn_on(customer)
    pages = [ask_for_code(odoo, customer) for _guesser in range(4)]
    for _round in range(3):
        in_parallel(*(lambda page=page: type_code(page, "1000200030004000") for page in pages))
    for code in (codes[0], authenticator.now()):
        page = type_code(ask_for_code(odoo, customer), code)
        assert not page.browser.is_signed_in
        assert "Too many" in page.text


def test_programs_get_no_codes(odoo, database, make_customers):
    [customer] = make_customers(1)
    program = XmlRpc(odoo.url, database.name, customer.email, PASSWORD)
    for method, arguments in (("read", [[1], ["code_hash"]]), ("search_count", [[]]), ("_make", [1])):
        with pytest.raises(RpcError):
            program.call("portal.access.recovery.code", method, *arguments)
    with pytest.raises(RpcError, match="only be accessed over HTTP"):
        program.call("res.users", "action_portal_make_recovery_codes", [program.uid])
