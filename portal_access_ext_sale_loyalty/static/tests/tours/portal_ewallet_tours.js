/** @odoo-module **/

import { registry } from "@web/core/registry";

/*
 * S18 by its labels, with Odoo's demo provider in each of its outcomes, with a saved method and with a wire transfer.
 * The customers, the program and the providers are made by tests/test_ewallet_tours.py.
 */

const STATUS = '[name="o_payment_status_alert"]';
const SUBMIT = 'button[name="o_payment_submit_button"]:enabled:contains("Pay")';

function see(trigger, content) {
    return { content: content || trigger, trigger, run() {} };
}

/** What comes after a payment is processed: PDFs are made, and the page asks every few seconds. */
function wait(trigger, content) {
    return { ...see(trigger, content), timeout: 60000 };
}

function click(trigger, content) {
    return { content: content || trigger, trigger, run: "click" };
}

function type(trigger, text, content) {
    return { content: content || trigger, trigger, run: `text ${text}` };
}

function add(name, steps) {
    registry.category("web_tour.tours").add(`portal_ewallet_${name}`, { test: true, steps });
}

/** From the dashboard to the wallet's page, and to the choice of an amount. */
const OPEN = [
    see('.o_portal_index_card:contains("eWallet"):contains("Balance:"):contains("5.00")', "The balance"),
    see('.o_portal_index_card:contains("eWallet") .o_portal_card_count:contains("1")', "The number"),
    click('.o_portal_index_card a[href="/my/ewallet"]', "eWallet"),
    see('.o_portal_ewallet:contains("Shop wallet"):contains("5.00")'),
    click('.o_portal_ewallet a:contains("Add funds")'),
];
const CHOOSE = [
    click('label:contains("Top-up 25")'),
    click('button:contains("Continue to payment")'),
    see('.o_portal_topup:contains("25.00") h1:contains("Shop wallet")'),
];

function enter(outcome) {
    return [
        type('input[name="customer_input"]', "4242"),
        type("#simulated_payment_state", outcome, `The outcome: ${outcome}`),
        click(SUBMIT, "Pay"),
    ];
}

const DONE = [
    wait('.alert-success:contains("Thank you!"):contains("25.00"):contains("Added")'),
    see('.o_portal_ewallet_balance:contains("30.00")', "The new balance"),
    see('.o_portal_ewallet_history tr:contains("25.00"):contains("30.00")', "The history"),
];
const UNDER_WAY = [
    see('.o_portal_topup .alert-info:contains("Your payment is under way")'),
    click('a:contains("Back to your eWallet")'),
    see('.o_portal_ewallet_topups:contains("25.00")'),
    see('.o_portal_ewallet_balance:contains("5.00"):not(:contains("25.00"))', "The old balance"),
];
const FAILED = [
    wait(`${STATUS}.alert-danger`),
    click(`${STATUS} a:contains("Skip")`),
    see('.o_portal_topup .alert-danger:contains("Nothing was charged, and nothing was added")'),
    see(SUBMIT.replace(":enabled", ""), "It can be tried again"),
    click('a:contains("Back to your eWallet")'),
    see('.o_portal_ewallet_balance:contains("5.00")', "The old balance"),
];
const OUTCOMES = {
    done: DONE,
    pending: [wait(`${STATUS}.alert-warning`), click(`${STATUS} a:contains("Skip")`), ...UNDER_WAY],
    cancel: FAILED,
    error: FAILED,
};

for (const [outcome, after] of Object.entries(OUTCOMES)) {
    add(outcome, () => [...OPEN, ...CHOOSE, ...enter(outcome), ...after]);
}

add("saved", () => [
    ...OPEN,
    ...CHOOSE,
    see('li[name="o_payment_option"]:contains("4242"):has(input:checked)', "The saved method is preselected"),
    click(SUBMIT, "Pay"),
    ...DONE,
]);

add("again", () => [
    ...OPEN,
    ...CHOOSE,
    ...enter("error"),
    wait(`${STATUS}.alert-danger`),
    click(`${STATUS} a:contains("Skip")`),
    see('.o_portal_topup .alert-danger:contains("You can try again")'),
    ...enter("done"),
    ...DONE,
]);

add("wire", () => [
    ...OPEN,
    ...CHOOSE,
    click('li[name="o_payment_option"]:contains("Wire Transfer") input[name="o_payment_radio"]', "Wire Transfer"),
    click(SUBMIT, "Pay"),
    wait('.o_portal_topup:contains("wire transfer to this account")', "Where to transfer it to"),
    ...UNDER_WAY,
]);

add("amount", () => [
    ...OPEN,
    type("#portal_amount", "7", "Another amount"),
    see("#portal_choice_other:checked", "It is chosen by typing"),
    click('button:contains("Continue to payment")'),
    see('.invalid-feedback:contains("The least you can add is"):contains("10.00")', "Too little"),
    {
        content: "The field to be corrected has the focus",
        trigger: "#portal_amount.is-invalid",
        run() {
            if (document.activeElement !== this.$anchor[0]) {
                throw new Error(`The focus is on ${document.activeElement.outerHTML.slice(0, 200)}`);
            }
        },
    },
    click('label:contains("Top-up 25")'),
    {
        content: "What was typed is gone",
        trigger: "#portal_amount",
        run() {
            if (this.$anchor.val()) {
                throw new Error("An amount is typed and another one is chosen");
            }
        },
    },
    type("#portal_amount", "1,033.50"),
    click('button:contains("Continue to payment")'),
    see('.o_portal_topup p:contains("1,033.50")'),
    ...enter("done"),
    wait('.o_portal_ewallet_balance:contains("1,038.50")', "The new balance"),
]);

add("first", () => [
    see('.o_portal_index_card:contains("eWallet"):contains("Add funds")'),
    {
        content: "Nothing of another customer's",
        trigger: ".o_portal_my_home",
        run() {
            if (this.$anchor.text().includes("Balance:")) {
                throw new Error("Somebody else's balance is shown");
            }
        },
    },
    click('.o_portal_index_card a[href="/my/ewallet"]', "eWallet"),
    see('.o_portal_my_ewallet:not(:has(.o_portal_ewallet)) .o_portal_ewallet_offer:contains("Shop wallet")'),
    click('.o_portal_ewallet_offer a:contains("Add funds")'),
    ...CHOOSE,
    ...enter("done"),
    wait('.o_portal_ewallet_balance:contains("25.00")', "The new wallet"),
]);
