{
    "name": "Portal Access: Subscriptions",
    "summary": "Customers see their subscriptions in the portal, discuss them and ask to close them",
    "version": "17.0.1.1.0",
    "category": "Services/Portal",
    "author": "portal_access_ext contributors",
    "license": "LGPL-3",
    "depends": [
        "portal_access_ext",
        "subscription_oca",
    ],
    "data": [
        "security/ir.model.access.csv",
        "security/portal_subscription_security.xml",
        "data/ir_cron_data.xml",
        "data/mail_template_data.xml",
        "views/portal_subscription_templates.xml",
        "views/portal_subscription_page_templates.xml",
        "views/portal_subscription_close_templates.xml",
        "views/res_config_settings_views.xml",
        "views/res_partner_views.xml",
        "views/sale_subscription_views.xml",
    ],
    "auto_install": True,
    "assets": {
        "web.assets_tests": [
            "portal_access_ext_subscription_oca/static/tests/tours/**/*",
        ],
    },
}
