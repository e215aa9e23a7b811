/** @odoo-module **/

import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_service/tour_utils";

/*
 * The administrator's step S8, the dialog that changes a login, and the customer's own page, by their
 * labels. The customer is made by tests/test_login_tours.py.
 */

function see(trigger, content) {
    return { content: content || trigger, trigger, run() {} };
}

function click(trigger, content) {
    return { content: content || trigger, trigger, run: "click" };
}

/** Remove the filters that the list of users opens with. */
function removeFacet() {
    return click(".o_searchview_facet .o_facet_remove", "Remove the filter that Odoo sets");
}

/** S8: Settings, Users. */
function openUsers() {
    return [
        stepUtils.showAppsMenuItem(),
        click('.o_app[data-menu-xmlid="base.menu_administration"]', "Settings"),
        click('[data-menu-xmlid="base.menu_users"]', "Users & Companies"),
        click('[data-menu-xmlid="base.menu_action_res_users"]', "Users"),
        see(".o_list_view .o_data_row"),
        removeFacet(),
        see(".o_searchview:not(:has(.o_searchview_facet))"),
    ];
}

function changeEmailAddress(name, login) {
    return [
        click(`.o_data_row:contains("${name}") td[name=name]`, `Open ${name}`),
        see('.o_form_view label:contains("Email Address")'),
        { trigger: ".o_form_view [name=login] input", run: `text ${login}` },
        click(".o_form_button_save", "Save"),
        see(".o_form_saved, .o_form_view:not(:has(.o_form_status_indicator_buttons:visible))", "Saved"),
    ];
}

registry.category("web_tour.tours").add("portal_access_login_settings", {
    test: true,
    url: "/web",
    steps: () => [
        ...openUsers(),
        click(".o_searchview_dropdown_toggler"),
        click('.o_filter_menu .o_menu_item:contains("Portal Users")', "Filter Portal Users"),
        see('.o_searchview_facet:contains("Portal Users")'),
        see('.o_data_row:contains("Tour Ann")'),
        see('.o_list_view:not(:has(.o_data_row:contains("Mara Manager")))', "No internal users"),
        ...changeEmailAddress("Tour Ann", "ann.new@tour.example"),
    ],
});

registry.category("web_tour.tours").add("portal_access_login_custom_filter", {
    test: true,
    url: "/web",
    steps: () => [
        ...openUsers(),
        click(".o_searchview_dropdown_toggler"),
        click('.o_filter_menu .o_menu_item:contains("Add Custom Filter")', "Add Custom Filter"),
        click(".modal-content .o_model_field_selector"),
        { trigger: ".o_model_field_selector_popover_search input", in_modal: false, run: "text Groups" },
        {
            content: "Groups",
            trigger: '.o_model_field_selector_popover_item_name:contains("Groups"):not(:contains("#"))',
            in_modal: false,
            run: "click",
        },
        {
            content: "contains",
            trigger: ".modal-content .o_tree_editor_condition select:first",
            run() {
                const option = [...this.$anchor[0].options].find((each) => each.text.trim() === "contains");
                this.$anchor[0].value = option.value;
                this.$anchor[0].dispatchEvent(new Event("change", { bubbles: true }));
            },
        },
        { trigger: ".modal-content .o_tree_editor_condition input.o_input:last", run: "text portal" },
        click('.modal-footer button:contains("Add")', "Add"),
        see('.o_data_row:contains("Tour Ann")'),
        see('.o_list_view:not(:has(.o_data_row:contains("Mara Manager")))', "No internal users"),
        ...changeEmailAddress("Tour Ann", "ann.new@tour.example"),
    ],
});

function openActionMenu() {
    return click(".o_control_panel .o_cp_action_menus .dropdown-toggle:has(.fa-cog)", "Action menu");
}

function typeLogin(login) {
    return { trigger: ".modal-content [name=new_login] input", run: `text ${login}` };
}

registry.category("web_tour.tours").add("portal_access_login_wizard", {
    test: true,
    steps: () => [
        openActionMenu(),
        click('.o_menu_item:contains("Change portal login")', "Change portal login"),
        see('.modal-title:contains("Change Portal Login")'),
        see('.modal-content [name=old_login]:contains("ann@tour.example")'),
        typeLogin("nonsense"),
        click('.modal-footer button:contains("Change login")', "Change login"),
        see('.modal-content:contains("Type one email address")', "An error in words"),
        click('.modal-content:contains("Type one email address") button:contains("Close")', "Close the error"),
        typeLogin("ann.new@tour.example"),
        click('.modal-footer button:contains("Change login")', "Change login"),
        see('.o_notification:contains("ann.new@tour.example")', "A link was sent"),
        see("body:not(:has(.modal))", "The dialog is closed"),
    ],
});

registry.category("web_tour.tours").add("portal_access_login_row", {
    test: true,
    steps: () => [
        openActionMenu(),
        click('.o_menu_item:contains("Grant portal access")', "Grant portal access"),
        click('.modal-content .o_data_row:contains("Tour Ann") button[name=action_change_login]', "Change login"),
        see('.modal-title:contains("Change Portal Login")'),
        click('.modal-footer button:contains("Cancel")', "Cancel"),
        click('.modal-content .o_data_row:contains("Tour Ann") button[name=action_change_login]', "Back in the dialog"),
        typeLogin("ann.new@tour.example"),
        click(".modal-content [name=needs_confirmation] input", "At once"),
        click(".modal-content [name=with_email] input", "The contact's email too"),
        click('.modal-footer button:contains("Change login")', "Change login"),
        see('.modal-title:contains("Portal Access Management")', "Back in the dialog"),
        see('.modal-content .o_data_row td[name=email]:contains("ann.new@tour.example")', "The row has the new email"),
    ],
});

registry.category("web_tour.tours").add("portal_access_login_contact", {
    test: true,
    url: "/my/security",
    steps: () => [
        see('section[name=portal_login] h4:contains("Login")'),
        see('section[name=portal_login] strong:contains("ann@tour.example")'),
        see('section[name=portal_login] a:contains("help@tour.example")', "Whom to contact"),
        see("section[name=portal_login]:not(:has(form))"),
    ],
});

function hasFocus(selector) {
    return {
        content: `The focus is on ${selector}`,
        trigger: selector,
        run() {
            const element = document.activeElement;
            if (!element.matches(selector)) {
                throw new Error(`The focus is on ${element.outerHTML.slice(0, 200)}`);
            }
            if (!document.getElementById(element.getAttribute("aria-describedby").trim().split(" ")[0])) {
                throw new Error("Nothing describes the error");
            }
        },
    };
}

registry.category("web_tour.tours").add("portal_access_login_request", {
    test: true,
    url: "/my/security",
    steps: () => [
        see('label[for=portal_new_login]:contains("New Login")'),
        { trigger: "#portal_new_login", run: "text ann.new@tour.example" },
        { trigger: "#portal_login_password", run: "text wrong" },
        click('.o_portal_login_form button:contains("Change Login")', "Change Login"),
        see('#portal_login_password_error:contains("not your password")'),
        hasFocus("#portal_login_password"),
        { trigger: "#portal_login_password", run: "text ann@tour.example" },
        click('.o_portal_login_form button:contains("Change Login")', "Change Login"),
        see('section[name=portal_login] [role=status]:contains("ann.new@tour.example")', "It was sent"),
    ],
});

registry.category("web_tour.tours").add("portal_access_login_confirm", {
    test: true,
    steps: () => [
        see('h1:contains("Confirm your new login")'),
        click('button:contains("Confirm the new login")', "Confirm the new login"),
        see('[data-outcome=confirmed]:contains("ann.new@tour.example")', "Confirmed"),
    ],
});

registry.category("web_tour.tours").add("portal_access_login_undo", {
    test: true,
    steps: () => [
        see('h1:contains("Undo the change of your login")'),
        click('button:contains("Undo the change")', "Undo the change"),
        see('[data-outcome=undone]:contains("ann@tour.example")', "Undone"),
    ],
});
