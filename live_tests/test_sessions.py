"""Where customers are signed in: ended by one process, out in the other; many requests at the same moment."""

import os
import threading
import time

import pytest

from devtools.context import Context
from devtools.settings import LOGS
from devtools.testing import free_port

from . import server
from .clients import Browser, JsonRpc, XmlRpc
from .conftest import PASSWORD


@pytest.fixture(scope="module")
def elsewhere(odoo):
    """The address of a second process of Odoo: the same database and session store, and caches of its own."""
    log = LOGS / f"live-odoo-second-{os.getpid()}.log"
    with server.process(Context(), odoo.database.name, log, free_port(), "--max-cron-threads", "0") as url:
        yield url
    assert not server.Log(log).problems(0, ["could not serialize access"])
    log.unlink()


@pytest.fixture
def rows(database):
    """Return the sessions of a customer, oldest first."""

    def find(customer):
        return database.rows(
            """
            SELECT session.* FROM portal_access_session session JOIN res_users u ON u.id = session.user_id
             WHERE u.login = %s ORDER BY session.id
            """,
            customer.email,
        )

    return find


def at(url, browser):
    """Return the same browser in front of another process."""
    twin = Browser(url)
    twin.session.cookies = browser.session.cookies  # cookies are by host, not by port
    return twin


def signed_in(url, customer):
    """Sign in by the login page."""
    browser = Browser(url)
    browser.sign_in(customer.email, PASSWORD)
    assert browser.is_signed_in
    return browser


def test_a_session_that_one_process_ends_is_out_in_each(odoo, elsewhere, rows, memory, make_customers):
    [customer] = make_customers(1)
    here, there, third = (signed_in(url, customer) for url in (odoo.url, elsewhere, elsewhere))
    assert at(odoo.url, there).is_signed_in, "both processes know it, and keep its token"
    assert there.is_signed_in
    page = here.get("/my/security")
    assert page.text.count("Last used") == 2
    here.post(
        "/my/security/sessions/end",
        {"csrf_token": page.tree.xpath("//input[@name='csrf_token']/@value")[0], "session_id": rows(customer)[1]["id"]},
    )
    assert there.get("/my").path == "/web/login"
    assert not at(odoo.url, there).is_signed_in
    assert third.is_signed_in
    here.get("/my/security").submit("o_portal_sessions_form")
    assert third.get("/my").path == "/web/login"
    assert here.is_signed_in
    assert at(elsewhere, here).is_signed_in
    assert [bool(row["ended_on"]) for row in rows(customer)] == [False, True, True]
    assert memory.events(customer)[-2:] == ["session_ended", "other_sessions_ended"]


@pytest.mark.parametrize("_round", range(5))
def test_requests_while_a_session_ends_do_not_keep_it_alive(odoo, make_customers, in_parallel, _round):
    [customer] = make_customers(1)
    here, there = signed_in(odoo.url, customer), signed_in(odoo.url, customer)
    is_over = threading.Event()

    def poll():
        twin = at(odoo.url, there)
        while not is_over.is_set():
            twin.get("/web/image/res.partner/1/avatar_128")

    def end():
        time.sleep(0.3)
        try:
            here.get("/my/security").submit("o_portal_sessions_form")
            time.sleep(0.3)
        finally:
            is_over.set()

    in_parallel(end, *(poll for _each in range(6)))
    assert there.get("/my").path == "/web/login"
    assert here.is_signed_in


def test_a_new_password_ends_all_others_in_each_process(odoo, elsewhere, rows, make_customers):
    [customer] = make_customers(1)
    here, there = (signed_in(url, customer) for url in (odoo.url, elsewhere))
    new = "an even better password"
    page = here.get("/my/security").submit("oe_reset_password_form", old=PASSWORD, new1=new, new2=new)
    assert "Password Updated!" in page.text
    assert there.get("/my").path == "/web/login"
    assert here.is_signed_in
    assert [bool(row["ended_on"]) for row in rows(customer)] == [False, True]


@pytest.mark.parametrize("_round", range(3))
def test_requests_at_the_same_moment_note_a_session_once(
    odoo, elsewhere, database, admin, rows, memory, make_customers, in_parallel, _round
):
    [customer] = make_customers(1)
    browser = signed_in(odoo.url, customer)
    [user] = memory.users(customer)
    # As a session that is older than the addon: an employee's has no note of itself.
    groups = {name: database.ref(f"base.group_{name}") for name in ("portal", "user")}
    admin.call("res.users", "write", [user["id"]], {"groups_id": [[6, 0, [groups["user"]]]]})
    browser.get("/web/session/logout")
    browser = Browser(odoo.url).authenticate(customer.email, PASSWORD)
    admin.call("res.users", "write", [user["id"]], {"groups_id": [[6, 0, [groups["portal"]]]]})
    assert not rows(customer)
    before = memory.events(customer).count("signed_in")
    browsers = [at(url, browser) for url in (odoo.url, elsewhere) for _each in range(4)]
    pages = in_parallel(*(lambda each=each: each.get("/my/account") for each in browsers))
    assert {(page.status, page.path) for page in pages} == {(200, "/my/account")}
    assert len(rows(customer)) == 1
    assert memory.events(customer).count("signed_in") == before, "nobody signed in: the session is older"


def test_pages_write_nothing_but_the_hourly_stamp(odoo, elsewhere, database, rows, make_customers):
    [customer] = make_customers(1)
    browser = signed_in(odoo.url, customer)
    [row] = rows(customer)
    for url in (odoo.url, elsewhere):
        for path in ("/my", "/my/security", "/my/account", "/web/image/res.partner/1/avatar_128"):
            at(url, browser).get(path)
    assert rows(customer) == [row]


def test_programs_sign_in_without_a_session(odoo, database, rows, memory, make_customers):
    [customer] = make_customers(1)
    for _call in range(2):
        assert XmlRpc(odoo.url, database.name, customer.email, PASSWORD).uid
        assert JsonRpc(odoo.url, database.name, customer.email, PASSWORD).uid
    assert not rows(customer)
    assert memory.events(customer).count("program_signed_in") == 1


def test_who_signs_out_or_whose_access_ends_leaves_no_session(odoo, elsewhere, rows, mona, make_customers):
    [customer] = make_customers(1)
    browser = signed_in(odoo.url, customer)
    browser.get("/web/session/logout")
    assert [bool(row["ended_on"]) for row in rows(customer)] == [True]
    browser = signed_in(elsewhere, customer)
    mona.call("res.partner", "portal_access_revoke", [customer.id])
    assert not rows(customer)
    assert browser.get("/my").path == "/web/login"
