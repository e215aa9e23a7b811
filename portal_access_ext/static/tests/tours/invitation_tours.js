/** @odoo-module **/

import { registry } from "@web/core/registry";

/* Contacts > Portal > Invitations, and the page of a link that expired; see tests/test_invitation_tours.py. */

function fail(message) {
    throw new Error(message);
}

/** @returns {string} selector of something in the newest row of a contact */
function inRow(contact, selector = "") {
    return `.o_data_row:contains("${contact}"):first ${selector}`.trim();
}

function status(contact, label) {
    return { content: `${contact}: ${label}`, trigger: inRow(contact, `.badge:contains("${label}")`), run() {} };
}

function tick(contact) {
    return { content: `tick ${contact}`, trigger: inRow(contact, ".o_list_record_selector input"), run: "click" };
}

function clickAbove(button) {
    return { content: button, trigger: `.o_control_panel button:contains("${button}"):enabled`, run: "click" };
}

function told(text) {
    return { content: `it says: ${text}`, trigger: `.o_notification:contains("${text}")`, run() {} };
}

registry.category("web_tour.tours").add("portal_access_invitations", {
    test: true,
    steps: () => [
        { trigger: '.o_menu_sections button:contains("Portal")', run: "click" },
        { trigger: '.dropdown-item:contains("Invitations")', run: "click" },
        { trigger: ".o_breadcrumb:contains(Portal Invitations)", run() {} },
        { trigger: ".o_searchview_input", run: "text Tour" },
        { trigger: ".o_searchview_autocomplete .o_menu_item:first", run: "click" },
        {
            content: "each invitation shows its status, and what failed says why",
            trigger: inRow("Tour Ben", '.badge:contains("Failed")'),
            extra_trigger: inRow("Tour Ben", ':contains("550 no such user here")'),
            run() {},
        },
        status("Tour Ann", "Sent"),
        status("Tour Cleo", "Accepted"),

        { content: "what needs attention", trigger: ".o_searchview_dropdown_toggler", run: "click" },
        { trigger: '.o_filter_menu .o_menu_item:contains("Needs Attention")', run: "click" },
        { trigger: "body:not(:has(.o_data_row:contains(Tour Ann))) .o_data_row:contains(Tour Ben)", run() {} },
        { trigger: '.o_filter_menu .o_menu_item:contains("Needs Attention")', run: "click" },
        { trigger: inRow("Tour Ann"), run() {} },
        { trigger: '.o_group_by_menu .o_menu_item:contains("Status")', run: "click" },
        { trigger: '.o_group_header:contains("Accepted (1)")', run() {} },
        { trigger: '.o_group_by_menu .o_menu_item:contains("Status")', run: "click" },
        { trigger: inRow("Tour Ann"), run() {} },
        { trigger: ".o_searchview_dropdown_toggler", run: "click" },

        tick("Tour Ann"),
        tick("Tour Ben"),
        tick("Tour Cleo"),
        clickAbove("Re-invite"),
        told("Invited again: 2"),
        told("Tour Cleo: Has chosen a password already"),
        status("Tour Ben", "Queued"),
        status("Tour Ann", "Queued"),

        { trigger: inRow("Tour Ann", 'button:contains("Copy link"):enabled'), run: "click" },
        {
            content: "the link is there to be copied",
            trigger: '.modal-body:contains("ann@tour.example") .o_clipboard_button:contains("Copy")',
            run() {
                const link = document.querySelector(".modal input").value;
                if (!link.includes("/web/signup?") || !link.includes("token=")) {
                    fail(`The link is ${link}`);
                }
            },
        },
        { trigger: '.modal-footer button:contains("Close")', run: "click" },
        { trigger: "body:not(:has(.modal))", run() {} },

        { content: "open Ann's", trigger: inRow("Tour Ann", "td[name=email]"), run: "click" },
        {
            trigger: '.o_form_view .o_form_statusbar button:contains("Cancel")',
            extra_trigger: '.o_form_view button:contains("Copy link")',
            run: "click",
        },
        { trigger: '.modal-footer button:contains("End the invitation")', run: "click" },
        told("Cancelled: 1"),
        { trigger: '.o_form_view .o_field_widget[name=cancel_reason]:contains("Cancelled by hand")', run() {} },
        { trigger: ".o_breadcrumb a:contains(Portal Invitations)", run: "click" },
        status("Tour Ann", "Cancelled"),
    ],
});

registry.category("web_tour.tours").add("portal_access_new_invitation", {
    test: true,
    steps: () => [
        { trigger: '[data-problem=expired]:contains("This link has expired.")', run() {} },
        { trigger: 'button:contains("Send me a new invitation")', run: "click" },
        { trigger: '[role=status]:contains("Please look into your mailbox.")', run() {} },
    ],
});
