/** @odoo-module **/

import { registry } from "@web/core/registry";

/*
 * S14 and S15 with Odoo's demo provider, by their labels, and payments of an invoice with each of its outcomes.
 * The customer, the provider and the invoice are made by tests/test_payment_tours.py.
 */

const STATUS = '[name="o_payment_status_alert"]';

function see(trigger, content) {
    return { content: content || trigger, trigger, run() {} };
}

function click(trigger, content) {
    return { content: content || trigger, trigger, run: "click" };
}

function type(trigger, text, content) {
    return { content: content || trigger, trigger, run: `text ${text}` };
}

/**
 * @param {String} details of the saved method
 * @param {String} rest what is looked for in its row
 */
function row(details, rest = "") {
    return `li[name="o_payment_option"]:has(.o_portal_saved_method):contains("${details}") ${rest}`;
}

/**
 * @param {String} details typed by the customer
 * @param {String} outcome an option of Payment Status
 */
function enter(details, outcome) {
    return [
        type('input[name="customer_input"]', details),
        type("#simulated_payment_state", outcome, `The outcome: ${outcome}`),
    ];
}

function save(details, outcome) {
    return [
        click('a:contains("Add new card")', "S14"),
        ...enter(details, outcome),
        click('button[name="o_payment_submit_button"]:enabled:contains("Save")', "Save"),
    ];
}

/** Fail where the selector finds something. */
function absent(selector, content) {
    return {
        content,
        trigger: "#o_payment_form",
        run() {
            if (this.$anchor.find(selector).length) {
                throw new Error(`This is not to be there: ${selector}`);
            }
        },
    };
}

/** The trash icon and its dialog. */
function remove(details) {
    return [
        click(row(details, 'button[name="o_payment_delete_token"]:has(.fa-trash)'), "S15: the trash icon"),
        click('button:contains("Confirm Deletion")'),
    ];
}

/**
 * @param {Object[]} open the steps from the dashboard to the column with the payment methods
 */
function manage(open) {
    return [
        ...open,
        click('.o_portal_payment_methods:visible a:contains("Manage payment methods")'),
        // Done
        ...save("4242", "done"),
        see(row("4242", '.o_portal_saved_method:contains("Yours")')),
        see(row("4242", '.o_portal_saved_method:contains("Saved on")')),
        see(row("4242", '.badge:contains("Default")')),
        see('p:contains("can\'t be edited")'),
        // Pending
        ...save("1111", "pending"),
        see(`${STATUS}.alert-warning`, "It isn't settled"),
        click(`${STATUS} a:contains("Skip")`),
        see(row("1111", '.badge:contains("Default")'), "The newest is the default"),
        see(row("1111", '.o_portal_saved_method:contains("until this is settled")')),
        ...remove("1111"),
        see(
            '.modal-content:contains("Cannot delete payment method"):contains("is not settled")',
            "Refused, with the reason",
        ),
        click('button:contains("Ok")'),
        // The default
        click(row("4242", 'button:contains("Make default")')),
        see(row("4242", '.badge:contains("Default")')),
        see(row("1111", 'button:contains("Make default")')),
        // The company's
        see(row("9999", '.o_portal_saved_method:contains("Your company\'s")')),
        absent(row("9999", 'button[name="o_payment_delete_token"]'), "The company's has no trash icon"),
        ...remove("4242"),
        see("#o_payment_form:not(:contains('4242'))", "The page is loaded again"),
        see(row("1111")),
    ];
}

registry.category("web_tour.tours").add("portal_access_payment_methods", {
    test: true,
    steps: () => manage([]),
});

registry.category("web_tour.tours").add("portal_access_payment_methods_phone", {
    test: true,
    steps: () =>
        manage([click('button:contains("Details")', "Open the panel"), see("#accountOffCanvas.show:not(.showing)")]),
});

/** From the invoice to the form. */
const OPEN = click('a[data-bs-target="#pay_with"]:visible', "Pay Now");
const PAY = click('button[name="o_payment_submit_button"]:enabled:contains("Pay")', "Pay");
const OUTCOMES = {
    done: [see('.o_portal_sidebar:contains("Paid")', "Back at the invoice")],
    pending: [see(`${STATUS}.alert-warning`), click(`${STATUS} a:contains("Skip")`), see(".o_portal_sidebar")],
    cancel: [see(`${STATUS}:contains("This payment has been canceled")`)],
    error: [see(`${STATUS}.alert-danger:contains("Error")`)],
};

for (const [outcome, after] of Object.entries(OUTCOMES)) {
    for (const saving of [false, true]) {
        registry.category("web_tour.tours").add(`portal_access_pay_${outcome}${saving ? "_and_save" : ""}`, {
            test: true,
            steps: () => [
                OPEN,
                ...enter("4242", outcome),
                ...(saving ? [click('input[name="o_payment_tokenize_checkbox"]')] : []),
                PAY,
                ...after,
            ],
        });
    }
    registry.category("web_tour.tours").add(`portal_access_pay_saved_${outcome}`, {
        test: true,
        steps: () => [
            OPEN,
            see(
                'li[name="o_payment_option"]:contains("4242"):has(input[name="o_payment_radio"]:checked)',
                "The default is preselected, not the newest",
            ),
            PAY,
            ...after,
        ],
    });
}
