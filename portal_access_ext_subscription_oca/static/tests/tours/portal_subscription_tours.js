/** @odoo-module **/

import { registry } from "@web/core/registry";

/* The customer's step S20, by its labels. The customer is made by tests/common.py. */

function see(trigger, content) {
    return { content: content || trigger, trigger, run() {} };
}

function click(trigger, content) {
    return { content: content || trigger, trigger, run: "click" };
}

/**
 * @param {String} button the label of the one that does it
 */
function close(button) {
    return [
        click('a:contains("Close subscription")'),
        click(`button:contains("${button}")`, "It needs a reason"),
        see('.invalid-feedback:contains("Choose a reason.")'),
        {
            content: "The focus is on the field that is wrong",
            trigger: "select[name=reason].is-invalid",
            run() {
                if (document.activeElement.name !== "reason") {
                    throw new Error(document.activeElement.outerHTML);
                }
            },
        },
        {
            content: "Choose the reason",
            trigger: "select[name=reason]",
            run: "text The subscription is too expensive",
        },
        { content: "Say more", trigger: "textarea[name=text]", run: "text Too much tea" },
        click(`button:contains("${button}")`),
    ];
}

registry.category("web_tour.tours").add("portal_access_subscription", {
    test: true,
    steps: () => [
        see(".o_portal_docs:not(:has(.o_portal_doc_spinner))"),
        see('a[href="/my/subscriptions"]:contains("Subscriptions"):contains("2")'),
        click('a[href="/my/subscriptions"]:contains("Subscriptions")'),
        click('.o_portal_my_subscriptions tr:contains("In progress") a'),
        see('.o_portal_subscription_lines:contains("Green tea")'),
        see('.o_portal_subscription_facts:contains("25.00"):contains("every month")'),
        { content: "Write", trigger: ".o_portal_chatter_composer textarea", run: "text Hello from the tour" },
        click('.o_portal_chatter_composer button:contains("Send")'),
        see('.o_portal_chatter_messages:contains("Hello from the tour")'),
        ...close("Ask to close it"),
        see('[role=status]:contains("Thank you.")'),
        see('.o_portal_subscription_wish:contains("You asked to close this subscription")'),
        click('button:contains("Keep this subscription")'),
        see('[role=status]:contains("You keep this subscription.")'),
        see('.badge:contains("In progress")'),
        ...close("Ask to close it"),
        see('.o_portal_subscription_wish:contains("Reason:")'),
    ],
});

registry.category("web_tour.tours").add("portal_access_subscription_now", {
    test: true,
    steps: () => [
        ...close("Close it now"),
        see('.badge:contains("Closed")'),
        see('.o_portal_subscription:not(:contains("Keep this subscription"))'),
        click('a:contains("Subscriptions")'),
        see('.o_portal_my_subscriptions tr:contains("Closed")'),
    ],
});

registry.category("web_tour.tours").add("portal_access_subscription_period_end", {
    test: true,
    steps: () => [
        ...close("Close it at the end of the period"),
        see('.badge:contains("Closes on")'),
        see('.o_portal_subscription_wish:contains("at the end of the paid period")'),
        see('.o_portal_subscription_facts:contains("none any more")'),
    ],
});
