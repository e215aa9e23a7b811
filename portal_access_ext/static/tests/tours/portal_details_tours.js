/** @odoo-module **/

import { registry } from "@web/core/registry";

/*
 * The customer's steps S10 and S11, by their labels, on a desktop and on a phone: Details, Edit, change, Confirm.
 * The customer is made by tests/test_portal_details_tours.py.
 */

function see(trigger, content) {
    return { content: content || trigger, trigger, run() {} };
}

function click(trigger, content) {
    return { content: content || trigger, trigger, run: "click" };
}

/** @param {String} label of the field, as the customer reads it */
function field(label) {
    return `.o_portal_form div:has(> label:contains("${label}")) > [name]`;
}

function type(label, text) {
    return { content: `Type ${label}`, trigger: field(label), run: `text ${text}` };
}

function empty(label) {
    return {
        content: `Empty ${label}`,
        trigger: field(label),
        run() {
            this.$anchor.val("").trigger("input").trigger("change");
        },
    };
}

function choose(label, option) {
    return {
        content: `Choose ${label}`,
        trigger: `${field(label)}:has(option:contains("${option}"))`,
        run() {
            const select = this.$anchor[0];
            select.value = [...select.options].find((each) => each.text.trim() === option).value;
            select.dispatchEvent(new Event("change", { bubbles: true }));
        },
    };
}

function check(trigger, content, isRight) {
    return {
        content,
        trigger,
        async run() {
            // The page's scripts may start after the tour.
            for (let attempt = 0; !isRight(this.$anchor[0]); attempt++) {
                if (attempt === 100) {
                    throw new Error(content);
                }
                await new Promise((resolve) => setTimeout(resolve, 50));
            }
        },
    };
}

/**
 * @param {String} column selector of the column beside the dashboard, or of the panel on a phone
 * @param {Object[]} open the steps that open it
 */
function walk(column, open) {
    const isBefore = (a, b) => Boolean(a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING);
    return [
        see(".o_portal_docs:not(:has(.o_portal_doc_spinner))"),
        ...open,
        see(`${column} h4:contains("Details")`),
        click(`${column} a[href*="/my/account"]:contains("Edit")`, "S10: Edit"),
        see('h3:contains("Details")'),
        see('#portal_email_help strong:contains("tour.anna@details.example")'),
        check(field("Zip"), "In Belgium, the zip code stands before the city", (zip) =>
            isBefore(zip, document.querySelector("[name=city]")),
        ),
        type("Phone", "call me"),
        empty("Street"),
        choose("Country", "United States"),
        see(`${field("State")}:has(option:contains("Ohio"))`, "Its states come"),
        check(field("Zip"), "In the United States, it stands after the city", (zip) =>
            isBefore(document.querySelector("[name=city]"), zip),
        ),
        click('button:contains("Confirm")'),
        see('.invalid-feedback:contains("This is not a phone number.")'),
        see('.invalid-feedback:contains("Type your street.")'),
        see('.invalid-feedback:contains("Choose your state or province.")'),
        check(
            field("Phone"),
            "What was typed is kept, and the focus on the first",
            (phone) => phone.value === "call me" && phone === document.activeElement,
        ),
        type("Phone", "+1 555 666 7788"),
        type("Street", "Changed Street 9"),
        type("City", "Columbus"),
        type("Zip", "43004"),
        choose("State", "Ohio"),
        type("Email", "anna.new@details.example"),
        click('button:contains("Confirm")'),
        see(".o_portal_docs:not(:has(.o_portal_doc_spinner))"),
        ...open,
        see(`${column} .o_portal_my_details:contains("Changed Street 9")`, "The dashboard shows it"),
        see(`${column} .o_portal_my_details:contains("anna.new@details.example")`, "S11"),
    ];
}

registry.category("web_tour.tours").add("portal_access_details", {
    test: true,
    steps: () => walk(".col-lg-4", []),
});

registry.category("web_tour.tours").add("portal_access_details_phone", {
    test: true,
    steps: () => walk("#accountOffCanvas.show:not(.showing)", [click('button:contains("Details")', "Open the panel")]),
});
