{
    "name": "Portal Access: eWallet",
    "summary": "Customers see their eWallets, gift cards and loyalty points, and add funds",
    "version": "17.0.1.0.0",
    "category": "Services/Portal",
    "author": "portal_access_ext contributors",
    "license": "LGPL-3",
    "depends": [
        "portal_access_ext",
        "sale_loyalty",
    ],
    "auto_install": True,
}
