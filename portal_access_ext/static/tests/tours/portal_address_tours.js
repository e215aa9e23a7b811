/** @odoo-module **/

import { registry } from "@web/core/registry";

/* The customer's step S16, by its labels. The customer is made by tests/test_address.py. */

function see(trigger, content) {
    return { content: content || trigger, trigger, run() {} };
}

function click(trigger, content) {
    return { content: content || trigger, trigger, run: "click" };
}

function type(name, text) {
    return { content: `Type ${name}`, trigger: `form.o_portal_form input[name=${name}]`, run: `text ${text}` };
}

function choose(name, text) {
    return { content: `Choose ${text}`, trigger: `form.o_portal_form select[name=${name}]`, run: `text ${text}` };
}

function card(name) {
    return `.o_portal_address:contains("${name}")`;
}

/**
 * @param {String} column selector of the column beside the dashboard, or of the panel on a phone
 * @param {Object[]} open the steps that open it
 */
function walk(column, open) {
    return [
        see(".o_portal_docs:not(:has(.o_portal_doc_spinner))"),
        ...open,
        see(`${column} h4:contains("Addresses")`),
        see(`${column} p:contains("5 addresses")`),
        click(`${column} a:contains("Manage addresses")`),
        see(`${card("Depot 1")}:contains("Default for deliveries")`),
        click('a:contains("Add address")'),
        type("name", "Tour Harbour"),
        type("city", "Columbus"),
        click('button:contains("Save address")'),
        see('.invalid-feedback:contains("Type your street")'),
        {
            content: "The focus is on the first field that is wrong, and what was typed is there",
            trigger: 'input[name="street"].is-invalid',
            run() {
                const city = document.querySelector("input[name=city]").value;
                if (document.activeElement.name !== "street" || city !== "Columbus") {
                    throw new Error(`${document.activeElement.outerHTML} ${city}`);
                }
            },
        },
        type("street", "Dock Road 12"),
        choose("country_id", "United States"),
        see('select[name="state_id"]:has(option:contains("Ohio"))', "The states of the country"),
        choose("state_id", "Ohio"),
        type("zip", "43004"),
        {
            content: "Save the address: a second tap does nothing",
            trigger: 'button:contains("Save address")',
            run() {
                const button = this.$anchor[0];
                button.click();
                if (!button.disabled) {
                    throw new Error("The form can be sent twice");
                }
            },
        },
        see('[role=status]:contains("The address was added.")'),
        click(`${card("Tour Harbour")} button:contains("Use for deliveries")`),
        see(`${card("Tour Harbour")}:contains("Default for deliveries")`),
        click(`${card("Tour Harbour")} a:contains("Edit")`),
        choose("type", "Other Address"),
        click('button:contains("Save address")'),
        see('[role=status]:contains("The address was saved.")'),
        see(`${card("Tour Harbour")}:contains("Other Address"):contains("Default for deliveries")`),
        click(`${card("Depot 1")} button:contains("Remove")`),
        see('.modal-content:contains("Remove this address?"):contains("Depot 1")'),
        click('.modal-footer button:contains("Cancel")'),
        see("body:not(.modal-open)"),
        click(`${card("Depot 1")} button:contains("Remove")`),
        click('.modal-footer button:contains("Remove")'),
        see('[role=status]:contains("The address was removed.")'),
        see(`.o_portal_my_addresses:not(:contains("Depot 1"))`),
        click(`${card("Anna Address")} a:contains("Edit")`, "The main address is among the details"),
        see('.o_portal_details input[name="name"]'),
    ];
}

registry.category("web_tour.tours").add("portal_access_addresses", {
    test: true,
    steps: () => walk(".col-lg-4", []),
});

registry.category("web_tour.tours").add("portal_access_addresses_phone", {
    test: true,
    steps: () => walk("#accountOffCanvas.show:not(.showing)", [click('button:contains("Details")', "Open the panel")]),
});
