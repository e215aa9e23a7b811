{
    "name": "Portal Access: eWallet",
    "summary": "Customers see their eWallets, gift cards and loyalty points, and add funds",
    "version": "17.0.1.1.0",
    "category": "Services/Portal",
    "author": "portal_access_ext contributors",
    "license": "LGPL-3",
    "depends": [
        "portal_access_ext",
        "sale_loyalty",
    ],
    "data": [
        "security/ir.model.access.csv",
        "security/portal_loyalty_security.xml",
        "data/ir_cron_data.xml",
        "wizard/portal_topup_received_views.xml",
        "views/loyalty_card_views.xml",
        "views/loyalty_program_views.xml",
        "views/res_config_settings_views.xml",
        "views/sale_order_views.xml",
        "views/portal_ewallet_templates.xml",
        "views/portal_topup_templates.xml",
    ],
    "assets": {
        "web.assets_frontend": [
            "portal_access_ext_sale_loyalty/static/src/portal_topup/**/*",
        ],
        "web.assets_tests": [
            "portal_access_ext_sale_loyalty/static/tests/tours/**/*",
        ],
    },
    "auto_install": True,
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
}
