/** @odoo-module **/

import { registry } from "@web/core/registry";

/*
 * The customer's steps S9, S10 and S12 on the dashboard, by their labels, on a desktop and on a phone. The
 * customer and the card of an unknown app, which counts countries, are made by tests/test_portal_home_tours.py.
 */

function see(trigger, content) {
    return { content: content || trigger, trigger, run() {} };
}

function click(trigger, content) {
    return { content: content || trigger, trigger, run: "click" };
}

/**
 * @param {String} column selector of the column beside the dashboard, or of the panel on a phone
 * @param {Object[]} open the steps that open it
 */
function walk(column, open) {
    return [
        {
            content: "S9: the number of all, where the app counts to one only",
            trigger: '.o_portal_index_card:contains("Unknown Things") .o_portal_card_count',
            run() {
                if (!(Number(this.$anchor.text()) > 100)) {
                    throw new Error(`These are not all: ${this.$anchor.text()}`);
                }
            },
        },
        see('.o_portal_index_card:contains("Configure your connection parameters")', "Stock's card"),
        see(".o_portal_docs:not(:has(.o_portal_doc_spinner))", "All numbers are there"),
        ...open,
        see(`${column} h4:contains("Details")`),
        see(`${column} .o_portal_my_details:contains("Short Street 7")`, "The customer's data"),
        click(`${column} a[href*="/my/account"]:contains("Edit")`, "S10: Edit"),
        see('.o_portal_details input[name="name"]'),
        click('.o_portal_submenu a[title="Home"]'),
        see(".o_portal_docs:not(:has(.o_portal_doc_spinner))"),
        ...open,
        see(`${column} h4:contains("Account Security")`),
        see(`${column} p:contains("Two-factor authentication is off")`),
        see(`${column} p:contains("Last other sign-in:")`),
        click(`${column} a:contains("Edit Security Settings")`, "S12"),
        see('button:contains("Change Password")'),
        click('a[title="Go Back"]'),
        see(".o_portal_docs:not(:has(.o_portal_doc_spinner))"),
        ...open,
        see(`${column} h4:contains("Payment methods")`),
        see(`${column} p:contains("2 saved")`),
        click(`${column} a:contains("Manage payment methods")`),
        click('a:contains("Add new card")'),
        see("#o_payment_methods"),
    ];
}

registry.category("web_tour.tours").add("portal_access_home", {
    test: true,
    steps: () => walk(".col-lg-4", []),
});

registry.category("web_tour.tours").add("portal_access_home_phone", {
    test: true,
    steps: () => walk("#accountOffCanvas.show:not(.showing)", [click('button:contains("Details")', "Open the panel")]),
});
