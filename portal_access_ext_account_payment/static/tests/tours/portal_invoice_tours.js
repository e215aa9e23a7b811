/** @odoo-module **/

import { registry } from "@web/core/registry";

/*
 * S17 by its labels: parts of invoices are paid with Odoo's demo provider in each of its outcomes, and by wire transfer.
 * The customers, providers and invoices are made by tests/test_invoice_tours.py.
 */

const STATUS = '[name="o_payment_status_alert"]';
const PAY_NOW = click('a[data-bs-target="#pay_with"]:visible', "Pay Now");
const PAYMENTS = ".o_portal_invoice_payments";

function see(trigger, content) {
    return { content: content || trigger, trigger, run() {} };
}

function click(trigger, content) {
    return { content: content || trigger, trigger, run: "click" };
}

function type(trigger, text, content) {
    return { content: content || trigger, trigger, run: `text ${text}` };
}

/** @param {String} label of a way to pay, or of how much is paid */
function choose(label) {
    return click(`label:contains("${label}")`, label);
}

function other(amount) {
    return [
        choose("Another amount"),
        type("#o_portal_pay_amount:visible", amount, `Type ${amount}`),
        click('.o_portal_payment_continue:visible button:contains("Continue")'),
    ];
}

/**
 * @param {String} amount on the button
 * @param {String} outcome an option of Payment Status
 */
function payWithDemo(amount, outcome = "done") {
    return [
        see(`button[name="o_payment_submit_button"]:visible:contains("${amount}")`, `The button says ${amount}`),
        type('input[name="customer_input"]:visible', "4242"),
        type("#simulated_payment_state:visible", outcome, `The outcome: ${outcome}`),
        click('button[name="o_payment_submit_button"]:enabled:contains("Pay")', "Pay"),
    ];
}

/** Fail where the selector finds something. */
function absent(selector, content, trigger = "body") {
    return {
        content,
        trigger,
        run() {
            if (document.querySelector(selector)) {
                throw new Error(`This is not to be there: ${selector}`);
            }
        },
    };
}

function add(name, steps) {
    registry.category("web_tour.tours").add(name, { test: true, steps });
}

const OUTCOMES = {
    done: [
        see(`${PAYMENTS} tr:contains("Paid"):contains("50.00")`),
        see(`${PAYMENTS}:contains("Still to pay"):contains("430.00")`),
    ],
    pending: [
        see(`${STATUS}.alert-warning`),
        click(`${STATUS} a:contains("Skip")`),
        see(`${PAYMENTS} tr:contains("Being processed"):contains("50.00")`),
        see(`${PAYMENTS}:contains("Still to pay"):contains("430.00")`),
        PAY_NOW,
        see('button[name="o_payment_submit_button"]:visible:contains("430.00")', "The rest can be paid"),
    ],
    cancel: [see(`${STATUS}:contains("This payment has been canceled")`)],
    error: [see(`${STATUS}.alert-danger:contains("Error")`)],
};

for (const [outcome, after] of Object.entries(OUTCOMES)) {
    add(`portal_access_pay_part_${outcome}`, () => [
        PAY_NOW,
        ...other("50"),
        ...payWithDemo("50.00", outcome),
        ...after,
    ]);
}

add("portal_access_pay_part_wrongly", () => [
    PAY_NOW,
    see('button[name="o_payment_submit_button"]:visible:contains("480.00")', "All of it is offered at once"),
    ...other("4800"),
    see('#o_portal_pay_error:visible:contains("480.00")', "The message says what is possible"),
    see("#o_portal_pay_amount.is-invalid:visible"),
    absent("#o_payment_form:not(.d-none)", "Nothing can be paid as long", "form.o_portal_payment_choices"),
    choose("Full amount"),
    click('.o_portal_payment_continue:visible button:contains("Continue")'),
    see('button[name="o_payment_submit_button"]:visible:contains("480.00")'),
]);

add("portal_access_pay_transfer", () => [
    PAY_NOW,
    ...other("50"),
    see('form.o_portal_payment_choices[data-shown="other"]', "The page is loaded again"),
    choose("Wire Transfer"),
    click('button[name="o_payment_submit_button"]:enabled:contains("Pay")', "Pay"),
    see(`${PAYMENTS} tr:contains("Waiting for your transfer"):contains("50.00")`),
    see(`${PAYMENTS}:contains("Still to pay"):contains("480.00")`),
]);

add("portal_access_pay_part_saved", () => [
    PAY_NOW,
    ...other("50"),
    see('button[name="o_payment_submit_button"]:visible:contains("50.00")'),
    see('li[name="o_payment_option"]:contains("4242"):has(input[name="o_payment_radio"]:checked)'),
    click('button[name="o_payment_submit_button"]:enabled:contains("Pay")', "Pay"),
    ...OUTCOMES.done,
]);

add("portal_access_pay_instalments", () => [
    PAY_NOW,
    choose("Next instalment"),
    click('.o_portal_payment_continue:visible button:contains("Continue")'),
    ...payWithDemo("300.00"),
    see(`${PAYMENTS}:contains("Still to pay"):contains("700.00"):contains("The next part is due on")`),
    PAY_NOW,
    see('label:contains("Next instalment"):contains("300.00")', "The second one is the next"),
    ...payWithDemo("700.00"),
    see(`${PAYMENTS}:contains("Nothing is left to pay")`),
    absent('a[data-bs-target="#pay_with"]', "Paid"),
]);

/** @param {Object[]} open the steps from the dashboard to the list */
function payOverdue(open) {
    return [
        see('.o_portal_dues:contains("350.00"):contains("150.00")'),
        ...open,
        see('.o_portal_my_doc_table tr:contains("Overdue")'),
        click('.o_portal_my_doc_table tr:contains("Overdue") input[type="checkbox"]', "Tick the first"),
        click('.o_portal_my_doc_table tr:contains("Overdue") input[type="checkbox"]:not(:checked)', "And the second"),
        click('button:enabled:contains("Pay selected")'),
        see('.o_portal_invoices_pay:contains("Pay invoices"):contains("150.00")'),
        ...other("120"),
        see('.o_portal_invoices_pay tr:contains("Overdue"):contains("20.00")', "What each gets"),
        ...payWithDemo("120.00"),
        see('.o_portal_invoices_pay:contains("120.00"):contains("Paid")'),
        see('.o_portal_invoices_pay tr:contains("Total"):contains("30.00")'),
        click('.o_portal_invoices_pay a:contains("Pay the rest")'),
        ...payWithDemo("30.00"),
        click('.o_portal_invoices_pay a:contains("Back to the invoices")'),
        see('.o_portal_my_doc_table tr:contains("Paid")'),
        absent('[name="invoice_status_overdue"]', "Nothing is overdue any more"),
    ];
}

add("portal_access_pay_selected", () => payOverdue([click('.o_portal_dues a:contains("Overdue invoices")')]));
