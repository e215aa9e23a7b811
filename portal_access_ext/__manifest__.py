{
    "name": "Portal Access",
    "summary": "Give customers portal access in bulk, with invitations and a memory",
    "version": "17.0.1.0.0",
    "category": "Services/Portal",
    "author": "portal_access_ext contributors",
    "license": "LGPL-3",
    "depends": [
        "contacts",
        "portal",
        "auth_signup",
        "auth_totp_portal",
        "auth_password_policy_portal",
        "payment",
    ],
    "data": [
        "security/ir.model.access.csv",
        "security/portal_access_security.xml",
        "data/ir_cron_data.xml",
        "data/mail_template_data.xml",
        "views/portal_access_menus.xml",
        "views/auth_signup_templates.xml",
        "views/portal_access_event_views.xml",
        "views/res_config_settings_views.xml",
        "wizard/base_partner_merge_views.xml",
        "wizard/portal_wizard_views.xml",
    ],
    "uninstall_hook": "uninstall_hook",
    "assets": {
        "web.assets_backend": [
            "portal_access_ext/static/src/portal_wizard/**/*",
        ],
        "web.assets_tests": [
            "portal_access_ext/static/tests/tours/**/*",
        ],
    },
}
