/** @odoo-module **/

import { registry } from "@web/core/registry";

/*
 * What portal users reach, as an administrator of access rights looks at it. tests/test_exposure_tours.py makes
 * a right by hand that nobody meant.
 */

function see(content, trigger) {
    return { content, trigger, run() {} };
}

registry.category("web_tour.tours").add("portal_access_exposure", {
    test: true,
    steps: () => [
        { trigger: '.o_menu_sections button:contains("Portal")', run: "click" },
        { trigger: '.dropdown-item:contains("Exposure")', run: "click" },
        see("nothing was checked yet", '.o_view_nocontent:contains("Nobody has checked yet")'),
        { trigger: '.o_view_nocontent a:contains("Check now")', run: "click" },
        { trigger: '.o_group_header:contains("Look at it")', run: "click" },
        { trigger: '.o_group_header:contains("Records")', run: "click" },
        { trigger: '.o_data_row:contains("Bank") [name=name]', run: "click" },
        see("why", '.o_form_view [name=explanation]:contains("Tour right was made by hand")'),
        see("for which records", '.o_form_view [name=condition]:contains("No record rule: all records.")'),
        see("by which group", '.o_form_view [name=group_names]:contains("Portal")'),
        see("nothing to edit", ".o_form_view:not(:has(.o_form_button_save:visible))"),
        { trigger: '.o_breadcrumb a:contains("Portal Exposure")', run: "click" },
        { trigger: '.o_searchview_facet:contains("Needs a look") .o_facet_remove', run: "click" },
        see("what it did not try", '.o_group_header:contains("Not tried")'),
    ],
});
