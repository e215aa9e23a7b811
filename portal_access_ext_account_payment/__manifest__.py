{
    "name": "Portal Access: Invoices",
    "summary": "Customers pay part of an invoice, an instalment, or several invoices at once",
    "version": "17.0.1.1.0",
    "category": "Services/Portal",
    "author": "portal_access_ext contributors",
    "license": "LGPL-3",
    "depends": [
        "portal_access_ext",
        "account_payment",
    ],
    "data": [
        "views/portal_choice_templates.xml",
        "views/portal_invoice_templates.xml",
        "views/portal_invoices_templates.xml",
        "views/portal_dues_templates.xml",
        "data/mail_template_data.xml",
        "views/res_config_settings_views.xml",
        "views/res_partner_views.xml",
    ],
    "auto_install": True,
    "assets": {
        "web.assets_frontend": [
            "portal_access_ext_account_payment/static/src/portal_payment/**/*",
        ],
        "web.assets_tests": [
            "portal_access_ext_account_payment/static/tests/tours/**/*",
        ],
    },
}
