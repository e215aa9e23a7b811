/** @odoo-module **/

import { registry } from "@web/core/registry";

/*
 * The ledger as an administrator reads it, and the merge of two contacts that both have a login. The
 * contacts are made by tests/test_access_ledger_tours.py.
 */

function openMenu(entry) {
    return [
        { trigger: '.o_menu_sections button:contains("Portal")', run: "click" },
        { trigger: `.dropdown-item:contains("${entry}")`, run: "click" },
    ];
}

function see(content, trigger) {
    return { content, trigger, run() {} };
}

registry.category("web_tour.tours").add("portal_access_ledger", {
    test: true,
    steps: () => [
        ...openMenu("Events"),
        see("the newest event comes first", '.o_data_row:first:contains("Access revoked"):contains("Tour Ann")'),
        see("who did it", '.o_data_row:first [name=actor_name]:contains("Mara Manager")'),
        {
            content: "open the event",
            trigger: ".o_data_row:first [name=partner_name]",
            run: "click",
        },
        see("its name", '.o_breadcrumb .active:contains("Access revoked: Tour Ann")'),
        see("what was the login", '.o_form_view [name=login]:contains("ann@tour.example")'),
        see("nothing to edit", ".o_form_view:not(:has(.o_form_button_save:visible))"),
        { trigger: '.o_breadcrumb a:contains("Portal Access Events")', run: "click" },
        { trigger: ".o_searchview_dropdown_toggler", run: "click" },
        { trigger: '.o_filter_menu .o_menu_item:contains("Invitations")', run: "click" },
        see("only invitations", '.o_data_row:first:contains("Invited")'),
    ],
});

registry.category("web_tour.tours").add("portal_access_ledger_graph", {
    test: true,
    steps: () => [see("events per month and kind", ".o_graph_renderer canvas")],
});

registry.category("web_tour.tours").add("portal_access_ledger_pivot", {
    test: true,
    steps: () => [see("the kinds in rows", '.o_pivot th:contains("Access revoked")')],
});

registry.category("web_tour.tours").add("portal_access_merge", {
    test: true,
    steps: () => [
        { trigger: ".o_searchview_input", run: "text Tour Twin" },
        { trigger: ".o_searchview_autocomplete .o_menu_item:first", run: "click" },
        see("found", '.o_list_renderer:not(:contains("Tour Ann")) .o_data_row:contains("Tour Twin B")'),
        { trigger: "thead .o_list_record_selector input", run: "click" },
        {
            trigger: '.o_control_panel .o_cp_action_menus .dropdown-toggle:contains("Action")',
            run: "click",
        },
        { trigger: '.o_menu_item:contains("Merge")', run: "click" },
        { trigger: '.modal-footer button:contains("Merge Contacts")', run: "click" },
        { ...see("it asks which login stays", '.o_notification:contains("Login that stays")'), in_modal: false },
        { trigger: '.modal-content [name="portal_login_id"] input', run: "click" },
        {
            in_modal: false,
            trigger: '.ui-menu-item a:contains("Tour Twin B (twin.b@tour.example)")',
            run: "click",
        },
        { trigger: '.modal-footer button:contains("Merge Contacts")', run: "click" },
        see("merged", '.modal-content:contains("no more contacts to merge")'),
    ],
});
