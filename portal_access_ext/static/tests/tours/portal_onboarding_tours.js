/** @odoo-module **/

import { registry } from "@web/core/registry";

/* The first run: an administrator opens the menu, and does what the panel says. */

function see(content, trigger) {
    return { content, trigger, run() {} };
}

function click(content, trigger) {
    return { content, trigger, run: "click" };
}

const STEP = ".o_onboarding_step";
const BACK = click("back to the panel", '.o_breadcrumb a:contains("Portal Access")');

registry.category("web_tour.tours").add("portal_access_onboarding", {
    test: true,
    steps: () => [
        click("the menu", '.o_menu_sections button:contains("Portal")'),
        click("its first entry", '.dropdown-item:contains("Access")'),
        see("who has access", '.o_list_view .o_searchview_facet:contains("Has Portal Access")'),

        click("first", `${STEP} a.btn:contains("Check mail")`),
        see("who invites", '.o_notification:contains("fay@first.example")'),
        see("done at once", `${STEP}:contains("Server answers")`),

        click("second", `${STEP} a.btn:contains("Open settings")`),
        see("the settings of the portal", '.o_setting_container .selected:contains("Portal")'),
        see("a setting", '.o_setting_box:contains("7 days by default")'),
        BACK,
        see("done", `${STEP}:contains("Settings seen")`),

        click("third", `${STEP} a.btn:contains("Check now")`),
        see("what was found", ".o_group_header"),
        BACK,
        see("done", `${STEP}:contains("Checked")`),

        click("fourth", `${STEP} a.btn:contains("Choose contacts")`),
        see("the list of contacts", ".o_list_view .o_list_button_add"),
        { trigger: ".o_searchview_input", run: "text customer 1" },
        click("search", ".o_searchview_autocomplete .o_menu_item:first"),
        see("found", '.o_searchview_facet:contains("customer 1")'),
        click(
            "tick what was found",
            'body:not(:has(.o_data_row:not(:contains("customer 1")))) thead .o_list_record_selector input',
        ),
        see("ticked", ".o_list_selection_box"),
        click("actions", ".o_control_panel .o_cp_action_menus .dropdown-toggle:has(.fa-cog)"),
        click("grant", '.o_menu_item:contains("Grant portal access")'),
        click("In Portal", ".modal-content .o_data_row td[name=in_portal] input"),
        click("confirm", '.modal-footer button:contains("Apply"):enabled'),
        see("granted", ".modal-content .o_data_row [data-status=granted]"),
        click("that is all", '.modal-footer button:contains("Close")'),
        see("the dialog is closed", "body:not(:has(.modal))"),
        BACK,
        see("all done", '.o_onboarding_completed_message:contains("The portal is ready for your customers.")'),
        see("who has access", '.o_data_row:contains("customer 1")'),
        click("for good", '.o_onboarding_completed_message a:contains("Close Panel")'),
        click("elsewhere", '.o_menu_sections .o_nav_entry:contains("Contacts")'),
        see("contacts", ".o_kanban_view"),
        click("the menu", '.o_menu_sections button:contains("Portal")'),
        click("its first entry", '.dropdown-item:contains("Access")'),
        see("no panel any more", ".o_list_view:has(.o_data_row):not(:has(.o_onboarding_main))"),
    ],
});
