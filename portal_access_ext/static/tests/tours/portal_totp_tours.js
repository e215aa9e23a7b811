/** @odoo-module **/

import { jsonrpc } from "@web/core/network/rpc_service";
import { registry } from "@web/core/registry";

/*
 * S13, two-factor authentication with its recovery codes, and signing in with one of them, by the labels.
 * The customer and the route that computes codes of the authenticator are of tests/test_totp_tours.py.
 */

const DIALOG = ".modal-content";

function see(trigger, content) {
    return { content: content || trigger, trigger, run() {} };
}

function click(trigger, content) {
    return { content: content || trigger, trigger, run: "click" };
}

function type(trigger, text) {
    return { content: `Type into ${trigger}`, trigger, run: `text ${text}` };
}

function confirmPassword() {
    return [
        see(`${DIALOG} :contains("enter your password")`),
        type(`${DIALOG} input[name=password]`, "ann@tour.example"),
        click(`${DIALOG} button:contains("Confirm Password")`),
    ];
}

/** See ten codes, remember them for a later tour, try what can be done with them, and close them. */
function keepCodes() {
    return [
        see(`${DIALOG} .modal-title:contains("Your recovery codes")`),
        {
            content: "There are ten, each of four groups of four digits",
            trigger: `${DIALOG} .o_portal_recovery_list`,
            run() {
                const codes = [...this.$anchor[0].querySelectorAll("li")].map((item) => item.textContent);
                if (codes.length !== 10 || !codes.every((code) => /^\d{4}(\s\d{4}){3}$/.test(code))) {
                    throw new Error(`These are no codes: ${codes}`);
                }
                if (
                    !document.getElementById(this.$anchor[0].closest("[role=dialog]").getAttribute("aria-labelledby"))
                ) {
                    throw new Error("The dialog has no name");
                }
                if (!document.activeElement.matches(".modal-footer button:first-child")) {
                    throw new Error(`The focus is on ${document.activeElement.outerHTML.slice(0, 200)}`);
                }
            },
        },
        click(`${DIALOG} button:contains("Copy")`),
        see(`${DIALOG} [role=status]:contains("copied"), ${DIALOG} [role=status]:contains("selected")`),
        {
            content: "Print the codes alone",
            trigger: `${DIALOG} button:contains("Print")`,
            run(helpers) {
                let printed = "";
                const { print } = window;
                window.print = () => {
                    printed = document.querySelector("body > .o_portal_recovery_sheet").textContent;
                };
                helpers.click();
                window.print = print;
                window.dispatchEvent(new Event("afterprint"));
                if (printed.match(/\d{4}(\s\d{4}){3}/g).length !== 10) {
                    throw new Error(`Printed: ${printed}`);
                }
                if (document.querySelector(".o_portal_recovery_sheet")) {
                    throw new Error("The sheet is still there");
                }
            },
        },
        click(`${DIALOG} button:contains("Download")`),
        see(`${DIALOG} [role=status]:contains("downloaded")`),
        click(`${DIALOG} button:contains("I have kept the codes")`),
    ];
}

registry.category("web_tour.tours").add("portal_access_totp_enable", {
    test: true,
    url: "/my/security",
    steps: () => [
        click('button:contains("Enable two-factor authentication")'),
        ...confirmPassword(),
        see(`${DIALOG} img[alt="QR code"]`, "The QR code"),
        type(`${DIALOG} input[name=code]`, "000000"),
        click(`${DIALOG} button:contains("Enable two-factor authentication")`),
        {
            content: "The page says what is wrong",
            trigger: `${DIALOG} input[name=code].is-invalid`,
            run() {
                if (!this.$anchor[0].validationMessage.includes("double-check")) {
                    throw new Error(this.$anchor[0].validationMessage);
                }
            },
        },
        {
            content: "Enter the code of the authenticator",
            trigger: `${DIALOG} a:contains("Cannot scan it?")`,
            async run(helpers) {
                const secret = document.querySelector(".o_dialog span[name=secret]").textContent;
                helpers.text(await jsonrpc("/portal_access_ext/test/totp", { secret }), `${DIALOG} input[name=code]`);
                helpers.click(`${DIALOG} button:contains("Enable two-factor authentication")`);
            },
        },
        ...keepCodes(),
        see('button:contains("(Disable two-factor authentication)")'),
        see('.o_portal_recovery_codes [role=status]:contains("10")'),
    ],
});

registry.category("web_tour.tours").add("portal_access_totp_sign_in", {
    test: true,
    url: "/web/login",
    steps: () => [
        type("input#login", "ann@tour.example"),
        type("input#password", "ann@tour.example"),
        click('button:contains("Log in")'),
        see('label:contains("Authentication Code")'),
        see('#portal_recovery_code_help:contains("Phone lost?")'),
        {
            content: "Type a recovery code",
            trigger: "input[name=totp_token]",
            async run(helpers) {
                helpers.text(await jsonrpc("/portal_access_ext/test/recovery_code", {}));
                helpers.click('button:contains("Log in")');
            },
        },
        click('a[href*="/my/security"]', "Connection & Security"),
        see('.o_portal_recovery_codes [role=status]:contains("9")'),
        click('button:contains("Make new recovery codes")'),
        ...confirmPassword(),
        ...keepCodes(),
        see('.o_portal_recovery_codes [role=status]:contains("10")'),
        click('button:contains("(Disable two-factor authentication)")'),
        see('button:contains("Enable two-factor authentication")'),
        see("body:not(:has(.o_portal_recovery_codes))"),
    ],
});

registry.category("web_tour.tours").add("portal_access_totp_reset", {
    test: true,
    steps: () => [
        click(".o_cp_action_menus button:has(.fa-cog)", "Action"),
        click('.o-dropdown--menu .dropdown-item:contains("Reset two-factor authentication")'),
        type(".modal-content input[type=password]", "pae_admin"),
        click(`${DIALOG} button:contains("Confirm Password")`),
        see('.o_notification:contains("disabled for the following user(s): Tour Ann")'),
    ],
});
