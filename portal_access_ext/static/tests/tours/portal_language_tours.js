/** @odoo-module **/

import { jsonrpc } from "@web/core/network/rpc_service";
import { registry } from "@web/core/registry";

import { LABELS } from "./language_labels";

/*
 * S23: the administrator's dialog, and the customer from the invitation to a saved card, by the labels of each language.
 * The contacts, the provider and the authenticator are of tests/test_language_tours.py.
 */

const DIALOG = ".modal-content";
const PATIENCE = 60000; // milliseconds: the first page after a change compiles its assets
const PASSWORDS = ["A long passphrase of Ann's", "Another long passphrase of hers"];

function see(trigger) {
    return { content: trigger, trigger, timeout: PATIENCE, run() {} };
}

function click(trigger) {
    return { content: trigger, trigger, timeout: PATIENCE, run: "click" };
}

function type(trigger, text) {
    return { content: `Type into ${trigger}`, trigger, run: `text ${text}` };
}

function labelled(label, text) {
    return `${label}:contains("${text}")`;
}

/** The field that the visible label of a page is for, or stands above. */
function typeLabelled(label, text) {
    return {
        content: `Type into ${label}`,
        trigger: labelled("label", label),
        timeout: PATIENCE,
        run(helpers) {
            const exact = [...document.querySelectorAll("label")].find(
                (each) => each.textContent.trim().replace(/\s*:$/, "") === label,
            );
            const field = exact.control || exact.parentElement.querySelector("input");
            helpers.text(text, `[name="${field.name}"]`);
        },
    };
}

function checkColumns(columns) {
    return {
        content: `The columns are ${columns}`,
        trigger: `${DIALOG} .o_data_row`,
        run() {
            const headers = [...document.querySelectorAll(`${DIALOG} th`)]
                .map((header) => header.innerText.trim())
                .filter(Boolean);
            if (headers.join() !== columns.join()) {
                throw new Error(`The columns are ${headers.join()}`);
            }
        },
    };
}

/** S1 to S7 */
function walkDialog(label) {
    const status = (code) => see(`${DIALOG} [data-status=${code}]`);
    return [
        click(".o_control_panel .o_cp_action_menus .dropdown-toggle:has(.fa-cog)"),
        click(labelled(".o_menu_item", label.grantPortalAccess)),
        checkColumns(label.columns),
        click(labelled(`${DIALOG} .o_data_row button`, label.grantAccess)),
        status("granted"),
        click(labelled(`${DIALOG} .o_data_row button`, label.reInvite)),
        status("invited"),
        click(labelled(`${DIALOG} .o_data_row button`, label.revokeAccess)),
        status("revoked"),
        click(`${DIALOG} td[name=in_portal] input`),
        click(labelled(".modal-footer button:enabled", label.apply)),
        status("granted"),
        click(labelled(".modal-footer button:enabled", label.close)),
        see("body:not(:has(.modal))"),
    ];
}

function confirmPassword(label) {
    return [
        type(`${DIALOG} input[name=password]`, PASSWORDS[1]),
        click(labelled(`${DIALOG} button`, label.confirmPassword)),
    ];
}

/** S6, S9 to S15 */
function walkPortal(label) {
    return [
        typeLabelled(label.password, PASSWORDS[0]),
        typeLabelled(label.confirmPassword, PASSWORDS[0]),
        click(labelled("button", label.signUp)),
        // The dashboard and the details
        see(".o_portal_my_home"),
        see(labelled("h4", label.details)),
        see(labelled("h4", label.accountSecurity)),
        see(labelled("h4", label.paymentMethods)),
        click(labelled('a[href*="/my/account"]', label.edit)),
        see(labelled("h3", label.details)),
        typeLabelled(label.phone, "+32 2 555 01 07"),
        click(labelled("button", label.confirm)),
        // The password
        click(labelled('a[href*="/my/security"]', label.editSecurity)),
        typeLabelled(label.password, PASSWORDS[0]),
        typeLabelled(label.newPassword, PASSWORDS[1]),
        typeLabelled(label.verifyPassword, PASSWORDS[1]),
        click(labelled("button", label.changePassword)),
        see(".alert-success"),
        // The two factors
        click(labelled("button", label.enableTwoFactor)),
        ...confirmPassword(label),
        see(labelled(`${DIALOG} label`, label.verificationCode)),
        {
            content: "Enter the code of the authenticator",
            trigger: `${DIALOG} span[name=secret]:hidden, ${DIALOG} img[alt]`,
            async run(helpers) {
                const secret = document.querySelector(".o_dialog span[name=secret]").textContent;
                helpers.text(await jsonrpc("/portal_access_ext/test/totp", { secret }), `${DIALOG} input[name=code]`);
                helpers.click(labelled(`${DIALOG} button`, label.enableTwoFactor));
            },
        },
        see(labelled(`${DIALOG} .modal-title`, label.recoveryCodes)),
        click(labelled(`${DIALOG} button`, label.codesKept)),
        click(labelled("button", label.disableTwoFactor)),
        see(labelled("button", label.enableTwoFactor)),
        // The payment methods
        click("a.btn:has(.oi-chevron-left)"),
        click(labelled("a", label.managePayment)),
        click(labelled("a", label.addCard)),
        type('input[name="customer_input"]', "4242"),
        click(labelled('button[name="o_payment_submit_button"]:enabled', label.save)),
        click('li[name="o_payment_option"]:contains("4242") button[name="o_payment_delete_token"]:has(.fa-trash)'),
        click(labelled("button", label.confirmDeletion)),
        see("#o_payment_form:not(:contains('4242'))"),
    ];
}

for (const [language, label] of Object.entries(LABELS)) {
    // The dialog's own tours are English.
    if (language !== "en_US") {
        registry.category("web_tour.tours").add(`portal_access_dialog_${language}`, {
            test: true,
            steps: () => walkDialog(label),
        });
    }
    registry.category("web_tour.tours").add(`portal_access_customer_${language}`, {
        test: true,
        steps: () => walkPortal(label),
    });
}
