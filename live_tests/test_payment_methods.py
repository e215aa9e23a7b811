"""Somebody deletes a saved payment method while somebody pays with it, on a real Odoo: one of them is refused."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from .clients import Browser, RpcError
from .conftest import PASSWORD
from .server import wait_until

pytestmark = pytest.mark.allows_log("could not serialize access")

# A payment that its provider has not answered.
PAYMENT = """
    INSERT INTO payment_transaction (provider_id, payment_method_id, reference, amount, currency_id, partner_id,
                                     token_id, state, operation, create_date)
    SELECT %s, %s, %s, 10, currency_id, %s, %s, 'pending', 'online_token', now() AT TIME ZONE 'UTC'
      FROM res_company LIMIT 1
"""


@pytest.fixture(scope="session")
def provider(admin, database):
    """A provider that lets customers save a method, and its method."""
    method = database.ref("payment.payment_method_unknown")
    arch = '<form action="nowhere" method="post" />'
    form = admin.call("ir.ui.view", "create", {"name": "Live", "type": "qweb", "arch": arch})
    values = {
        "name": "Live",
        "code": "none",
        "state": "test",
        "is_published": True,
        "allow_tokenization": True,
        "payment_method_ids": [[6, 0, [method]]],
        "redirect_form_view_id": form,
    }
    provider_id = admin.call("payment.provider", "create", values)
    admin.call("payment.method", "write", [method], {"active": True, "support_tokenization": True})
    return provider_id, method


@pytest.fixture
def paying(odoo, database, make_customers, provider):
    """A customer's browser with a saved method; without accounting, not even administrators may make one."""
    [customer] = make_customers(1)
    token = database.value(
        """
        INSERT INTO payment_token (provider_id, payment_method_id, partner_id, company_id, active, payment_details,
                                   provider_ref, create_date)
        SELECT %s, %s, %s, id, TRUE, '4242', 'live', now() AT TIME ZONE 'UTC' FROM res_company LIMIT 1
        RETURNING id
        """,
        *provider,
        customer.id,
    )
    return Browser(odoo.url).authenticate(customer.email, PASSWORD), token, customer


def delete(browser, token):
    """Delete a saved method; return the error if that is refused."""
    try:
        return browser.json("/payment/archive_token", {"token_id": token})
    except RpcError as error:
        return error


def pay(browser, token, customer, page):
    """Use a saved method; return the error if that is refused."""
    values = {
        "partner_id": customer.id,
        "token_id": token,
        "access_token": re.search(r'data-access-token="(\w+)"', page)[1],
        "flow": "token",
        "is_validation": True,
        "landing_route": "/my/payment_method",
        "reference_prefix": f"LIVE-{customer.id}",
        **dict.fromkeys(("amount", "currency_id", "provider_id", "payment_method_id", "tokenization_requested")),
    }
    try:
        return browser.json("/payment/transaction", values)
    except RpcError as error:
        return error


def test_who_deletes_waits_for_the_payment_that_is_being_made(database, paying, provider):
    browser, token, customer = paying
    payment = (
        PAYMENT,
        *provider,
        f"LIVE-{customer.id}",
        customer.id,
        token,
    )
    lock = ("SELECT FROM payment_token WHERE id = %s FOR SHARE", token)
    with ThreadPoolExecutor(1) as executor:
        with database.committing_late(lock, payment):
            deletion = executor.submit(delete, browser, token)
            wait_until(database.is_waited_for, "the deletion to wait for the payment")
        answer = deletion.result()
    assert isinstance(answer, RpcError)
    assert answer.is_clear
    assert f"LIVE-{customer.id}" in str(answer)
    assert database.value("SELECT active FROM payment_token WHERE id = %s", token)


def test_who_pays_waits_for_the_deletion(odoo, database, paying):
    browser, token, customer = paying
    page = browser.session.get(f"{odoo.url}/my/payment_method", timeout=30).text
    with ThreadPoolExecutor(1) as executor:
        with database.committing_late(("UPDATE payment_token SET active = FALSE WHERE id = %s", token)):
            payment = executor.submit(pay, browser, token, customer, page)
            wait_until(database.is_waited_for, "the payment to wait for the deletion")
        answer = payment.result()
    assert isinstance(answer, RpcError)
    assert answer.is_clear
    assert not database.value("SELECT count(*) FROM payment_transaction WHERE token_id = %s", token)


@pytest.mark.parametrize("_round", range(4))
def test_of_a_payment_and_a_deletion_at_the_same_moment_no_method_is_deleted_with_an_unsettled_payment(
    odoo, database, paying, in_parallel, _round
):
    browser, token, customer = paying
    page = browser.session.get(f"{odoo.url}/my/payment_method", timeout=30).text
    twin = Browser(odoo.url)
    twin.session.cookies.update(browser.session.cookies)
    in_parallel(lambda: pay(browser, token, customer, page), lambda: delete(twin, token))
    is_kept = database.value("SELECT active FROM payment_token WHERE id = %s", token)
    payments = database.value("SELECT count(*) FROM payment_transaction WHERE token_id = %s", token)
    assert (is_kept, payments) in [(True, 1), (False, 0)]


@pytest.fixture
def run_code(admin, database):
    """Run Python code in one transaction of the server, as superuser, with the saved method as `token`."""

    def run(token, code):
        values = {
            "name": "Live",
            "model_id": database.ref("payment.model_payment_token"),
            "state": "code",
            "code": f"token = env['payment.token'].sudo().browse({token})\n{code}",
        }
        return admin.call("ir.actions.server", "run", [admin.call("ir.actions.server", "create", values)])

    return run


@pytest.mark.parametrize("settle", ["_set_canceled", "unlink"])
def test_who_settles_a_payment_archives_its_method_in_the_same_transaction(
    database, paying, provider, run_code, settle
):
    _browser, token, customer = paying
    database.execute(PAYMENT, *provider, f"LIVE-{customer.id}", customer.id, token)
    # The payment is written, as by the provider's answer, before the method is archived.
    run_code(token, f"token.transaction_ids.{settle}()\ntoken.write({{'active': False}})")
    assert not database.value("SELECT active FROM payment_token WHERE id = %s", token)


@pytest.mark.parametrize("table", ["payment_transaction", "payment_token"])
def test_who_has_locked_the_table_is_not_blocked_by_itself(database, paying, run_code, table):
    _browser, token, _customer = paying
    code = f"env.cr.execute('LOCK TABLE {table}')\ntoken.write({{'active': False}})"
    if table == "payment_token":  # which is read in this transaction only
        run_code(token, code)
    else:
        with pytest.raises(RpcError, match="can't be deleted just now") as error:
            run_code(token, code)
        assert error.value.is_clear
    assert database.value("SELECT active FROM payment_token WHERE id = %s", token) == (table != "payment_token")
