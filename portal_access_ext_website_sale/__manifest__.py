{
    "name": "Portal Access: eCommerce",
    "summary": "Carts of the shop take the addresses that customers chose in the portal",
    "version": "17.0.1.1.0",
    "category": "Services/Portal",
    "author": "portal_access_ext contributors",
    "license": "LGPL-3",
    "depends": [
        "portal_access_ext",
        "website_sale",
    ],
    "auto_install": True,
}
