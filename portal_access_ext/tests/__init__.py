from . import (
    test_access_check,
    test_access_clean_revoke,
    test_access_core,
    test_access_customized,
    test_access_end,
    test_access_invitation,
    test_access_queries,
    test_access_rights,
    test_login_rules,
    test_portal_wizard,
    test_portal_wizard_tours,
    test_signup_links,
)
