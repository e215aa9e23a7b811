from . import (
    auth_totp_wizard,
    base_partner_merge,
    portal_access_bulk,
    portal_access_change_login,
    portal_wizard,
    portal_wizard_user,
    portal_wizard_user_end,
    portal_wizard_user_hooks,
    portal_wizard_user_results,
    res_users_identitycheck,
)
