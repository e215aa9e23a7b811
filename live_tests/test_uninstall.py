"""Who uninstalls the addon has stock Odoo's portal again, with its users."""

import os

import pytest

from devtools.context import Context
from devtools.databases import Databases
from devtools.settings import LOGS

from . import server
from .clients import Browser
from .conftest import PASSWORD, set_password

LEFTOVERS = """
    SELECT 'model ' || model FROM ir_model WHERE model LIKE 'portal.access.%'
     UNION ALL
    SELECT 'table ' || tablename FROM pg_tables WHERE tablename LIKE 'portal\\_access\\_%'
     UNION ALL
    SELECT 'column ' || table_name || '.' || column_name FROM information_schema.columns
     WHERE table_schema = 'public' AND column_name LIKE 'portal\\_access%'
     UNION ALL
    SELECT 'column ' || table_name || '.' || column_name FROM information_schema.columns
     WHERE table_schema = 'public' AND table_name = 'portal_wizard_user' AND column_name IN ('in_portal', 'outcome')
     UNION ALL
    SELECT 'external id ' || name FROM ir_model_data WHERE module = 'portal_access_ext'
     UNION ALL
    SELECT 'cron ' || cron_name FROM ir_cron WHERE cron_name ILIKE 'portal:%'
     UNION ALL
    SELECT 'index ' || indexname FROM pg_indexes
     WHERE indexname IN ('res_users_login_trimmed_index', 'res_partner_signup_token_index',
                         'res_users_log_create_uid_create_date_index')
     UNION ALL
    SELECT 'trigger ' || tgname FROM pg_trigger WHERE tgname LIKE 'portal\\_access%'
     UNION ALL
    SELECT 'function ' || proname FROM pg_proc WHERE proname LIKE 'portal\\_access%'
     UNION ALL
    SELECT 'onboarding ' || panel_step_open_action_name FROM onboarding_onboarding_step
     WHERE panel_step_open_action_name LIKE 'action_open_step_portal%'
     UNION ALL
    SELECT 'todo ' || name FROM ir_actions_todo WHERE name = 'Open Portal Access'
     UNION ALL
    SELECT 'parameter ' || key FROM ir_config_parameter WHERE key LIKE 'portal\\_access\\_ext.%'
"""


@pytest.fixture
def own_odoo(catcher_process):
    """An Odoo of its own, whose addon can be taken away."""
    context = Context()
    with (
        Databases(context).throwaway(os.environ["PAE_DB_TEMPLATE"]) as name,
        server.running(context, name, catcher_process.port, LOGS / "live-odoo-uninstall.log") as running,
    ):
        yield running


def test_uninstalling_leaves_a_working_portal_with_its_users(own_odoo):
    admin, database = Browser(own_odoo.url).authenticate("admin", "admin"), own_odoo.database
    names = ("active", "revoked", "invited", "later")
    ids = admin.call("res.partner", "create", [{"name": name, "email": f"{name}@left.example"} for name in names])
    contacts = dict(zip(names, ids, strict=True))
    results = admin.call("res.partner", "portal_access_grant", ids[:3])
    assert {result["outcome"] for result in results} == {"granted"}
    set_password(database, ["active@left.example", "revoked@left.example"])
    customer = Browser(own_odoo.url).authenticate("active@left.example", PASSWORD)
    admin.call("res.partner", "portal_access_revoke", [contacts["revoked"]])
    admin.call("ir.config_parameter", "set_param", "portal_access_ext.invitation_validity_days", "30")
    admin.call("onboarding.onboarding.step", "action_open_step_portal_settings")
    since = own_odoo.log.position()

    [module_id] = admin.call("ir.module.module", "search", [["name", "=", "portal_access_ext"]])
    database.wait_for_crons()
    admin.call("ir.module.module", "button_immediate_uninstall", [module_id])

    assert database.values(LEFTOVERS) == []
    assert customer.is_signed_in, "the session goes on"
    assert Browser(own_odoo.url).sign_in("active@left.example", PASSWORD).path == "/my"
    assert Browser(own_odoo.url).sign_in("revoked@left.example", PASSWORD).path == "/web/login"
    # The link of an invitation that is on its way, and the stock dialog.
    token = database.value("SELECT signup_token FROM res_partner WHERE id = %s", contacts["invited"])
    page = Browser(own_odoo.url).get(f"/web/signup?token={token}")
    assert page.submit("oe_signup_form", password=PASSWORD, confirm_password=PASSWORD).path == "/my"
    wizard = admin.call("portal.wizard", "create", {}, context={"active_ids": [contacts["later"]]})
    [line] = admin.call("portal.wizard.user", "search", [["wizard_id", "=", wizard]])
    admin.call("portal.wizard.user", "action_grant_access", [line])
    [user] = admin.call("res.users", "search_read", [["partner_id", "=", contacts["later"]]], ["login"])
    assert user["login"] == "later@left.example"
    assert own_odoo.log.problems(since, allowed=[]) == []
