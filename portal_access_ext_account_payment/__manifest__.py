{
    "name": "Portal Access: Invoices",
    "summary": "Customers pay part of an invoice, an instalment, or several invoices at once",
    "version": "17.0.1.0.0",
    "category": "Services/Portal",
    "author": "portal_access_ext contributors",
    "license": "LGPL-3",
    "depends": [
        "portal_access_ext",
        "account_payment",
    ],
    "auto_install": True,
}
