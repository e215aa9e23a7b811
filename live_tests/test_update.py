"""Who updates the addons from the version before keeps everything: nothing is lost, and all of it works."""

import contextlib
import os
from itertools import permutations

import pytest

from devtools import results
from devtools.context import Context
from devtools.databases import Databases
from devtools.settings import LOGS

from . import installations, server, totp
from .clients import Browser
from .conftest import PASSWORD
from .past import LAST_DAY, VALIDITY, Past

pytestmark = pytest.mark.skipif(not os.environ.get("PAE_FULL_DB_TEMPLATE"), reason="needs the database with everything")
MAIN = "portal_access_ext"
# The last state of the version before, and its number.
BEFORE, BEFORE_VERSION = "edfae446aa67d4f5f31487cb8c500c4dbc13ff4b", "17.0.1.0.0"
# What the addons store, in tables of their own or beside what others store.
STORED = """
    SELECT model.model, field.name
      FROM ir_model_fields field
      JOIN ir_model model ON model.id = field.model_id AND NOT model.transient
      JOIN ir_model_data data ON data.model = 'ir.model.fields' AND data.res_id = field.id
     WHERE data.module LIKE 'portal\\_access\\_ext%' AND field.store AND field.ttype NOT IN ('one2many', 'many2many')
  ORDER BY model.model, field.name
"""
COLUMNS = """
    SELECT column_name FROM information_schema.columns
     WHERE table_schema = 'public' AND table_name = %s AND column_name = ANY(%s)
"""


def stored(database: server.Database, names: dict[str, list[str]]) -> dict[str, list]:
    """Return the rows of tables, as far as fields go."""
    found = {}
    for table, fields in names.items():
        columns = ", ".join(sorted(database.values(COLUMNS, table, [*fields, "id"])))
        if columns:
            found[table] = database.rows(f"SELECT {columns} FROM {table} ORDER BY id")
    return found


def fields_of(database: server.Database) -> dict[str, list[str]]:
    """Return the fields that the addons store, by table."""
    names: dict[str, list[str]] = {}
    for row in database.rows(STORED):
        names.setdefault(row["model"].replace(".", "_"), []).append(row["name"])
    return names


@pytest.fixture(scope="module")
def older(tmp_path_factory) -> installations.Installation:
    """An Odoo with the addons as they were."""
    installation = installations.of_commit(Context(), BEFORE, tmp_path_factory.mktemp("older"))
    if installation is None:
        pytest.skip(f"The history of this clone does not reach {BEFORE_VERSION} ({BEFORE}): git fetch --unshallow")
    return installation


def test_an_update_from_the_version_before_loses_nothing(older, catcher_process):
    context = older.context
    databases, current = Databases(context), installations.of_checkout(context)
    with databases.throwaway(databases.base("full")) as name:
        assert older.run(name, "update-before", "-i", MAIN) == []
        with server.running(context, name, catcher_process.port, LOGS / "live-odoo-update-before.log", older) as odoo:
            past = Past(odoo)
            template = odoo.database.ref(f"{MAIN}.mail_template_portal_invitation")
            past.admin.call("mail.template", "write", [template], {"subject": "Come in"})
        with contextlib.closing(server.Database(name, context)) as database:
            names = fields_of(database)
            before = stored(database, names)
            assert before["portal_access_event"]
            assert before["portal_access_recovery_code"]
            assert before["portal_loyalty_history"]

            assert current.run(name, "update", "-u", MAIN) == []

            after = stored(database, names)
            for table, rows in before.items():
                lost, new = ([row for row in one if row not in two] for one, two in permutations((rows, after[table])))
                assert not lost, f"lost from {table}: {lost}"
                assert not new, f"new in {table}: {new}"
            password = "SELECT password FROM res_users WHERE login = %s"
            assert database.value(password, Past.login("revoked")) is None
            assert not database.values("SELECT id FROM mail_message WHERE subject ILIKE %s", "%password changed%")
            versions = "SELECT latest_version FROM ir_module_module WHERE state = 'installed' AND name LIKE %s"
            assert BEFORE_VERSION not in database.values(versions, "portal\\_access\\_ext%")
        log = LOGS / "live-odoo-update.log"
        with server.running(context, name, catcher_process.port, log) as odoo:
            past.move_to(odoo)
            past.look_at_pages("/my/addresses", "/my/subscriptions", "/my/ewallet")
            past.look_at_accounts()
            past.follow_invitation()
            past.pay_again(10)
            use_up_a_code(past)
            assert past.admin.call("ir.config_parameter", "get_param", f"{MAIN}.invitation_validity_days") == VALIDITY
            [contact] = past.admin.read("res.partner", [["id", "=", past.contacts["dated"]]], "portal_access_until")
            assert contact["portal_access_until"] == LAST_DAY
            [template] = past.admin.read("mail.template", [["id", "=", template]], "subject")
            assert template["subject"] == "Come in"
            catcher_process.clear()
            [result] = past.admin.call("res.partner", "portal_access_grant", [past.contacts["revoked"]])
            assert result["outcome"] == "granted"
            assert catcher_process.wait_for_invitation(past.login("revoked")).subject == "Come in"
            odoo.database.wait_for_crons()
            assert odoo.log.problems(0, allowed=[], levels=results.ALARMS) == []


def use_up_a_code(past: Past) -> None:
    """Sign in with a recovery code of the version before."""
    page = Browser(past.odoo.url).sign_in(past.login("careful"), PASSWORD)
    assert totp.type_code(page, past.recovery_codes[0]).browser.is_signed_in
