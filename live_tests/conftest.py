"""The one Odoo that all live tests share, the people who use it, and the contacts they work on."""

import contextlib
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import pytest

from devtools.context import Context
from devtools.databases import Databases
from devtools.settings import LOGS

from . import server
from .clients import Browser, Dialog, Page, RpcError
from .mails import Catcher

SENDER = "portal_access_ext.ir_cron_send_invitations"
MAIL_QUEUE = "mail.ir_cron_mail_scheduler_action"
PASSWORD = "correct-horse-battery"  # of everybody, made for these tests only


class Contact(NamedTuple):
    """A contact as it was made."""

    id: int
    name: str
    email: str


class Person(NamedTuple):
    """A user as it was made."""

    name: str
    login: str
    groups: tuple[str, ...]


# What Odoo gives each new employee.
MANAGER = (
    "base.group_user",
    "base.group_partner_manager",
    "base.group_allow_export",
    "mail.group_mail_template_editor",
)
PEOPLE = {
    "mona": Person("Mona Manager", "mona@crew.example", MANAGER),
    "max": Person("Max Manager", "max@crew.example", MANAGER),
    "emil": Person("Emil Employee", "emil@crew.example", ("base.group_user",)),
    "paula": Person("Paula Portal", "paula@guests.example", ("base.group_portal",)),
}


def pytest_configure(config):
    """Tell pytest our marker."""
    config.addinivalue_line("markers", "allows_log(*patterns): errors in Odoo's log that the test is about")


# -----------------------------------------------------------------------------
# The server, its mail, its log
# -----------------------------------------------------------------------------


@pytest.fixture(scope="session")
def catcher_process():
    """The SMTP server, for the whole session."""
    with Catcher() as catcher:
        yield catcher


@pytest.fixture(scope="session")
def odoo(catcher_process):
    """The running Odoo, on a copy of the template database."""
    template = os.environ.get("PAE_DB_TEMPLATE")
    if not template:
        pytest.fail("There is no PAE_DB_TEMPLATE. Run this with: ./dev test live_tests")
    context = Context()
    log = LOGS / f"live-odoo-{os.getpid()}.log"  # a second run at the same time has its own
    with (
        Databases(context).throwaway(template) as name,
        server.running(context, name, catcher_process.port, log) as running,
    ):
        yield running
    log.replace(LOGS / "live-odoo.log")


@pytest.fixture(scope="session")
def database(odoo):
    """SQL on Odoo's database."""
    return odoo.database


@pytest.fixture
def catcher(catcher_process, database):
    """The SMTP server, empty and well-behaved. Left so by each test."""
    database.wait_for_crons()
    catcher_process.clear()
    yield catcher_process
    catcher_process.accept()
    catcher_process.come_back()
    database.wait_for_crons()


@pytest.fixture
def stopped_crons(database):
    """Stop the crons, all or the named ones, for the length of a `with`; then they catch up."""

    @contextlib.contextmanager
    def stop(*xmlids: str):
        ids = [database.ref(xmlid) for xmlid in xmlids or (SENDER, MAIL_QUEUE)]
        database.wait_for_crons()
        database.execute("UPDATE ir_cron SET active = FALSE WHERE id = ANY(%s)", ids)
        try:
            yield
        finally:
            database.execute("UPDATE ir_cron SET active = TRUE WHERE id = ANY(%s)", ids)
            for xmlid in xmlids or (SENDER, MAIL_QUEUE):
                database.trigger_cron(xmlid)  # Odoo keeps no triggers for a cron that is off

    return stop


def shortened(record: str) -> str:
    """Return a record of the log without the middle of its traceback."""
    lines = record.strip().splitlines()
    return "\n".join(lines if len(lines) <= 15 else [*lines[:3], "    ...", *lines[-11:]])


@pytest.fixture(autouse=True)
def clean_log(request, odoo):
    """Fail the test when Odoo logs an error or a traceback that the test did not announce."""
    since = odoo.log.position()
    yield
    allowed = [pattern for marker in request.node.iter_markers("allows_log") for pattern in marker.args]
    problems = odoo.log.problems(since, allowed)
    assert not problems, "Odoo's log has errors:\n" + "\n".join(map(shortened, problems))


# -----------------------------------------------------------------------------
# People and contacts
# -----------------------------------------------------------------------------


def set_password(database: server.Database, logins: list[str]) -> None:
    """Give users the password of everybody, unhashed: Odoo takes that, and hashing is slow by design."""
    database.execute("UPDATE res_users SET password = %s WHERE login = ANY(%s)", PASSWORD, logins)


@pytest.fixture(scope="session")
def admin(odoo):
    """The administrator's browser."""
    return Browser(odoo.url).authenticate("admin", "admin")


@pytest.fixture(scope="session")
def people(odoo, admin):
    """Browsers of the people of PEOPLE, signed in."""
    ref = odoo.database.ref
    admin.call(
        "res.users",
        "create",
        [
            {
                "name": person.name,
                "login": person.login,
                "email": person.login,
                "groups_id": [[6, 0, [ref(group) for group in person.groups]]],
            }
            for person in PEOPLE.values()
        ],
        context={"no_reset_password": True},
    )
    set_password(odoo.database, [person.login for person in PEOPLE.values()])
    return {key: Browser(odoo.url).authenticate(person.login, PASSWORD) for key, person in PEOPLE.items()}


@pytest.fixture(scope="session")
def mona(people):
    """A contact manager's browser."""
    return people["mona"]


@pytest.fixture(scope="session")
def max_(people):
    """Another contact manager's browser."""
    return people["max"]


@pytest.fixture(scope="session")
def numbers():
    """Numbers that no two contacts share."""
    return iter(range(1, 1_000_000))


@pytest.fixture(scope="session")
def make_contacts(admin, numbers) -> Callable[..., list[Contact]]:
    """Make contacts with names and addresses of their own, which other values replace."""

    def make(count: int, **values) -> list[Contact]:
        labels = [next(numbers) for _each in range(count)]
        rows = [{"name": f"Customer {n}", "email": f"customer{n}@example.com", **values} for n in labels]
        ids = admin.call("res.partner", "create", rows)
        return [Contact(id_, row["name"], row["email"]) for id_, row in zip(ids, rows, strict=True)]

    return make


@pytest.fixture
def contact(make_contacts) -> Contact:
    """One contact without access."""
    return make_contacts(1)[0]


@pytest.fixture(scope="session")
def open_dialog(mona) -> Callable[..., Dialog]:
    """Open the access dialog on contacts, as Mona or as somebody else."""

    def open_(*contacts: Contact, by: Browser = mona) -> Dialog:
        return Dialog(by, [contact.id for contact in contacts])

    return open_


class Customer(NamedTuple):
    """A contact that followed its invitation."""

    contact: Contact
    link: str
    landing: Page  # where choosing the password led to
    browser: Browser
    stale_form: Page  # the sign-up form in another browser, loaded before the link was used


@pytest.fixture(scope="session")
def customer(odoo, catcher_process, make_contacts, open_dialog):
    """A contact that was invited and chose a password, the slow and honest way. Not to be changed by tests."""
    [contact] = make_contacts(1)
    open_dialog(contact).press(contact.id)
    link = catcher_process.wait_for_invitation(contact.email).link
    browser, stale_form = Browser(odoo.url), Browser(odoo.url).get(link)
    landing = browser.get(link).submit("oe_signup_form", password=PASSWORD, confirm_password=PASSWORD)
    return Customer(contact, link, landing, browser, stale_form)


@pytest.fixture
def make_customers(database, mona, memory, make_contacts) -> Callable[[int], list[Contact]]:
    """Make contacts that have access and a password, without the way there. Their invitations are sent."""

    def make(count: int) -> list[Contact]:
        contacts = make_contacts(count)
        mona.call("res.partner", "portal_access_grant", [contact.id for contact in contacts])
        memory.wait_for_states("sent", *contacts)
        set_password(database, [contact.email for contact in contacts])
        return contacts

    return make


@pytest.fixture
def in_parallel() -> Callable[..., list]:
    """Run functions at the same moment, each in a thread; return what each returned or the RpcError it raised."""

    def run(*works: Callable) -> list:
        barrier = threading.Barrier(len(works))

        def work_together(work):
            barrier.wait(10)
            try:
                return work()
            except RpcError as error:
                return error

        with ThreadPoolExecutor(len(works)) as executor:
            return list(executor.map(work_together, works))

    return run


# -----------------------------------------------------------------------------
# What is kept about contacts
# -----------------------------------------------------------------------------


class Memory:
    """What the database remembers about contacts' access."""

    def __init__(self, database: server.Database):
        self.database = database

    def invitations(self, *contacts: Contact) -> list[dict]:
        """Return their invitations, oldest first."""
        ids = [contact.id for contact in contacts]
        return self.database.rows("SELECT * FROM portal_access_invitation WHERE partner_id = ANY(%s) ORDER BY id", ids)

    def states(self, *contacts: Contact) -> list[str]:
        """Return the states of their invitations, oldest first."""
        return [invitation["state"] for invitation in self.invitations(*contacts)]

    def wait_for_states(self, state: str, *contacts: Contact, timeout: float = 20) -> list[dict]:
        """Return their invitations once there are some and all of them are in that state."""
        server.wait_until(
            lambda: set(self.states(*contacts)) == {state}, f"the invitations of {contacts} are {state}", timeout
        )
        return self.invitations(*contacts)

    def events(self, *contacts: Contact) -> list[str]:
        """Return the kinds of their events, oldest first."""
        ids = [contact.id for contact in contacts]
        return self.database.values("SELECT kind FROM portal_access_event WHERE partner_id = ANY(%s) ORDER BY id", ids)

    def users(self, *contacts: Contact) -> list[dict]:
        """Return their users, archived ones too, with whether they are in the portal group."""
        return self.database.rows(
            """
            SELECT u.id, u.partner_id, u.login, u.active, u.password, rel.uid IS NOT NULL AS is_portal
              FROM res_users u LEFT JOIN res_groups_users_rel rel ON rel.uid = u.id AND rel.gid = %s
             WHERE u.partner_id = ANY(%s) ORDER BY u.id
            """,
            self.database.ref("base.group_portal"),
            [contact.id for contact in contacts],
        )

    def make_due(self, *contacts: Contact) -> None:
        """Let the time for the next attempt at their failed invitations come, and wake the cron."""
        self.database.execute(
            """
            UPDATE portal_access_invitation SET next_attempt_on = now() AT TIME ZONE 'UTC' - interval '1 minute'
             WHERE state = 'failed' AND next_attempt_on IS NOT NULL AND partner_id = ANY(%s)
            """,
            [contact.id for contact in contacts],
        )
        self.database.trigger_cron(SENDER)


@pytest.fixture(scope="session")
def memory(database) -> Memory:
    """What the database remembers."""
    return Memory(database)
