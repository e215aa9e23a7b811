/** @odoo-module **/

import { registry } from "@web/core/registry";

/*
 * S12, changing the password, and signing out elsewhere, by the labels.
 * The customer, who is signed in on an iPhone, too, is of tests/test_session_tours.py.
 */

const PASSWORD = "section[name=portal_change_password]";
const SESSIONS = "section[name=portal_sessions]";

function see(trigger, content) {
    return { content: content || trigger, trigger, run() {} };
}

function click(trigger, content) {
    return { content: content || trigger, trigger, run: "click" };
}

/** Type into the field that a label is of. */
function typeAt(label, text) {
    return {
        content: `${label} ${text}`,
        trigger: `${PASSWORD} label:contains("${label}:")`,
        run(helpers) {
            const labels = [...document.querySelectorAll(`${PASSWORD} label`)];
            const found = labels.find((element) => element.textContent.trim() === `${label}:`);
            helpers.text(text, `#${found.getAttribute("for")}`);
        },
    };
}

function focusIsOn(selector) {
    return {
        content: `The focus is on ${selector}`,
        trigger: selector,
        run() {
            if (document.activeElement !== this.$anchor[0]) {
                throw new Error(`The focus is on ${document.activeElement.outerHTML.slice(0, 200)}`);
            }
        },
    };
}

registry.category("web_tour.tours").add("portal_access_session_end", {
    test: true,
    steps: () => [
        see(`${SESSIONS} h4:contains("Where you are signed in")`),
        see(`${SESSIONS} li:first-child:contains("This one")`),
        click(`${SESSIONS} li:contains("Safari"):contains("iPhone") button:contains("Sign out")`),
        focusIsOn(`${SESSIONS} [role=status]:contains("Signed out.")`),
        see(`${SESSIONS} ul:not(:contains("iPhone"))`),
        see(`${SESSIONS} li:contains("Edge"):contains("Windows")`),
        click(`${SESSIONS} button:contains("Sign out all others")`),
        see(`${SESSIONS}:not(:contains("Sign out all others")) li:only-child:contains("This one")`),
        see('section[name=portal_activity] li:contains("Signed out on all other devices"):contains("by you")'),
        click('a:contains("All activity")'),
        see('h3:contains("Account activity")'),
        see('.o_portal_events li:contains("Signed in"):contains("Safari, iPhone · 127.0.0.1")'),
        click('a[title="Go Back"]'),
        click(`${SESSIONS} li:contains("This one") button:contains("Sign out")`),
        see('button:contains("Log in")'),
    ],
});

registry.category("web_tour.tours").add("portal_access_session_password", {
    test: true,
    steps: () => [
        typeAt("Password", "wrong"),
        typeAt("New Password", "another password"),
        typeAt("Verify New Password", "another password"),
        click(`${PASSWORD} button:contains("Change Password")`),
        focusIsOn(`${PASSWORD} input[name=old].is-invalid`),
        see(`${PASSWORD} .invalid-feedback:visible:contains("incorrect")`),
        typeAt("Password", "a fine password"),
        typeAt("New Password", "another password"),
        see(`${PASSWORD} owl-component meter, ${PASSWORD} .o_password_meter`, "The meter"),
        typeAt("Verify New Password", "something else"),
        click(`${PASSWORD} button:contains("Change Password")`),
        focusIsOn(`${PASSWORD} input[name=new2].is-invalid`),
        typeAt("Password", "a fine password"),
        typeAt("New Password", "another password"),
        typeAt("Verify New Password", "another password"),
        click(`${PASSWORD} button:contains("Change Password")`),
        focusIsOn(`${PASSWORD} [role=status]:contains("Password Updated!")`),
        see(`${SESSIONS} li:only-child:contains("This one")`),
        click('a[title="Go Back"]'),
        see('h3:contains("My account")'),
    ],
});
