{
    "name": "Portal Access: Helpdesk",
    "summary": "Customers close their own tickets in the portal, and nobody else's",
    "version": "17.0.1.1.0",
    "category": "Services/Portal",
    "author": "portal_access_ext contributors",
    "license": "LGPL-3",
    "depends": [
        "portal_access_ext",
        "helpdesk_mgmt",
    ],
    "data": [
        "views/helpdesk_ticket_templates.xml",
    ],
    "auto_install": True,
}
