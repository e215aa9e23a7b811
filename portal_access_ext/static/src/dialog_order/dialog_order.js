/** @odoo-module **/

import { onMounted } from "@odoo/owl";

let count = 0;

/**
 * Let a dialog be read, and gone through by Tab, as it is seen, and say its title. Odoo writes its buttons before what
 * they are about, orders them by style alone, and gives the dialog no name.
 *
 * @param {HTMLElement} element in the dialog
 */
function putInOrder(element) {
    const dialog = element.closest("[role=dialog]");
    const title = dialog.querySelector(".modal-title");
    title.id ||= `portal_access_dialog_title_${++count}`;
    dialog.setAttribute("aria-labelledby", title.id);
    dialog.setAttribute("aria-modal", "true");
    const [body, footer] = [dialog.querySelector(".modal-body"), dialog.querySelector(".modal-footer")];
    if (footer?.nextElementSibling === body) {
        body.after(footer);
    }
}

/**
 * For a component in a dialog, or that has one.
 *
 * @param {Object} ref to an element in the dialog
 */
export function useDialogOrder(ref) {
    onMounted(() => {
        if (ref.el?.closest("[role=dialog]")) {
            const { activeElement } = document;
            putInOrder(ref.el);
            // What is moved loses the focus.
            activeElement.focus();
        }
    });
}
