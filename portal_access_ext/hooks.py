# What `init` makes on tables of other modules, which Odoo does not take away with us.
INDEXES = (
    "res_partner_portal_token_index",
    "res_users_login_trimmed_index",
    "res_users_log_create_uid_create_date_index",
    "res_users_portal_password_index",
    "res_users_portal_no_password_index",
    "res_users_portal_archived_index",
    "res_users_portal_active_index",
)


def uninstall_hook(env):
    """Leave nothing behind that Odoo does not know to be ours."""
    for index in INDEXES:
        env.cr.execute(f"DROP INDEX IF EXISTS {index}")
    env["ir.config_parameter"].search([("key", "=like", "portal_access_ext.%")]).unlink()
