/** @odoo-module **/

import { registry } from "@web/core/registry";

/* The contact's form, the list of contacts with access, and its actions, by their labels. */

function status(label) {
    return {
        content: `the contact is: ${label}`,
        trigger: `.o_form_view .o_field_widget[name=portal_status]:contains("${label}")`,
        run() {},
    };
}

function click(label) {
    return {
        content: label,
        trigger: `.o_form_view div[name^=portal_access] button:contains("${label}")`,
        run: "click",
    };
}

function notification(text) {
    return [
        { content: text, trigger: `.o_notification:contains("${text}")`, run() {} },
        { trigger: ".o_notification .o_notification_close", run: "click" },
        { trigger: "body:not(:has(.o_notification))", run() {} },
    ];
}

function footer(label) {
    return { content: label, trigger: `.modal-footer button:contains("${label}"):enabled`, run: "click" };
}

registry.category("web_tour.tours").add("portal_access_status_form", {
    test: true,
    steps: () => [
        status("No access"),
        {
            content: "nothing to revoke",
            trigger: ".o_form_view:not(:has(button:contains(Revoke):visible))",
            run() {},
        },
        click("Grant access"),
        ...notification("Access granted"),
        status("Invited"),
        { trigger: '.o_stat_text:contains("Portal Events")', run() {} },
        click("Re-invite"),
        ...notification("The invitation is on its way"),
        click("Revoke"),
        { content: "it says what is lost", trigger: '.modal-body:contains("new password")', run() {} },
        footer("Revoke access"),
        ...notification("Access revoked"),
        status("Revoked"),
        {
            content: "access can be granted again",
            trigger: '.o_form_view button:contains("Grant access")',
            run() {},
        },
    ],
});

registry.category("web_tour.tours").add("portal_access_status_refused", {
    test: true,
    steps: () => [
        status("No access"),
        click("Grant access"),
        { content: "it says why", trigger: '.modal-body:contains("has no email")', run() {} },
        { trigger: ".modal-footer button", run: "click" },
        { trigger: "body:not(:has(.modal))", run() {} },
        status("No access"),
    ],
});

registry.category("web_tour.tours").add("portal_access_status_company", {
    test: true,
    steps: () => [
        {
            trigger: '.o_field_widget[name=portal_access_summary]:contains("1 of 2 contacts have access")',
            run() {},
        },
        click("Manage access"),
        {
            content: "the dialog lists the company's contacts",
            trigger: '.modal-content .o_data_row:contains("Tour Child")',
            run() {},
        },
        footer("Close"),
        { trigger: "body:not(:has(.modal))", run() {} },
    ],
});

registry.category("web_tour.tours").add("portal_access_status_list", {
    test: true,
    steps: () => [
        { trigger: '.o_searchview_facet:contains("Has Portal Access")', run() {} },
        { trigger: ".o_searchview_input", run: "text Tour" },
        { trigger: ".o_searchview_autocomplete .o_menu_item:first", run: "click" },
        { trigger: '.o_searchview_facet:contains("Tour")', run() {} },
        {
            content: "those with access only",
            trigger: ".o_list_renderer:has(.o_data_row:contains(Tour Ben)):not(:has(.o_data_row:contains(Tour Ann)))",
            run() {},
        },
        { trigger: '.o_data_row:contains("Tour Cleo") td:contains("Invited")', run() {} },
        { trigger: ".o_searchview_dropdown_toggler", run: "click" },
        { trigger: '.o_search_bar_menu .o_menu_item:contains("Portal Status")', run: "click" },
        { trigger: ".o_searchview_dropdown_toggler", run: "click" },
        { trigger: '.o_group_header:contains("Invited (2)")', run: "click" },
        { trigger: '.o_data_row:contains("Tour Ben")', run() {} },
        { trigger: ".o_list_renderer thead .o_list_record_selector input", run: "click" },
        { trigger: ".o_list_selection_box", run() {} },
        { trigger: ".o_control_panel .o_cp_action_menus .dropdown-toggle:has(.fa-cog)", run: "click" },
        { trigger: '.o_menu_item:contains("Revoke portal access")', run: "click" },
        {
            content: "it says beforehand whom it concerns",
            trigger: '.modal-body:contains("2 of 2 contacts have access and will lose it")',
            run() {},
        },
        footer("Revoke access"),
        { content: "it says what was done", trigger: '.modal-body:contains("Access revoked: 2")', run() {} },
        footer("Close"),
        {
            content: "the list is up to date",
            trigger: "body:not(:has(.modal)) .o_list_view:not(:has(.o_data_row:contains(Tour Ben)))",
            run() {},
        },
    ],
});

function bulk(label) {
    return [
        { trigger: ".o_list_renderer thead .o_list_record_selector input", run: "click" },
        { trigger: ".o_list_selection_box", run() {} },
        { trigger: ".o_control_panel .o_cp_action_menus .dropdown-toggle:has(.fa-cog)", run: "click" },
        { trigger: `.o_menu_item:contains("${label}")`, run: "click" },
    ];
}

registry.category("web_tour.tours").add("portal_access_status_end", {
    test: true,
    steps: () => [
        {
            content: "contacts are made elsewhere",
            trigger: ".o_list_view:not(:has(.o_list_button_add))",
            run() {},
        },
        { trigger: ".o_cp_switch_buttons .dropdown-toggle", run: "click" },
        { trigger: '.o_cp_switch_buttons .dropdown-item:contains("Kanban")', run: "click" },
        { trigger: ".o_kanban_view:not(:has(.o-kanban-button-new))", run() {} },
        { content: "why it is expired", trigger: '[data-status=expired][title*="Invite the contact again"]', run() {} },
        { trigger: ".o_cp_switch_buttons .dropdown-toggle", run: "click" },
        { trigger: '.o_cp_switch_buttons .dropdown-item:contains("List")', run: "click" },
        ...bulk("Set end of portal access"),
        {
            content: "there is no end to remove",
            trigger:
                '.modal-content:contains("2 of 2 contacts have access"):not(:has(button:contains(Remove):visible))',
            run() {},
        },
        footer("Set end of access"),
        { content: "not without a date", trigger: '.modal-body:contains("Choose the last day")', run() {} },
        { trigger: ".o_error_dialog .modal-footer button", run: "click" },
        { trigger: ".modal-body .o_field_widget[name=until] input", run: "text 12/31/2090" },
        footer("Set end of access"),
        { trigger: '.modal-body:contains("End of access set: 2.")', run() {} },
        footer("Close"),
        { trigger: 'body:not(:has(.modal)) .o_data_row:contains("12/31/2090")', run() {} },
        ...bulk("Set end of portal access"),
        { trigger: '.modal-body:contains("have an end of access now: 2.")', run() {} },
        footer("Remove end of access"),
        { content: "it asks first", trigger: '.modal-body:contains("will not end by itself any more")', run() {} },
        { trigger: '.modal-footer button.btn-primary:contains("Remove end")', run: "click" },
        { trigger: '.modal-body:contains("End of access removed: 2.")', run() {} },
        footer("Close"),
        {
            content: "no end any more",
            trigger: "body:not(:has(.modal)) .o_list_view:not(:has(.o_data_row:contains(12/31/2090)))",
            run() {},
        },
    ],
});

registry.category("web_tour.tours").add("portal_access_status_archived", {
    test: true,
    steps: () => [
        status("No access"),
        {
            content: "nothing to grant while the contact is archived",
            trigger: ".o_form_view:not(:has(button:contains(Grant access):visible))",
            run() {},
        },
    ],
});
