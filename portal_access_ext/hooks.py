from odoo.tools import sql

from .models.res_partner_rank import drop_triggers

# What `init` makes on tables of other modules, which Odoo does not take away with us.
INDEXES = (
    "res_partner_signup_token_index",
    "res_users_login_trimmed_index",
    "res_users_log_create_uid_create_date_index",
)


def uninstall_hook(env):
    """Leave nothing behind that Odoo does not know to be ours."""
    drop_triggers(env.cr)
    for index in INDEXES:
        env.cr.execute(f"DROP INDEX IF EXISTS {index}")
    env["ir.config_parameter"].search([("key", "=like", "portal_access_ext.%")]).unlink()
    _restore_rows_of_dialogs(env.cr)


def _restore_rows_of_dialogs(cr):
    """Let the rows of dialogs need their contact again, and go with it: Odoo checks columns only on updates."""
    table = "portal_wizard_user"
    cr.execute("DELETE FROM portal_wizard_user WHERE partner_id IS NULL")
    sql.drop_constraint(cr, table, f"{table}_partner_id_fkey")
    sql.add_foreign_key(cr, table, "partner_id", "res_partner", "id", "cascade")
    sql.set_not_null(cr, table, "partner_id")
