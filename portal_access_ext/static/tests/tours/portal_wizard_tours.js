/** @odoo-module **/

import { registry } from "@web/core/registry";

/*
 * The administrator's steps S1 to S5 and S7, and the customer's S6, by the labels of the user
 * documentation. The contacts are made by tests/test_portal_wizard_tours.py.
 */

const COLUMNS = ["Contact", "Email", "In Portal", "Status", "Access Until", "Latest Authentication"];

function fail(message) {
    throw new Error(message);
}

/** @returns {string} selector of something in the row of a contact */
function inRow(contact, selector = "") {
    return `.modal-content .o_data_row:has(td[name=partner_id]:contains("${contact}")) ${selector}`.trim();
}

function status(contact, code) {
    return { content: `${contact}: ${code}`, trigger: inRow(contact, `[data-status=${code}]`), run() {} };
}

function tick(contact) {
    return {
        content: `In Portal of ${contact}`,
        trigger: inRow(contact, "td[name=in_portal] input"),
        run: "click",
    };
}

function clickInRow(contact, button) {
    return {
        content: `${button} of ${contact}`,
        trigger: inRow(contact, `button:contains("${button}")`),
        run: "click",
    };
}

function clickFooter(button) {
    return {
        content: button,
        trigger: `.modal-footer button:contains("${button}"):enabled`,
        run: "click",
    };
}

function pending(text) {
    return {
        content: `Apply says beforehand: ${text}`,
        trigger: `.modal-content .o_portal_access_pending:contains("${text}")`,
        run() {},
    };
}

function typeEmail(contact, email) {
    return [
        { trigger: inRow(contact, "td[name=email]"), run: "click" },
        { trigger: inRow(contact, "td[name=email] input"), run: `text ${email}` },
    ];
}

function typeUntil(contact, date) {
    return [
        { trigger: inRow(contact, "td[name=access_until]"), run: "click" },
        { trigger: inRow(contact, "td[name=access_until] input"), run: `text ${date}` },
    ];
}

/** As the keyboard does it: Enter comes before the browser says that the date has changed. */
function enterUntil(contact, date) {
    return [
        { trigger: inRow(contact, "td[name=access_until]"), run: "click" },
        {
            trigger: inRow(contact, "td[name=access_until] input"),
            run() {
                const [input] = this.$anchor;
                input.value = date;
                input.dispatchEvent(new InputEvent("input", { bubbles: true }));
                input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
            },
        },
    ];
}

function leaveRow() {
    return [
        { trigger: ".modal-content .modal-title", run: "click" },
        { trigger: ".modal-content .o_list_table:not(:has(.o_selected_row))", run() {} },
    ];
}

/** S1 and S2: Action, Grant portal access, and a dialog with the columns of the documentation. */
function openDialog() {
    return [
        {
            content: "Action menu",
            trigger: ".o_control_panel .o_cp_action_menus .dropdown-toggle:has(.fa-cog)",
            run: "click",
        },
        {
            trigger: '.o_menu_item:contains("Grant portal access")',
            run: "click",
        },
        {
            trigger: '.modal-xl .modal-title:contains("Portal Access Management")',
            extra_trigger: ".modal-content .o_data_row",
            run() {
                const headers = [...document.querySelectorAll(".modal th")]
                    .map((header) => header.innerText.trim())
                    .filter(Boolean);
                if (headers.join() !== COLUMNS.join()) {
                    fail(`The columns are ${headers.join()}`);
                }
            },
        },
    ];
}

function isClosed() {
    return { content: "the dialog is closed", trigger: "body:not(:has(.modal))", run() {} };
}

function filterContacts(name) {
    return [
        { trigger: ".o_searchview_input", run: `text ${name}` },
        { trigger: ".o_searchview_autocomplete .o_menu_item:first", run: "click" },
        { trigger: `.o_searchview_facet:contains("${name}")`, run() {} },
    ];
}

registry.category("web_tour.tours").add("portal_access_contact", {
    test: true,
    steps: () => [
        ...openDialog(),
        status("Tour Ann", "no_email"),
        ...typeEmail("Tour Ann", "not an address"),
        ...leaveRow(),
        status("Tour Ann", "invalid_email"),
        ...typeEmail("Tour Ann", "ann@tour.example"),
        clickInRow("Tour Ann", "Grant Access"),
        status("Tour Ann", "granted"),
        { trigger: inRow("Tour Ann", "td[name=in_portal] input:checked"), run() {} },
        { trigger: inRow("Tour Ann", 'button:contains("Revoke Access")'), run() {} },
        clickInRow("Tour Ann", "Re-Invite"),
        status("Tour Ann", "invited"),
        clickFooter("Close"),
        isClosed(),
    ],
});

registry.category("web_tour.tours").add("portal_access_list", {
    test: true,
    steps: () => [
        ...filterContacts("Tour"),
        {
            content: "tick the contacts in the list",
            trigger:
                "body:not(:has(.o_data_row:not(:contains(Tour)))) .o_list_renderer thead .o_list_record_selector input",
            run: "click",
        },
        { trigger: ".o_list_selection_box", run() {} },
        ...openDialog(),
        pending("Nothing to apply"),
        tick("Tour Ben"),
        pending("Grant: 1"),
        tick("Tour Cleo"),
        pending("Grant: 2"),
        tick("Tour Dora"),
        pending("Grant: 2, revoke: 1"),
        tick("Tour Ann"),
        pending("Grant: 2, revoke: 1, can't be granted: 1"),
        {
            content: "invitation message",
            trigger: ".modal-content [name=welcome_message] textarea",
            run: "text Welcome <b>aboard</b>",
        },
        clickFooter("Apply"),
        status("Tour Ben", "granted"),
        status("Tour Cleo", "granted"),
        status("Tour Dora", "revoked"),
        {
            content: "what failed stays ticked, comes first and says why",
            trigger: '.modal-content .o_data_row:first:contains("Tour Ann"):contains("no email") input:checked',
            run() {},
        },
        { trigger: '.o_notification:contains("Granted: 2, Revoked: 1, Failed: 1")', in_modal: false, run() {} },
        clickFooter("Close"),
        isClosed(),
    ],
});

registry.category("web_tour.tours").add("portal_access_company", {
    test: true,
    steps: () => [
        ...openDialog(),
        {
            content: "the company and its contacts of type contact or other",
            trigger: inRow("Tour Company, Tour Other"),
            run() {
                const names = [...document.querySelectorAll(".modal td[name=partner_id]")];
                const list = names.map((name) => name.innerText.trim()).sort();
                const expected = ["Tour Company", "Tour Company, Tour Child", "Tour Company, Tour Other"];
                if (list.join("|") !== expected.join("|")) {
                    fail(`The dialog lists ${list.join("|")}`);
                }
            },
        },
        clickFooter("Grant to all ready"),
        {
            content: "it says to how many",
            trigger: '.modal-body:contains("3")',
            extra_trigger: '.modal-title:contains("Grant access to all who are ready?")',
            run() {},
        },
        clickFooter("Grant access"),
        status("Tour Other", "granted"),
        status("Tour Child", "granted"),
        clickFooter("Close"),
        isClosed(),
    ],
});

registry.category("web_tour.tours").add("portal_access_duplicates", {
    test: true,
    steps: () => [
        ...openDialog(),
        status("Tour Other", "ready"),
        ...typeEmail("Tour Child", "OTHER@tour.example"),
        {
            content: "another row takes the click, as when somebody goes on",
            trigger: inRow("Tour Other", "td[name=email]"),
            run: "click",
        },
        {
            content: "both rows say so, and name each other",
            trigger: inRow("Tour Other", '[data-status=duplicate] + :contains("Tour Child")'),
            extra_trigger: inRow("Tour Child", '[data-status=duplicate] + :contains("Tour Other")'),
            run() {},
        },
        ...typeEmail("Tour Child", "child@tour.example"),
        ...leaveRow(),
        status("Tour Other", "ready"),
        status("Tour Child", "ready"),
        pending("Nothing to apply"),
        clickFooter("Close"),
        isClosed(),
    ],
});

registry.category("web_tour.tours").add("portal_access_close", {
    test: true,
    steps: () => {
        const asks = {
            content: "closing asks first",
            trigger: '.modal-title:contains("Close without applying?")',
            run() {},
        };
        const isBack = {
            content: "the dialog is still there, with its tick",
            trigger: inRow("Tour Child", "td[name=in_portal] input:checked"),
            extra_trigger: "body:not(:has(.modal.o_inactive_modal))",
            run() {},
        };
        return [
            ...openDialog(),
            tick("Tour Child"),
            // At once: the tick is still on its way to the server.
            clickFooter("Close"),
            asks,
            clickFooter("Go back"),
            isBack,
            { content: "the cross", trigger: ".modal-content .btn-close", run: "click" },
            asks,
            clickFooter("Go back"),
            isBack,
            {
                content: "Escape",
                trigger: ".modal-content",
                run() {
                    const escape = { key: "Escape", bubbles: true };
                    document.activeElement.dispatchEvent(new KeyboardEvent("keydown", escape));
                },
            },
            asks,
            clickFooter("Close without applying"),
            isClosed(),
        ];
    },
});

registry.category("web_tour.tours").add("portal_access_until", {
    test: true,
    steps: () => [
        ...openDialog(),
        {
            content: "the end of access of those who are granted it now",
            trigger: ".modal-content .o_portal_access_until [name=access_until] input",
            run: "text 12/31/2040",
        },
        tick("Tour Child"),
        pending("Grant: 1, set end dates: 1"),
        ...enterUntil("Tour Other", "06/30/2040"),
        pending("Grant: 1, set end dates: 2"),
        clickFooter("Close"),
        {
            content: "a date that was not applied is not lost without a question",
            trigger: '.modal-title:contains("Close without applying?")',
            run() {},
        },
        clickFooter("Go back"),
        clickFooter("Apply"),
        status("Tour Child", "granted"),
        status("Tour Other", "until_set"),
        { trigger: inRow("Tour Child", "td[name=access_until]:contains('12/31/2040')"), run() {} },
        { trigger: inRow("Tour Other", "td[name=access_until]:contains('06/30/2040')"), run() {} },
        { trigger: '.o_notification:contains("Granted: 1, End date set: 2")', in_modal: false, run() {} },
        ...typeUntil("Tour Other", "01/01/2020"),
        ...leaveRow(),
        pending("End dates that can't be set: 1"),
        clickFooter("Apply"),
        status("Tour Other", "refused"),
        clickInRow("Tour Child", "Revoke Access"),
        status("Tour Child", "revoked"),
        { trigger: inRow("Tour Child", "td[name=access_until]:not(:contains('2040'))"), run() {} },
        clickFooter("Close"),
        isClosed(),
    ],
});

registry.category("web_tour.tours").add("portal_access_revoke", {
    test: true,
    steps: () => [
        ...openDialog(),
        clickInRow("Tour Child", "Revoke Access"),
        status("Tour Child", "revoked"),
        { trigger: inRow("Tour Child", "td[name=in_portal] input:not(:checked)"), run() {} },
        tick("Tour Other"),
        pending("Revoke: 1"),
        clickFooter("Apply"),
        status("Tour Other", "revoked"),
        pending("Nothing to apply"),
        clickFooter("Close"),
        isClosed(),
    ],
});

registry.category("web_tour.tours").add("portal_access_all", {
    test: true,
    steps: () => [
        ...filterContacts("Many"),
        {
            trigger:
                "body:not(:has(.o_data_row:not(:contains(Many)))) .o_list_renderer thead .o_list_record_selector input",
            run: "click",
        },
        { trigger: ".o_list_selection_box", run() {} },
        ...openDialog(),
        { trigger: ".modal-content .o_pager_value:contains('1-40')", run() {} },
        { trigger: ".modal-content button:contains('Tick all ready')", run: "click" },
        pending("Grant: 45"),
        tick("Many 03"),
        pending("Grant: 44"),
        clickFooter("Apply"),
        { trigger: '.o_notification:contains("Granted: 44")', in_modal: false, run() {} },
        status("Many 03", "ready"),
        { content: "the next page", trigger: ".modal-content .o_pager_next", run: "click" },
        { trigger: ".modal-content .o_pager_value:contains('41-45')", run() {} },
        status("Many 44", "granted"),
        clickInRow("Many 44", "Revoke Access"),
        {
            content: "the list stays on its page",
            trigger: inRow("Many 44", "[data-status=revoked]"),
            extra_trigger: ".modal-content .o_pager_value:contains('41-45')",
            run() {},
        },
        clickFooter("Close"),
        isClosed(),
    ],
});

registry.category("web_tour.tours").add("portal_access_sign_up", {
    test: true,
    steps: () => [
        {
            content: "the sign-up page knows the login",
            trigger: ".oe_signup_form input[name=login][readonly]",
            run() {
                if (this.$anchor.val() !== "ann@tour.example") {
                    fail(`The login is ${this.$anchor.val()}`);
                }
            },
        },
        { trigger: ".oe_signup_form input[name=password]", run: "text A long passphrase of Ann's" },
        { trigger: ".oe_signup_form input[name=confirm_password]", run: "text A long passphrase of Ann's" },
        { trigger: ".oe_signup_form button[type=submit]", run: "click" },
        { content: "the portal", trigger: ".o_portal_my_home", run() {} },
    ],
});
